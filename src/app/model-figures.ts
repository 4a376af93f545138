import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { valueBelow, valueFormat } from '../pipeline/wording/numbers.ts';

/** How values of a model are printed; `threshold` keeps a rounded value from looking as if it had reached it. */
export type Figure = (modelSha256: string, value: number, threshold?: number) => string;

/**
 * Figures as the results show them: a percentage only for models whose package carries a calibration. A model that is
 * not in the folder any more prints bare scores, because nobody can tell what its values meant.
 */
export function modelFigures(modelFolder: string): Figure {
  const calibrated = new Set<string>();
  for (const manifest of manifestsIn(modelFolder)) {
    if (manifest.calibration !== undefined && manifest.sha256 !== undefined) calibrated.add(manifest.sha256);
  }
  return (modelSha256, value, threshold) => {
    const format = valueFormat(calibrated.has(modelSha256) ? 'probability' : 'score');
    return threshold === undefined ? format(value) : valueBelow(format, value, threshold);
  };
}

interface ManifestHead {
  readonly sha256?: string;
  readonly calibration?: unknown;
}

function manifestsIn(folder: string): ManifestHead[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    // No model folder: an explanation of what happened must still be possible.
    return [];
  }
  return names.flatMap((name) => {
    try {
      return [JSON.parse(readFileSync(join(folder, name, 'manifest.json'), 'utf8')) as ManifestHead];
    } catch {
      return [];
    }
  });
}
