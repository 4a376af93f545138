import { connect, type Socket } from 'node:net';
import { type ConnectionOptions as TlsConnectionOptions, connect as tlsConnect } from 'node:tls';
import { NodeError } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';
import { type CommandSet, responseTo } from '../dicom/command-set.ts';
import { statusCode } from '../dicom/status.ts';
import { implementationClassUid, implementationVersionName } from '../dicom/uid.ts';
import {
  defaultMaxPduLength,
  defaultTimeouts,
  UpperLayerConnection,
  type UpperLayerTimeouts,
} from './connection.ts';
import type { AssociationFailure, Ending } from './ending.ts';
import { type DataSetSink, MessageReader } from './message-reader.ts';
import { MessageWriter, type OutgoingDataSet } from './message-writer.ts';
import { type AssociateAccept, dicomApplicationContext, type RoleSelection } from './pdu.ts';
import { systemTimers, type Timers } from './timers.ts';

/** One abstract syntax to propose; ids are assigned in order 1, 3, 5... (at most 128). */
export interface ProposedContext {
  readonly abstractSyntax: string;
  /** In order of preference. Propose one only where the data set's encoding is fixed. */
  readonly transferSyntaxes: readonly string[];
  /** SCP/SCU role selection (PS3.7 D.3.3.4); leave out for the default (requestor = SCU). */
  readonly role?: { readonly scu: boolean; readonly scp: boolean };
}

/** A presentation context that the acceptor took. */
export interface AcceptedContext {
  readonly id: number;
  readonly abstractSyntax: string;
  readonly transferSyntax: string;
}

/** A DIMSE message with its whole data set (Implicit VR or the context's transfer syntax), if it has one. */
export interface DimseMessage {
  readonly contextId: number;
  readonly command: CommandSet;
  readonly dataSet?: Buffer;
}

/** A request without what the association fills in itself. */
export type DimseRequest = Omit<CommandSet, 'hasDataSet' | 'messageId'>;

export interface AssociationRequestOptions {
  readonly host: string;
  readonly port: number;
  /** A socket of this machine (unix(7)) instead of host and port. */
  readonly localPath?: string;
  /** Node's TLS options (ca, cert, key, servername, minVersion ...); absent = no TLS. */
  readonly tls?: TlsConnectionOptions;
  readonly callingAeTitle: string;
  readonly calledAeTitle: string;
  readonly contexts: readonly ProposedContext[];
  readonly maxPduLength?: number;
  /** Transport (and TLS) connection. Default 10 s. */
  readonly connectTimeoutMs?: number;
  /** From connected to A-ASSOCIATE-AC or -RJ. Default 30 s. */
  readonly associateTimeoutMs?: number;
  readonly timeouts?: Partial<UpperLayerTimeouts>;
  /** Longest data set taken from the peer (C-FIND identifiers, event reports). Default 4 MiB. */
  readonly maxIncomingDataSetBytes?: number;
  readonly timers?: Timers;
  /** N-EVENT-REPORT (or C-ECHO) that the peer sends on this association; returns the status to answer. Default 0211H. */
  readonly onRequest?: (message: DimseMessage) => Promise<number>;
}

export interface RequestOptions {
  /** Outer deadline from the call to the final response; on expiry the association is aborted. */
  readonly timeoutMs: number;
  /** Called for each pending (FF00H, FF01H) response before the final one. */
  readonly onPending?: (response: DimseMessage) => void;
}

interface Outstanding {
  readonly messageId: number;
  readonly responseField: number;
  readonly contextId: number;
  readonly onPending: ((response: DimseMessage) => void) | undefined;
  settle(result: Result<DimseMessage, AssociationFailure>): void;
}

/**
 * Opens an association (PS3.7 D, PS3.8 7.1) and resolves when the peer has accepted it, or with the typed reason why
 * not. Never throws for anything the peer does; the socket is always destroyed in the end.
 */
export async function requestAssociation(
  options: AssociationRequestOptions,
): Promise<Result<Association, AssociationFailure>> {
  if (options.contexts.length < 1 || options.contexts.length > 128) {
    throw new NodeError('BUG_INVARIANT', 'an association proposes 1 to 128 presentation contexts');
  }
  const transport = await openTransport(options);
  if (!transport.ok) return transport;
  return await Association.establish(transport.value, options);
}

/**
 * An established association, requestor side. One request at a time (no asynchronous operations). A result counts only
 * when the response to exactly this message has arrived; everything else is a failure with its reason.
 */
export class Association {
  readonly #connection: UpperLayerConnection;
  readonly #options: AssociationRequestOptions;
  readonly #timers: Timers;
  readonly #reader: MessageReader;
  readonly #ended: Promise<Ending>;
  #writer: MessageWriter | undefined;
  #accepted: readonly AcceptedContext[] = [];
  #contextResults: readonly number[] = [];
  #roles: readonly RoleSelection[] = [];
  #peerMaxPduLength = 0;
  #peerImplementation = '';
  #nextMessageId = 1;
  #outstanding: Outstanding | undefined;
  #endingSeen: Ending | undefined;

  private constructor(
    socket: Socket,
    options: AssociationRequestOptions,
    settle: (result: Result<Association, AssociationFailure>) => void,
  ) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    let announceEnd: (ending: Ending) => void = () => undefined;
    this.#ended = new Promise((resolve) => {
      announceEnd = resolve;
    });
    this.#reader = new MessageReader(options.maxIncomingDataSetBytes ?? 4 * 1024 * 1024, {
      isBusy: () => false,
      isAcceptedContext: (id) => this.#accepted.some((context) => context.id === id),
      command: (contextId, command) => this.#onCommand(contextId, command),
      violation: (detail) => this.#connection.abort({ kind: 'protocol-violation', detail }),
    });
    this.#connection = new UpperLayerConnection({
      socket,
      role: 'requestor',
      maxPduLength: options.maxPduLength ?? defaultMaxPduLength,
      timeouts: { ...defaultTimeouts, ...options.timeouts },
      timers: this.#timers,
      events: {
        associateRequested: () => undefined,
        associateAccepted: (accept) => {
          this.#onAccepted(accept);
          settle(ok(this));
        },
        pdv: (part) => this.#reader.pdv(part),
        releaseRequested: () => this.#connection.respondRelease(),
        drained: () => this.#writer?.drained(),
        ended: (ending) => {
          this.#endingSeen = ending;
          this.#reader.close();
          settle(err(failureOf(ending)));
          this.#outstanding?.settle(err(failureOf(ending)));
          this.#writer?.drained();
          announceEnd(ending);
        },
        closed: () => undefined,
      },
    });
  }

  /** Use `requestAssociation`. Negotiates on a connected transport. */
  static async establish(
    socket: Socket,
    options: AssociationRequestOptions,
  ): Promise<Result<Association, AssociationFailure>> {
    const timers = options.timers ?? systemTimers;
    const { promise, resolve } = Promise.withResolvers<Result<Association, AssociationFailure>>();
    const association = new Association(socket, options, resolve);
    const timeoutMs = options.associateTimeoutMs ?? 30_000;
    const deadline = timers.after(timeoutMs, () => {
      resolve(
        err({ kind: 'response-timeout', detail: `no answer to A-ASSOCIATE-RQ within ${timeoutMs} ms` }),
      );
      association.abort();
    });
    association.#sendRequest();
    const result = await promise;
    deadline.cancel();
    return result;
  }

  /** Contexts that the acceptor took, in the order proposed. */
  get acceptedContexts(): readonly AcceptedContext[] {
    return this.#accepted;
  }

  /** Result of every proposed context in the order proposed (PS3.8 Table 9-18); -1 where the acceptor gave none. */
  get contextResults(): readonly number[] {
    return this.#contextResults;
  }

  /** Roles as the acceptor answered them (PS3.7 D.3.3.4). */
  get roleSelections(): readonly RoleSelection[] {
    return this.#roles;
  }

  /** The peer's announced maximum as it came, before it was made usable; 0 = no limit. */
  get peerMaxPduLength(): number {
    return this.#peerMaxPduLength;
  }

  /** Implementation Version Name of the peer, printable ASCII, for the log. */
  get peerImplementation(): string {
    return this.#peerImplementation;
  }

  /** Resolves when the association is over, however it ended. */
  get ended(): Promise<Ending> {
    return this.#ended;
  }

  /** The accepted context for an abstract syntax, in this transfer syntax if one is named. */
  contextFor(abstractSyntax: string, transferSyntax?: string): AcceptedContext | undefined {
    return this.#accepted.find(
      (context) =>
        context.abstractSyntax === abstractSyntax &&
        (transferSyntax === undefined || context.transferSyntax === transferSyntax),
    );
  }

  /**
   * Sends one request and waits for its final response. The data set is sent as fast as the peer takes it, never
   * faster. On timeout, on a response that fits nothing and on an error of the data set's stream the association is aborted.
   */
  async request(
    contextId: number,
    request: DimseRequest,
    dataSet: OutgoingDataSet | undefined,
    options: RequestOptions,
  ): Promise<Result<DimseMessage, AssociationFailure>> {
    if (this.#outstanding !== undefined)
      throw new NodeError('BUG_INVARIANT', 'a request is still outstanding');
    if (this.#endingSeen !== undefined) return err(failureOf(this.#endingSeen));
    if (!this.#accepted.some((context) => context.id === contextId))
      return err({ kind: 'context-not-accepted', contextId });
    const messageId = this.#nextMessageId;
    this.#nextMessageId = (messageId % 0xffff) + 1;
    const { promise, resolve } = Promise.withResolvers<Result<DimseMessage, AssociationFailure>>();
    this.#outstanding = {
      messageId,
      responseField: request.commandField | 0x8000,
      contextId,
      onPending: options.onPending,
      settle: resolve,
    };
    const deadline = this.#timers.after(options.timeoutMs, () => {
      resolve(err({ kind: 'response-timeout', detail: `no response within ${options.timeoutMs} ms` }));
      this.abort();
    });
    try {
      const sent = this.#send(
        contextId,
        { ...request, messageId, hasDataSet: dataSet !== undefined },
        dataSet,
        resolve,
      );
      const result = await promise;
      await sent;
      return result;
    } finally {
      deadline.cancel();
      this.#outstanding = undefined;
    }
  }

  /**
   * Waits up to `timeoutMs` for the peer to send something on this association (an N-EVENT-REPORT after N-ACTION) or
   * to end it; resolves when the association ended or the time is over.
   */
  async linger(timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const timer = this.#timers.after(timeoutMs, () => resolve(undefined));
    await Promise.race([promise, this.#ended]);
    timer.cancel();
  }

  /** A-RELEASE (PS3.8 7.2). Aborts when the peer does not answer within `timeoutMs`. */
  async release(timeoutMs = 10_000): Promise<Result<undefined, AssociationFailure>> {
    if (this.#endingSeen === undefined) this.#connection.requestRelease();
    const deadline = this.#timers.after(timeoutMs, () => this.abort());
    const ending = await this.#ended;
    deadline.cancel();
    return ending.kind === 'released' ? ok(undefined) : err(failureOf(ending));
  }

  /** A-ABORT (PS3.8 7.3). Safe at any time. */
  abort(): void {
    this.#connection.abort({ kind: 'aborted', by: 'self', source: 0, reason: 0 });
  }

  #sendRequest(): void {
    const { contexts, callingAeTitle, calledAeTitle, maxPduLength } = this.#options;
    this.#connection.requestAssociation({
      protocolVersion: 1,
      calledAeTitle,
      callingAeTitle,
      applicationContext: dicomApplicationContext,
      contexts: contexts.map(({ abstractSyntax, transferSyntaxes }, index) => ({
        id: contextIdAt(index),
        abstractSyntax,
        transferSyntaxes,
      })),
      userInformation: {
        maxPduLength: maxPduLength ?? defaultMaxPduLength,
        implementationClassUid,
        implementationVersionName,
        roleSelections: roleSelections(contexts),
        extendedNegotiations: [],
      },
    });
  }

  #onAccepted(accept: AssociateAccept): void {
    const results = new Map(accept.contexts.map((context) => [context.id, context]));
    this.#accepted = this.#options.contexts.flatMap((proposed, index) => {
      const id = contextIdAt(index);
      const result = results.get(id);
      // A transfer syntax that was not proposed would mean bytes nobody can read: not accepted, then.
      if (result?.result !== 0 || !proposed.transferSyntaxes.includes(result.transferSyntax)) return [];
      return [{ id, abstractSyntax: proposed.abstractSyntax, transferSyntax: result.transferSyntax }];
    });
    this.#contextResults = this.#options.contexts.map(
      (_, index) => results.get(contextIdAt(index))?.result ?? -1,
    );
    this.#roles = accept.userInformation.roleSelections;
    this.#peerMaxPduLength = accept.userInformation.maxPduLength;
    this.#peerImplementation = accept.userInformation.implementationVersionName;
    this.#writer = new MessageWriter(this.#connection, this.#peerMaxPduLength);
  }

  async #send(
    contextId: number,
    command: CommandSet,
    dataSet: OutgoingDataSet | undefined,
    settle: (result: Result<DimseMessage, AssociationFailure>) => void,
  ): Promise<void> {
    try {
      await this.#writer?.send(contextId, command, dataSet);
    } catch (cause) {
      settle(err({ kind: 'send-failed', detail: 'the data set could not be read to its end', cause }));
      this.abort();
    }
  }

  #onCommand(contextId: number, command: CommandSet): DataSetSink | undefined {
    if (!command.hasDataSet) {
      this.#onMessage({ contextId, command });
      return undefined;
    }
    const parts: Buffer[] = [];
    return {
      write: (bytes) => {
        parts.push(bytes);
      },
      end: () => this.#onMessage({ contextId, command, dataSet: Buffer.concat(parts) }),
      discard: () => undefined,
    };
  }

  #onMessage(message: DimseMessage): void {
    if ((message.command.commandField & 0x8000) === 0) {
      void this.#answer(message);
      return;
    }
    const outstanding = this.#outstanding;
    const { commandField, messageIdBeingRespondedTo, status } = message.command;
    if (
      outstanding === undefined ||
      commandField !== outstanding.responseField ||
      messageIdBeingRespondedTo !== outstanding.messageId ||
      message.contextId !== outstanding.contextId
    ) {
      this.#connection.abort({
        kind: 'protocol-violation',
        detail: 'a response that answers no outstanding request',
      });
      return;
    }
    if (status === 0xff00 || status === 0xff01) {
      outstanding.onPending?.(message);
      return;
    }
    this.#outstanding = undefined;
    outstanding.settle(ok(message));
  }

  async #answer(message: DimseMessage): Promise<void> {
    let status: number = statusCode.unrecognisedOperation;
    try {
      if (this.#options.onRequest !== undefined) status = await this.#options.onRequest(message);
    } catch (cause) {
      this.#connection.abort({
        kind: 'internal',
        detail: 'the handler of a request failed',
        cause: new NodeError('BUG_INVARIANT', 'the handler of a request failed', { cause }),
      });
      return;
    }
    await this.#writer?.send(message.contextId, responseTo(message.command, status), undefined);
  }
}

function contextIdAt(index: number): number {
  return 2 * index + 1;
}

function roleSelections(contexts: readonly ProposedContext[]): RoleSelection[] {
  return contexts.flatMap(({ abstractSyntax, role }) =>
    role === undefined ? [] : [{ sopClassUid: abstractSyntax, scuRole: role.scu, scpRole: role.scp }],
  );
}

function failureOf(ending: Ending): AssociationFailure {
  return ending.kind === 'released' ? { kind: 'lost', detail: 'the association was released' } : ending;
}

async function openTransport(
  options: AssociationRequestOptions,
): Promise<Result<Socket, AssociationFailure>> {
  const { host, port, localPath, tls } = options;
  const timers = options.timers ?? systemTimers;
  const timeoutMs = options.connectTimeoutMs ?? 10_000;
  const { promise, resolve } = Promise.withResolvers<Result<Socket, AssociationFailure>>();
  const address = localPath === undefined ? { host, port } : { path: localPath };
  const socket =
    tls === undefined ? connect(address) : tlsConnect({ minVersion: 'TLSv1.2', ...tls, ...address });
  const deadline = timers.after(timeoutMs, () => {
    resolve(err({ kind: 'connect-timeout', detail: `no connection within ${timeoutMs} ms` }));
  });
  const onError = (error: Error) => {
    resolve(err({ kind: 'connect-failed', detail: error.message }));
  };
  socket.on('error', onError);
  socket.once(tls === undefined ? 'connect' : 'secureConnect', () => resolve(ok(socket)));
  socket.once('close', () => onError(new Error('the connection was closed')));
  const result = await promise;
  deadline.cancel();
  if (!result.ok) socket.destroy();
  return result;
}
