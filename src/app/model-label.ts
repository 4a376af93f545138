import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelLabel } from '../admin/console/ports.ts';
import type { NodeConfig } from '../core/config/index.ts';
import { type ModelManifest, readManifest } from '../pipeline/model-package.ts';
import type { Store } from '../store/store.ts';
import { activeModelFolder, activeModelSetting } from './model-selection.ts';

type ModelSources = { readonly config: NodeConfig; readonly store: Pick<Store, 'settings' | 'monitor'> };

/** The facts label of the model that is set to run, and whether this machine has verified it. */
export function modelLabel(sources: ModelSources): ModelLabel | undefined {
  const folder = activeFolder(sources);
  const manifest = folder === undefined ? undefined : readManifest(folder);
  if (folder === undefined || manifest?.ok !== true) return undefined;
  const { value } = manifest;
  const loaded = sources.store.monitor.newest('MODEL_LOADED');
  const { calibration, trainingData } = value;
  const measured = figuresOf(value);
  return {
    id: value.id,
    name: value.name,
    version: value.version,
    sha256: value.sha256,
    licence: value.licence,
    clinicalUse: value.clinicalUse,
    intendedUse: value.intendedUse,
    notFor: value.notFor,
    trainingKind: trainingData.kind,
    trainingStatement: trainingData.statement,
    calibration:
      calibration === undefined
        ? undefined
        : `${calibration.method}, fitted on ${calibration.fittedOn.images} images (${calibration.fittedOn.what})`,
    classes: value.classes.map(({ id, label, threshold, indeterminate }) => ({
      id,
      label,
      threshold,
      indeterminate,
    })),
    figures: measured.figures,
    measuredOn: measured.on,
    loaded:
      loaded?.fields['modelSha256'] === value.sha256
        ? { atMs: loaded.atMs, provider: String(loaded.fields['provider']) }
        : undefined,
    hasEvaluation: existsSync(evaluationFile(folder)),
  };
}

/** The HTML of the package's own evaluation, when it has one. */
export function packageEvaluation(sources: ModelSources): string | undefined {
  const folder = activeFolder(sources);
  if (folder === undefined || !existsSync(evaluationFile(folder))) return undefined;
  return readFileSync(evaluationFile(folder), 'utf8');
}

function activeFolder({ config, store }: ModelSources): string | undefined {
  const folder = activeModelFolder(config.model, store.settings.get(activeModelSetting));
  return folder.ok ? folder.value : undefined;
}

function evaluationFile(folder: string): string {
  return join(folder, 'evaluation', 'report.html');
}

const figureNames: Readonly<Record<string, string>> = {
  accuracy: 'accuracy',
  precision: 'precision',
  sensitivity: 'sensitivity',
  specificity: 'specificity',
  f1: 'F1',
  ece: 'calibration error (ECE)',
  falselyRefused: 'refused although in scope',
};

/** The plain numbers of the test split, or of the validation split when there is no other. */
function figuresOf({ metrics, acceptance }: ModelManifest): {
  readonly figures: ModelLabel['figures'];
  readonly on: string | undefined;
} {
  const split = ['test', 'val'].find((name) => isRecord(metrics?.[name]));
  const values = split === undefined ? undefined : metrics?.[split];
  if (split === undefined || !isRecord(values)) return { figures: [], on: undefined };
  const figures = Object.entries(figureNames).flatMap(([key, name]) => {
    const value = values[key];
    const limit = acceptance?.[key];
    return typeof value === 'number'
      ? [{ name, value, limit: typeof limit === 'number' ? limit : undefined }]
      : [];
  });
  const images = typeof values['images'] === 'number' ? `${values['images']} images` : 'images';
  return { figures, on: `${images} of the ${split === 'test' ? 'test' : 'validation'} split` };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
