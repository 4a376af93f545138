import type { Disposition, Dynamic, Outcome } from '../core/outcome.ts';
import type { ReasonCode } from '../core/reasons.ts';
import type { Database, SqlParameters } from './database.ts';
import { type InstanceRecord, type InstanceRow, readInstance } from './records.ts';

/** Which images to list; members that are absent do not narrow. Times are inclusive below and exclusive above. */
export interface ImageListFilter {
  readonly disposition?: Disposition;
  readonly outcome?: Outcome;
  readonly callingAeTitle?: string;
  /** The first reason of the image. */
  readonly reason?: ReasonCode;
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly limit: number;
  /** Continue behind this place, as an earlier answer gave it in `next`. */
  readonly after?: ImagePlace;
}

export interface ImagePlace {
  readonly receivedAtMs: number;
  readonly instanceId: string;
}

export interface ListedImage extends InstanceRecord {
  readonly dynamic: Dynamic | null;
  readonly verdict: string | null;
}

export interface ListedPage {
  readonly rows: readonly ListedImage[];
  readonly next?: ImagePlace;
}

type Order = 'newest-first' | 'oldest-first';

const conditions = {
  disposition: 'i.disposition = @disposition',
  outcome: 'i.outcome = @outcome',
  callingAeTitle: 'i.callingAeTitle = @callingAeTitle',
  reason: "json_extract(i.reasonsJson, '$[0].code') = @reason AND i.reasonsJson <> '[]'",
} as const;

type Narrowing = keyof typeof conditions;

const probeLimit = 2000;

/**
 * Pages of images by key, never by offset: page ten thousand costs what page one costs. Each condition has an index
 * with the time behind it; the one that matches fewest images drives the query.
 */
export class ImageList {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  page(filter: ImageListFilter, order: Order = 'newest-first'): ListedPage {
    const { sql, parameters } = this.statement(filter, order);
    const rows = this.#db
      .sql<InstanceRow & { dynamic: Dynamic | null; verdict: string | null }>(sql)
      .all(parameters)
      .map(({ dynamic, verdict, ...row }) => ({ ...readInstance(row), dynamic, verdict }));
    const last = rows.at(filter.limit - 1);
    if (rows.length <= filter.limit || last === undefined) return { rows };
    const { receivedAtMs, instanceId } = last;
    return { rows: rows.slice(0, filter.limit), next: { receivedAtMs, instanceId } };
  }

  /** The SQL and parameters of a page; public so that a test can see an index used for every filter. */
  statement(
    filter: ImageListFilter,
    order: Order = 'newest-first',
  ): { readonly sql: string; readonly parameters: SqlParameters } {
    const wanted = (Object.keys(conditions) as Narrowing[]).filter((name) => filter[name] !== undefined);
    const driver = this.#rarest(wanted, filter);
    const parameters: Record<string, string | number> = {
      ...span(filter, order),
      limit: filter.limit + 1,
    };
    for (const name of wanted) parameters[name] = filter[name] ?? '';
    // A unary plus keeps SQLite from driving the query by that column's index.
    const where = wanted.map((name) => (name === driver ? conditions[name] : `+${conditions[name]}`));
    where.push('i.receivedAtMs >= @sinceMs', 'i.receivedAtMs < @untilMs');
    const [than, direction] = order === 'newest-first' ? ['<', 'DESC'] : ['>', 'ASC'];
    if (filter.after !== undefined) {
      parameters['afterMs'] = filter.after.receivedAtMs;
      parameters['afterId'] = filter.after.instanceId;
      where.push(`(i.receivedAtMs ${than} @afterMs OR i.instanceId ${than} @afterId)`);
    }
    return {
      sql: `SELECT i.*, d.dynamic, d.verdict FROM instance i LEFT JOIN decision d ON d.instanceId = i.instanceId
        WHERE ${where.join(' AND ')} ORDER BY i.receivedAtMs ${direction}, i.instanceId ${direction} LIMIT @limit`,
      parameters,
    };
  }

  #rarest(wanted: readonly Narrowing[], filter: ImageListFilter): Narrowing | undefined {
    if (wanted.length < 2) return wanted[0];
    const counted = wanted.map((name) => ({ name, count: this.#countUpToProbe(name, filter[name] ?? '') }));
    return counted.toSorted((a, b) => a.count - b.count)[0]?.name;
  }

  #countUpToProbe(name: Narrowing, value: string): number {
    return (
      this.#db
        .sql<{ n: number }>(
          `SELECT count(*) AS n FROM (SELECT 1 FROM instance i WHERE ${conditions[name]} LIMIT ${probeLimit})`,
        )
        .get({ [name]: value })?.n ?? 0
    );
  }
}

/**
 * The times to look at, the place to go on from included: SQLite enters the index by one bound on each side, so a second
 * one would make a late page read all the pages before it.
 */
function span({ sinceMs = 0, untilMs = Number.MAX_SAFE_INTEGER, after }: ImageListFilter, order: Order) {
  if (after === undefined) return { sinceMs, untilMs };
  return order === 'newest-first'
    ? { sinceMs, untilMs: Math.min(untilMs, after.receivedAtMs + 1) }
    : { sinceMs: Math.max(sinceMs, after.receivedAtMs), untilMs };
}
