import { resolve } from 'node:path';
import { type ConfigFault, formatFaults, type LoadedConfig, loadConfig } from '../core/config/index.ts';
import { NodeError } from '../core/errors.ts';
import { askConfiguration } from './control-client.ts';
import { dataFolderOf } from './runtime.ts';

/** The configuration that a reading command goes by. */
export interface ConfigToReadBy {
  readonly loaded: LoadedConfig;
  /** Faults of the files, when the configuration comes from the running node instead; empty when they are valid. */
  readonly fileFaults: readonly ConfigFault[];
}

/**
 * The configuration of the folder; while its files have faults, that of the node that runs on, which is when people
 * look most. Throws CONFIG_INVALID when the files have faults and no node runs.
 */
export async function configToReadBy(configFolder: string): Promise<ConfigToReadBy> {
  const files = loadConfig(configFolder, process.env);
  if (files.ok) return { loaded: files.value, fileFaults: [] };
  const running = await askConfiguration(dataFolderOf(configFolder));
  if (running.ok && running.value.configFolder === resolve(configFolder))
    return { loaded: running.value.loaded, fileFaults: files.error };
  throw new NodeError('CONFIG_INVALID', formatFaults(files.error));
}
