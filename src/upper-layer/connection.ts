import type { Socket } from 'node:net';
import { asNodeError } from '../core/errors.ts';
import {
  decodeAssociateAccept,
  decodeAssociateRequest,
  encodeAssociateAccept,
  encodeAssociateRequest,
} from './associate-pdu.ts';
import type { Ending } from './ending.ts';
import {
  type AbortReason,
  type AssociateAccept,
  type AssociateReject,
  type AssociateRequest,
  abortReason,
  decodeAbort,
  decodeAssociateReject,
  dicomApplicationContext,
  encodeAbort,
  encodeAssociateReject,
  encodePdvHeader,
  encodeReleaseRequest,
  encodeReleaseResponse,
  pduType,
} from './pdu.ts';
import { PduFramer, type PdvPart } from './pdu-framer.ts';
import { type Action, type State, transition, type UpperLayerEvent } from './state-machine.ts';
import type { Timer, Timers } from './timers.ts';

/** How long the upper layer waits. All are monotonic milliseconds. */
export interface UpperLayerTimeouts {
  /** From the transport connection to the whole A-ASSOCIATE-RQ (PS3.8 9.1.5, ARTIM). */
  readonly artimTimeoutMs: number;
  /** From the first byte of a PDU to its last, so that a trickle does not keep an association alive. */
  readonly pduTimeoutMs: number;
  /** Between PDUs, while this side is not working on a message. */
  readonly idleTimeoutMs: number;
  /** ARTIM in Sta13: how long the peer may take to close after our reject, abort or release response. */
  readonly closeTimeoutMs: number;
}

/** PS3.8 leaves the values open; these survive a 64 kbit/s link with the default maximum PDU length. */
export const defaultTimeouts: UpperLayerTimeouts = {
  artimTimeoutMs: 10_000,
  pduTimeoutMs: 30_000,
  idleTimeoutMs: 60_000,
  closeTimeoutMs: 1_000,
};

/** Longest P-DATA-TF this node announces; 128 KiB is past the point where longer ones are faster. */
export const defaultMaxPduLength = 131_072;

/** More unread answers than this and the peer is not reading. */
const maxUnsentResponseBytes = 1024 * 1024;

/** Indications to the service user (PS3.8 7). `ended` comes exactly once, `closed` exactly once and last. */
export interface ConnectionEvents {
  associateRequested(request: AssociateRequest): void;
  associateAccepted(accept: AssociateAccept): void;
  pdv(part: PdvPart): void;
  /** The peer asks to release; answer with `respondRelease` when the work in hand is done. */
  releaseRequested(): void;
  drained(): void;
  ended(ending: Ending): void;
  closed(): void;
}

export interface ConnectionOptions {
  readonly socket: Socket;
  readonly role: 'requestor' | 'acceptor';
  readonly maxPduLength: number;
  readonly timeouts: UpperLayerTimeouts;
  readonly timers: Timers;
  readonly events: ConnectionEvents;
}

/** What an event brings along for the action that it triggers. */
interface Occasion {
  readonly ending?: Ending;
  readonly bytes?: Buffer;
  readonly request?: AssociateRequest;
  readonly accept?: AssociateAccept;
  readonly reject?: AssociateReject;
  readonly reason?: AbortReason;
}

/**
 * The memory of a chunk that has been read to its end, now and not when the garbage collector comes by: to it a chunk of
 * 64 KiB is a small object, and a listener under load would carry a thousand of them. Views of it are empty afterwards.
 */
function giveBack(chunk: Buffer): void {
  const { buffer } = chunk;
  const isWhole = chunk.byteLength === buffer.byteLength;
  if (isWhole && buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/**
 * One transport connection driven by the PS3.8 9.2 state machine. Knows PDUs, not DIMSE. Owns the socket: whatever
 * happens, it is destroyed in the end. Nothing is parsed after the association has ended.
 */
export class UpperLayerConnection {
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #framer: PduFramer;
  #state: State;
  #requestAcceptable = true;
  #ended = false;
  #paused = false;
  #busy = false;
  #artim: Timer | undefined;
  #pduTimer: Timer | undefined;
  #idleTimer: Timer | undefined;
  #timedPdu = -1;

  /** For the acceptor the socket is connected; for the requestor it is, too: connecting is the caller's part. */
  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#socket = options.socket;
    this.#framer = new PduFramer(options.maxPduLength, {
      pdu: (type, body) => this.#receive(type, body),
      dataPdu: () => this.#fire('data-received', {}),
      pdv: (part) => {
        if (this.#state === 6 || this.#state === 7) this.#options.events.pdv(part);
      },
      fault: (fault) => {
        const ending: Ending = { kind: 'protocol-violation', detail: fault.detail };
        this.#fire('invalid-pdu-received', { reason: fault.reason, ending });
      },
    });
    this.#state = options.role === 'acceptor' ? 1 : 4;
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    this.#socket.on('drain', () => this.#options.events.drained());
    this.#socket.on('end', () => this.#onTransportClosed('the peer closed the connection'));
    this.#socket.on('error', (error) => this.#onTransportClosed(error.message));
    this.#socket.on('close', () => {
      this.#onTransportClosed('the connection was closed');
      this.#stopTimers();
      this.#options.events.drained();
      this.#options.events.closed();
    });
    if (options.role === 'acceptor') this.#fire('transport-indication', {});
  }

  get state(): State {
    return this.#state;
  }

  /** Bytes accepted for sending that the transport has not taken yet. */
  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  /** True when `drained` will be called before more should be sent. */
  get mustWait(): boolean {
    return this.#socket.writableNeedDrain;
  }

  /** Requestor: sends A-ASSOCIATE-RQ on the connected transport. */
  requestAssociation(request: AssociateRequest): void {
    this.#fire('transport-connected', { bytes: encodeAssociateRequest(request) });
  }

  acceptAssociation(accept: AssociateAccept): void {
    this.#fire('accept-response', { bytes: encodeAssociateAccept(accept) });
    this.#watchProgress();
  }

  rejectAssociation(reject: AssociateReject): void {
    this.#fire('reject-response', {
      bytes: encodeAssociateReject(reject),
      ending: { kind: 'rejected', by: 'self', ...reject },
    });
  }

  /** Sends one PDV in one P-DATA-TF without copying `fragment`; false when the association cannot carry data (any more). */
  sendPdv(contextId: number, controlHeader: number, fragment: Buffer): boolean {
    const { next } = transition(this.#state, 'data-request', this.#facts()) ?? {};
    if (next === undefined) return false;
    this.#state = next;
    this.#socket.write(encodePdvHeader(contextId, controlHeader, fragment.length));
    this.#socket.write(fragment);
    return true;
  }

  /** Collects writes until `uncork`, so that many small PDUs leave in one system call. */
  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
    if (this.#options.role === 'acceptor' && this.#socket.writableLength > maxUnsentResponseBytes) {
      this.abort({ kind: 'timeout', timer: 'write', detail: 'the peer does not read its responses' });
    }
  }

  requestRelease(): void {
    this.#fire('release-request', {});
  }

  respondRelease(): void {
    this.#fire('release-response', { ending: { kind: 'released' } });
  }

  /** A-ABORT from this side (service user); a second call does nothing. */
  abort(ending: Ending): void {
    this.#fire('abort-request', { ending });
  }

  /** Drops the transport without a word: for a peer that has shown it does not listen. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** Stop reading while a sink is full. Timers rest: it is not the peer's fault. */
  pause(): void {
    this.#paused = true;
    this.#socket.pause();
    this.#watchProgress();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
    this.#watchProgress();
  }

  /** While this side works on a message the peer rightly waits, so the idle timer rests. */
  setBusy(busy: boolean): void {
    this.#busy = busy;
    this.#watchProgress();
  }

  #facts(): { requestAcceptable: boolean; isRequestor: boolean } {
    return { requestAcceptable: this.#requestAcceptable, isRequestor: this.#options.role === 'requestor' };
  }

  #onData(chunk: Buffer): void {
    try {
      this.#framer.push(chunk);
      this.#watchProgress();
      if (this.#options.role === 'acceptor') giveBack(chunk);
    } catch (error) {
      // The boundary of one association: a fault of our own must not reach the others.
      this.#framer.close();
      const cause = asNodeError(error);
      this.#fire('abort-request', { ending: { kind: 'internal', detail: cause.message, cause } });
      if (!this.#ended) this.#end({ kind: 'internal', detail: cause.message, cause });
    }
  }

  #onTransportClosed(detail: string): void {
    if (this.#state !== 1) this.#fire('transport-closed', { ending: { kind: 'lost', detail } });
    this.#socket.destroy();
  }

  #receive(type: number, body: Buffer): void {
    switch (type) {
      case pduType.associateRequest: {
        const request = decodeAssociateRequest(body);
        if (!request.ok) {
          this.#refusePdu(request.error.reason, request.error.detail);
          return;
        }
        const reject = providerReject(request.value);
        this.#requestAcceptable = reject === undefined;
        this.#fire('associate-rq-received', {
          request: request.value,
          ...(reject === undefined ? {} : { reject }),
        });
        return;
      }
      case pduType.associateAccept: {
        const accept = decodeAssociateAccept(body);
        if (!accept.ok) {
          this.#refusePdu(accept.error.reason, accept.error.detail);
          return;
        }
        this.#fire('associate-ac-received', { accept: accept.value });
        return;
      }
      case pduType.associateReject: {
        const reject = decodeAssociateReject(body);
        if (!reject.ok) {
          this.#refusePdu(reject.error.reason, reject.error.detail);
          return;
        }
        this.#fire('associate-rj-received', {
          ending: { kind: 'rejected', by: 'peer', ...reject.value },
        });
        return;
      }
      case pduType.releaseRequest: {
        this.#fire('release-rq-received', {});
        return;
      }
      case pduType.releaseResponse: {
        this.#fire('release-rp-received', {});
        return;
      }
      default: {
        this.#fire('abort-received', {
          ending: { kind: 'aborted', by: 'peer', ...decodeAbort(body) },
        });
        return;
      }
    }
  }

  #refusePdu(reason: AbortReason, detail: string): void {
    this.#framer.close();
    this.#fire('invalid-pdu-received', { reason, ending: { kind: 'protocol-violation', detail } });
  }

  #fire(event: UpperLayerEvent, occasion: Occasion): void {
    const step = transition(this.#state, event, this.#facts());
    if (step === undefined) return;
    this.#state = step.next;
    this.#perform(step.action, event, occasion);
  }

  /** Carries out one action of PS3.8 Tables 9-6 to 9-9. */
  #perform(action: Action, event: UpperLayerEvent, occasion: Occasion): void {
    const unexpected: Ending = { kind: 'protocol-violation', detail: `unexpected ${event}` };
    switch (action) {
      case 'AE-1':
      case 'DT-1':
      case 'AR-7':
      case 'AA-6':
        return;
      case 'AE-2': {
        this.#send(occasion.bytes);
        return;
      }
      case 'AE-3':
        if (occasion.accept !== undefined) this.#options.events.associateAccepted(occasion.accept);
        return;
      case 'AE-5': {
        this.#startArtim(this.#options.timeouts.artimTimeoutMs);
        return;
      }
      case 'AE-6': {
        this.#onAssociateRequest(occasion);
        return;
      }
      case 'AE-7': {
        this.#send(occasion.bytes);
        return;
      }
      case 'AE-8':
        this.#send(occasion.bytes);
        {
          this.#closeSoon(occasion.ending ?? unexpected);
          return;
        }
      case 'DT-2':
      case 'AR-6':
        return;
      case 'AR-1': {
        this.#send(encodeReleaseRequest());
        return;
      }
      case 'AR-2': {
        this.#options.events.releaseRequested();
        return;
      }
      case 'AR-3':
        this.#end({ kind: 'released' });
        {
          this.destroy();
          return;
        }
      case 'AR-4':
        this.#send(encodeReleaseResponse());
        this.#end(occasion.ending ?? { kind: 'released' });
        {
          this.#startArtim(this.#options.timeouts.closeTimeoutMs);
          return;
        }
      case 'AR-8':
        // Release collision (PS3.8 9.2.2): the requestor answers first, the acceptor waits for that answer (AR-10).
        if (this.#options.role === 'requestor') this.respondRelease();
        return;
      case 'AR-9': {
        this.#send(encodeReleaseResponse());
        return;
      }
      case 'AR-10': {
        this.respondRelease();
        return;
      }
      case 'AE-4':
      case 'AA-2':
      case 'AA-3':
        this.#end(occasion.ending ?? { kind: 'timeout', timer: 'artim', detail: 'ARTIM timer expired' });
        {
          this.destroy();
          return;
        }
      case 'AA-4':
      case 'AA-5':
      case 'AR-5':
        this.#artim?.cancel();
        {
          this.#end(occasion.ending ?? unexpected);
          return;
        }
      case 'AA-1':
        this.#send(encodeAbort({ source: 0, reason: 0 }));
        {
          this.#closeSoon(occasion.ending ?? unexpected);
          return;
        }
      case 'AA-7': {
        this.#send(encodeAbort({ source: 2, reason: abortReason.unexpectedPdu }));
        return;
      }
      case 'AA-8':
        this.#send(encodeAbort({ source: 2, reason: occasion.reason ?? abortReason.unexpectedPdu }));
        {
          this.#closeSoon(occasion.ending ?? unexpected);
          return;
        }
    }
  }

  #onAssociateRequest({ request, reject }: Occasion): void {
    this.#artim?.cancel();
    if (reject !== undefined) {
      this.#send(encodeAssociateReject(reject));
      this.#closeSoon({ kind: 'rejected', by: 'self', ...reject });
      return;
    }
    if (request !== undefined) this.#options.events.associateRequested(request);
  }

  #send(bytes: Buffer | undefined): void {
    if (bytes !== undefined && this.#socket.writable) this.#socket.write(bytes);
  }

  /** Our last PDU is on its way: half-close, read on without looking (a reset could overtake it), then destroy. */
  #closeSoon(ending: Ending): void {
    this.#end(ending);
    this.#framer.close();
    this.#paused = false;
    this.#socket.end();
    this.#socket.resume();
    this.#startArtim(this.#options.timeouts.closeTimeoutMs);
  }

  #end(ending: Ending): void {
    this.#pduTimer?.cancel();
    this.#idleTimer?.cancel();
    if (this.#ended) return;
    this.#ended = true;
    this.#options.events.ended(ending);
  }

  #startArtim(delayMs: number): void {
    this.#artim?.cancel();
    this.#artim = this.#options.timers.after(delayMs, () => this.#fire('artim-expired', {}));
  }

  #stopTimers(): void {
    this.#artim?.cancel();
    this.#pduTimer?.cancel();
    this.#idleTimer?.cancel();
  }

  /** Keeps the timer that fits the moment: PDU timer inside a PDU, idle timer between PDUs, none while we are the slow side. */
  #watchProgress(): void {
    if (this.#ended || this.#state < 6) return;
    if (this.#paused || !this.#framer.isInsidePdu) {
      this.#pduTimer?.cancel();
      this.#pduTimer = undefined;
    } else if (this.#pduTimer === undefined) {
      this.#pduTimer = this.#startTimer('pdu', this.#options.timeouts.pduTimeoutMs);
    } else if (this.#timedPdu !== this.#framer.completedPdus) this.#pduTimer.restart();
    this.#timedPdu = this.#framer.completedPdus;
    const peerMustAct =
      this.#options.role === 'acceptor' && !this.#paused && !this.#busy && !this.#framer.isInsidePdu;
    if (!peerMustAct) {
      this.#idleTimer?.cancel();
      this.#idleTimer = undefined;
    } else if (this.#idleTimer === undefined) {
      this.#idleTimer = this.#startTimer('idle', this.#options.timeouts.idleTimeoutMs);
    } else this.#idleTimer.restart();
  }

  #startTimer(timer: 'pdu' | 'idle', delayMs: number): Timer {
    return this.#options.timers.after(delayMs, () =>
      this.abort({ kind: 'timeout', timer, detail: `${timer} timer of ${delayMs} ms expired` }),
    );
  }
}

/** What the service provider itself cannot take (PS3.8 9.2.1 AE-6, Table 9-21). */
function providerReject(request: AssociateRequest): AssociateReject | undefined {
  // Bit 0 is version 1; a receiver tests only the bits it knows (PS3.8 Table 9-11).
  if ((request.protocolVersion & 1) === 0) return { result: 1, source: 2, reason: 2 };
  if (request.applicationContext !== dicomApplicationContext) return { result: 1, source: 1, reason: 2 };
  return undefined;
}
