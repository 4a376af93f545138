import type { Socket } from 'node:net';
import type { NodeError } from '../core/errors.ts';
import type { CommandSet } from '../dicom/command-set.ts';
import { implementationClassUid, implementationVersionName } from '../dicom/uid.ts';
import { UpperLayerConnection, type UpperLayerTimeouts } from './connection.ts';
import type { Ending } from './ending.ts';
import { type DataSetSink, MessageReader } from './message-reader.ts';
import { MessageWriter, type OutgoingDataSet } from './message-writer.ts';
import {
  type AssociateReject,
  type AssociateRequest,
  dicomApplicationContext,
  type PresentationContextResult,
  type RoleSelection,
} from './pdu.ts';
import type { Timers } from './timers.ts';

/** The whole answer to an A-ASSOCIATE-RQ: what to send is decided before anything is done. */
export type AssociationDecision =
  | {
      readonly kind: 'accept';
      /** One result for each proposed context, in any order. */
      readonly contexts: readonly PresentationContextResult[];
      readonly roleSelections: readonly RoleSelection[];
    }
  | { readonly kind: 'reject'; readonly reject: AssociateReject };

/** A context that this side took. */
export interface NegotiatedContext {
  readonly id: number;
  readonly abstractSyntax: string;
  readonly transferSyntax: string;
}

/** What the service user does; nothing here may block. */
export interface AcceptorHandlers {
  /** Pure policy: called once with a well-formed request. */
  decide(request: AssociateRequest): AssociationDecision;
  /** The association stands. */
  established(association: AcceptorAssociation): void;
  /**
   * A whole command set came. Returns the sink of the data set that follows (required when `command.hasDataSet`).
   * Every request must end with exactly one `respond`; until then further requests are a protocol violation.
   */
  command(association: AcceptorAssociation, contextId: number, command: CommandSet): DataSetSink | undefined;
  /** The association is over; no handler but `closed` is called after this. Called also when none was established. */
  ended(ending: Ending): void;
  /** The socket is destroyed. */
  closed(): void;
}

export interface AcceptorOptions {
  /** Connected (and, with TLS, secured). Owned from here on. */
  readonly socket: Socket;
  readonly maxPduLength: number;
  readonly maxDataSetBytes: number;
  readonly timeouts: UpperLayerTimeouts;
  readonly timers: Timers;
  readonly handlers: AcceptorHandlers;
}

/** Takes over a connected socket as the acceptor of one association (PS3.8 7.1). */
export function acceptAssociation(options: AcceptorOptions): AcceptorAssociation {
  return new AcceptorAssociation(options);
}

/** One association, acceptor side. One request at a time; a request must be answered before the next may begin. */
export class AcceptorAssociation {
  readonly #connection: UpperLayerConnection;
  readonly #reader: MessageReader;
  readonly #handlers: AcceptorHandlers;
  #writer: MessageWriter | undefined;
  #request: AssociateRequest | undefined;
  #contexts: ReadonlyMap<number, NegotiatedContext> = new Map();
  #isAnswering = false;
  #releaseAsked = false;
  #isDraining = false;
  #isOver = false;

  constructor(options: AcceptorOptions) {
    const { handlers } = options;
    this.#handlers = handlers;
    this.#reader = new MessageReader(options.maxDataSetBytes, {
      isBusy: () => this.#isAnswering,
      isAcceptedContext: (id) => this.#contexts.has(id),
      command: (contextId, command) => {
        this.#isAnswering = (command.commandField & 0x8000) === 0;
        if (this.#isAnswering) this.#connection.setBusy(!command.hasDataSet);
        return handlers.command(this, contextId, command);
      },
      violation: (detail) => this.#connection.abort({ kind: 'protocol-violation', detail }),
    });
    this.#connection = new UpperLayerConnection({
      socket: options.socket,
      role: 'acceptor',
      maxPduLength: options.maxPduLength,
      timeouts: options.timeouts,
      timers: options.timers,
      events: {
        associateRequested: (request) => this.#answerRequest(request, options.maxPduLength),
        associateAccepted: () => undefined,
        pdv: (part) => this.#reader.pdv(part),
        releaseRequested: () => {
          this.#releaseAsked = true;
          this.#settle();
        },
        drained: () => this.#writer?.drained(),
        ended: (ending) => {
          this.#isOver = true;
          this.#reader.close();
          this.#writer?.drained();
          handlers.ended(ending);
        },
        closed: () => handlers.closed(),
      },
    });
  }

  /** The request as it came; undefined until the association stands. */
  get request(): AssociateRequest | undefined {
    return this.#request;
  }

  /** True from the moment the association has ended, however it ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The accepted context with this id. */
  context(id: number): NegotiatedContext | undefined {
    return this.#contexts.get(id);
  }

  /** The final response to the request in hand. Without a data set it is handed to the transport at once. */
  respond(contextId: number, response: CommandSet, dataSet?: OutgoingDataSet): void {
    if (this.#isOver) return;
    if (dataSet === undefined) {
      this.#writer?.sendCommand(contextId, response);
      this.#answered();
      return;
    }
    void this.send(contextId, response, dataSet).then(
      () => this.#answered(),
      () => this.abort('a response could not be read to its end'),
    );
  }

  /** Sends any other message: a pending response, or a request of our own (role selection, PS3.7 D.3.3.4). */
  async send(contextId: number, command: CommandSet, dataSet?: OutgoingDataSet): Promise<boolean> {
    if (this.#isOver || this.#writer === undefined) return false;
    return await this.#writer.send(contextId, command, dataSet);
  }

  /** Stop reading while a data set's sink is full. */
  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }

  /** The whole data set is here and the peer waits for us: the idle timer rests. */
  waitForAnswer(): void {
    this.#connection.setBusy(true);
  }

  /** A-ABORT because the peer broke a rule above the upper layer. `detail` names the rule, never the peer's text. */
  abort(detail: string): void {
    this.#connection.abort({ kind: 'protocol-violation', detail });
  }

  /** A-ABORT because of a fault of our own. */
  abortInternal(cause: NodeError): void {
    this.#connection.abort({ kind: 'internal', detail: cause.message, cause });
  }

  /** Orderly stop: finish the message in hand, answer it, then abort; at once when nothing is in hand. */
  drain(): void {
    this.#isDraining = true;
    if (this.#request === undefined) this.#connection.destroy();
    else this.#settle();
  }

  /** A-ABORT now (grace is over) and drop the socket. */
  kill(): void {
    this.#connection.abort({ kind: 'aborted', by: 'self', source: 0, reason: 0 });
    this.#connection.destroy();
  }

  #answerRequest(request: AssociateRequest, maxPduLength: number): void {
    const decision = this.#handlers.decide(request);
    if (decision.kind === 'reject') {
      this.#connection.rejectAssociation(decision.reject);
      return;
    }
    const proposals = new Map(request.contexts.map((context) => [context.id, context]));
    this.#contexts = new Map(
      decision.contexts.flatMap(({ id, result, transferSyntax }) => {
        const abstractSyntax = proposals.get(id)?.abstractSyntax;
        return result === 0 && abstractSyntax !== undefined
          ? [[id, { id, abstractSyntax, transferSyntax }]]
          : [];
      }),
    );
    this.#request = request;
    this.#writer = new MessageWriter(this.#connection, request.userInformation.maxPduLength);
    this.#connection.acceptAssociation({
      protocolVersion: 1,
      calledAeTitle: request.calledAeTitle,
      callingAeTitle: request.callingAeTitle,
      applicationContext: dicomApplicationContext,
      contexts: decision.contexts,
      userInformation: {
        maxPduLength,
        implementationClassUid,
        implementationVersionName,
        roleSelections: decision.roleSelections,
        extendedNegotiations: [],
      },
    });
    this.#handlers.established(this);
  }

  #answered(): void {
    this.#isAnswering = false;
    this.#connection.setBusy(false);
    this.#settle();
  }

  /** What was put off until the message in hand is answered. */
  #settle(): void {
    if (this.#isOver || this.#isAnswering || this.#reader.isInsideMessage) return;
    if (this.#releaseAsked) this.#connection.respondRelease();
    else if (this.#isDraining) this.#connection.abort({ kind: 'aborted', by: 'self', source: 0, reason: 0 });
  }
}
