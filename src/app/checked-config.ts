import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ConfigFault, formatFaults, type LoadedConfig, loadConfig } from '../core/config/index.ts';
import { NodeError } from '../core/errors.ts';
import { err, type Result } from '../core/result.ts';
import { checkCertificateFiles } from './certificate-files.ts';
import { checkCompanions } from './companions.ts';
import { modelsFolder } from './model-selection.ts';

/**
 * The configuration of a folder with everything that goes with it: settings, vocabulary, wording, codes and certificate
 * files. What passes here, `start` and `reload` can work by. All faults at once.
 */
export function checkConfigFolder(configFolder: string): Result<LoadedConfig, readonly ConfigFault[]> {
  const loaded = loadConfig(configFolder, process.env);
  if (!loaded.ok) return loaded;
  const faults = [
    ...checkCertificateFiles(loaded.value),
    ...checkCompanions(loaded.value.config, configFolder),
  ];
  return faults.length === 0 ? loaded : err(faults);
}

/** The same with the model that is named: without it a node receives and keeps, but analyses nothing. */
export function checkEverything(configFolder: string): Result<LoadedConfig, readonly ConfigFault[]> {
  const checked = checkConfigFolder(configFolder);
  if (!checked.ok) return checked;
  const faults = checkModelName(checked.value);
  return faults.length === 0 ? checked : err(faults);
}

/** As `checkConfigFolder`; throws CONFIG_INVALID with every fault in its message. */
export function requireConfig(configFolder: string): LoadedConfig {
  const checked = checkConfigFolder(configFolder);
  if (!checked.ok) throw new NodeError('CONFIG_INVALID', formatFaults(checked.error));
  return checked.value;
}

function checkModelName({ config, entries }: LoadedConfig): readonly ConfigFault[] {
  const folder = modelsFolder(config.model);
  const named = config.model.id;
  const path = existsSync(folder) ? 'model.id' : 'model.folder';
  const origin = entries.find((entry) => entry.path === path)?.origin;
  const place = origin?.kind === 'file' ? `${origin.file}:${origin.line}` : path;
  const fault = (message: string, help: string): ConfigFault[] => [
    { file: place, span: undefined, sourceLine: undefined, path, message, help },
  ];
  if (!existsSync(folder))
    return fault(`the folder of the models does not exist: ${folder}`, 'copy the model packages there');
  if (named === undefined || existsSync(join(folder, named, 'manifest.json'))) return [];
  const packages = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'manifest.json')));
  return fault(
    `there is no model package "${named}" in ${folder}`,
    packages.length === 0 ? 'copy the model package there' : `the packages there are ${packages.join(', ')}`,
  );
}
