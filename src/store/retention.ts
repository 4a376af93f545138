import { rmSync } from 'node:fs';
import type { AuditLog } from './audit-log.ts';
import type { Database } from './database.ts';
import type { Holds } from './holds.ts';

/** How long each kind of data is kept, in milliseconds after it came in. Each has its own rule. */
export interface RetentionRules {
  /** Received images, once they are finished and delivered. */
  readonly spoolAfterMs: number;
  /** Decisions, analyses, result objects and the image rows themselves, once the spool file is gone. */
  readonly resultsAfterMs: number;
  /** Held images and images set aside that nobody decided about; after it they end as dismissed. Absent: they stay. */
  readonly quarantineAfterMs?: number;
  /** Rows handled in one transaction, so that the listener never waits long for the write lock. Absent: 500. */
  readonly batchRows?: number;
  /** Audit rows (at least six months under AI Act Art. 26(6); six years where HIPAA 164.316 applies). */
  readonly auditAfterMs: number;
  /** Destinations that promise storage commitment: there only a committed object counts as delivered. */
  readonly committedDestinations: readonly string[];
}

export interface RetentionPlan {
  /** Held images and images set aside that end because nobody decided about them in time. */
  readonly undecided: { readonly images: number };
  readonly spool: { readonly images: number; readonly sizeBytes: number };
  readonly results: { readonly images: number };
  readonly audit: { readonly rows: number };
}

const defaultBatchRows = 500;

/** Who ends an image that nobody decided about; stands in the audit trail where an operator's name would. */
const byRetention = 'retention';

/**
 * Removes old data by rule, never before it is delivered (and committed where that is promised), never while it
 * waits for anybody. Call `step` again and again with a pause, or `run` when nothing else is at work.
 */
export class Retention {
  readonly #db: Database;
  readonly #audit: AuditLog;
  readonly #holds: Holds;

  constructor(db: Database, audit: AuditLog, holds: Holds) {
    this.#db = db;
    this.#audit = audit;
    this.#holds = holds;
  }

  /** What would go now; changes nothing. */
  plan(rules: RetentionRules, nowMs: number): RetentionPlan {
    const spool = this.#db
      .sql<{ images: number; sizeBytes: number | null }>(
        `SELECT count(*) AS images, sum(i.sizeBytes) AS sizeBytes FROM instance i WHERE ${spoolDue}`,
      )
      .get(parameters(rules, nowMs - rules.spoolAfterMs));
    const results = this.#db
      .sql<{ images: number }>(`SELECT count(*) AS images FROM instance i WHERE ${resultsDue}`)
      .get(parameters(rules, nowMs - rules.resultsAfterMs));
    const { boundary, checkpoint } = this.#auditBoundary(nowMs - rules.auditAfterMs);
    return {
      undecided: { images: this.#undecided(rules, nowMs, Number.MAX_SAFE_INTEGER).length },
      spool: { images: spool?.images ?? 0, sizeBytes: spool?.sizeBytes ?? 0 },
      results: { images: results?.images ?? 0 },
      audit: { rows: Math.max(0, boundary - checkpoint) },
    };
  }

  /** Removes at most one batch of each kind. `done` when nothing is left that a rule names. */
  step(rules: RetentionRules, nowMs: number): RetentionPlan & { readonly done: boolean } {
    const batchRows = rules.batchRows ?? defaultBatchRows;
    const undecided = this.#endUndecided(rules, nowMs, batchRows);
    const spool = this.#purgeSpool(rules, nowMs, batchRows);
    const results = this.#purgeResults(rules, nowMs, batchRows);
    const audit = this.#purgeAudit(nowMs - rules.auditAfterMs, batchRows);
    const counts = [undecided.images, spool.images, results.images, audit.rows];
    return { undecided, spool, results, audit, done: !counts.includes(batchRows) };
  }

  /** All steps in a row; for the command line and tests. */
  run(rules: RetentionRules, nowMs: number): RetentionPlan {
    let total: RetentionPlan = {
      undecided: { images: 0 },
      spool: { images: 0, sizeBytes: 0 },
      results: { images: 0 },
      audit: { rows: 0 },
    };
    for (;;) {
      const step = this.step(rules, nowMs);
      total = {
        undecided: { images: total.undecided.images + step.undecided.images },
        spool: {
          images: total.spool.images + step.spool.images,
          sizeBytes: total.spool.sizeBytes + step.spool.sizeBytes,
        },
        results: { images: total.results.images + step.results.images },
        audit: { rows: total.audit.rows + step.audit.rows },
      };
      if (step.done) return total;
    }
  }

  #undecided({ quarantineAfterMs }: RetentionRules, nowMs: number, limit: number): string[] {
    if (quarantineAfterMs === undefined) return [];
    return this.#db
      .sql<{ instanceId: string }>(
        "SELECT instanceId FROM instance WHERE disposition IN ('held','quarantined') AND receivedAtMs < @beforeMs LIMIT @limit",
      )
      .all({ beforeMs: Math.trunc(nowMs - quarantineAfterMs), limit })
      .map(({ instanceId }) => instanceId);
  }

  /** Their files go by the ordinary rule afterwards; the audit trail keeps how each of them ended. */
  #endUndecided(rules: RetentionRules, nowMs: number, batchRows: number): { images: number } {
    const due = this.#undecided(rules, nowMs, batchRows);
    if (due.length > 0)
      this.#db.transaction(() => due.forEach((instanceId) => this.#holds.dismiss(instanceId, byRetention)));
    return { images: due.length };
  }

  #purgeSpool(
    rules: RetentionRules,
    nowMs: number,
    batchRows: number,
  ): { images: number; sizeBytes: number } {
    const due = this.#db
      .sql<{ instanceId: string; path: string; sizeBytes: number }>(
        `SELECT i.instanceId, i.path, i.sizeBytes FROM instance i WHERE ${spoolDue} ORDER BY i.receivedAtMs LIMIT ${batchRows}`,
      )
      .all(parameters(rules, nowMs - rules.spoolAfterMs));
    if (due.length === 0) return { images: 0, sizeBytes: 0 };
    const sizeBytes = due.reduce((sum, row) => sum + row.sizeBytes, 0);
    // The row first: a file that outlives a crash here is an orphan, and the sweep at start deletes it.
    this.#db.transaction(() => {
      for (const { instanceId } of due) {
        this.#db
          .sql("UPDATE instance SET spoolState = 'purged' WHERE instanceId = @instanceId")
          .run({ instanceId });
      }
      this.#audit.append('RETENTION_RAN', { action: 'spool', count: due.length, sizeBytes });
    });
    for (const { path } of due) rmSync(path, { force: true });
    return { images: due.length, sizeBytes };
  }

  #purgeResults(rules: RetentionRules, nowMs: number, batchRows: number): { images: number } {
    const due = this.#db
      .sql<{ instanceId: string; studyInstanceUid: string }>(
        `SELECT i.instanceId, i.studyInstanceUid FROM instance i WHERE ${resultsDue} ORDER BY i.receivedAtMs LIMIT ${batchRows}`,
      )
      .all(parameters(rules, nowMs - rules.resultsAfterMs));
    if (due.length === 0) return { images: 0 };
    const paths = this.#db.transaction(() => {
      const removed = due.flatMap(({ instanceId }) => this.#removeImage(instanceId));
      const emptied = [...new Set(due.map((row) => row.studyInstanceUid))].flatMap((uid) =>
        this.#removeEmptyStudy(uid),
      );
      this.#audit.append('RETENTION_RAN', { action: 'results', count: due.length });
      return [...removed, ...emptied];
    });
    for (const path of paths) rmSync(path, { force: true });
    return { images: due.length };
  }

  #removeImage(instanceId: string): string[] {
    const paths = this.#db
      .sql<{ path: string }>('SELECT path FROM object WHERE instanceId = @instanceId')
      .all({ instanceId });
    this.#db.sql('DELETE FROM instance WHERE instanceId = @instanceId').run({ instanceId });
    return paths.map((row) => row.path);
  }

  #removeEmptyStudy(studyInstanceUid: string): string[] {
    const image = this.#db
      .sql('SELECT 1 FROM instance WHERE studyInstanceUid = @studyInstanceUid LIMIT 1')
      .get({ studyInstanceUid });
    if (image !== undefined) return [];
    const paths = this.#db
      .sql<{ path: string }>('SELECT path FROM object WHERE studyInstanceUid = @studyInstanceUid')
      .all({ studyInstanceUid });
    this.#db.sql('DELETE FROM study WHERE studyInstanceUid = @studyInstanceUid').run({ studyInstanceUid });
    return paths.map((row) => row.path);
  }

  #purgeAudit(beforeMs: number, batchRows: number): { rows: number } {
    return this.#db.transaction(() => {
      const { boundary, checkpoint } = this.#auditBoundary(beforeMs);
      const seq = Math.min(boundary, checkpoint + batchRows);
      const last = this.#db.sql<{ sha256: string }>('SELECT sha256 FROM audit WHERE seq = @seq').get({ seq });
      if (seq <= checkpoint || last === undefined) return { rows: 0 };
      // The chain goes on from this checkpoint; the triggers let rows go only up to it.
      this.#db
        .sql('UPDATE auditCheckpoint SET seq = @seq, sha256 = @sha256')
        .run({ seq, sha256: last.sha256 });
      this.#db.sql('DELETE FROM auditOutbox WHERE seq <= @seq').run({ seq });
      this.#db.sql('DELETE FROM audit WHERE seq <= @seq').run({ seq });
      this.#audit.append('AUDIT_PURGED', { seq, sha256: last.sha256, count: seq - checkpoint });
      return { rows: seq - checkpoint };
    });
  }

  /** The last row of the oldest unbroken run of rows that are old enough and sent to the repository. */
  #auditBoundary(beforeMs: number): { boundary: number; checkpoint: number } {
    const checkpoint = this.#db.sql<{ seq: number }>('SELECT seq FROM auditCheckpoint').get()?.seq ?? 0;
    const young = this.#db
      .sql<{ seq: number | null }>('SELECT min(seq) AS seq FROM audit WHERE atMs >= @beforeMs')
      .get({ beforeMs: Math.trunc(beforeMs) })?.seq;
    const unsent = this.#db
      .sql<{ seq: number | null }>('SELECT min(seq) AS seq FROM auditOutbox WHERE sentAtMs IS NULL')
      .get()?.seq;
    const head = this.#audit.head().seq;
    return { boundary: Math.min(young ?? head + 1, unsent ?? head + 1) - 1, checkpoint };
  }
}

function parameters(
  rules: RetentionRules,
  beforeMs: number,
): { beforeMs: number; committedDestinations: string } {
  return {
    beforeMs: Math.trunc(beforeMs),
    committedDestinations: JSON.stringify(rules.committedDestinations),
  };
}

/** Nothing of the study is on its way: neither an image job, nor a report, nor a delivery. */
const studyAtRest = `NOT EXISTS (SELECT 1 FROM study s WHERE s.studyInstanceUid = i.studyInstanceUid AND s.state IN ('OPEN','REPORTING'))
  AND NOT EXISTS (SELECT 1 FROM job j WHERE j.instanceId = i.instanceId AND j.state IN ('QUEUED','WAITING','RUNNING'))
  AND NOT EXISTS (SELECT 1 FROM outbox x WHERE x.studyInstanceUid = i.studyInstanceUid AND (
    x.state IN ('WAITING','SENDING','PARKED')
    OR (x.state = 'STORED' AND x.destination IN (SELECT value FROM json_each(@committedDestinations)))))`;

const spoolDue = `i.spoolState = 'present' AND i.receivedAtMs < @beforeMs
  AND i.disposition NOT IN ('pending','held','quarantined') AND ${studyAtRest}`;

const resultsDue = `i.spoolState <> 'present' AND i.receivedAtMs < @beforeMs AND i.disposition NOT IN ('pending','held') AND ${studyAtRest}`;
