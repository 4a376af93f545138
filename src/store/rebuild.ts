import { readdirSync } from 'node:fs';
import { join, parse } from 'node:path';
import type { NodeError } from '../core/errors.ts';
import type { Result } from '../core/result.ts';
import type { AdmitRecord } from './records.ts';
import type { Store } from './store.ts';

/** What a spool file says about itself; everything of `AdmitRecord` but its place and name. */
export type SpoolHeader = Omit<AdmitRecord, 'instanceId' | 'path'>;

/** Reads one spool file; a damaged one is an expected outcome. `sha256` is that of the data set alone. */
export type ReadSpoolHeader = (path: string) => Promise<Result<SpoolHeader, NodeError>>;

export interface RebuildReport {
  readonly restored: number;
  /** Files that the database knew already. */
  readonly known: number;
  readonly failed: readonly { readonly path: string; readonly why: string }[];
}

/**
 * Takes up every image in the spool that the database does not know: after the loss of the database, or after a
 * restore of an older backup (R10). Each is queued as if it had just arrived; because result UIDs are derived
 * from the image, a PACS that has the results already keeps one of each. Run it before `sweepSpool`, which would
 * delete files without a row.
 */
export async function rebuildFromSpool(
  store: Store,
  spoolDir: string,
  readHeader: ReadSpoolHeader,
): Promise<RebuildReport> {
  const failed: { path: string; why: string }[] = [];
  let restored = 0;
  let known = 0;
  for (const path of spoolFiles(spoolDir)) {
    const instanceId = parse(path).name;
    if (store.inbox.instance(instanceId) !== undefined) {
      known += 1;
      continue;
    }
    const header = await readHeader(path);
    if (!header.ok) {
      failed.push({ path, why: header.error.message });
      continue;
    }
    if (store.inbox.admit({ ...header.value, instanceId, path }) === 'duplicate') known += 1;
    else restored += 1;
  }
  store.audit.append('REBUILT_FROM_SPOOL', { count: restored, failedCount: failed.length });
  return { restored, known, failed };
}

/** The finished spool files, oldest first: their names are ULIDs and sort by time. */
function spoolFiles(spoolDir: string): string[] {
  return readdirSync(spoolDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.dcm'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((entry) => join(entry.parentPath, entry.name));
}
