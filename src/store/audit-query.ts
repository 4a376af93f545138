import { type EventName, eventCatalogue, eventDefinition } from '../core/events.ts';
import type { Outcome } from '../core/outcome.ts';
import type { ReasonCode } from '../core/reasons.ts';
import { type AuditRow, readAuditRow } from './audit-log.ts';
import type { Database } from './database.ts';

/** What to look for; members that are absent do not narrow. Times are inclusive below and exclusive above. */
export interface AuditFilter {
  readonly accessionNumber?: string;
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly callingAeTitle?: string;
  readonly outcome?: Outcome;
  readonly reason?: ReasonCode;
  readonly destination?: string;
  readonly event?: EventName;
  readonly instanceId?: string;
  readonly sopInstanceUid?: string;
  readonly studyInstanceUid?: string;
  readonly limit: number;
  /** Continue after this place, as an earlier answer gave it in `next`. */
  readonly before?: AuditPlace;
}

export interface AuditPlace {
  readonly atMs: number;
  readonly seq: number;
}

type TimeSpan = Pick<AuditFilter, 'sinceMs' | 'untilMs'>;

type StoredRow = Parameters<typeof readAuditRow>[0];

/** Columns that have an index on (column, atMs), from the one that usually narrows most to the least. */
const indexedColumns = [
  'instanceId',
  'sopInstanceUid',
  'studyInstanceUid',
  'reason',
  'outcome',
  'destination',
  'callingAeTitle',
  'event',
] as const;

const probeLimit = 20_000;
/** Up to so many numbers of rows are listed to be looked up in. */
const listLimit = 5000;
const endOfTimeMs = Number.MAX_SAFE_INTEGER;

/** Columns with an index of their own on both together: common each, rare together. */
const pairedColumns: ReadonlySet<string> = new Set(['reason', 'outcome']);

/**
 * Answers questions to the audit trail, newest first. One index drives each query, chosen by probing how many
 * rows each filter matches in the time asked for, because SQLite's statistics cannot know which sender or reason is rare today.
 */
export class AuditQuery {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** At most `limit` rows, and where to go on when there are more. */
  query(filter: AuditFilter): { readonly rows: readonly AuditRow[]; readonly next?: AuditPlace } {
    if (!canMeet(filter)) return { rows: [] };
    const { sql, parameters } = this.statement(filter);
    const rows = this.#db.sql<StoredRow>(sql).all(parameters).map(readAuditRow);
    const last = rows.at(filter.limit - 1);
    if (rows.length <= filter.limit || last === undefined) return { rows };
    return { rows: rows.slice(0, filter.limit), next: { atMs: last.atMs, seq: last.seq } };
  }

  /** The SQL and parameters for a filter; public so that a test can see an index used for every kind. */
  statement(filter: AuditFilter): {
    readonly sql: string;
    readonly parameters: Readonly<Record<string, string | number>>;
  } {
    const wanted = indexedColumns.flatMap((column) =>
      filter[column] === undefined ? [] : [{ column, value: filter[column] }],
    );
    const parameters: Record<string, string | number> = {
      sinceMs: filter.sinceMs ?? 0,
      untilMs: filter.untilMs ?? endOfTimeMs,
      limit: filter.limit + 1,
      ...Object.fromEntries(wanted.map(({ column, value }) => [column, value])),
    };
    const conditions = ['atMs >= @sinceMs', 'atMs < @untilMs'];
    if (filter.before !== undefined) {
      parameters['beforeMs'] = filter.before.atMs;
      parameters['beforeSeq'] = filter.before.seq;
      conditions.push('atMs <= @beforeMs', '(atMs < @beforeMs OR seq < @beforeSeq)');
    }
    const counted = filter.accessionNumber === undefined ? this.#counted(wanted, filter) : [];
    const drivers = driversOf(counted);
    for (const { column } of wanted) {
      const isFew = counted.some((one) => one.column === column && one.count <= listLimit);
      // A unary plus keeps SQLite from driving the query by that column's index.
      if (drivers.includes(column)) conditions.push(`${column} = @${column}`);
      else conditions.push(isFew ? listed(column) : `+${column} = @${column}`);
    }
    if (filter.accessionNumber !== undefined) {
      parameters['accessionNumber'] = filter.accessionNumber;
      conditions.push(accessionCondition);
    }
    const table =
      drivers.length === pairedColumns.size ? 'audit INDEXED BY auditByReasonAndOutcome' : 'audit';
    return {
      sql: `SELECT seq, atMs, event, fieldsJson, prevSha256, sha256 FROM ${table} WHERE ${conditions.join(' AND ')} ORDER BY atMs DESC, seq DESC LIMIT @limit`,
      parameters,
    };
  }

  /** How many rows each of two and more filters matches, counted up to the limit. */
  #counted(wanted: readonly { column: string; value: string }[], span: TimeSpan): readonly Counted[] {
    if (wanted.length < 2) return wanted.map(({ column }) => ({ column, count: probeLimit }));
    return wanted.map(({ column, value }) => ({ column, count: this.#countUpToProbe(column, value, span) }));
  }

  #countUpToProbe(column: string, value: string, { sinceMs, untilMs }: TimeSpan): number {
    const row = this.#db
      .sql<{ n: number }>(
        `SELECT count(*) AS n FROM (SELECT 1 FROM audit
           WHERE ${column} = @value AND atMs >= @sinceMs AND atMs < @untilMs LIMIT ${probeLimit})`,
      )
      .get({ value, sinceMs: sinceMs ?? 0, untilMs: untilMs ?? endOfTimeMs });
    return row?.n ?? 0;
  }
}

interface Counted {
  readonly column: string;
  readonly count: number;
}

/** The columns whose index drives the query: the rarest value's, or a pair that has an index together. */
function driversOf(counted: readonly Counted[]): readonly string[] {
  const [rarest] = counted.toSorted((a, b) => a.count - b.count);
  if (rarest === undefined) return [];
  const pair = counted.map(({ column }) => column).filter((column) => pairedColumns.has(column));
  return pair.length === pairedColumns.size && pairedColumns.has(rarest.column) ? pair : [rarest.column];
}

/**
 * Few rows match: their numbers come from the index, side by side, and spare a look at each of the driver's rows, which
 * lie apart on a disk that may not have them at hand. The plus keeps the list from driving the query.
 */
function listed(column: string): string {
  return `+seq IN (SELECT seq FROM audit WHERE ${column} = @${column} AND atMs >= @sinceMs AND atMs < @untilMs)`;
}

/**
 * False when no event of the catalogue carries all the fields asked for: a sender stands on what arrives and a
 * destination on what leaves, so no row has both, and none needs to be read to know it.
 */
export function canMeet(filter: Omit<AuditFilter, 'limit'>): boolean {
  const names = indexedColumns.filter((column) => column !== 'event' && filter[column] !== undefined);
  const events = filter.event === undefined ? Object.keys(eventCatalogue) : [filter.event];
  return events.some((event) => {
    const { fields, optional = [] } = eventDefinition(event as EventName);
    const carried: ReadonlySet<string> = new Set([...fields, ...optional]);
    return names.every((name) => carried.has(name));
  });
}

/**
 * An accession number leads to the studies that carry it: the first rows of an image are written before its
 * data set was read, so they know their study but not yet its accession number.
 */
const accessionCondition = `seq IN (
  SELECT seq FROM audit WHERE accessionNumber = @accessionNumber
  UNION SELECT a.seq FROM audit a WHERE a.studyInstanceUid IN (
    SELECT studyInstanceUid FROM audit WHERE accessionNumber = @accessionNumber AND studyInstanceUid IS NOT NULL
    UNION SELECT studyInstanceUid FROM instance WHERE accessionNumber = @accessionNumber))`;
