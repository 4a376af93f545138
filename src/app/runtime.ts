import { mkdirSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { formatFaults, type LoadedConfig, loadConfig, type NodeConfig } from '../core/config/index.ts';
import { NodeError } from '../core/errors.ts';
import { createLog, type Log } from '../core/log.ts';
import { hostClock, openStore, type Store } from '../store/store.ts';
import type { ProcessName } from './process-messages.ts';
import { keepSiteUuid } from './site-uuid.ts';

/** What every process of the node starts from. */
export interface Runtime {
  readonly config: NodeConfig;
  readonly loaded: LoadedConfig;
  readonly folders: Folders;
  readonly store: Store;
  readonly log: Log;
}

/** Where the node keeps its things, all below `storage.directory`. */
export interface Folders {
  readonly data: string;
  readonly database: string;
  readonly spool: string;
  readonly results: string;
  readonly backups: string;
}

/** Reads the configuration; throws CONFIG_INVALID with every fault in its message. */
export function readConfig(configFolder: string): LoadedConfig {
  const loaded = loadConfig(configFolder, process.env);
  if (!loaded.ok) throw new NodeError('CONFIG_INVALID', formatFaults(loaded.error));
  return loaded.value;
}

/** The folders of a configuration; a relative `storage.directory` counts from the configuration folder. */
export function foldersOf(config: NodeConfig, configFolder: string): Folders {
  const base = config.storage.directory;
  const data = isAbsolute(base) ? base : resolve(configFolder, base);
  return {
    data,
    database: join(data, 'lumbar-node.sqlite'),
    spool: join(data, 'spool'),
    results: join(data, 'results'),
    backups: config.backup.directory,
  };
}

/** Opens configuration, folders, database and log for one process. */
export function openRuntime(configFolder: string, processName: ProcessName | 'supervisor'): Runtime {
  const loaded = readConfig(configFolder);
  const { config } = loaded;
  const folders = foldersOf(config, configFolder);
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
    atna: config.audit.syslog === undefined ? 'off' : 'queue',
  });
  keepSiteUuid(store.settings, folders.data);
  return { config, loaded, folders, store, log };
}
