import { mkdirSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import {
  formatFaults,
  type LoadedConfig,
  loadConfig,
  type NodeConfig,
  writtenSetting,
} from '../core/config/index.ts';
import { NodeError } from '../core/errors.ts';
import { createLog, type Log } from '../core/log.ts';
import { hostClock, openStore, type Store } from '../store/store.ts';
import { integrityAtStart } from './database-trust.ts';
import type { Folders } from './folders.ts';
import type { ProcessName, StartOrder } from './process-messages.ts';
import { keepSiteUuid } from './site-uuid.ts';

const defaultDataFolder = '/var/lib/lumbar-node';

/** What every process of the node starts from. */
export interface Runtime {
  readonly config: NodeConfig;
  readonly loaded: LoadedConfig;
  readonly folders: Folders;
  readonly store: Store;
  readonly log: Log;
}

/** Reads the configuration; throws CONFIG_INVALID with every fault in its message. */
export function readConfig(configFolder: string): LoadedConfig {
  const loaded = loadConfig(configFolder, process.env);
  if (!loaded.ok) throw new NodeError('CONFIG_INVALID', formatFaults(loaded.error));
  return loaded.value;
}

/** The folders of a configuration; relative ones count from the configuration folder. */
export function foldersOf(config: NodeConfig, configFolder: string): Folders {
  const absolute = (path: string): string => (isAbsolute(path) ? path : resolve(configFolder, path));
  const data = absolute(config.storage.directory);
  return {
    data,
    database: join(data, 'lumbar-node.sqlite'),
    spool: join(data, 'spool'),
    results: join(data, 'results'),
    backups: absolute(config.backup.directory),
  };
}

/** The data folder that a configuration names, even while the configuration has faults elsewhere. */
export function dataFolderOf(configFolder: string): string {
  const written = writtenSetting(configFolder, process.env, ['storage', 'directory']);
  return resolve(configFolder, written ?? defaultDataFolder);
}

/** Opens folders, database and log for one process. */
export function openRuntime({ loaded, folders }: StartOrder, processName: ProcessName): Runtime {
  const { config } = loaded;
  for (const folder of [folders.data, folders.spool, folders.results])
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  const log = createLog({
    level: config.log.level,
    stream: process.stdout,
    clock: hostClock,
    timeZone: config.timeZone,
    processName,
  });
  const store = openStore({
    databasePath: folders.database,
    clock: hostClock,
    integrity: integrityAtStart(processName, folders),
    atna: config.audit.syslog === undefined ? 'off' : 'queue',
  });
  keepSiteUuid(store.settings, folders.data);
  return { config, loaded, folders, store, log };
}
