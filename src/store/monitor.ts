import type { Outcome } from '../core/outcome.ts';
import type { AuditRow } from './audit-log.ts';
import { readAuditRow } from './audit-log.ts';
import type { Database } from './database.ts';
import { readJson } from './records.ts';

/** What still has to be done for one destination, and whether it takes anything. */
export interface DestinationBacklog {
  readonly destination: string;
  readonly waiting: number;
  readonly oldestWaitingAtMs: number | null;
  readonly parked: number;
  /** When the first of the failures since the last success was; `null` while it takes what it is given. */
  readonly refusingSinceMs: number | null;
}

/** What the model said about one image, for the metrics; times are milliseconds. */
export interface AnalysisFigures {
  readonly probabilities: Readonly<Record<string, number>>;
  readonly timings: Readonly<Record<string, number>>;
}

export interface OutcomeCount {
  readonly callingAeTitle: string;
  readonly outcome: Outcome | null;
  readonly count: number;
}

/** The values of one class for one sender. */
export interface ScoreFigures {
  readonly callingAeTitle: string;
  readonly classId: string;
  readonly count: number;
  readonly mean: number;
  readonly variance: number;
}

/**
 * Readings for monitoring. Each costs a few index look-ups however much history there is, so that a scrape every
 * few seconds does not disturb the work (promise: milliseconds at a million images).
 */
export class Monitor {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Every calling AE title that ever sent an image and when its last image came, in alphabetical order. */
  senders(): { readonly callingAeTitle: string; readonly lastImageAtMs: number }[] {
    return this.#db.sql<{ callingAeTitle: string; lastImageAtMs: number }>(sendersByJumps).all();
  }

  /** Starts of the hours in [fromMs, toMs) in which this sender sent at least one image, UTC, oldest first. */
  activeHours(callingAeTitle: string, fromMs: number, toMs: number): number[] {
    const firstMs = Math.floor(fromMs / hourMs) * hourMs;
    return this.#db
      .sql<{ at: number }>(activeHours)
      .all({ callingAeTitle, firstMs, toMs: Math.trunc(toMs) })
      .map(({ at }) => at);
  }

  /** How many images are held and since when the oldest waits for a person. */
  held(): { readonly count: number; readonly oldestAtMs: number | null } {
    return (
      this.#db
        .sql<{ count: number; oldestAtMs: number | null }>(
          "SELECT count(*) AS count, min(receivedAtMs) AS oldestAtMs FROM instance WHERE disposition = 'held'",
        )
        .get() ?? { count: 0, oldestAtMs: null }
    );
  }

  /** Studies whose report is still to be made, and those whose report failed for good. */
  studies(): { readonly open: number; readonly oldestAtMs: number | null; readonly failed: number } {
    const open = this.#db
      .sql<{ count: number; oldestAtMs: number | null }>(
        "SELECT count(*) AS count, min(lastActivityMs) AS oldestAtMs FROM study WHERE state = 'OPEN'",
      )
      .get();
    const reporting = this.#db
      .sql<{ count: number }>("SELECT count(*) AS count FROM study WHERE state = 'REPORTING'")
      .get();
    const failed = this.#db
      .sql<{ count: number }>("SELECT count(*) AS count FROM study WHERE state = 'FAILED'")
      .get();
    return {
      open: (open?.count ?? 0) + (reporting?.count ?? 0),
      oldestAtMs: open?.oldestAtMs ?? null,
      failed: failed?.count ?? 0,
    };
  }

  /** What waits for one destination. */
  destination(destination: string): DestinationBacklog {
    const unsent = this.#db
      .sql<{ count: number; oldestAtMs: number | null }>(
        "SELECT count(*) AS count, min(createdAtMs) AS oldestAtMs FROM outbox WHERE destination = @destination AND state IN ('WAITING','SENDING')",
      )
      .get({ destination });
    const parked = this.#db
      .sql<{ count: number }>(
        "SELECT count(*) AS count FROM outbox WHERE destination = @destination AND state = 'PARKED'",
      )
      .get({ destination });
    const waiting = unsent?.count ?? 0;
    return {
      destination,
      waiting,
      oldestWaitingAtMs: unsent?.oldestAtMs ?? null,
      parked: parked?.count ?? 0,
      refusingSinceMs: waiting === 0 ? null : this.#refusingSinceMs(destination),
    };
  }

  /** The newest analysis of an image. */
  analysis(instanceId: string): AnalysisFigures | undefined {
    const row = this.#db
      .sql<{ probabilitiesJson: string; timingsJson: string }>(
        'SELECT probabilitiesJson, timingsJson FROM analysis WHERE instanceId = @instanceId ORDER BY analysedAtMs DESC LIMIT 1',
      )
      .get({ instanceId });
    if (row === undefined) return undefined;
    return {
      probabilities: readJson<Record<string, number> | null>(row.probabilitiesJson, null) ?? {},
      timings: readJson<Record<string, number> | null>(row.timingsJson, null) ?? {},
    };
  }

  /** When the image behind an object came: its own, or the study's last one before a report was made. */
  receivedAtMs(objectId: string): number | undefined {
    const row = this.#db.sql<{ atMs: number | null }>(receivedOfObject).get({ objectId });
    return row?.atMs ?? undefined;
  }

  /** Per sender and outcome, how many images came in [fromMs, toMs); `null` where the model was not asked. One pass. */
  outcomes(fromMs: number, toMs: number): OutcomeCount[] {
    const span = { fromMs: Math.trunc(fromMs), toMs: Math.trunc(toMs) };
    return this.#db
      .sql<OutcomeCount>(`SELECT callingAeTitle, outcome, count(*) AS count FROM instance
            WHERE receivedAtMs >= @fromMs AND receivedAtMs < @toMs GROUP BY callingAeTitle, outcome ORDER BY callingAeTitle`)
      .all(span);
  }

  /** Per sender and class: how many values a model gave in [fromMs, toMs), their mean and variance. */
  scores(modelSha256: string, fromMs: number, toMs: number): ScoreFigures[] {
    const span = { modelSha256, fromMs: Math.trunc(fromMs), toMs: Math.trunc(toMs) };
    return this.#db.sql<ScoreFigures>(scoreFigures).all(span);
  }

  /** When the model in use was loaded first after another one; `undefined` when there was no other. */
  modelSinceMs(modelSha256: string): number | undefined {
    const other = this.#db
      .sql<{ atMs: number }>(`SELECT atMs FROM audit WHERE event = 'MODEL_LOADED'
            AND json_extract(fieldsJson, '$.modelSha256') <> @modelSha256 ORDER BY atMs DESC LIMIT 1`)
      .get({ modelSha256 });
    return other?.atMs;
  }

  /** The newest row of one event, such as the model that was loaded last. */
  newest(event: AuditRow['event']): AuditRow | undefined {
    const row = this.#db
      .sql<Parameters<typeof readAuditRow>[0]>(
        'SELECT seq, atMs, event, fieldsJson, prevSha256, sha256 FROM audit WHERE event = @event ORDER BY atMs DESC, seq DESC LIMIT 1',
      )
      .get({ event });
    return row === undefined ? undefined : readAuditRow(row);
  }

  #refusingSinceMs(destination: string): number | null {
    const success = this.#db
      .sql<{ seq: number; atMs: number }>(`SELECT seq, atMs FROM audit WHERE destination = @destination
            AND +event IN ('OBJECT_STORED','DESTINATION_UP') ORDER BY atMs DESC, seq DESC LIMIT 1`)
      .get({ destination });
    const failure = this.#db
      .sql<{
        atMs: number;
      }>(`SELECT atMs FROM audit WHERE destination = @destination AND atMs >= @atMs AND seq > @seq
            AND +event IN ('OBJECT_WAITING','OBJECT_PARKED','DESTINATION_DOWN') ORDER BY atMs LIMIT 1`)
      .get({ destination, atMs: success?.atMs ?? 0, seq: success?.seq ?? 0 });
    return failure?.atMs ?? null;
  }
}

const hourMs = 3_600_000;

/** One index look-up per sender, where DISTINCT would read every row. */
const sendersByJumps = `WITH RECURSIVE sender (callingAeTitle) AS (
    SELECT (SELECT callingAeTitle FROM instance ORDER BY callingAeTitle LIMIT 1)
    UNION ALL
    SELECT (SELECT i.callingAeTitle FROM instance i WHERE i.callingAeTitle > sender.callingAeTitle ORDER BY i.callingAeTitle LIMIT 1)
    FROM sender WHERE sender.callingAeTitle IS NOT NULL)
  SELECT callingAeTitle,
    (SELECT i.receivedAtMs FROM instance i WHERE i.callingAeTitle = sender.callingAeTitle ORDER BY i.receivedAtMs DESC LIMIT 1) AS lastImageAtMs
  FROM sender WHERE callingAeTitle IS NOT NULL`;

/** From image to image: the first one at or after the end of the hour of the one before. */
const activeHours = `WITH RECURSIVE hour (at) AS (
    SELECT (SELECT receivedAtMs - receivedAtMs % ${hourMs} FROM instance
      WHERE callingAeTitle = @callingAeTitle AND receivedAtMs >= @firstMs AND receivedAtMs < @toMs ORDER BY receivedAtMs LIMIT 1)
    UNION ALL
    SELECT (SELECT receivedAtMs - receivedAtMs % ${hourMs} FROM instance
      WHERE callingAeTitle = @callingAeTitle AND receivedAtMs >= hour.at + ${hourMs} AND receivedAtMs < @toMs ORDER BY receivedAtMs LIMIT 1)
    FROM hour WHERE hour.at IS NOT NULL)
  SELECT at FROM hour WHERE at IS NOT NULL`;

const scoreFigures = `SELECT i.callingAeTitle, p.key AS classId, count(*) AS count, avg(p.value) AS mean,
    max(0.0, avg(p.value * p.value) - avg(p.value) * avg(p.value)) AS variance
  FROM analysis a JOIN instance i ON i.instanceId = a.instanceId, json_each(a.probabilitiesJson) p
  WHERE a.analysedAtMs >= @fromMs AND a.analysedAtMs < @toMs AND a.modelSha256 = @modelSha256
  GROUP BY i.callingAeTitle, p.key ORDER BY i.callingAeTitle, p.key`;

const receivedOfObject = `SELECT CASE WHEN o.instanceId IS NOT NULL
    THEN (SELECT i.receivedAtMs FROM instance i WHERE i.instanceId = o.instanceId)
    ELSE (SELECT max(i.receivedAtMs) FROM instance i WHERE i.studyInstanceUid = o.studyInstanceUid AND i.receivedAtMs <= o.createdAtMs)
  END AS atMs FROM object o WHERE o.objectId = @objectId`;
