import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../store/store.ts';

const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Keeps the site's UUID in a file beside the database as well. It is the name space of every UID that the node derives:
 * a node that lost its database and made another UUID would send every result a second time under other names (R10).
 */
export function keepSiteUuid(settings: Store['settings'], dataFolder: string): void {
  const path = join(dataFolder, 'site-uuid');
  const kept = existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
  if (uuidPattern.test(kept) && settings.get('siteUuid') === undefined) settings.set('siteUuid', kept);
  const uuid = settings.siteUuid();
  if (kept === uuid) return;
  const part = `${path}.${process.pid}.part`;
  const file = openSync(part, 'w', 0o600);
  try {
    writeSync(file, `${uuid}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(part, path);
}
