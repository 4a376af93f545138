import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { textTable } from '../../core/text-table.ts';
import { readManifest } from '../../pipeline/model-package.ts';

/** A package of the model folder, as `model list` shows it. */
export interface ListedModel {
  readonly folder: string;
  readonly id: string | null;
  readonly version: string | null;
  readonly sha256: string | null;
  readonly simulated: boolean | null;
  readonly statement: string | null;
  /** The one the node runs, or would run at its next start. */
  readonly active: boolean;
  readonly fault: string | null;
}

/** Every folder with a manifest; the model files themselves are not read. `active` is the folder's name. */
export function listModels(modelFolder: string, active: string | undefined): ListedModel[] {
  if (!existsSync(modelFolder)) return [];
  return readdirSync(modelFolder)
    .sort()
    .filter((name) => existsSync(join(modelFolder, name, 'manifest.json')))
    .map((name): ListedModel => {
      const manifest = readManifest(join(modelFolder, name));
      const base = { folder: name, active: name === active };
      if (!manifest.ok)
        return {
          ...base,
          id: null,
          version: null,
          sha256: null,
          simulated: null,
          statement: null,
          fault: manifest.error.message,
        };
      const { id, version, sha256, trainingData } = manifest.value;
      return {
        ...base,
        id,
        version,
        sha256,
        simulated: trainingData.kind === 'simulated',
        statement: trainingData.statement,
        fault: null,
      };
    });
}

export function modelListText(models: readonly ListedModel[], modelFolder: string): string {
  if (models.length === 0) return `There is no model package in ${modelFolder}.`;
  const rows = models.map(({ folder, version, sha256, simulated, active, fault }) => [
    active ? '*' : '',
    folder,
    version ?? '-',
    sha256?.slice(0, 8) ?? '-',
    fault ?? (simulated === true ? 'SIMULATED, not for clinical use' : ''),
  ]);
  return `${textTable(['', 'model', 'version', 'hash', ''], rows)}\n${
    models.some(({ active }) => active) ? '* is what the node runs.' : 'None is active.'
  }`;
}
