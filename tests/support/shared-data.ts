import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

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
export function sharedDataManifest(): readonly Record<string, string>[] {
  const rows = parseCsv(readFileSync(join(root, 'manifest.csv'), 'utf8'));
  const [header = [], ...body] = rows;
  return body
    .filter((cells) => cells.length === header.length)
    .map((cells) => Object.fromEntries(header.map((name, column) => [name, cells[column] ?? ''])));
}

function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? '';
    if (quoted) {
      if (char === '"' && text[i + 1] === '"') {
        cell += '"';
        i++;
      } else if (char === '"') quoted = false;
      else cell += char;
    } else if (char === '"') quoted = true;
    else if (char === ',') {
      row.push(cell);
      cell = '';
    } else if (char === '\n') {
      row.push(cell);
      rows.push(row);
      row = [];
      cell = '';
    } else if (char !== '\r') cell += char;
  }
  if (cell !== '' || row.length > 0) rows.push([...row, cell]);
  return rows;
}
