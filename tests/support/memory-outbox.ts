import type { Clock } from '../../src/core/clock.ts';
import type { AttemptRecord, Delivery, DeliveryEvents, Outbox } from '../../src/scu/ports.ts';
import type { TestObject } from './result-object.ts';

export type RowState = 'WAITING' | 'SENDING' | 'STORED' | 'PARKED' | 'SHADOWED';

export interface OutboxRow {
  readonly outboxId: number;
  readonly study: string;
  readonly object: TestObject;
  state: RowState;
  attempts: number;
  nextAtMs: number;
  readonly createdAtMs: number;
  record?: AttemptRecord;
  status?: number;
  storedAtMs?: number;
}

/** Time that only moves when somebody sleeps. */
export class SimulatedClock implements Clock {
  now = 1_750_000_000_000;
  nowMs(): number {
    return this.now;
  }
  monotonicMs(): number {
    return this.now - 1_750_000_000_000;
  }
}

/** The outbox port in memory, with the claiming rule of the real one: the oldest unsent object of each study. */
export class MemoryOutbox implements Outbox {
  readonly rows: OutboxRow[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(study: string, object: TestObject): OutboxRow {
    const now = this.#clock.nowMs();
    const row: OutboxRow = {
      outboxId: this.rows.length + 1,
      study,
      object,
      state: 'WAITING',
      attempts: 0,
      nextAtMs: now,
      createdAtMs: now,
    };
    this.rows.push(row);
    return row;
  }

  claimDue(request: { destination: string; limit: number; nowMs: number }): Delivery[] {
    const heads = new Map<string, OutboxRow>();
    for (const row of this.rows) {
      if ((row.state === 'WAITING' || row.state === 'SENDING') && !heads.has(row.study))
        heads.set(row.study, row);
    }
    const due = [...heads.values()]
      .filter((row) => row.state === 'WAITING' && row.nextAtMs <= request.nowMs)
      .slice(0, request.limit);
    return due.map((row) => {
      row.state = 'SENDING';
      row.attempts++;
      return {
        outboxId: row.outboxId,
        claimToken: `${row.outboxId}.${row.attempts}`,
        attempt: row.attempts,
        destination: request.destination,
        studyInstanceUid: row.study,
        object: {
          ...row.object,
          objectId: `o${row.outboxId}`,
          path: String(row.outboxId),
          createdAtMs: row.createdAtMs,
        },
      };
    });
  }

  markStored(delivery: Delivery, answer: { status: number }): boolean {
    Object.assign(this.row(delivery), {
      state: 'STORED',
      status: answer.status,
      storedAtMs: this.#clock.nowMs(),
    });
    return true;
  }

  markWaiting(delivery: Delivery, record: AttemptRecord & { nextAtMs: number }): boolean {
    Object.assign(this.row(delivery), { state: 'WAITING', nextAtMs: record.nextAtMs, record });
    return true;
  }

  park(delivery: Delivery, record: AttemptRecord): boolean {
    Object.assign(this.row(delivery), { state: 'PARKED', record });
    return true;
  }

  unclaim(delivery: Delivery): void {
    const row = this.row(delivery);
    row.state = 'WAITING';
    row.attempts--;
  }

  parked(): { refused: number; uncommitted: number } {
    return { refused: this.rows.filter((row) => row.state === 'PARKED').length, uncommitted: 0 };
  }

  nextDueAtMs(): number | undefined {
    const waiting = this.rows.filter((row) => row.state === 'WAITING').map((row) => row.nextAtMs);
    return waiting.length === 0 ? undefined : Math.min(...waiting);
  }

  row(delivery: { readonly outboxId: number }): OutboxRow {
    const row = this.rows[delivery.outboxId - 1];
    if (row === undefined) throw new Error('no such row');
    return row;
  }

  states(): RowState[] {
    return this.rows.map((row) => row.state);
  }

  get isSettled(): boolean {
    return this.rows.every((row) => row.state !== 'WAITING' && row.state !== 'SENDING');
  }
}

/** Writes down every event in order as one line. */
export class EventLog implements DeliveryEvents {
  readonly lines: string[] = [];
  readonly #active = new Set<string>();
  readonly #outbox: MemoryOutbox;

  constructor(outbox: MemoryOutbox) {
    this.#outbox = outbox;
  }

  transferBegins(): void {
    // The books of the real sender tell it to an audit record repository only.
  }
  destinationDown(destination: string): void {
    this.lines.push(`down ${destination}`);
  }
  destinationUp(destination: string): void {
    this.lines.push(`up ${destination}`);
  }
  alertStarted(cause: string): void {
    this.#active.add(cause);
    this.lines.push(`alert ${cause}`);
  }
  /** As the real alerts do: the end of what never began is no news. */
  alertRecovered(cause: string): void {
    if (this.#active.delete(cause)) this.lines.push(`recovered ${cause}`);
  }
  shadowed(delivery: Delivery): void {
    this.#outbox.row(delivery).state = 'SHADOWED';
    this.lines.push(`shadow ${delivery.outboxId}`);
  }
  presenceChecked(_: string, object: { readonly outboxId: number }, presence: string): void {
    this.lines.push(`${presence} ${object.outboxId}`);
  }
}
