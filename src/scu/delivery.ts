import type { Clock } from '../core/clock.ts';
import { alertCause, type DestinationTrouble } from './alert-cause.ts';
import { attemptRecord } from './attempt-record.ts';
import { type Breaker, type BreakerEvent, closedBreaker, nextBreaker } from './circuit-breaker.ts';
import {
  concernsDestination,
  type DeliveryDecision,
  decideDelivery,
  isOutcomeUnknown,
  type StoreOutcome,
} from './delivery-decision.ts';
import type { Destination } from './destination.ts';
import type { AttemptRecord, Delivery, DeliveryEvents, Fallback, ObjectBytes, Outbox } from './ports.ts';
import { findInstance, verify } from './queries.ts';
import { longRetryDelayMs, type RetrySettings, retryDelayMs } from './retry-schedule.ts';
import { SessionKeeper } from './session-keeper.ts';
import type { ObjectContext } from './store-scu.ts';
import { fullBucket, type TokenBucket, takeToken } from './token-bucket.ts';

/** How results go to one destination. */
export interface DeliverySettings {
  readonly destination: Destination;
  /** `shadow` sends nothing and records what it would have sent. A destination that is off has no worker. */
  readonly deliver: 'on' | 'shadow';
  /** Objects per second in ordinary times. */
  readonly rate: number;
  /** Objects per second after an outage until the queue is empty. */
  readonly drainRate: number;
  /** Objects over one association before it is released and a new one opened. */
  readonly maxObjectsPerAssociation: number;
  /** SR SOP Classes that may be offered, best first. */
  readonly srClassUids: readonly string[];
  /** Kinds of object to propose besides the ones at hand, so that a capture and its report share an association. */
  readonly usualKinds: readonly ObjectContext[];
  readonly retry: RetrySettings;
}

export interface DeliveryPorts {
  readonly outbox: Outbox;
  readonly bytes: ObjectBytes;
  readonly fallback: Fallback;
  readonly events: DeliveryEvents;
  readonly clock: Clock;
  /** A number in [0, 1). */
  readonly random: () => number;
  /** Resolves after the delay or when the signal aborts, whichever is first; never rejects. */
  readonly sleep: (delayMs: number, signal: AbortSignal) => Promise<void>;
  readonly bootId: string;
}

/** Longest sleep without a look at the queue: wake-ups may be lost, the queue may not (ADR 0005). */
const pollMs = 30_000;
/** Between looks at an object that is due but waits behind an earlier one of its study. */
const blockedPollMs = 1_000;
/** Objects claimed at once. Small, so that a crash leaves few claims behind. */
const claimLimit = 8;

/**
 * The delivery loop of one destination. Objects of different studies never block one another: each has its own next
 * attempt, and only what concerns the whole destination (unreachable, rejected, silent) stops the loop, which then
 * asks by C-ECHO until somebody answers. Everything it decides is in `decideDelivery` and `nextBreaker`.
 */
export class DeliveryWorker {
  readonly #settings: DeliverySettings;
  readonly #ports: DeliveryPorts;
  #breaker: Breaker = closedBreaker;
  #bucket: TokenBucket;
  /** Failure statuses per object in this process; after a restart an object gets its few retries again. */
  readonly #refusals = new Map<number, number>();
  /** Troubles whose end is to be told; an earlier process may have left any of them. */
  readonly #troubles = new Set<DestinationTrouble>(['rejected', 'parked', 'commitment-failed']);
  readonly #sessions: SessionKeeper;
  #isStopping = false;
  #wake = new AbortController();

  constructor(settings: DeliverySettings, ports: DeliveryPorts) {
    this.#settings = settings;
    this.#ports = ports;
    this.#sessions = new SessionKeeper(
      settings.destination,
      settings.usualKinds,
      settings.maxObjectsPerAssociation,
    );
    this.#bucket = fullBucket(ports.clock.monotonicMs());
  }

  /**
   * Something may have become due, or an operator asked for another try: looks at the queue, and asks a destination
   * that is down whether it is back. Cheap; may be called at any time and for nothing.
   */
  wake(): void {
    this.#step({ kind: 'woken' });
    this.#wake.abort();
  }

  /** Ends the loop after the object that is being sent; claims that were not begun are given back. */
  stop(): void {
    this.#isStopping = true;
    this.wake();
  }

  /** Cuts a running transfer short, for a stop that takes too long. The object is sent again later. */
  abort(): void {
    this.stop();
    this.#sessions.abort();
  }

  /** Runs until `stop`. Rejects only when a port fails: the store is gone, and going on would lose the books. */
  async run(): Promise<void> {
    try {
      while (!this.#isStopping) {
        this.#wake = new AbortController();
        const didWork = await this.round();
        if (!didWork && !this.#stopped()) await this.#ports.sleep(await this.idleMs(), this.#wake.signal);
      }
    } finally {
      await this.#sessions.close();
    }
  }

  /** One look at the queue: probes, or claims and sends what is due. True when there may be more at once. */
  async round(): Promise<boolean> {
    await this.#lookAtParked();
    if (this.#isOpen()) return await this.#probeIfDue();
    const { outbox, clock, bootId } = this.#ports;
    const deliveries = await outbox.claimDue({
      destination: this.#settings.destination.name,
      limit: claimLimit,
      nowMs: clock.nowMs(),
      bootId,
    });
    if (deliveries.length === 0) {
      this.#step({ kind: 'queue-empty' });
      await this.#sessions.close();
      return false;
    }
    for (const delivery of deliveries) {
      if (this.#stopped() || this.#isOpen()) await outbox.unclaim(delivery);
      else await this.#deliver(delivery);
    }
    return true;
  }

  get breaker(): Breaker {
    return this.#breaker;
  }

  async #deliver(delivery: Delivery): Promise<void> {
    await this.#awaitTurn();
    // The wait may have been cut short by a stop; an object that was not begun is given back whole.
    if (this.#stopped()) {
      await this.#ports.outbox.unclaim(delivery);
      return;
    }
    if (this.#settings.deliver === 'shadow') {
      await this.#ports.events.shadowed(
        delivery,
        `would have been sent to ${this.#settings.destination.name}`,
      );
      return;
    }
    const outcome = await this.#attempt(delivery);
    await this.#settle(delivery, outcome);
  }

  async #awaitTurn(): Promise<void> {
    const rate = this.#breaker.isDraining
      ? Math.min(this.#settings.rate, this.#settings.drainRate)
      : this.#settings.rate;
    const { bucket, waitMs } = takeToken(this.#bucket, this.#ports.clock.monotonicMs(), rate);
    this.#bucket = bucket;
    const until = this.#ports.clock.monotonicMs() + waitMs;
    while (!this.#stopped() && this.#ports.clock.monotonicMs() < until) {
      // A wake-up for new work must not lift the rate limit, so each one only restarts the wait.
      if (this.#wake.signal.aborted) this.#wake = new AbortController();
      await this.#ports.sleep(until - this.#ports.clock.monotonicMs(), this.#wake.signal);
    }
  }

  async #attempt(delivery: Delivery): Promise<StoreOutcome> {
    const session = await this.#sessions.openFor(delivery.object);
    if (!session.ok) return session.error;
    await this.#ports.events.transferBegins(delivery);
    const { sopClassUid, sopInstanceUid, transferSyntaxUid } = delivery.object;
    return await session.value.store({
      sopClassUid,
      sopInstanceUid,
      transferSyntaxUid,
      open: () => this.#ports.bytes.open(delivery.object),
    });
  }

  async #settle(delivery: Delivery, outcome: StoreOutcome): Promise<void> {
    const { clock, outbox } = this.#ports;
    const decision = decideDelivery(outcome, {
      sopClassUid: delivery.object.sopClassUid,
      attempt: delivery.attempt,
      refusals: this.#countRefusal(delivery, outcome),
      ageMs: clock.nowMs() - delivery.object.createdAtMs,
      deadlineMs: this.#settings.retry.deadlineMs,
      srClassUids: this.#settings.srClassUids,
    });
    const record = attemptRecord(outcome, this.#settings.destination, decision);
    switch (decision.state) {
      case 'stored':
        await this.#settleStored(delivery, outcome, decision, record);
        break;
      case 'waiting':
        await outbox.markWaiting(delivery, {
          ...record,
          nextAtMs: clock.nowMs() + this.#delayMs(delivery, decision.backoff),
        });
        if (decision.alert) await this.#alert('rejected', record.error);
        break;
      case 'parked':
        await outbox.park(delivery, record);
        this.#refusals.delete(delivery.outboxId);
        await this.#alert('parked', record.error);
        break;
      case 'fallback':
        if (!(await this.#ports.fallback.reencode(delivery, decision.nextSopClassUid, record.error))) {
          await outbox.park(delivery, record);
          await this.#alert('parked', record.error);
        }
        this.#refusals.delete(delivery.outboxId);
        break;
    }
    await this.#noteForBreaker(delivery, outcome, record.error);
  }

  async #settleStored(
    delivery: Delivery,
    outcome: StoreOutcome,
    decision: Extract<DeliveryDecision, { state: 'stored' }>,
    record: AttemptRecord,
  ): Promise<void> {
    this.#refusals.delete(delivery.outboxId);
    const status = outcome.kind === 'response' ? outcome.status : 0;
    if (decision.verify !== 'no') {
      const { sopClassUid, sopInstanceUid, seriesInstanceUid } = delivery.object;
      const { outboxId, studyInstanceUid, destination } = delivery;
      const stored = { outboxId, sopClassUid, sopInstanceUid, seriesInstanceUid, studyInstanceUid };
      const presence = await findInstance(this.#settings.destination, stored);
      await this.#ports.events.presenceChecked(destination, stored, presence);
      if (presence === 'absent' && decision.verify === 'park-if-absent') {
        const error = `${record.error} A query does not find it there.`;
        await this.#ports.outbox.park(delivery, { ...record, error, reason: 'D03' });
        await this.#alert('parked', error);
        return;
      }
    }
    await this.#ports.outbox.markStored(delivery, {
      status,
      ...(record.comment === undefined ? {} : { comment: record.comment }),
    });
    await this.#recovered('rejected');
  }

  #countRefusal(delivery: Delivery, outcome: StoreOutcome): number {
    const before = this.#refusals.get(delivery.outboxId) ?? 0;
    if (outcome.kind !== 'response' && outcome.kind !== 'unreadable') return before;
    this.#refusals.set(delivery.outboxId, before + 1);
    return before + 1;
  }

  #delayMs(delivery: Delivery, backoff: 'exponential' | 'long'): number {
    const { retry } = this.#settings;
    return backoff === 'long'
      ? longRetryDelayMs(this.#ports.random(), retry)
      : retryDelayMs(delivery.attempt, this.#ports.random(), retry);
  }

  async #noteForBreaker(delivery: Delivery, outcome: StoreOutcome, detail: string): Promise<void> {
    if (concernsDestination(outcome)) {
      this.#step({ kind: 'association-failed', isPermanent: isPermanentReject(outcome) });
    } else if (isOutcomeUnknown(outcome)) {
      this.#step({ kind: 'object-lost', outboxId: delivery.outboxId });
    } else {
      this.#step({ kind: 'success' });
    }
    if (this.#isOpen()) {
      await this.#sessions.close();
      await this.#ports.events.destinationDown(this.#settings.destination.name, detail);
    }
  }

  async #probeIfDue(): Promise<boolean> {
    const { clock, events } = this.#ports;
    if (clock.monotonicMs() < this.#breaker.probeAtMs) return false;
    const openedAtMs = this.#breaker.openedAtMs;
    const answer = await verify(this.#settings.destination);
    // A peer that takes the association but not Verification is there all the same.
    if (answer.ok || answer.error.kind === 'context' || answer.error.kind === 'response') {
      this.#step({ kind: 'probe-answered' });
      await events.destinationUp(this.#settings.destination.name, clock.monotonicMs() - openedAtMs);
      await this.#recovered('rejected');
      return true;
    }
    this.#step({ kind: 'probe-failed', isPermanent: isPermanentReject(answer.error) });
    return false;
  }

  /** Milliseconds after which another round can be of use: the next due object or probe, at most the poll. */
  async idleMs(): Promise<number> {
    const { clock, outbox } = this.#ports;
    if (this.#breaker.state === 'open') return Math.max(0, this.#breaker.probeAtMs - clock.monotonicMs());
    const dueAtMs = await outbox.nextDueAtMs(this.#settings.destination.name);
    if (dueAtMs === undefined) return pollMs;
    const waitMs = dueAtMs - clock.nowMs();
    // Overdue, yet nothing could be claimed: it waits behind an earlier object of its study.
    return waitMs <= 0 ? blockedPollMs : Math.min(pollMs, Math.max(10, waitMs));
  }

  async #alert(trouble: DestinationTrouble, detail: string): Promise<void> {
    this.#troubles.add(trouble);
    await this.#ports.events.alertStarted(alertCause(this.#settings.destination.name, trouble), detail);
  }

  async #recovered(trouble: DestinationTrouble): Promise<void> {
    if (!this.#troubles.delete(trouble)) return;
    await this.#ports.events.alertRecovered(alertCause(this.#settings.destination.name, trouble));
  }

  /** What was parked is sent again, cancelled or stored by other hands and other processes: only the queue tells. */
  async #lookAtParked(): Promise<void> {
    const { refused, uncommitted } = await this.#ports.outbox.parked(this.#settings.destination.name);
    if (refused === 0) await this.#recovered('parked');
    if (uncommitted === 0) await this.#recovered('commitment-failed');
    else this.#troubles.add('commitment-failed');
  }

  #step(event: BreakerEvent): void {
    const { clock, random } = this.#ports;
    const at = { nowMs: clock.monotonicMs(), random: random(), retry: this.#settings.retry };
    this.#breaker = nextBreaker(this.#breaker, event, at);
  }

  // Read through methods: both change while an await is pending, which the compiler's narrowing cannot see.
  #stopped(): boolean {
    return this.#isStopping;
  }

  #isOpen(): boolean {
    return this.#breaker.state === 'open';
  }
}

function isPermanentReject(outcome: StoreOutcome): boolean {
  return outcome.kind === 'rejected' && outcome.result !== 2;
}
