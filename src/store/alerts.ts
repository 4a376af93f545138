import type { Clock } from '../core/clock.ts';
import { newUlid } from '../core/identifiers.ts';
import type { AuditLog } from './audit-log.ts';
import type { Database } from './database.ts';

export interface AlertRecord {
  readonly alertId: string;
  readonly cause: string;
  readonly detail: string;
  readonly startedAtMs: number;
  readonly recoveredAtMs: number | null;
}

/**
 * Conditions that need a person, kept across restarts so that each tells once when it begins and once when it
 * is over. `cause` is a stable key such as `main:refusing`.
 */
export class Alerts {
  readonly #db: Database;
  readonly #audit: AuditLog;
  readonly #clock: Clock;

  constructor(db: Database, audit: AuditLog, clock: Clock) {
    this.#db = db;
    this.#audit = audit;
    this.#clock = clock;
  }

  /** True when the condition is new and somebody must be told; false when it is known already. */
  start(cause: string, detail: string): boolean {
    return this.#db.transaction(() => {
      const nowMs = this.#clock.nowMs();
      const made = this.#db
        .sql(
          `INSERT INTO alert (alertId, cause, detail, startedAtMs) VALUES (@alertId, @cause, @detail, @nowMs) ON CONFLICT DO NOTHING`,
        )
        .run({ alertId: newUlid(nowMs), cause, detail, nowMs });
      if (made === 1) this.#audit.append('ALERT_STARTED', { cause, detail });
      return made === 1;
    });
  }

  /** True when the condition was active and is over now. */
  recover(cause: string): boolean {
    return this.#db.transaction(() => {
      const nowMs = this.#clock.nowMs();
      const row = this.#db
        .sql<{ startedAtMs: number }>(
          'UPDATE alert SET recoveredAtMs = @nowMs WHERE cause = @cause AND recoveredAtMs IS NULL RETURNING startedAtMs',
        )
        .get({ cause, nowMs });
      if (row === undefined) return false;
      this.#audit.append('ALERT_RECOVERED', { cause, durationMs: nowMs - row.startedAtMs });
      return true;
    });
  }

  active(): AlertRecord[] {
    return this.#db
      .sql<AlertRecord>('SELECT * FROM alert WHERE recoveredAtMs IS NULL ORDER BY startedAtMs')
      .all();
  }

  /** The newest alerts, active or over. */
  history(limit: number): AlertRecord[] {
    return this.#db
      .sql<AlertRecord>('SELECT * FROM alert ORDER BY startedAtMs DESC, alertId DESC LIMIT @limit')
      .all({ limit });
  }
}
