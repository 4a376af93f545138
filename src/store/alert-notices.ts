import type { AlertRecord } from './alerts.ts';
import type { Database } from './database.ts';

export type NoticeChannel = 'webhook' | 'mail';

/** One message to one channel about one alert. */
export interface AlertNotice {
  readonly alert: AlertRecord;
  readonly channel: NoticeChannel;
  readonly phase: 'started' | 'recovered';
  readonly attempts: number;
}

/** Alerts that began longer ago and are over are told to nobody: a channel that was just set up wants news. */
const newsMs = 86_400_000;

/**
 * The messages that people are owed: per alert and channel one at its start and, after that, one at its recovery.
 * Each is marked after the receiver has taken it; a process that dies in between sends it once more with the same id.
 */
export class AlertNotices {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Owes what is missing to these channels. */
  owe(channels: readonly NoticeChannel[], nowMs: number): void {
    if (channels.length === 0) return;
    const parameters = { channels: JSON.stringify(channels), nowMs, newsSinceMs: nowMs - newsMs };
    this.#db.transaction(() => {
      this.#db.sql(oweStarts).run(parameters);
      this.#db.sql(oweRecoveries).run(parameters);
    });
  }

  /** What is to be sent now, oldest first. A recovery waits until its start was told. */
  due(channels: readonly NoticeChannel[], nowMs: number, limit: number): AlertNotice[] {
    return this.#db
      .sql<Omit<AlertNotice, 'alert'> & AlertRecord>(dueNotices)
      .all({ channels: JSON.stringify(channels), nowMs, limit })
      .map(({ channel, phase, attempts, ...alert }) => ({ channel, phase, attempts, alert }));
  }

  sent(notice: AlertNotice, nowMs: number): void {
    this.#end(notice, { state: 'SENT', nextAtMs: nowMs, nowMs, error: null });
  }

  failed(notice: AlertNotice, error: string, nextAtMs: number, nowMs: number): void {
    this.#end(notice, { state: 'DUE', nextAtMs, nowMs, error });
  }

  /** The receiver was away for too long; a recovery that nobody would understand is dropped with its start. */
  giveUp(notice: AlertNotice, error: string, nowMs: number): void {
    this.#end(notice, { state: 'GIVEN UP', nextAtMs: nowMs, nowMs, error });
  }

  #end(
    { alert, channel, phase }: AlertNotice,
    end: { state: string; nextAtMs: number; nowMs: number; error: string | null },
  ): void {
    this.#db
      .sql(`UPDATE alertNotice SET state = @state, attempts = attempts + 1, nextAtMs = @nextAtMs, changedAtMs = @nowMs,
              lastError = @error WHERE alertId = @alertId AND channel = @channel AND phase = @phase`)
      .run({ ...end, alertId: alert.alertId, channel, phase });
  }
}

const oweStarts = `INSERT INTO alertNotice (alertId, channel, phase, nextAtMs, changedAtMs)
  SELECT a.alertId, c.value, 'started', @nowMs, @nowMs FROM alert a, json_each(@channels) c
  WHERE a.recoveredAtMs IS NULL OR a.startedAtMs >= @newsSinceMs
  ON CONFLICT DO NOTHING`;

const oweRecoveries = `INSERT INTO alertNotice (alertId, channel, phase, nextAtMs, changedAtMs)
  SELECT a.alertId, n.channel, 'recovered', @nowMs, @nowMs FROM alertNotice n JOIN alert a ON a.alertId = n.alertId
  WHERE n.phase = 'started' AND n.state <> 'GIVEN UP' AND a.recoveredAtMs IS NOT NULL
    AND n.channel IN (SELECT value FROM json_each(@channels))
    AND NOT EXISTS (SELECT 1 FROM alertNotice r WHERE r.alertId = n.alertId AND r.channel = n.channel AND r.phase = 'recovered')
  ON CONFLICT DO NOTHING`;

const dueNotices = `SELECT n.channel, n.phase, n.attempts, a.alertId, a.cause, a.detail, a.startedAtMs, a.recoveredAtMs
  FROM alertNotice n JOIN alert a ON a.alertId = n.alertId
  WHERE n.state = 'DUE' AND n.nextAtMs <= @nowMs AND n.channel IN (SELECT value FROM json_each(@channels))
    AND (n.phase = 'started' OR NOT EXISTS (SELECT 1 FROM alertNotice s
      WHERE s.alertId = n.alertId AND s.channel = n.channel AND s.phase = 'started' AND s.state = 'DUE'))
  ORDER BY a.startedAtMs, n.phase DESC LIMIT @limit`;
