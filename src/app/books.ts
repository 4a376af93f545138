import { existsSync } from 'node:fs';
import { type SiteTime, siteTime } from '../admin/site-time.ts';
import type { LoadedConfig, NodeConfig } from '../core/config/index.ts';
import { NodeError } from '../core/errors.ts';
import { hostClock, openReadOnlyStore, type ReadOnlyStore } from '../store/store.ts';
import { configToReadBy } from './config-to-read-by.ts';
import type { Folders } from './folders.ts';
import { foldersOf } from './runtime.ts';

/** What a reading command works with: the configuration and the database of a node that may run or be down. */
export interface Books {
  readonly config: NodeConfig;
  readonly loaded: LoadedConfig;
  /** The files have faults: `loaded` is what the running node works by. */
  readonly filesFaulty: boolean;
  readonly folders: Folders;
  readonly store: ReadOnlyStore;
  readonly time: SiteTime;
}

/** Opens the books, hands them to `read` and closes them. NOT_FOUND when the node was never started. */
export async function withBooks<T>(configFolder: string, read: (books: Books) => T | Promise<T>): Promise<T> {
  const { loaded, fileFaults } = await configToReadBy(configFolder);
  const { config } = loaded;
  const folders = foldersOf(config, configFolder);
  if (!existsSync(folders.database))
    throw new NodeError(
      'NOT_FOUND',
      `there is no database in ${folders.data}: the node was never started with this configuration`,
    );
  const store = openReadOnlyStore({ databasePath: folders.database, clock: hostClock });
  try {
    return await read({
      config,
      loaded,
      filesFaulty: fileFaults.length > 0,
      folders,
      store,
      time: siteTime(config.timeZone),
    });
  } finally {
    store.close();
  }
}
