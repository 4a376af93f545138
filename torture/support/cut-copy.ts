import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from '../../src/core/identifiers.ts';
import { hostClock, openStore } from '../../src/store/store.ts';
import type { TestImage } from './images.ts';
import { dataSetOf } from './invariants.ts';

export interface CopyVerdict {
  readonly rows: number;
  readonly faults: readonly string[];
}

/**
 * Opens the database of a copied disk as a start would (WAL replayed, checked) and holds it and the files to what was
 * promised. `liveFolder` is where the rows believe that the files lie.
 */
export function booksOfCopy(
  folder: string,
  liveFolder: string,
  promised: ReadonlyMap<string, TestImage>,
): CopyVerdict {
  const path = join(folder, 'lumbar-node.sqlite');
  if (!existsSync(path)) return { rows: 0, faults: promised.size === 0 ? [] : ['the database is gone'] };
  const store = openStore({ databasePath: path, clock: hostClock });
  try {
    const rows = store.db
      .sql<{ sopInstanceUid: string; path: string }>('SELECT sopInstanceUid, path FROM instance')
      .all();
    const paths = new Map(rows.map((row) => [row.sopInstanceUid, row.path]));
    const faults: string[] = [];
    for (const [uid, image] of promised) {
      const at = paths.get(uid);
      if (at === undefined) faults.push(`acknowledged, no row: ${uid}`);
      else if (!holds(join(folder, at.slice(liveFolder.length)), image))
        faults.push(`acknowledged, file missing or wrong: ${uid}`);
    }
    // A row whose sender was not answered yet must have its file as well: the row came after the file.
    for (const row of rows)
      if (!existsSync(join(folder, row.path.slice(liveFolder.length))))
        faults.push(`a row without its file: ${row.path}`);
    const audit = store.audit.verify();
    if (!audit.intact) faults.push(`audit: ${audit.finding}`);
    return { rows: rows.length, faults };
  } finally {
    store.close();
  }
}

function holds(path: string, image: TestImage): boolean {
  return existsSync(path) && sha256Hex(dataSetOf(readFileSync(path))) === image.dataSetSha256;
}
