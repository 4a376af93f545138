import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadedConfig } from '../core/config/index.ts';
import { newUlid } from '../core/identifiers.ts';
import { hostClock } from '../store/store.ts';
import { forgetCompanions, keepCompanions } from './companions.ts';
import type { StartOrder } from './process-messages.ts';
import { foldersOf } from './runtime.ts';

/**
 * What every process of one node is started with. Makes the data folder and keeps there a copy of the configuration's
 * companions; the caller holds the lock on the folder.
 */
export function startOrder(configFolder: string, loaded: LoadedConfig): StartOrder {
  const folders = foldersOf(loaded.config, configFolder);
  mkdirSync(folders.data, { recursive: true, mode: 0o700 });
  const keepFolder = join(folders.data, 'running-config');
  forgetCompanions(keepFolder);
  return {
    loaded,
    folders,
    companionFolder: keepCompanions(loaded.config, configFolder, keepFolder),
    bootId: newUlid(hostClock.nowMs()),
    configFolder,
  };
}
