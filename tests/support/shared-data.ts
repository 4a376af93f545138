import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseCsv } from '../../src/core/csv.ts';

const root = resolve(import.meta.dirname, '../../../shared/data');

/** True when the folder of real DICOM files made by others lies beside the checkout. */
export const sharedDataPresent = existsSync(join(root, 'manifest.csv'));

/** Absolute path of a file under `shared/data`. */
export function sharedDataPath(relative: string): string {
  return join(root, relative);
}

/**
 * The rows of `manifest.csv` as records keyed by column name.
 * Understands quoted cells; throws when the folder is absent (guard with `sharedDataPresent`).
 */
export function sharedDataManifest(): readonly Readonly<Record<string, string>>[] {
  return parseCsv(readFileSync(join(root, 'manifest.csv'), 'utf8')).rows.map(({ cells }) => cells);
}
