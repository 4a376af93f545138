import { createServer, type Server, type Socket } from 'node:net';
import {
  type CommandSet,
  commandField,
  encodeCommandSet,
  parseCommandSet,
  responseTo,
} from '../../src/dicom/command-set.ts';
import { decodeAssociateRequest, encodeAssociateAccept } from '../../src/upper-layer/associate-pdu.ts';
import {
  type AssociateRequest,
  encodeAbort,
  encodeAssociateReject,
  encodePdvHeader,
  encodeReleaseRequest,
  encodeReleaseResponse,
  type PresentationContextResult,
} from '../../src/upper-layer/pdu.ts';

/** One thing the PACS does after a whole message has arrived. Several are done in order, in one write each. */
export type Reply =
  | {
      readonly kind: 'respond';
      readonly status: number;
      readonly errorComment?: string;
      readonly as?: Partial<CommandSet>;
    }
  /** A C-FIND match or an N-EVENT-REPORT: a message with a data set. */
  | {
      readonly kind: 'message';
      readonly command: CommandSet;
      readonly dataSet?: Uint8Array;
      readonly contextId?: number;
    }
  | { readonly kind: 'abort'; readonly source: number; readonly reason: number }
  | { readonly kind: 'close' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'release' }
  | { readonly kind: 'bytes'; readonly bytes: Buffer };

/** How one connection is treated. Whatever is left out behaves like a good PACS. */
export interface PacsScript {
  readonly onConnect?: 'silent' | 'close';
  readonly onAssociate?:
    | { readonly kind: 'reject'; readonly result: number; readonly source: number; readonly reason: number }
    | { readonly kind: 'abort'; readonly source: number; readonly reason: number }
    | { readonly kind: 'silent' }
    | { readonly kind: 'close' }
    | { readonly kind: 'bytes'; readonly bytes: Buffer };
  /** Result of a presentation context (PS3.8 Table 9-18) by its abstract syntax; 0 accepts. */
  readonly contextResult?: (abstractSyntax: string) => PresentationContextResult['result'];
  /** The transfer syntax to answer with; a hostile one was never offered. */
  readonly answeredSyntax?: string;
  readonly maxPduLength?: number;
  /** What follows a message. An empty list is silence. */
  readonly onMessage?: (message: ReceivedMessage, pacs: ScriptedPacs) => readonly Reply[];
  /** Bytes of P-DATA-TF after which the connection is reset. */
  readonly resetAfterDataBytes?: number;
}

export interface ReceivedMessage {
  readonly connection: number;
  readonly contextId: number;
  readonly command: CommandSet;
  readonly dataSet: Buffer;
}

export interface ScriptedPacs {
  readonly port: number;
  /** What was received whole, in order. */
  readonly messages: readonly ReceivedMessage[];
  readonly associations: readonly AssociateRequest[];
  /** A-RELEASE-RQ and A-ABORT seen. */
  readonly endings: readonly ('release' | 'abort')[];
  /** The longest P-DATA-TF received, in bytes after its header. */
  readonly longestDataPdu: number;
  openSockets(): number;
  /** Changes how later connections and messages are treated. */
  use(script: PacsScript): void;
  stop(): Promise<void>;
}

interface MutableState {
  script: PacsScript;
  connections: number;
  longestDataPdu: number;
  readonly messages: ReceivedMessage[];
  readonly associations: AssociateRequest[];
  readonly endings: ('release' | 'abort')[];
  readonly sockets: Set<Socket>;
}

/** A PACS that does what it is told, good or hostile, on a free loopback port. */
export async function startScriptedPacs(script: PacsScript = {}, port = 0): Promise<ScriptedPacs> {
  const state: MutableState = {
    script,
    connections: 0,
    longestDataPdu: 0,
    messages: [],
    associations: [],
    endings: [],
    sockets: new Set(),
  };
  const server = createServer((socket) => serve(socket, state, pacs));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  const pacs: ScriptedPacs = {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    messages: state.messages,
    associations: state.associations,
    endings: state.endings,
    get longestDataPdu() {
      return state.longestDataPdu;
    },
    openSockets: () => state.sockets.size,
    use: (next) => {
      state.script = next;
    },
    stop: () => stop(server, state),
  };
  return pacs;
}

/** SOP Instance UIDs of the C-STORE requests received whole. */
export function storedUids(pacs: ScriptedPacs): (string | undefined)[] {
  return pacs.messages
    .filter((message) => message.command.commandField === commandField.cStoreRequest)
    .map((message) => message.command.affectedSopInstanceUid);
}

function stop(server: Server, state: MutableState): Promise<void> {
  for (const socket of state.sockets) socket.destroy();
  return new Promise((resolve) => server.close(() => resolve()));
}

function serve(socket: Socket, state: MutableState, pacs: ScriptedPacs): void {
  const connection = state.connections++;
  state.sockets.add(socket);
  socket.on('close', () => state.sockets.delete(socket));
  socket.on('error', () => socket.destroy());
  if (state.script.onConnect === 'close') {
    socket.destroy();
    return;
  }
  if (state.script.onConnect === 'silent') {
    socket.resume();
    return;
  }
  const parts = {
    command: [] as Buffer[],
    data: [] as Buffer[],
    parsed: undefined as CommandSet | undefined,
  };
  let buffered = Buffer.alloc(0);
  let dataBytes = 0;
  const finish = (contextId: number) => {
    const command = parts.parsed;
    if (command === undefined) return;
    const message = { connection, contextId, command, dataSet: Buffer.concat(parts.data) };
    parts.parsed = undefined;
    parts.data = [];
    state.messages.push(message);
    const replies = (state.script.onMessage ?? goodReplies)(message, pacs);
    for (const reply of replies) perform(socket, message, reply);
  };
  const onPdv = (contextId: number, control: number, bytes: Buffer) => {
    const isCommand = (control & 1) === 1;
    const isLast = (control & 2) === 2;
    (isCommand ? parts.command : parts.data).push(bytes);
    if (!isLast) return;
    if (!isCommand) {
      finish(contextId);
      return;
    }
    const parsed = parseCommandSet(Buffer.concat(parts.command));
    if (!parsed.ok) throw parsed.error;
    parts.command = [];
    parts.parsed = parsed.value;
    if (!parsed.value.hasDataSet) finish(contextId);
  };
  const onPdu = (type: number, body: Buffer) => {
    if (type === 1) associate(socket, state, body);
    else if (type === 4) {
      state.longestDataPdu = Math.max(state.longestDataPdu, body.length);
      dataBytes += body.length;
      if (state.script.resetAfterDataBytes !== undefined && dataBytes >= state.script.resetAfterDataBytes) {
        socket.resetAndDestroy();
        return;
      }
      for (let at = 0; at < body.length; ) {
        const length = body.readUInt32BE(at);
        onPdv(body.readUInt8(at + 4), body.readUInt8(at + 5), body.subarray(at + 6, at + 4 + length));
        at += 4 + length;
      }
    } else if (type === 5) {
      state.endings.push('release');
      socket.end(encodeReleaseResponse());
    } else if (type === 7) {
      state.endings.push('abort');
      socket.destroy();
    }
  };
  socket.on('data', (chunk) => {
    buffered = Buffer.concat([buffered, chunk]);
    while (buffered.length >= 6 && !socket.destroyed) {
      const length = buffered.readUInt32BE(2);
      if (buffered.length < 6 + length) return;
      const type = buffered.readUInt8(0);
      const body = buffered.subarray(6, 6 + length);
      buffered = buffered.subarray(6 + length);
      onPdu(type, body);
    }
  });
}

function associate(socket: Socket, state: MutableState, body: Buffer): void {
  const request = decodeAssociateRequest(body);
  if (!request.ok) throw new Error('the node sent a malformed A-ASSOCIATE-RQ');
  state.associations.push(request.value);
  const { onAssociate, contextResult, answeredSyntax, maxPduLength } = state.script;
  switch (onAssociate?.kind) {
    case 'silent':
      return;
    case 'close':
      socket.destroy();
      return;
    case 'bytes':
      socket.write(onAssociate.bytes);
      return;
    case 'abort':
      socket.end(encodeAbort({ source: onAssociate.source, reason: onAssociate.reason }));
      return;
    case 'reject': {
      const { result, source, reason } = onAssociate;
      socket.end(encodeAssociateReject({ result, source, reason }));
      return;
    }
    case undefined:
      break;
  }
  socket.write(
    encodeAssociateAccept({
      protocolVersion: 1,
      calledAeTitle: request.value.calledAeTitle,
      callingAeTitle: request.value.callingAeTitle,
      applicationContext: request.value.applicationContext,
      contexts: request.value.contexts.map((context) => ({
        id: context.id,
        result: contextResult?.(context.abstractSyntax) ?? 0,
        transferSyntax: answeredSyntax ?? context.transferSyntaxes[0] ?? '',
      })),
      userInformation: {
        maxPduLength: maxPduLength ?? 16_384,
        implementationClassUid: '1.2.3.4',
        implementationVersionName: 'SCRIPTED_PACS',
        roleSelections: [],
        extendedNegotiations: [],
      },
    }),
  );
}

function goodReplies(): readonly Reply[] {
  return [{ kind: 'respond', status: 0x0000 }];
}

function perform(socket: Socket, message: ReceivedMessage, reply: Reply): void {
  switch (reply.kind) {
    case 'respond': {
      const extra = reply.errorComment === undefined ? {} : { errorComment: reply.errorComment };
      const response = { ...responseTo(message.command, reply.status, extra), ...reply.as };
      sendMessage(socket, message.contextId, response);
      return;
    }
    case 'message':
      sendMessage(socket, reply.contextId ?? message.contextId, reply.command, reply.dataSet);
      return;
    case 'abort':
      socket.end(encodeAbort({ source: reply.source, reason: reply.reason }));
      return;
    case 'close':
      socket.end();
      return;
    case 'reset':
      socket.resetAndDestroy();
      return;
    case 'release':
      socket.write(encodeReleaseRequest());
      return;
    case 'bytes':
      socket.write(reply.bytes);
      return;
  }
}

function sendMessage(socket: Socket, contextId: number, command: CommandSet, dataSet?: Uint8Array): void {
  const commandBytes = encodeCommandSet(command);
  socket.write(Buffer.concat([encodePdvHeader(contextId, 3, commandBytes.length), commandBytes]));
  if (dataSet === undefined) return;
  socket.write(Buffer.concat([encodePdvHeader(contextId, 2, dataSet.length), dataSet]));
}
