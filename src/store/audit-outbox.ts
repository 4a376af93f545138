import { type AuditRow, readAuditRow } from './audit-log.ts';
import type { Database } from './database.ts';

/**
 * Audit rows that are ATNA messages and go to an audit record repository (PS3.15 A.6). Syslog over TLS has no
 * acknowledgement, so what was written in the minutes before a lost connection is sent again.
 */
export class AuditOutbox {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** The oldest rows not yet written to the repository. */
  unsent(limit: number): AuditRow[] {
    return this.#db
      .sql<Parameters<typeof readAuditRow>[0]>(`SELECT a.* FROM auditOutbox o JOIN audit a ON a.seq = o.seq
            WHERE o.sentAtMs IS NULL ORDER BY o.seq LIMIT @limit`)
      .all({ limit })
      .map(readAuditRow);
  }

  markSent(seqs: readonly number[], nowMs: number): void {
    this.#db
      .sql('UPDATE auditOutbox SET sentAtMs = @nowMs WHERE seq IN (SELECT value FROM json_each(@seqs))')
      .run({ seqs: JSON.stringify(seqs), nowMs });
  }

  /** After a lost connection: rows written since `sinceMs` are due again. Returns how many. */
  resendSince(sinceMs: number): number {
    return this.#db.sql('UPDATE auditOutbox SET sentAtMs = NULL WHERE sentAtMs >= @sinceMs').run({ sinceMs });
  }

  /** Forgets rows written before `beforeMs`; the audit rows themselves stay. Returns how many. */
  prune(beforeMs: number): number {
    return this.#db.sql('DELETE FROM auditOutbox WHERE sentAtMs < @beforeMs').run({ beforeMs });
  }
}
