import type { Clock } from '../core/clock.ts';
import type { AuditLog } from './audit-log.ts';
import type { Database } from './database.ts';

/** A stored object for which a destination has not yet taken responsibility. */
export interface UncommittedObject {
  readonly outboxId: number;
  readonly objectId: string;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly studyInstanceUid: string;
  readonly storedAtMs: number;
}

/** What a destination reported for one transaction (N-EVENT-REPORT, PS3.4 J.3.3). */
export interface CommitmentReport {
  readonly transactionUid: string;
  readonly committed: readonly string[];
  readonly failed: readonly { readonly sopInstanceUid: string; readonly failureReason: number }[];
}

/** `lastError` of a delivery that the destination took and, by its own report, does not have. */
export const commitmentRefused = 'storage commitment failed';

/** What became of a report. `destination` is whom the transaction was opened with. */
export type BookedReport =
  | { readonly kind: 'recorded'; readonly destination: string }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'unknown' };

/** Storage commitment transactions (PS3.4 Annex J): persisted before they are sent, idempotent on their UID. */
export class Commitments {
  readonly #db: Database;
  readonly #audit: AuditLog;
  readonly #clock: Clock;

  constructor(db: Database, audit: AuditLog, clock: Clock) {
    this.#db = db;
    this.#audit = audit;
    this.#clock = clock;
  }

  /** Objects that are stored at the destination, not committed, and named by no transaction that is still open. */
  storedWithoutCommitment(destination: string, limit: number): UncommittedObject[] {
    return this.#db
      .sql<UncommittedObject>(`SELECT x.outboxId, o.objectId, o.sopClassUid, o.sopInstanceUid, o.seriesInstanceUid, x.studyInstanceUid, x.storedAtMs
            FROM outbox x JOIN object o ON o.objectId = x.objectId
            WHERE x.destination = @destination AND x.state = 'STORED' AND NOT EXISTS (
              SELECT 1 FROM commitmentObject c JOIN commitment t ON t.transactionUid = c.transactionUid
              WHERE c.outboxId = x.outboxId AND t.state = 'REQUESTED')
            ORDER BY x.outboxId LIMIT @limit`)
      .all({ destination, limit });
  }

  /** Persists a transaction; call before the N-ACTION is sent. The UID must be new. */
  open(request: {
    readonly transactionUid: string;
    readonly destination: string;
    readonly outboxIds: readonly number[];
    readonly deadlineMs: number;
  }): void {
    this.#db.transaction(() => {
      const { transactionUid, destination } = request;
      this.#db
        .sql(`INSERT INTO commitment (transactionUid, destination, state, requestedAtMs, deadlineMs)
              VALUES (@transactionUid, @destination, 'REQUESTED', @nowMs, @deadlineMs)`)
        .run({
          transactionUid,
          destination,
          nowMs: this.#clock.nowMs(),
          deadlineMs: Math.trunc(request.deadlineMs),
        });
      for (const outboxId of request.outboxIds) {
        this.#db
          .sql('INSERT INTO commitmentObject (transactionUid, outboxId) VALUES (@transactionUid, @outboxId)')
          .run({ transactionUid, outboxId });
      }
      this.#audit.append('COMMITMENT_REQUESTED', {
        transactionUid,
        destination,
        count: request.outboxIds.length,
      });
    });
  }

  /** The N-ACTION was refused or its fate is unknown: its objects may be asked for again with a new UID. */
  fail(transactionUid: string): boolean {
    const changed = this.#db
      .sql(
        "UPDATE commitment SET state = 'FAILED', answeredAtMs = @nowMs WHERE transactionUid = @transactionUid AND state = 'REQUESTED'",
      )
      .run({ transactionUid, nowMs: this.#clock.nowMs() });
    return changed === 1;
  }

  /**
   * Takes a destination's report. `duplicate`: it was taken before, nothing changes. A late report for an expired
   * transaction still counts. `unknown`: no such transaction.
   */
  report(report: CommitmentReport): BookedReport {
    return this.#db.transaction(() => {
      const { transactionUid } = report;
      const row = this.#db
        .sql<{ state: string; destination: string }>(
          'SELECT state, destination FROM commitment WHERE transactionUid = @transactionUid',
        )
        .get({ transactionUid });
      if (row === undefined) return { kind: 'unknown' };
      if (row.state === 'REPORTED') return { kind: 'duplicate' };
      const nowMs = this.#clock.nowMs();
      this.#db
        .sql(
          "UPDATE commitment SET state = 'REPORTED', answeredAtMs = @nowMs WHERE transactionUid = @transactionUid",
        )
        .run({ transactionUid, nowMs });
      for (const sopInstanceUid of report.committed) this.#commit(transactionUid, sopInstanceUid, nowMs);
      for (const item of report.failed)
        this.#refuse(transactionUid, item.sopInstanceUid, item.failureReason, nowMs);
      this.#audit.append('COMMITMENT_REPORTED', {
        transactionUid,
        destination: row.destination,
        count: report.committed.length,
        failedCount: report.failed.length,
      });
      return { kind: 'recorded', destination: row.destination };
    });
  }

  /** Gives up transactions whose deadline has passed; their objects may be asked for again. Returns how many. */
  expire(nowMs: number): number {
    return this.#db.transaction(() => {
      const rows = this.#db
        .sql<{
          transactionUid: string;
          destination: string;
          count: number;
        }>(`SELECT t.transactionUid, t.destination, count(c.outboxId) AS count
              FROM commitment t LEFT JOIN commitmentObject c ON c.transactionUid = t.transactionUid
              WHERE t.state = 'REQUESTED' AND t.deadlineMs <= @nowMs GROUP BY t.transactionUid`)
        .all({ nowMs });
      for (const row of rows) {
        this.#db
          .sql("UPDATE commitment SET state = 'EXPIRED' WHERE transactionUid = @transactionUid")
          .run({ transactionUid: row.transactionUid });
        this.#audit.append('COMMITMENT_EXPIRED', { ...row });
      }
      return rows.length;
    });
  }

  #commit(transactionUid: string, sopInstanceUid: string, nowMs: number): void {
    const outboxId = this.#mark(transactionUid, sopInstanceUid, 'COMMITTED', null);
    if (outboxId === undefined) return;
    this.#db
      .sql(
        "UPDATE outbox SET state = 'COMMITTED', committedAtMs = @nowMs, changedAtMs = @nowMs WHERE outboxId = @outboxId AND state = 'STORED'",
      )
      .run({ outboxId, nowMs });
  }

  #refuse(transactionUid: string, sopInstanceUid: string, failureReason: number, nowMs: number): void {
    const outboxId = this.#mark(transactionUid, sopInstanceUid, 'FAILED', failureReason);
    if (outboxId === undefined) return;
    // The destination answered 0000H and does not have it: a person must know, and may send it again.
    this.#db
      .sql(`UPDATE outbox SET state = 'PARKED', changedAtMs = @nowMs, lastStatus = @failureReason, lastReason = 'D03',
              lastError = @lastError, lastRefusalJson = @refusalJson
            WHERE outboxId = @outboxId AND state = 'STORED'`)
      .run({
        outboxId,
        failureReason,
        nowMs,
        lastError: commitmentRefused,
        refusalJson: JSON.stringify({ kind: 'commitment', failureReason }),
      });
  }

  #mark(
    transactionUid: string,
    sopInstanceUid: string,
    result: 'COMMITTED' | 'FAILED',
    failureReason: number | null,
  ): number | undefined {
    return this.#db
      .sql<{ outboxId: number }>(`UPDATE commitmentObject SET result = @result, failureReason = @failureReason
            WHERE transactionUid = @transactionUid AND outboxId IN (
              SELECT x.outboxId FROM outbox x JOIN object o ON o.objectId = x.objectId WHERE o.sopInstanceUid = @sopInstanceUid)
            RETURNING outboxId`)
      .get({ transactionUid, sopInstanceUid, result, failureReason })?.outboxId;
  }
}
