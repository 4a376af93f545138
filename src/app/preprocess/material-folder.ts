import { closeSync, mkdirSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Column names of rows-0.csv, as models/training/README.md describes them. */
export const materialColumns = [
  'index',
  'label',
  'patient_id',
  'study_id',
  'split',
  'view',
  'facing',
  'polarity',
  'level',
  'slip_mm',
  'slip_percent',
  'pars_gap_mm',
  'lesion_x',
  'lesion_y',
  'box_x0',
  'box_y0',
  'box_x1',
  'box_y1',
  'mm_per_pixel',
  'seed',
  'kind',
  'file',
] as const;

export type MaterialRow = Readonly<Partial<Record<(typeof materialColumns)[number], string>>>;

export interface MaterialFacts {
  readonly size: number;
  readonly source: 'own' | 'simulated';
  readonly classes: readonly string[];
  readonly listSha256: string;
}

/** One split of the material while it is written: pixels-0.u8 and rows-0.csv grow together. */
export class MaterialFolder {
  readonly #folder: string;
  readonly #pixels: number;
  readonly #rows: number;
  #count = 0;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.#folder = folder;
    this.#pixels = openSync(join(folder, 'pixels-0.u8.part'), 'w');
    this.#rows = openSync(join(folder, 'rows-0.csv.part'), 'w');
    writeSync(this.#rows, `${materialColumns.join(',')}\n`);
  }

  get count(): number {
    return this.#count;
  }

  add(pixels: Uint8Array, row: MaterialRow): void {
    writeSync(this.#pixels, pixels);
    const cells = { ...row, index: String(this.#count) };
    writeSync(this.#rows, `${materialColumns.map((name) => cell(cells[name] ?? '')).join(',')}\n`);
    this.#count++;
  }

  /** Gives the files their names, material.json last: a folder that has it is whole. */
  finish({ size, source, classes, listSha256 }: MaterialFacts): void {
    closeSync(this.#pixels);
    closeSync(this.#rows);
    for (const name of ['pixels-0.u8', 'rows-0.csv'])
      renameSync(join(this.#folder, `${name}.part`), join(this.#folder, name));
    const about = { format: 1, size, count: this.#count, source, classes, listSha256 };
    writeFileSync(join(this.#folder, 'material.json'), `${JSON.stringify(about, null, 2)}\n`);
  }
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
