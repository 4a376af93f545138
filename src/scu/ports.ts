import type { ReasonCode } from '../core/reasons.ts';
import type { Refusal } from '../dicom/refusal-sentences.ts';

/** A value now or later: a port may be answered by a synchronous store or by a remote one. */
export type Awaitable<T> = T | Promise<T>;

/** One object on its way to one destination, claimed by this process. */
export interface Delivery {
  readonly outboxId: number;
  readonly claimToken: string;
  /** Attempts so far, this one included: counted at claim. */
  readonly attempt: number;
  readonly destination: string;
  readonly studyInstanceUid: string;
  readonly object: DeliveryObject;
}

export interface DeliveryObject {
  readonly objectId: string;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly transferSyntaxUid: string;
  /** Where `ObjectBytes` finds the file; meaningless to the sender itself. */
  readonly path: string;
  readonly createdAtMs: number;
}

/** One object that a destination confirmed, by its UIDs. */
export interface StoredReference {
  readonly outboxId: number;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly studyInstanceUid: string;
}

/** What the outbox keeps of a failed attempt. `error` is a sentence for people without patient data. */
export interface AttemptRecord {
  readonly error: string;
  readonly status?: number;
  readonly reason?: ReasonCode;
  /** Error Comment (0000,0902) of the peer. */
  readonly comment?: string;
  /** The answer itself, so that it can be worded again later; absent when our own copy could not be read. */
  readonly refusal?: Refusal;
}

/** The queue of results per destination. Each change is durable when the call has returned; false = the claim is stale. */
export interface Outbox {
  /** Due objects, at most one per study: its oldest unsent one, so that the capture goes before the report. */
  claimDue(request: {
    readonly destination: string;
    readonly limit: number;
    readonly nowMs: number;
    readonly bootId: string;
  }): Awaitable<readonly Delivery[]>;
  markStored(
    delivery: Delivery,
    answer: { readonly status: number; readonly comment?: string },
  ): Awaitable<boolean>;
  markWaiting(delivery: Delivery, record: AttemptRecord & { readonly nextAtMs: number }): Awaitable<boolean>;
  park(delivery: Delivery, record: AttemptRecord): Awaitable<boolean>;
  /** Gives a claim back as if it had never been made: the attempt does not count. */
  unclaim(delivery: Delivery): Awaitable<unknown>;
  /** Objects of this destination that wait for a person, by why. */
  parked(destination: string): Awaitable<ParkedCounts>;
  /** Epoch milliseconds at which the next object of this destination becomes due. */
  nextDueAtMs(destination: string): Awaitable<number | undefined>;
}

/** `refused`: the destination did not take it. `uncommitted`: it took it and later reported that it does not have it. */
export interface ParkedCounts {
  readonly refused: number;
  readonly uncommitted: number;
}

export interface ObjectBytes {
  /** The Part 10 bytes of an object; opened when its turn has come, an error is thrown while reading. */
  open(object: DeliveryObject): AsyncIterable<Uint8Array>;
}

export interface Fallback {
  /**
   * Encodes a report again in another SR SOP Class under a new UID and puts it in the place of this delivery.
   * False when that is not possible; the delivery is then parked.
   */
  reencode(delivery: Delivery, nextSopClassUid: string, why: string): Awaitable<boolean>;
}

/** What the sender tells the books. Delivery states themselves are the outbox's to record. */
export interface DeliveryEvents {
  destinationDown(destination: string, detail: string): Awaitable<unknown>;
  destinationUp(destination: string, downMs: number): Awaitable<unknown>;
  /** The association stands and the first byte of the object follows (PS3.15 A.5.3.3). */
  transferBegins(delivery: Delivery): Awaitable<unknown>;
  /** A condition that needs a person; repeated calls for the same cause are one alert. */
  alertStarted(cause: string, detail: string): Awaitable<unknown>;
  alertRecovered(cause: string): Awaitable<unknown>;
  /** Shadow mode: this object would have been sent. It must leave the queue or wait where nobody claims it. */
  shadowed(delivery: Delivery, detail: string): Awaitable<unknown>;
  /** A weaker check than commitment: whether a C-FIND saw the object after it was stored. */
  presenceChecked(
    destination: string,
    object: StoredReference,
    presence: 'found' | 'absent' | 'unknown',
  ): Awaitable<unknown>;
}

/** Storage commitment transactions (PS3.4 Annex J), persisted before anything is sent. */
export interface Commitments {
  /** Objects that are stored, not committed and in no open transaction, oldest first. */
  storedWithoutCommitment(destination: string, limit: number): Awaitable<readonly StoredReference[]>;
  open(transaction: {
    readonly transactionUid: string;
    readonly destination: string;
    readonly outboxIds: readonly number[];
    readonly deadlineMs: number;
  }): Awaitable<unknown>;
  /** The request itself failed: its objects may be asked for again with a new transaction. */
  fail(transactionUid: string): Awaitable<unknown>;
  report(result: {
    readonly transactionUid: string;
    readonly committed: readonly string[];
    readonly failed: readonly { readonly sopInstanceUid: string; readonly failureReason: number }[];
  }): Awaitable<
    | { readonly kind: 'recorded'; readonly destination: string }
    | { readonly kind: 'duplicate' }
    | { readonly kind: 'unknown' }
  >;
  /** Gives up transactions whose deadline has passed; returns how many. */
  expire(nowMs: number): Awaitable<number>;
}
