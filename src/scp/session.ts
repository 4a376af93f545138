import type { Socket } from 'node:net';
import { asNodeError } from '../core/errors.ts';
import { newUlid } from '../core/identifiers.ts';
import { type CommandSet, commandField, responseTo } from '../dicom/command-set.ts';
import { acceptedImageSopClasses, sopClassUid } from '../dicom/sop-class.ts';
import { statusCode } from '../dicom/status.ts';
import { type AcceptorAssociation, acceptAssociation } from '../upper-layer/acceptor.ts';
import type { UpperLayerTimeouts } from '../upper-layer/connection.ts';
import { describeEnding, type Ending } from '../upper-layer/ending.ts';
import type { DataSetSink } from '../upper-layer/message-reader.ts';
import type { AssociateRequest } from '../upper-layer/pdu.ts';
import type { Timers } from '../upper-layer/timers.ts';
import type { PeerIdentity, PolicyDecision } from './association-policy.ts';
import { receiveCommitmentReport } from './commitment-scp.ts';
import { describeRefusals } from './context-negotiation.ts';
import { receiveInstance, type StoreOrigin, type StoreScpOptions } from './store-scp.ts';

export interface SessionOptions extends StoreScpOptions {
  readonly maxPduLength: number;
  readonly timeouts: UpperLayerTimeouts;
  readonly timers: Timers;
  /** The policy applied to this moment's load. */
  decide(request: AssociateRequest, peer: PeerIdentity): PolicyDecision;
  closed(session: Session): void;
}

/** One connection at the listener, from the accepted socket to its end: policy, dispatch to the services, the books. */
export class Session {
  readonly peer: PeerIdentity;
  readonly #options: SessionOptions;
  readonly #association: AcceptorAssociation;
  #origin: StoreOrigin | undefined;
  #refusals: string | undefined;

  constructor(socket: Socket, peer: PeerIdentity, options: SessionOptions) {
    this.peer = peer;
    this.#options = options;
    this.#association = acceptAssociation({
      socket,
      maxPduLength: options.maxPduLength,
      // One object may be too long and is answered so; a peer that never ends is cut off.
      maxDataSetBytes: 2 * options.maxObjectBytes,
      timeouts: options.timeouts,
      timers: options.timers,
      handlers: {
        decide: (request) => this.#decide(request),
        established: (association) => this.#onEstablished(association),
        command: (association, contextId, command) => this.#dispatch(association, contextId, command),
        ended: (ending) => this.#onEnded(ending),
        closed: () => options.closed(this),
      },
    });
  }

  /** The calling AE title once the association stands. */
  get callingAeTitle(): string | undefined {
    return this.#origin?.callingAeTitle;
  }

  drain(): void {
    this.#association.drain();
  }

  kill(): void {
    this.#association.kill();
  }

  #decide(request: AssociateRequest): PolicyDecision {
    const decision = this.#options.decide(request, this.peer);
    if (decision.kind === 'reject') {
      this.#options.ports.events.record('ASSOCIATION_REJECTED', {
        callingAeTitle: request.callingAeTitle,
        calledAeTitle: request.calledAeTitle,
        peerIp: this.peer.ip,
        cause: decision.cause ?? 'policy',
      });
    } else this.#refusals = describeRefusals(request.contexts, decision.contexts);
    return decision;
  }

  #onEstablished(association: AcceptorAssociation): void {
    const { ports, clock } = this.#options;
    this.#origin = {
      associationId: newUlid(clock.nowMs()),
      callingAeTitle: association.request?.callingAeTitle ?? '',
      calledAeTitle: association.request?.calledAeTitle ?? '',
      peerIp: this.peer.ip,
    };
    const refusals = this.#refusals;
    this.#keepBooks(
      ports.inbox.associationOpened({ ...this.#origin, ...(refusals === undefined ? {} : { refusals }) }),
    );
  }

  #onEnded(ending: Ending): void {
    const { ports } = this.#options;
    const origin = this.#origin;
    if (ending.kind === 'protocol-violation') {
      ports.events.record('PROTOCOL_VIOLATION', {
        peerIp: this.peer.ip,
        detail: ending.detail,
        ...(origin === undefined
          ? {}
          : { callingAeTitle: origin.callingAeTitle, associationId: origin.associationId }),
      });
    }
    if (origin !== undefined)
      this.#keepBooks(ports.inbox.associationClosed(origin.associationId, describeEnding(ending)));
  }

  /** A database that is only busy costs a line in the books; any other fault of it stops the process. */
  #keepBooks(entry: Promise<void>): void {
    entry.catch((error: unknown) => {
      const fault = asNodeError(error);
      if (fault.code === 'STORE_BUSY' || fault.code === 'STORE_FULL') {
        this.#association.abortInternal(fault);
      } else this.#options.ports.failStop(fault);
    });
  }

  #dispatch(
    association: AcceptorAssociation,
    contextId: number,
    command: CommandSet,
  ): DataSetSink | undefined {
    const context = association.context(contextId);
    const origin = this.#origin;
    if (context === undefined || origin === undefined) {
      this.#violation('a command outside its context');
      return;
    }
    switch (command.commandField) {
      case commandField.cEchoRequest:
        if (context.abstractSyntax !== sopClassUid.verification) {
          this.#violation('C-ECHO on another context');
          return;
        }
        if (command.hasDataSet) {
          this.#violation('C-ECHO with a data set');
          return;
        }
        association.respond(contextId, responseTo(command, statusCode.success));
        return undefined;
      case commandField.cStoreRequest:
        if (!acceptedImageSopClasses.includes(context.abstractSyntax)) {
          this.#violation('C-STORE on another context');
          return;
        }
        if (command.affectedSopClassUid !== context.abstractSyntax) {
          this.#violation('the SOP class of C-STORE is not that of its context');
          return;
        }
        if (!command.hasDataSet) {
          this.#violation('C-STORE without a data set');
          return;
        }
        return receiveInstance(association, context, command, origin, this.#options);
      case commandField.nEventReportRequest:
        if (context.abstractSyntax !== sopClassUid.storageCommitmentPushModel) {
          this.#violation('N-EVENT-REPORT on another context');
          return;
        }
        if (!command.hasDataSet) {
          this.#violation('N-EVENT-REPORT without its information');
          return;
        }
        return receiveCommitmentReport(association, context, command, this.#options.ports.commitments);
      default:
        if (command.hasDataSet || (command.commandField & 0x8000) !== 0 || command.messageId === undefined) {
          this.#violation('a service that was not negotiated');
          return;
        }
        association.respond(contextId, responseTo(command, statusCode.unrecognisedOperation));
        return undefined;
    }
  }

  #violation(detail: string): undefined {
    this.#association.abort(detail);
  }
}
