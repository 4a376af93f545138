import { existsSync, readdirSync, unlinkSync } from 'node:fs';
import { dirname, join, parse } from 'node:path';
import type { AuditLog } from './audit-log.ts';
import type { Database } from './database.ts';
import { syncPath } from './sync-path.ts';

export interface SpoolSweep {
  /** Files that no acknowledged image stands behind; their senders were never answered and send again. */
  readonly deletedParts: number;
  readonly deletedOrphans: number;
  /** Images whose file is gone although the database holds them: a person must know. */
  readonly missing: readonly { readonly instanceId: string; readonly path: string }[];
}

/**
 * Brings spool and database into step at start, before the listener opens (reliability.md 4.3): deletes `*.part`
 * and `*.dcm` without a row, reports rows without a file. Result objects lie elsewhere and are not touched. Must
 * not run while a listener writes to `spoolDir`. File names are instance ids (`<ulid>.dcm`).
 */
export function sweepSpool(db: Database, audit: AuditLog, spoolDir: string): SpoolSweep {
  const files = existsSync(spoolDir) ? filesBelow(spoolDir) : [];
  const parts = files.filter((path) => path.endsWith('.part'));
  const orphans = files.filter((path) => path.endsWith('.dcm') && !isHeld(db, path));
  for (const path of [...parts, ...orphans]) unlinkSync(path);
  for (const folder of new Set([...parts, ...orphans].map(dirname))) syncPath(folder);
  const missing = markMissing(db);
  db.transaction(() => {
    for (const { instanceId, path } of missing) audit.append('SPOOL_FILE_MISSING', { instanceId, path });
    if (parts.length + orphans.length + missing.length > 0) {
      audit.append('SPOOL_SWEPT', { count: parts.length + orphans.length, failedCount: missing.length });
    }
  });
  return { deletedParts: parts.length, deletedOrphans: orphans.length, missing };
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Whether a row needs this file. A duplicate's file was never renamed to the row's path, so paths must agree. */
function isHeld(db: Database, path: string): boolean {
  const byName = db
    .sql<{ path: string }>(
      "SELECT path FROM instance WHERE instanceId = @instanceId AND spoolState <> 'purged'",
    )
    .get({ instanceId: parse(path).name });
  if (byName !== undefined && parse(byName.path).base === parse(path).base) return true;
  // A resent file that took a lost one's place carries another id than its row.
  return (
    db.sql("SELECT 1 FROM instance WHERE path = @path AND spoolState <> 'purged'").get({ path }) !== undefined
  );
}

function markMissing(db: Database): { instanceId: string; path: string }[] {
  const present = db
    .sql<{ instanceId: string; path: string }>(
      "SELECT instanceId, path FROM instance WHERE spoolState = 'present'",
    )
    .all();
  const missing = present.filter(({ path }) => !existsSync(path));
  db.transaction(() => {
    for (const { instanceId } of missing) {
      db.sql("UPDATE instance SET spoolState = 'missing' WHERE instanceId = @instanceId").run({ instanceId });
    }
  });
  return missing;
}
