import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ModelConfig } from '../core/config/index.ts';
import { NodeError } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';
import { product } from './product.ts';

/** Key in the settings table that `model activate` writes; it counts when the configuration names no model. */
export const activeModelSetting = 'model.active';

/** Where the model packages are; a relative folder lies beside the program, wherever it was started from. */
export function modelsFolder({ folder }: Pick<ModelConfig, 'folder'>): string {
  return resolve(product.root, folder);
}

/**
 * Folder of the model to run: `model.id` of the configuration, else the one an operator activated, else the only
 * package in the folder. Several packages and no choice is an error: a node never picks a model by itself.
 */
export function activeModelFolder(
  config: ModelConfig,
  activated: string | undefined,
): Result<string, NodeError> {
  const chosen = config.id ?? activated;
  const folder = modelsFolder(config);
  if (chosen !== undefined) return ok(join(folder, chosen));
  const packages = (existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [])
    .filter((entry) => entry.isDirectory() && entry.name !== 'training')
    .map(({ name }) => name);
  const [only] = packages;
  if (only !== undefined && packages.length === 1) return ok(join(folder, only));
  return err(
    new NodeError('MODEL_INVALID', `set model.id to one of: ${packages.join(', ') || '(no package found)'}`),
  );
}

/** The folder of a package that the command line names: a folder, or the name of one below `models`. */
export function packageFolder(named: string, modelsFolder: string = join(product.root, 'models')): string {
  const known = join(modelsFolder, named);
  return existsSync(named) || !existsSync(known) ? named : known;
}
