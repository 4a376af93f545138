import type { Result } from '../core/result.ts';
import { err, ok } from '../core/result.ts';
import { commandField } from '../dicom/command-set.ts';
import {
  type Association,
  type DimseMessage,
  type ProposedContext,
  requestAssociation,
} from '../upper-layer/association.ts';
import type { Timers } from '../upper-layer/timers.ts';
import type { StoreOutcome } from './delivery-decision.ts';
import type { Destination } from './destination.ts';
import { locateDataSet } from './part10-data-set.ts';
import { outcomeOfFailure } from './store-outcome.ts';

/** One kind of object in one encoding: a presentation context proposes exactly one of these. */
export interface ObjectContext {
  readonly sopClassUid: string;
  readonly transferSyntaxUid: string;
}

/** An object to store: its identity and a way to its Part 10 bytes, opened only when its turn has come. */
export interface OutgoingObject extends ObjectContext {
  readonly sopInstanceUid: string;
  readonly open: () => AsyncIterable<Uint8Array>;
}

export interface SessionOptions {
  readonly timers?: Timers;
  /** N-EVENT-REPORT (storage commitment result) on our own association; returns the status to answer. */
  readonly onRequest?: (message: DimseMessage) => Promise<number>;
}

/**
 * Opens an association for some kinds of object. Each pair of SOP Class and Transfer Syntax gets a context of its
 * own, so that the peer cannot choose another encoding than the one the file has (S2 in ADR 0004).
 */
export async function openStoreSession(
  destination: Destination,
  kinds: readonly ObjectContext[],
  options: SessionOptions = {},
): Promise<Result<StoreSession, StoreOutcome>> {
  const distinct = [...new Map(kinds.map((kind) => [contextKey(kind), kind])).values()];
  const opened = await associate(destination, distinct.map(proposal), options);
  return opened.ok ? ok(new StoreSession(destination, distinct, opened.value)) : opened;
}

/** Any association toward a destination, with its timeouts and names. Never throws for what a peer does. */
export async function associate(
  destination: Destination,
  contexts: readonly ProposedContext[],
  options: SessionOptions = {},
): Promise<Result<Association, StoreOutcome>> {
  const { host, port, tls, callingAeTitle, calledAeTitle, timeouts } = destination;
  const result = await requestAssociation({
    host,
    port,
    callingAeTitle,
    calledAeTitle,
    contexts,
    connectTimeoutMs: timeouts.connectMs,
    associateTimeoutMs: timeouts.associateMs,
    // The response has its own outer deadline; the idle timer must not cut it short.
    timeouts: { idleTimeoutMs: timeouts.responseMs * 2 + 60_000 },
    ...(tls === undefined ? {} : { tls }),
    ...(options.timers === undefined ? {} : { timers: options.timers }),
    ...(options.onRequest === undefined ? {} : { onRequest: options.onRequest }),
  });
  return result.ok ? result : err(outcomeOfFailure(result.error, 'associate'));
}

/** An open association for storing (PS3.4 Annex B). One object at a time; after a broken one it is over. */
export class StoreSession {
  readonly #destination: Destination;
  readonly #kinds: readonly ObjectContext[];
  readonly #association: Association;
  #over = false;

  constructor(destination: Destination, kinds: readonly ObjectContext[], association: Association) {
    this.#destination = destination;
    this.#kinds = kinds;
    this.#association = association;
    void association.ended.then(() => {
      this.#over = true;
    });
  }

  /** True once the association has ended or an outcome is unknown: further objects need a new session. */
  get isOver(): boolean {
    return this.#over;
  }

  /** The association itself, for services that ride on it (storage commitment). */
  get association(): Association {
    return this.#association;
  }

  /** True when this session proposed a context for this kind of object, accepted or not. */
  proposes(kind: ObjectContext): boolean {
    return this.#kinds.some((candidate) => contextKey(candidate) === contextKey(kind));
  }

  /**
   * Sends one object. Success is only ever a response to this very message that names this very object (PS3.7
   * 9.1.1); everything else is an outcome that says why not. The bytes after the file meta information are sent as
   * they are, streamed at the speed of the peer.
   */
  async store(object: OutgoingObject): Promise<StoreOutcome> {
    const context = this.#association.contextFor(object.sopClassUid, object.transferSyntaxUid);
    if (context === undefined) return { kind: 'context', result: this.#contextResult(object) };
    const { sopClassUid, sopInstanceUid } = object;
    const answer = await this.#association.request(
      context.id,
      {
        commandField: commandField.cStoreRequest,
        affectedSopClassUid: sopClassUid,
        affectedSopInstanceUid: sopInstanceUid,
        priority: 0,
      },
      locateDataSet(object.open(), object.transferSyntaxUid),
      { timeoutMs: this.#destination.timeouts.responseMs },
    );
    if (!answer.ok) {
      this.#over = true;
      return outcomeOfFailure(answer.error, 'request');
    }
    const { status, errorComment, affectedSopInstanceUid } = answer.value.command;
    // The field is optional in a response (PS3.7 Table 9.3-2); where it stands it must be ours.
    if (affectedSopInstanceUid !== undefined && affectedSopInstanceUid !== sopInstanceUid) {
      this.abort();
      return { kind: 'protocol', fault: 'wrong-instance' };
    }
    if (status === undefined) {
      this.abort();
      return { kind: 'protocol', fault: 'no-response' };
    }
    return { kind: 'response', status, ...(errorComment === undefined ? {} : { errorComment }) };
  }

  /** Releases the association; harmless when it is over already. */
  async close(): Promise<void> {
    this.#over = true;
    await this.#association.release(Math.min(10_000, this.#destination.timeouts.responseMs));
  }

  /** Aborts the association. Safe at any time. */
  abort(): void {
    this.#over = true;
    this.#association.abort();
  }

  #contextResult(kind: ObjectContext): number {
    const at = this.#kinds.findIndex((candidate) => contextKey(candidate) === contextKey(kind));
    return this.#association.contextResults[at] ?? -1;
  }
}

/** What came of each object of a burst, in the order given. `not-attempted`: the association ended before its turn. */
export type BurstOutcome = StoreOutcome | { readonly kind: 'not-attempted' };

/**
 * Stores a few objects over one association: for `send`, the simulator's peers and tests. The delivery loop uses
 * `openStoreSession` itself, because it settles every object before it sends the next.
 */
export async function storeObjects(
  destination: Destination,
  objects: readonly OutgoingObject[],
  options: SessionOptions = {},
): Promise<readonly BurstOutcome[]> {
  if (objects.length === 0) return [];
  const session = await openStoreSession(destination, objects, options);
  if (!session.ok) return objects.map(() => session.error);
  const outcomes: BurstOutcome[] = [];
  for (const object of objects) {
    outcomes.push(session.value.isOver ? { kind: 'not-attempted' } : await session.value.store(object));
  }
  await session.value.close();
  return outcomes;
}

function contextKey(kind: ObjectContext): string {
  return `${kind.sopClassUid} ${kind.transferSyntaxUid}`;
}

function proposal(kind: ObjectContext): ProposedContext {
  return { abstractSyntax: kind.sopClassUid, transferSyntaxes: [kind.transferSyntaxUid] };
}
