import { chownSync, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { asNodeError, NodeError } from '../../core/errors.ts';
import { checkCopy, type CopyReport, restoreDatabase } from '../../store/backup.ts';
import { rebuildFromSpool } from '../../store/rebuild.ts';
import { sweepSpool } from '../../store/spool-sweep.ts';
import { hostClock, openStore } from '../../store/store.ts';
import type { Folders } from '../folders.ts';
import { lockDataFolder, nodeRunsOn } from '../instance-lock.ts';
import { operatorName } from '../operator.ts';
import { exitCodes } from '../restart-policy.ts';
import { dataFolderOf, foldersOf, readConfig } from '../runtime.ts';
import { keepSiteUuid } from '../site-uuid.ts';
import { readSpoolHeader } from '../spool-recovery.ts';
import type { VerbAnswer } from '../verb-answer.ts';
import { withWritableBooks } from '../writable-books.ts';
import { type BackupManifest, isSetName, readManifest, setParts } from './backup-set.ts';
import {
  backupJson,
  backupText,
  modelText,
  restoredText,
  settingsText,
  type TakenUp,
} from './backup-text.ts';
import { makeBackup } from './make-backup.ts';
import { type PutBack, putSettingsBack } from './settings-copy.ts';

type Format = 'text' | 'json';

/** A backup, or a bare copy of a database, as somebody named it. */
interface Located {
  readonly path: string;
  readonly database: string;
  /** Undefined for a bare copy: it has neither settings nor model. */
  readonly manifest: BackupManifest | undefined;
}

/** `backup`: one backup now, beside the scheduled ones; the running node is not stopped. */
export function backupNow(configFolder: string, format: Format): Promise<VerbAnswer> {
  return withWritableBooks(configFolder, async ({ store, folders, loaded, time }) => {
    store.audit.append('OPERATOR_ACTION', { operator: operatorName(), action: 'backup' });
    const made = await makeBackup({ store, loaded, configFolder, folders }, hostClock.nowMs());
    giveToService(folders, folders.backups, ...everythingBelow(made.folder));
    const { folder: path, database, manifest } = made;
    const text =
      format === 'json' ? backupJson({ path, ...made }) : backupText({ path, database, manifest }, time.zone);
    return { exitCode: exitCodes.ok, text };
  });
}

/** `restore --check`: opens a backup, reads it from end to end and counts; the newest one when none is named. */
export async function checkBackup(
  configFolder: string,
  named: string | undefined,
  format: Format,
): Promise<VerbAnswer> {
  const { config } = readConfig(configFolder);
  const path = named ?? newestBackup(foldersOf(config, configFolder));
  if (path === undefined) return { exitCode: exitCodes.notFound, text: 'There is no backup to check.\n' };
  try {
    const { database, manifest } = locate(path);
    const report = requireSame(await checkCopy(database), manifest);
    const exitCode = report.audit.intact ? exitCodes.ok : exitCodes.failed;
    const facts = { path, database: report, manifest };
    return {
      exitCode,
      text: format === 'json' ? backupJson(facts) : backupText(facts, config.timeZone),
    };
  } catch (error) {
    const { code, message } = asNodeError(error);
    if (code === 'NOT_FOUND') return { exitCode: exitCodes.notFound, text: `${message}.\n` };
    return { exitCode: exitCodes.failed, text: `${path} cannot be restored: ${code}: ${message}.\n` };
  }
}

export interface RestoreRequest {
  readonly from: string;
  /** Whether the configuration folder is put back as well, for a new machine. */
  readonly settings: 'keep' | 'put-back';
}

/**
 * `restore --from`: puts a backup in the place of the database and takes up every image of the spool that is newer than
 * it. Both under the lock of the data folder: a node that started in between would delete the files that the copy does
 * not know. What was there stays beside it. Throws STORE_LOCKED while a node runs.
 */
export async function restoreBackup(
  configFolder: string,
  { from, settings }: RestoreRequest,
): Promise<VerbAnswer> {
  const located = locate(from);
  // Before anything is changed: a damaged or newer copy, or a running node, must leave the machine as it is.
  requireSame(await checkCopy(located.database), located.manifest);
  await requireStopped(dataFolderOf(configFolder));
  const putBack = settings === 'put-back' ? putBackSettings(located, configFolder) : undefined;
  const { config } = readConfig(configFolder);
  const folders = foldersOf(config, configFolder);
  if (!existsSync(folders.data))
    throw new NodeError(
      'NOT_FOUND',
      `there is no data folder ${folders.data}; install.sh makes it, or make it for the user of the service`,
    );
  const lock = await lockDataFolder(folders.data);
  try {
    const report = await restoreDatabase(located.database, folders.database, hostClock.nowMs());
    giveToService(folders, folders.database);
    const taken = await takeUpNewer(folders);
    return {
      exitCode: taken.failed.length === 0 ? exitCodes.ok : exitCodes.failed,
      text: [
        backupText({ path: from, database: report, manifest: located.manifest }, config.timeZone),
        restoredText(taken, folders.database),
        settingsText(putBack, located.manifest),
        modelText(located.manifest, config.model),
      ].join(''),
    };
  } finally {
    await lock.release();
  }
}

/** A backup that cannot be put in place, in a sentence. Anything else is thrown on. */
export function restoreRefused(error: unknown): VerbAnswer {
  const { code, message } = asNodeError(error);
  if (code !== 'STORE_CORRUPT' && code !== 'STORE_NEWER_SCHEMA' && code !== 'STORE_LOCKED') throw error;
  return { exitCode: exitCodes.refused, text: `The backup was not put in place. ${code}: ${message}.\n` };
}

/** The lock comes later, because the settings that are put back may name another folder. */
async function requireStopped(dataFolder: string): Promise<void> {
  if (existsSync(dataFolder) && (await nodeRunsOn(dataFolder)))
    throw new NodeError('STORE_LOCKED', `a node is running on ${dataFolder}; stop it first`);
}

function putBackSettings({ path, manifest }: Located, configFolder: string): PutBack {
  if (manifest === undefined)
    throw new NodeError(
      'NOT_FOUND',
      `${path} is a bare copy of a database: there are no settings in it; leave --with-config out`,
    );
  return putSettingsBack(
    join(path, setParts.settings),
    manifest.settings.files,
    configFolder,
    hostClock.nowMs(),
  );
}

async function takeUpNewer(folders: Folders): Promise<TakenUp> {
  // Brings a copy of an older release up to date as well.
  const store = openStore({ databasePath: folders.database, clock: hostClock });
  try {
    keepSiteUuid(store.settings, folders.data);
    store.audit.append('OPERATOR_ACTION', { operator: operatorName(), action: 'database restored' });
    const taken = existsSync(folders.spool)
      ? await rebuildFromSpool(store, folders.spool, readSpoolHeader)
      : { restored: 0, known: 0, failed: [] };
    // The files that could not be read stay until the next start: a person has just been told of them.
    const { missing } =
      taken.failed.length === 0
        ? sweepSpool(store.db, store.audit, folders.spool)
        : { missing: [] as readonly unknown[] };
    return { ...taken, withoutFile: missing.length };
  } finally {
    store.close();
  }
}

function locate(path: string): Located {
  if (!existsSync(path)) throw new NodeError('NOT_FOUND', `there is no ${path}`);
  if (!statSync(path).isDirectory()) return { path, database: path, manifest: undefined };
  const manifest = readManifest(path);
  if (!manifest.ok) throw manifest.error;
  return { path, database: join(path, setParts.database), manifest: manifest.value };
}

/** A database in a backup that is not the one that was copied may be whole and still somebody else's. */
function requireSame(report: CopyReport, manifest: BackupManifest | undefined): CopyReport {
  if (manifest === undefined || manifest.database.sha256 === report.sha256) return report;
  throw new NodeError('STORE_CORRUPT', `${report.path} is not the file that was copied: its SHA-256 differs`);
}

function newestBackup({ backups }: Folders): string | undefined {
  const newest = (existsSync(backups) ? readdirSync(backups).filter(isSetName) : []).toSorted().at(-1);
  return newest === undefined ? undefined : join(backups, newest);
}

function everythingBelow(folder: string): readonly string[] {
  const inner = readdirSync(folder, { recursive: true, withFileTypes: true });
  return [folder, ...inner.map(({ parentPath, name }) => join(parentPath, name))];
}

/** What root writes must belong to the service's user, or the node cannot open it. */
function giveToService({ data }: Folders, ...paths: readonly string[]): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(data);
  for (const path of paths) chownSync(path, uid, gid);
}
