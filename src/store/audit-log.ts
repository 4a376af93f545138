import type { Clock } from '../core/clock.ts';
import { type EventFields, type EventName, eventDefinition } from '../core/events.ts';
import { sha256Hex } from '../core/identifiers.ts';
import type { Database } from './database.ts';

const genesis = '0'.repeat(64);

/** One row of the audit trail. `fields` are the typed fields of the event (core/events.ts). */
export interface AuditRow {
  readonly seq: number;
  readonly atMs: number;
  readonly event: EventName;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly prevSha256: string;
  readonly sha256: string;
}

/** A place in the chain to be kept elsewhere (syslog, paper): later tampering with any earlier row shows. */
export interface AuditAnchor {
  readonly seq: number;
  readonly sha256: string;
}

export type AuditVerdict =
  | { readonly intact: true; readonly rows: number; readonly head: AuditAnchor }
  | { readonly intact: false; readonly rows: number; readonly brokenSeq: number; readonly finding: string };

/** What a part of the chain turned out to be. */
export type AuditPart =
  | { readonly kind: 'more' | 'end'; readonly place: AuditAnchor }
  | { readonly kind: 'broken'; readonly finding: string };

interface StoredAuditRow extends Omit<AuditRow, 'fields'> {
  readonly fieldsJson: string;
  readonly instanceId: string | null;
  readonly sopInstanceUid: string | null;
  readonly studyInstanceUid: string | null;
  readonly accessionNumber: string | null;
  readonly callingAeTitle: string | null;
  readonly destination: string | null;
  readonly outcome: string | null;
  readonly reason: string | null;
}

const indexedFields = [
  'instanceId',
  'sopInstanceUid',
  'studyInstanceUid',
  'accessionNumber',
  'callingAeTitle',
  'destination',
  'outcome',
  'reason',
] as const;

/**
 * The audit trail: append-only rows, each carrying the SHA-256 of the one before it (HIPAA 164.312(b),(c)).
 * SQL triggers refuse UPDATE and DELETE. Rows of three processes form one chain, because each is appended under
 * the write lock. Appending inside a transaction makes the row and the change it tells of one unit.
 */
export class AuditLog {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #atna: 'queue' | 'off';

  /** `atna: 'queue'` also queues the security-relevant events as ATNA messages (audit-outbox.ts). */
  constructor(db: Database, clock: Clock, atna: 'queue' | 'off' = 'off') {
    this.#db = db;
    this.#clock = clock;
    this.#atna = atna;
  }

  /** Appends one event and returns its place in the chain. */
  append<N extends EventName>(event: N, fields: EventFields<N>): AuditAnchor {
    return this.#db.transaction(() => {
      const head = this.head();
      const given: Readonly<Record<string, unknown>> = fields;
      const row = {
        seq: head.seq + 1,
        atMs: Math.trunc(this.#clock.nowMs()),
        event,
        fieldsJson: canonicalJson(given),
        prevSha256: head.sha256,
      };
      const sha256 = chainHash(row);
      const columns = Object.fromEntries(indexedFields.map((name) => [name, indexedValue(given[name])]));
      this.#db.sql(insertRow).run({ ...row, ...columns, sha256 });
      this.#db.sql('UPDATE auditHead SET seq = @seq, sha256 = @sha256').run({ seq: row.seq, sha256 });
      if (this.#atna === 'queue' && eventDefinition(event).atna !== undefined) {
        this.#db.sql('INSERT INTO auditOutbox (seq) VALUES (@seq)').run({ seq: row.seq });
      }
      return { seq: row.seq, sha256 };
    });
  }

  /** The newest place in the chain; write it elsewhere from time to time and give it to `verify`. */
  head(): AuditAnchor {
    return (
      this.#db.sql<AuditAnchor>('SELECT seq, sha256 FROM auditHead').get() ?? { seq: 0, sha256: genesis }
    );
  }

  /**
   * Recomputes the whole chain, row by row in constant memory. Finds a changed, missing, added or reordered
   * row, a cut-off end (against the stored head) and, with an `anchor` kept elsewhere, also a chain that was
   * recomputed as a whole.
   */
  verify(anchor?: AuditAnchor): AuditVerdict {
    // Rows and head of one moment: a running node appends while this walks.
    return this.#db.snapshot(() => this.#walk(anchor));
  }

  #walk(anchor: AuditAnchor | undefined): AuditVerdict {
    const start = this.#db.sql<AuditAnchor>('SELECT seq, sha256 FROM auditCheckpoint').get();
    // The service may append while this reads: the chain must reach the head of before and end within the head of after.
    const headBefore = this.head();
    let previous: AuditAnchor = start ?? { seq: 0, sha256: genesis };
    let rows = 0;
    const broken = (brokenSeq: number, finding: string): AuditVerdict => ({
      intact: false,
      rows,
      brokenSeq,
      finding,
    });
    for (const row of this.#db.sql<StoredAuditRow>('SELECT * FROM audit ORDER BY seq').iterate()) {
      const fault = rowFault(row, previous, anchor);
      if (fault !== undefined) return broken(fault.seq, fault.finding);
      if (row.seq === headBefore.seq && row.sha256 !== headBefore.sha256)
        return broken(row.seq, `row ${row.seq} differs from the head of the chain`);
      previous = { seq: row.seq, sha256: row.sha256 };
      rows += 1;
    }
    const head = this.head();
    const endsAtHead = head.seq !== previous.seq || head.sha256 === previous.sha256;
    if (previous.seq < headBefore.seq || previous.seq > head.seq || !endsAtHead) {
      return broken(
        previous.seq + 1,
        `the chain ends at row ${previous.seq}, but its head is row ${head.seq}`,
      );
    }
    if (anchor !== undefined && anchor.seq > previous.seq) {
      return broken(previous.seq + 1, `the anchor names row ${anchor.seq}, which is gone`);
    }
    return { intact: true, rows, head: previous };
  }

  /**
   * Recomputes up to `limit` rows that follow `from` (or the oldest kept), for whoever must not stand still for a whole
   * `verify`. `end`: the last row is the head.
   */
  verifyPart(from: AuditAnchor | undefined, limit: number): AuditPart {
    const start = this.#db.sql<AuditAnchor>('SELECT seq, sha256 FROM auditCheckpoint').get();
    let place =
      from === undefined || from.seq < (start?.seq ?? 0) ? (start ?? { seq: 0, sha256: genesis }) : from;
    const rows = this.#db
      .sql<StoredAuditRow>('SELECT * FROM audit WHERE seq > @seq ORDER BY seq LIMIT @limit')
      .all({ seq: place.seq, limit });
    for (const row of rows) {
      const fault = rowFault(row, place, undefined);
      if (fault !== undefined) return { kind: 'broken', finding: fault.finding };
      place = { seq: row.seq, sha256: row.sha256 };
    }
    if (rows.length === limit) return { kind: 'more', place };
    const head = this.head();
    // Rows that came since the read are looked at in the next part.
    return head.seq < place.seq
      ? { kind: 'broken', finding: `the chain ends at row ${place.seq}, but its head is row ${head.seq}` }
      : { kind: 'end', place };
  }

  /** One row by its number, or `undefined`. */
  row(seq: number): AuditRow | undefined {
    const stored = this.#db.sql<StoredAuditRow>('SELECT * FROM audit WHERE seq = @seq').get({ seq });
    return stored === undefined ? undefined : readAuditRow(stored);
  }

  /** The rows after `seq`, oldest first, at most `limit`: for `audit tail` and `audit export`. */
  rowsAfter(seq: number, limit: number): AuditRow[] {
    return this.#db
      .sql<StoredAuditRow>('SELECT * FROM audit WHERE seq > @seq ORDER BY seq LIMIT @limit')
      .all({ seq, limit })
      .map(readAuditRow);
  }
}

const insertRow = `INSERT INTO audit
  (seq, atMs, event, ${indexedFields.join(', ')}, fieldsJson, prevSha256, sha256)
  VALUES (@seq, @atMs, @event, ${indexedFields.map((name) => `@${name}`).join(', ')}, @fieldsJson, @prevSha256, @sha256)`;

/** A stored row as callers see it. */
export function readAuditRow(
  stored: Pick<StoredAuditRow, 'seq' | 'atMs' | 'event' | 'fieldsJson' | 'prevSha256' | 'sha256'>,
): AuditRow {
  return {
    seq: stored.seq,
    atMs: stored.atMs,
    event: stored.event,
    fields: JSON.parse(stored.fieldsJson) as Record<string, unknown>,
    prevSha256: stored.prevSha256,
    sha256: stored.sha256,
  };
}

function rowFault(
  row: StoredAuditRow,
  previous: AuditAnchor,
  anchor: AuditAnchor | undefined,
): { seq: number; finding: string } | undefined {
  const expected = previous.seq + 1;
  if (row.seq !== expected) return { seq: expected, finding: `row ${expected} is missing` };
  if (row.prevSha256 !== previous.sha256)
    return { seq: row.seq, finding: `row ${row.seq} does not follow the row before it` };
  if (chainHash(row) !== row.sha256) return { seq: row.seq, finding: `row ${row.seq} was changed` };
  const fields = JSON.parse(row.fieldsJson) as Record<string, unknown>;
  // The indexed columns repeat what the hash covers; a copy that was edited would mislead a query.
  const differing = indexedFields.find((name) => indexedValue(fields[name]) !== row[name]);
  if (differing !== undefined)
    return { seq: row.seq, finding: `row ${row.seq} was changed in its column ${differing}` };
  if (anchor?.seq === row.seq && anchor.sha256 !== row.sha256) {
    return { seq: row.seq, finding: `row ${row.seq} differs from the anchor kept elsewhere` };
  }
  return undefined;
}

function chainHash(row: {
  seq: number;
  atMs: number;
  event: string;
  fieldsJson: string;
  prevSha256: string;
}): string {
  return sha256Hex(
    canonicalJson({
      atMs: row.atMs,
      event: row.event,
      fieldsJson: row.fieldsJson,
      prevSha256: row.prevSha256,
      seq: row.seq,
    }),
  );
}

function indexedValue(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** JSON with sorted keys and without undefined members: the same value always gives the same bytes. */
function canonicalJson(value: Readonly<Record<string, unknown>>): string {
  const sorted = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort();
  return JSON.stringify(Object.fromEntries(sorted.map((key) => [key, value[key]])));
}
