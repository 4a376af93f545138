import { chownSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { siteTime } from '../admin/site-time.ts';
import { counted, size } from '../admin/text-layout.ts';
import { asNodeError, NodeError } from '../core/errors.ts';
import { type BackupReport, backupDatabase, checkBackup, restoreDatabase } from '../store/backup.ts';
import { type RebuildReport, rebuildFromSpool } from '../store/rebuild.ts';
import { hostClock, openStore } from '../store/store.ts';
import type { Folders } from './folders.ts';
import { lockDataFolder } from './instance-lock.ts';
import { operatorName } from './operator.ts';
import { exitCodes } from './restart-policy.ts';
import { foldersOf, readConfig } from './runtime.ts';
import { backupFile, isBackupFile } from './scheduled-backup.ts';
import { keepSiteUuid } from './site-uuid.ts';
import { readSpoolHeader } from './spool-recovery.ts';
import type { VerbAnswer } from './verb-answer.ts';
import { withWritableBooks } from './writable-books.ts';

type Format = 'text' | 'json';

/** `backup`: one checked copy of the database now, beside the nightly ones; the running node is not stopped. */
export function backupNow(configFolder: string, format: Format): Promise<VerbAnswer> {
  return withWritableBooks(configFolder, async ({ store, folders, config }) => {
    mkdirSync(folders.backups, { recursive: true, mode: 0o700 });
    store.audit.append('OPERATOR_ACTION', { operator: operatorName(), action: 'backup' });
    const report = await backupDatabase(
      store.db,
      store.audit,
      backupFile(folders.backups, hostClock.nowMs()),
    );
    giveToService(folders, folders.backups, report.path);
    return answer(report, config.timeZone, format);
  });
}

/** `restore --check`: opens a copy, checks it from end to end and counts; the newest one when none is named. */
export async function checkCopy(
  configFolder: string,
  named: string | undefined,
  format: Format,
): Promise<VerbAnswer> {
  const { config } = readConfig(configFolder);
  const copy = named ?? newestBackup(foldersOf(config, configFolder));
  if (copy === undefined) return { exitCode: exitCodes.notFound, text: 'There is no backup to check.\n' };
  try {
    return answer(await checkBackup(copy), config.timeZone, format);
  } catch (error) {
    const { code, message } = asNodeError(error);
    if (code === 'NOT_FOUND') return { exitCode: exitCodes.notFound, text: `${message}.\n` };
    return { exitCode: exitCodes.failed, text: `${copy} cannot be restored: ${code}: ${message}.\n` };
  }
}

/**
 * `restore --from`: puts a copy in the place of the database and takes up every image of the spool that is newer than
 * it. Both under the lock of the data folder: a node that started in between would delete the files that the copy does
 * not know. What was there stays beside it. Throws STORE_LOCKED while a node runs.
 */
export async function restoreCopy(configFolder: string, copy: string): Promise<VerbAnswer> {
  const { config } = readConfig(configFolder);
  const folders = foldersOf(config, configFolder);
  if (!existsSync(folders.data)) throw new NodeError('NOT_FOUND', `there is no data folder ${folders.data}`);
  const lock = await lockDataFolder(folders.data);
  try {
    const report = await restoreDatabase(copy, folders.database, hostClock.nowMs());
    giveToService(folders, folders.database);
    const taken = await takeUpNewer(folders);
    const { text } = answer(report, config.timeZone, 'text');
    const failed = taken.failed.map(({ path, why }) => `  ${path}: ${why}`);
    return {
      exitCode: failed.length === 0 ? exitCodes.ok : exitCodes.failed,
      text: `${text}It is in place. ${counted(taken.restored, 'image')} newer than the copy taken up from the spool, ${taken.known} known to it.\n${failed.length === 0 ? '' : `Not readable, and left where they are only until the next start:\n${failed.join('\n')}\n`}What was there before is beside it: ${folders.database}.replaced-*\n`,
    };
  } finally {
    await lock.release();
  }
}

async function takeUpNewer(folders: Folders): Promise<RebuildReport> {
  const store = openStore({ databasePath: folders.database, clock: hostClock });
  try {
    keepSiteUuid(store.settings, folders.data);
    store.audit.append('OPERATOR_ACTION', { operator: operatorName(), action: 'database restored' });
    if (!existsSync(folders.spool)) return { restored: 0, known: 0, failed: [] };
    return await rebuildFromSpool(store, folders.spool, readSpoolHeader);
  } finally {
    store.close();
  }
}

function newestBackup({ backups }: Folders): string | undefined {
  const names = existsSync(backups) ? readdirSync(backups).filter(isBackupFile).sort() : [];
  const newest = names.at(-1);
  return newest === undefined ? undefined : join(backups, newest);
}

/** What root writes must belong to the service's user, or the node cannot open it. */
function giveToService({ data }: Folders, ...paths: readonly string[]): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(data);
  for (const path of paths) chownSync(path, uid, gid);
}

function answer(report: BackupReport, timeZone: string, format: Format): VerbAnswer {
  const exitCode = report.audit.intact ? exitCodes.ok : exitCodes.failed;
  if (format === 'json') return { exitCode, text: `${JSON.stringify({ schema: 1, ...report }, null, 2)}\n` };
  const newest =
    report.newestAuditAtMs === null ? 'never used' : siteTime(timeZone).moment(report.newestAuditAtMs);
  const chain = report.audit.intact
    ? 'its audit trail is whole'
    : `ITS AUDIT TRAIL IS BROKEN: ${report.audit.finding}`;
  return {
    exitCode,
    text: `${report.path}: ${size(report.sizeBytes)}, ${counted(report.images, 'image')}, ${report.unfinishedJobs} not analysed, ${report.undelivered} not delivered, last entry ${newest} (${timeZone}); it can be read from end to end, ${chain}.\n`,
  };
}
