import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, relative } from 'node:path';
import { size } from '../../admin/text-layout.ts';
import type { LoadedConfig } from '../../core/config/index.ts';
import { asNodeError, NodeError } from '../../core/errors.ts';
import { readManifest as readModelManifest } from '../../pipeline/model-package.ts';
import { type CopyReport, copyDatabase } from '../../store/backup.ts';
import type { Store } from '../../store/store.ts';
import { syncPath } from '../../store/sync-path.ts';
import { certificateUses } from '../certificate-files.ts';
import type { Folders } from '../folders.ts';
import { activeModelFolder, activeModelSetting } from '../model-selection.ts';
import { product } from '../product.ts';
import { type BackupManifest, isSetName, setName, setParts, setsToDelete } from './backup-set.ts';
import { copySettings } from './settings-copy.ts';

/** What a backup is made of. */
export interface BackupSource {
  readonly store: Pick<Store, 'db' | 'audit' | 'settings'>;
  /** The configuration in force; the folder is copied as it is. */
  readonly loaded: LoadedConfig;
  readonly configFolder: string;
  readonly folders: Pick<Folders, 'data' | 'backups' | 'database'>;
}

export interface BackupMade {
  readonly folder: string;
  readonly database: CopyReport;
  readonly manifest: BackupManifest;
}

/** A backup that nobody finished is nobody's any more after this time. */
const abandonedAfterMs = 6 * 3_600_000;

/**
 * Writes one backup beside the running node: a checked copy of the database, the configuration folder, and which model
 * is active. It gets its name only when all of it is on the disk. Audited either way; throws what went wrong, and the
 * earlier backups stay.
 */
export async function makeBackup(source: BackupSource, nowMs: number): Promise<BackupMade> {
  const { store, folders } = source;
  const folder = join(folders.backups, setName(nowMs));
  const part = `${folder}.part`;
  try {
    mkdirSync(folders.backups, { recursive: true, mode: 0o700 });
    forgetAbandoned(folders.backups, nowMs);
    makeRoom(source);
    mkdirSync(part, { mode: 0o700 });
    const database = await copyDatabase(store.db, join(part, setParts.database));
    const manifest = describe(source, part, database, nowMs);
    writeFileSync(join(part, setParts.manifest), `${JSON.stringify(manifest, null, 2)}\n`, {
      mode: 0o600,
      flush: true,
    });
    syncFolders(part);
    renameSync(part, folder);
    syncPath(folders.backups);
    const { sizeBytes, sha256 } = database;
    store.audit.append('BACKUP_MADE', { sizeBytes, sha256, path: folder });
    return { folder, database: { ...database, path: join(folder, setParts.database) }, manifest };
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    store.audit.append('BACKUP_FAILED', { detail: asNodeError(error).message, path: folder });
    throw error;
  }
}

/** Deletes the backups that `backup.keep` and `backup.keepDaily` do not keep. */
export function forgetOldBackups({ loaded, folders }: Pick<BackupSource, 'loaded' | 'folders'>): void {
  for (const name of setsToDelete(readdirSync(folders.backups), loaded.config.backup))
    rmSync(join(folders.backups, name), { recursive: true });
}

function describe(
  { store, loaded, configFolder, folders }: BackupSource,
  part: string,
  { sha256, schemaVersion }: CopyReport,
  nowMs: number,
): BackupManifest {
  const { files, leftOut } = copySettings(configFolder, join(part, setParts.settings), [
    folders.data,
    folders.backups,
  ]);
  const variables = loaded.entries.flatMap(({ origin }) =>
    origin.kind === 'environment' ? [origin.variable] : [],
  );
  return {
    schema: 1,
    version: product.version,
    madeAtMs: nowMs,
    database: { sha256, schemaVersion },
    settings: {
      folder: configFolder,
      files: [...files],
      leftOut: [...leftOut],
      variables: [...new Set(variables)],
      outside: [...filesOutside(loaded, configFolder, files)],
    },
    model: activeModel(loaded, store.settings),
  };
}

/** Files that the settings name and that do not lie in their folder; a new machine needs them from elsewhere. */
function filesOutside(
  { config }: LoadedConfig,
  configFolder: string,
  files: BackupManifest['settings']['files'],
): readonly string[] {
  const named = certificateUses(config).flatMap(({ certificate, key, ca }) => [certificate, key, ca]);
  const referred = files
    .filter(({ path }) => /\.(ya?ml|json)$/.test(path))
    .flatMap(({ path }) =>
      [...readFileSync(join(configFolder, path), 'utf8').matchAll(/\$\{file:([^{}]+)\}/g)].map(
        ([, file]) => file,
      ),
    );
  const paths = [...named, ...referred].filter((path) => path !== undefined);
  return [...new Set(paths)].filter((path) => relative(configFolder, path).startsWith('..')).toSorted();
}

function activeModel({ config }: LoadedConfig, settings: Store['settings']): BackupManifest['model'] {
  const folder = activeModelFolder(config.model, settings.get(activeModelSetting));
  const manifest = folder.ok ? readModelManifest(folder.value) : folder;
  // A node whose model is missing has other alerts for that; its database must be saved all the same.
  if (!folder.ok || !manifest.ok) return null;
  const { id, version, sha256 } = manifest.value;
  return { name: basename(folder.value), id, version, sha256, folder: folder.value };
}

/** Part folders of a process that was killed in the middle; a part that grows is somebody's. */
function forgetAbandoned(backups: string, nowMs: number): void {
  for (const name of readdirSync(backups)) {
    const path = join(backups, name);
    const isPart = name.endsWith('.part') && isSetName(name.slice(0, -'.part'.length));
    if (isPart && nowMs - statSync(path).mtimeMs > abandonedAfterMs) rmSync(path, { recursive: true });
  }
}

/**
 * A backup never takes the disk below the watermark, where images are refused: older backups go first, the newest
 * stays. STORE_FULL when that is not enough.
 */
function makeRoom({ loaded, folders }: BackupSource): void {
  const copyBytes = statSync(folders.database).size + walSize(folders.database);
  const wanted = copyBytes + loaded.config.storage.watermark;
  const oldestFirst = readdirSync(folders.backups).filter(isSetName).toSorted();
  for (;;) {
    const { bavail, bsize } = statfsSync(folders.backups);
    if (bavail * bsize >= wanted) return;
    const oldest = oldestFirst.length > 1 ? oldestFirst.shift() : undefined;
    if (oldest === undefined)
      throw new NodeError(
        'STORE_FULL',
        `${folders.backups} has ${size(bavail * bsize)} free; a copy of ${size(copyBytes)} would leave less than storage.watermark`,
      );
    rmSync(join(folders.backups, oldest), { recursive: true });
  }
}

function walSize(database: string): number {
  return statSync(`${database}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}

function syncFolders(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isDirectory()) syncPath(join(entry.parentPath, entry.name));
  syncPath(folder);
}
