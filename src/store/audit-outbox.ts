import { type AuditRow, readAuditRow } from './audit-log.ts';
import type { Database } from './database.ts';

/** A row that waits for the repository, with what is known by now of the patient of its study. */
export interface AuditOutboxRow extends AuditRow {
  readonly patientId: string | null;
  readonly patientName: string | null;
  readonly accessionNumber: string | null;
}

type StoredRow = Parameters<typeof readAuditRow>[0] & Omit<AuditOutboxRow, keyof AuditRow>;

/** A received image is named to the repository with its patient, who is known once the worker has read it. */
const waitForPatientMs = 60_000;

/**
 * Audit rows that are ATNA messages and go to an audit record repository (PS3.15 A.6). Syslog over TLS has no
 * acknowledgement, so what was written in the minutes before a lost connection is sent again.
 */
export class AuditOutbox {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * The oldest rows not yet written to the repository. A received image waits up to a minute for its patient's
   * identifiers, so that its message is complete; rows behind it do not.
   */
  unsent(limit: number, nowMs: number): AuditOutboxRow[] {
    return this.#db
      .sql<StoredRow>(
        `SELECT a.*, i.patientId, i.patientName, coalesce(a.accessionNumber, i.accessionNumber) AS accessionNumber
            FROM auditOutbox o JOIN audit a ON a.seq = o.seq
            LEFT JOIN instance i ON i.instanceId = (SELECT instanceId FROM instance
              WHERE studyInstanceUid = a.studyInstanceUid AND patientId IS NOT NULL LIMIT 1)
            WHERE o.sentAtMs IS NULL AND (a.event <> 'INSTANCE_STORED' OR i.patientId IS NOT NULL OR a.atMs < @youngMs)
            ORDER BY o.seq LIMIT @limit`,
      )
      .all({ limit, youngMs: Math.trunc(nowMs - waitForPatientMs) })
      .map((row) => ({
        ...readAuditRow(row),
        patientId: row.patientId,
        patientName: row.patientName,
        accessionNumber: row.accessionNumber,
      }));
  }

  markSent(seqs: readonly number[], nowMs: number): void {
    this.#db
      .sql('UPDATE auditOutbox SET sentAtMs = @nowMs WHERE seq IN (SELECT value FROM json_each(@seqs))')
      .run({ seqs: JSON.stringify(seqs), nowMs });
  }

  /** After a lost connection: rows written in the last `windowMs` before the newest are due again. Returns how many. */
  resendLast(windowMs: number): number {
    return this.#db
      .sql(
        `UPDATE auditOutbox SET sentAtMs = NULL
            WHERE sentAtMs >= (SELECT max(sentAtMs) FROM auditOutbox) - @windowMs`,
      )
      .run({ windowMs });
  }

  /** Forgets rows written before `beforeMs`; the audit rows themselves stay. Returns how many. */
  prune(beforeMs: number): number {
    return this.#db.sql('DELETE FROM auditOutbox WHERE sentAtMs < @beforeMs').run({ beforeMs });
  }
}
