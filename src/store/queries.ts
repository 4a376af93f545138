import type { Disposition, Dynamic, Outcome } from '../core/outcome.ts';
import type { ReasonCode } from '../core/reasons.ts';
import { type SenderArrival, sendersByLastImage } from './arrivals.ts';
import type { Database } from './database.ts';
import { type InstanceRecord, type InstanceRow, readInstance } from './records.ts';

/** The books of a span of time. `received` equals the sum of `dispositions`; `deliveries` sum to their `made`. */
export interface DayReport {
  readonly fromMs: number;
  readonly toMs: number;
  readonly received: number;
  readonly dispositions: Readonly<Record<Disposition, number>>;
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
  readonly reasons: readonly {
    readonly disposition: Disposition;
    readonly code: ReasonCode;
    readonly count: number;
  }[];
  /** Resends of known content: acknowledged, not processed again, not in `received`. */
  readonly duplicates: number;
  /** Objects and associations turned away at the door: never acknowledged, not in `received`. */
  readonly refusedAtTheDoor: number;
  readonly reports: number;
  readonly deliveries: readonly DeliveryBooks[];
  readonly addsUp: boolean;
}

/** Result objects made in the span, per destination. `stored` are stored and not (yet) committed. */
export interface DeliveryBooks {
  readonly destination: string;
  readonly made: number;
  readonly stored: number;
  readonly committed: number;
  readonly waiting: number;
  readonly parked: number;
  readonly cancelled: number;
}

export interface StatusSummary {
  readonly dispositions: Readonly<Record<Disposition, number>>;
  readonly oldestPendingAtMs: number | null;
  readonly openStudies: number;
  readonly failedStudies: number;
  readonly senders: readonly SenderArrival[];
}

export interface ImageFilter {
  readonly disposition?: Disposition;
  readonly outcome?: Outcome;
  readonly callingAeTitle?: string;
  readonly reason?: ReasonCode;
  readonly accessionNumber?: string;
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly limit: number;
  readonly offset: number;
}

export interface ImageListRow extends InstanceRecord {
  readonly dynamic: Dynamic | null;
  readonly ruleName: string | null;
}

/** One page of images and how many match in all. */
export interface ImagePage {
  readonly rows: readonly ImageListRow[];
  readonly total: number;
}

/** One sender's mix in a span of time, to be compared with another span (drift watch). */
export interface SenderDrift {
  readonly callingAeTitle: string;
  readonly received: number;
  readonly dispositions: Readonly<Record<Disposition, number>>;
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
  /** Share of the images in scope for which the model's input was refused (NO_RESULT); 0 when there were none. */
  readonly rejectionRate: number;
  /** Share of the images in scope that were SUSPECTED. */
  readonly suspectedRate: number;
}

/** Read-only answers for the status page, the CLI and the daily reconciliation. */
export class Queries {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** The reconciliation of everything received in [fromMs, toMs). */
  dayReport(fromMs: number, toMs: number): DayReport {
    const span = { fromMs: Math.trunc(fromMs), toMs: Math.trunc(toMs) };
    const totals = this.#db
      .sql<{ received: number }>(`SELECT count(*) AS received FROM instance WHERE ${inSpan}`)
      .get(span);
    const dispositions = this.#dispositions(`WHERE ${inSpan}`, span);
    const deliveries = this.#deliveries(span);
    const received = totals?.received ?? 0;
    const events = (names: readonly string[]): number =>
      this.#db
        .sql<{ n: number }>(
          'SELECT count(*) AS n FROM audit WHERE event IN (SELECT value FROM json_each(@names)) AND atMs >= @fromMs AND atMs < @toMs',
        )
        .get({ ...span, names: JSON.stringify(names) })?.n ?? 0;
    const sum = Object.values(dispositions).reduce((a, b) => a + b, 0);
    return {
      ...span,
      received,
      dispositions,
      outcomes: this.#outcomes(`WHERE ${inSpan}`, span),
      reasons: this.#db
        .sql<{
          disposition: Disposition;
          code: ReasonCode;
          count: number;
        }>(`SELECT disposition, json_extract(reasonsJson, '$[0].code') AS code, count(*) AS count
              FROM instance WHERE ${inSpan} AND reasonsJson <> '[]' GROUP BY disposition, code ORDER BY count DESC, code`)
        .all(span),
      duplicates: events(['INSTANCE_DUPLICATE']),
      refusedAtTheDoor: events(['INSTANCE_REFUSED', 'ASSOCIATION_REJECTED']),
      reports:
        this.#db
          .sql<{ n: number }>(
            'SELECT count(*) AS n FROM studyReport WHERE createdAtMs >= @fromMs AND createdAtMs < @toMs',
          )
          .get(span)?.n ?? 0,
      deliveries,
      addsUp:
        sum === received &&
        deliveries.every((d) => d.made === d.stored + d.committed + d.waiting + d.parked + d.cancelled),
    };
  }

  /** One screen of where everything stands now; deliveries and jobs have their own counts (outbox, job-queue). */
  statusSummary(nowMs: number): StatusSummary {
    const pending = this.#db
      .sql<{ at: number | null }>(
        "SELECT min(receivedAtMs) AS at FROM instance WHERE disposition = 'pending'",
      )
      .get();
    const studies = (state: string): number =>
      this.#db.sql<{ n: number }>(`SELECT count(*) AS n FROM study WHERE state = '${state}'`).get()?.n ?? 0;
    return {
      dispositions: this.#dispositions('', {}),
      oldestPendingAtMs: pending?.at ?? null,
      openStudies: studies('OPEN') + studies('REPORTING'),
      failedStudies: studies('FAILED'),
      senders: this.#db.sql<SenderArrival>(sendersByLastImage).all({ sinceMs: nowMs - 86_400_000 }),
    };
  }

  /** Images, newest first, with how many match in all. */
  images(filter: ImageFilter): ImagePage {
    const parameters: Record<string, string | number> = {};
    const conditions = Object.entries(imageConditions).flatMap(([name, condition]) => {
      const value = filter[name as keyof typeof imageConditions];
      if (value === undefined) return [];
      parameters[name] = value;
      return [condition];
    });
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    const rows = this.#db
      .sql<
        InstanceRow & { dynamic: Dynamic | null; ruleName: string | null }
      >(`SELECT i.*, d.dynamic, d.ruleName
            FROM instance i LEFT JOIN decision d ON d.instanceId = i.instanceId ${where}
            ORDER BY i.receivedAtMs DESC, i.instanceId DESC LIMIT @limit OFFSET @offset`)
      .all({ ...parameters, limit: filter.limit, offset: filter.offset });
    const total =
      this.#db.sql<{ n: number }>(`SELECT count(*) AS n FROM instance i ${where}`).get(parameters)?.n ?? 0;
    return {
      rows: rows.map(({ dynamic, ruleName, ...row }) => ({ ...readInstance(row), dynamic, ruleName })),
      total,
    };
  }

  /** The mix per sender in [fromMs, toMs). */
  drift(fromMs: number, toMs: number): SenderDrift[] {
    const span = { fromMs: Math.trunc(fromMs), toMs: Math.trunc(toMs) };
    const senders = this.#db
      .sql<{ callingAeTitle: string; received: number }>(
        `SELECT callingAeTitle, count(*) AS received FROM instance WHERE ${inSpan} GROUP BY callingAeTitle ORDER BY callingAeTitle`,
      )
      .all(span);
    return senders.map(({ callingAeTitle, received }) => {
      const where = `WHERE ${inSpan} AND callingAeTitle = @callingAeTitle`;
      const parameters = { ...span, callingAeTitle };
      const outcomes = this.#outcomes(where, parameters);
      const inScope = Object.values(outcomes).reduce((a, b) => a + b, 0);
      const share = (count: number | undefined): number => (inScope === 0 ? 0 : (count ?? 0) / inScope);
      return {
        callingAeTitle,
        received,
        dispositions: this.#dispositions(where, parameters),
        outcomes,
        rejectionRate: share(outcomes.NO_RESULT),
        suspectedRate: share(outcomes.SUSPECTED),
      };
    });
  }

  #dispositions(
    where: string,
    parameters: Readonly<Record<string, string | number>>,
  ): Record<Disposition, number> {
    const rows = this.#db
      .sql<{ disposition: Disposition; n: number }>(
        `SELECT disposition, count(*) AS n FROM instance ${where} GROUP BY disposition`,
      )
      .all(parameters);
    return { ...noDispositions, ...Object.fromEntries(rows.map((row) => [row.disposition, row.n])) };
  }

  #outcomes(
    where: string,
    parameters: Readonly<Record<string, string | number>>,
  ): Partial<Record<Outcome, number>> {
    const rows = this.#db
      .sql<{ outcome: Outcome | null; n: number }>(
        `SELECT outcome, count(*) AS n FROM instance ${where} GROUP BY outcome`,
      )
      .all(parameters);
    return Object.fromEntries(rows.flatMap((row) => (row.outcome === null ? [] : [[row.outcome, row.n]])));
  }

  #deliveries(span: Readonly<Record<string, number>>): DeliveryBooks[] {
    const count = (states: string): string => `sum(CASE WHEN x.state IN (${states}) THEN 1 ELSE 0 END)`;
    return this.#db
      .sql<DeliveryBooks>(`SELECT x.destination, count(*) AS made, ${count("'STORED'")} AS stored, ${count("'COMMITTED'")} AS committed,
              ${count("'WAITING','SENDING'")} AS waiting, ${count("'PARKED'")} AS parked, ${count("'CANCELLED'")} AS cancelled
            FROM object o CROSS JOIN outbox x ON x.objectId = o.objectId
            WHERE o.createdAtMs >= @fromMs AND o.createdAtMs < @toMs GROUP BY x.destination ORDER BY x.destination`)
      .all(span);
  }
}

const inSpan = 'receivedAtMs >= @fromMs AND receivedAtMs < @toMs';

const noDispositions: Readonly<Record<Disposition, number>> = {
  analysed: 0,
  skipped: 0,
  held: 0,
  refused: 0,
  failed: 0,
  quarantined: 0,
  pending: 0,
};

const imageConditions = {
  disposition: 'i.disposition = @disposition',
  outcome: 'i.outcome = @outcome',
  callingAeTitle: 'i.callingAeTitle = @callingAeTitle',
  accessionNumber: 'i.accessionNumber = @accessionNumber',
  reason: "EXISTS (SELECT 1 FROM json_each(i.reasonsJson) r WHERE json_extract(r.value, '$.code') = @reason)",
  sinceMs: 'i.receivedAtMs >= @sinceMs',
  untilMs: 'i.receivedAtMs < @untilMs',
} as const;
