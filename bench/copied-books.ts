import type { Database } from '../src/store/database.ts';

/** Which rows are copied and what makes their copies others. */
interface Shift {
  /** The first images, this many, are copied; three make a study. */
  readonly images: number;
  /** The first audit rows, those of these images. */
  readonly auditRows: number;
  /** Added to the number of an image. */
  readonly byImages: number;
  readonly bySeq: number;
  readonly byOutbox: number;
  readonly byMs: number;
}

const uidPrefix = '1.2.826.0.1.3680043.10.1.';

/** The number that a column ends with, after `from` characters, moved. */
const moved = (column: string, from: number, by: string, width = 1): string =>
  `substr(${column}, 1, ${from}) || printf('%0${width}d', CAST(substr(${column}, ${from + 1}) AS INTEGER) + ${by})`;

/** What the copy of a column holds, in every table that has a column of this name; times are moved, the rest is equal. */
const changed: Readonly<Record<string, string>> = {
  instanceId: moved('instanceId', 3, '@byImages', 23),
  sopInstanceUid: moved('sopInstanceUid', uidPrefix.length, '@byImages'),
  studyInstanceUid: moved('studyInstanceUid', uidPrefix.length, '@byImages / 3'),
  seriesInstanceUid: moved('seriesInstanceUid', uidPrefix.length, '@byImages / 3'),
  associationId: moved('associationId', 'association-'.length, '@byImages'),
  objectId: moved('objectId', 1, '@byImages'),
  patientId: moved('patientId', 1, '@byImages / 3'),
  accessionNumber: moved('accessionNumber', 3, '@byImages / 3'),
  jobId: "'J' || printf('%025d', CAST(substr(instanceId, 4) AS INTEGER) + @byImages)",
  analysisId: "'A' || printf('%025d', CAST(substr(instanceId, 4) AS INTEGER) + @byImages)",
  path: "printf('%d', @byImages) || '-' || path",
  outboxId: 'outboxId + @byOutbox',
  orderKey: 'orderKey + @byOutbox',
  seq: 'seq + @bySeq',
  nextAtMs: 'nextAtMs',
};

/** The rows of the images that are copied, by table, in an order that foreign keys allow. */
const tables = {
  association: 'CAST(substr(associationId, 13) AS INTEGER) < @images',
  study: 'CAST(substr(studyInstanceUid, 26) AS INTEGER) < @images / 3',
  instance: 'CAST(substr(instanceId, 4) AS INTEGER) < @images',
  job: 'CAST(substr(instanceId, 4) AS INTEGER) < @images',
  decision: 'CAST(substr(instanceId, 4) AS INTEGER) < @images',
  analysis: 'CAST(substr(instanceId, 4) AS INTEGER) < @images',
  object: 'CAST(substr(objectId, 2) AS INTEGER) < @images',
  outbox: 'CAST(substr(objectId, 2) AS INTEGER) < @images',
  audit: 'seq <= @auditRows',
} as const;

/**
 * Copies about the first `auditRows` of the books, with everything that belongs to these images, behind the last ones.
 * The texts of a row stay as they were, and so do its hashes: the chain does not verify, and nobody here asks it to.
 */
export function copyBooks(db: Database, wanted: { readonly auditRows: number }): void {
  const shift = shiftOf(db, wanted.auditRows);
  db.transaction(() => {
    for (const [table, rows] of Object.entries(tables)) {
      const columns = db.sql<{ name: string }>(`SELECT name FROM pragma_table_info('${table}')`).all();
      const names = columns.map(({ name }) => name);
      const values = names.map(
        (name) => changed[name] ?? (/(atMs|AtMs|ActivityMs)$/.test(name) ? `${name} + @byMs` : name),
      );
      const sql = `INSERT INTO ${table} (${names.join(', ')}) SELECT ${values.join(', ')} FROM ${table} WHERE ${rows}`;
      const used = Object.entries(shift).filter(([name]) => new RegExp(`@${name}\\b`).test(sql));
      db.sql(sql).run(Object.fromEntries(used));
    }
    db.sql('UPDATE auditHead SET seq = seq + @auditRows').run({ auditRows: shift.auditRows });
  });
}

function shiftOf(db: Database, auditRows: number): Shift {
  const one = (sql: string, parameters = {}): number => db.sql<{ n: number }>(sql).get(parameters)?.n ?? 0;
  const reached = one(
    'SELECT CAST(substr(instanceId, 4) AS INTEGER) AS n FROM audit WHERE seq <= @auditRows AND instanceId IS NOT NULL ORDER BY seq DESC LIMIT 1',
    { auditRows },
  );
  const images = reached - (reached % 3);
  // An image's rows follow one another; before the one that names it first there is that of its association.
  const before = one(
    "SELECT min(seq) - 2 AS n FROM audit WHERE instanceId = '01J' || printf('%023d', @images)",
    { images },
  );
  const all = one('SELECT max(CAST(substr(instanceId, 4) AS INTEGER)) + 1 AS n FROM instance');
  return {
    images,
    auditRows: before,
    byImages: all + ((3 - (all % 3)) % 3),
    bySeq: one('SELECT seq AS n FROM auditHead'),
    byOutbox: one('SELECT max(outboxId) AS n FROM outbox'),
    byMs: one('SELECT max(atMs) - min(atMs) + 60000 AS n FROM audit'),
  };
}
