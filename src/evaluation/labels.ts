import { type CsvRow, parseCsv } from '../core/csv.ts';

/** One labelled image of an evaluation. */
export interface LabelledImage {
  readonly line: number;
  /** As written in the list; relative paths count from the list's folder. */
  readonly file: string;
  readonly label: string;
  readonly patientId: string;
  /** Lesion in source pixels, when the list has `lesion_x`, `lesion_y` (and `box_x0` ... `box_y1`). */
  readonly lesion?: Lesion;
  /** Millimetres per source pixel, when the list says so. */
  readonly mmPerPixel?: number;
  /** Every other column, for groups. */
  readonly columns: Readonly<Record<string, string>>;
}

export interface Lesion {
  readonly x: number;
  readonly y: number;
  readonly box?: {
    readonly left: number;
    readonly top: number;
    readonly right: number;
    readonly bottom: number;
  };
}

export interface LabelList {
  readonly images: readonly LabelledImage[];
  /** What is wrong with the list, as "line 12: ..."; an evaluation does not start while there is any. */
  readonly problems: readonly string[];
}

export interface LabelOptions {
  readonly classIds: readonly string[];
  /** Only rows whose `split` column says this; undefined takes all. */
  readonly split?: string;
  /** Patients the model was trained on: one of them in the list is a leak. */
  readonly trainingPatients: ReadonlySet<string>;
}

/** Reads `file,label,patient_id[,split,lesion_x,lesion_y,...]` and checks it: labels, duplicates, patient leaks. */
export function readLabels(text: string, options: LabelOptions): LabelList {
  const { header, rows } = parseCsv(text);
  const missing = ['file', 'label', 'patient_id'].filter((name) => !header.includes(name));
  if (missing.length > 0) return { images: [], problems: [`line 1: missing column ${missing.join(', ')}`] };
  const problems: string[] = [];
  const seen = new Map<string, number>();
  const images: LabelledImage[] = [];
  for (const row of rows) {
    if (options.split !== undefined && row.cells['split'] !== options.split) continue;
    const image = labelledImage(row);
    const earlier = seen.get(image.file);
    if (earlier !== undefined)
      problems.push(`line ${row.line}: ${image.file} stands already on line ${earlier}`);
    seen.set(image.file, row.line);
    if (!options.classIds.includes(image.label)) {
      problems.push(`line ${row.line}: label "${image.label}" is not one of ${options.classIds.join(', ')}`);
    }
    if (image.patientId === '')
      problems.push(`line ${row.line}: patient_id is empty, images could not be grouped by patient`);
    if (options.trainingPatients.has(image.patientId)) {
      problems.push(`line ${row.line}: this patient is in the training list, the figures would be too good`);
    }
    images.push(image);
  }
  if (images.length === 0) problems.push('the list selects no image');
  return { images, problems };
}

function labelledImage({ line, cells }: CsvRow): LabelledImage {
  const number = (name: string): number | undefined => {
    const text = cells[name] ?? '';
    const value = Number(text);
    return text === '' || Number.isNaN(value) ? undefined : value;
  };
  const [x, y] = [number('lesion_x'), number('lesion_y')];
  const [left, top, right, bottom] = [number('box_x0'), number('box_y0'), number('box_x1'), number('box_y1')];
  const box =
    left !== undefined && top !== undefined && right !== undefined && bottom !== undefined
      ? { left, top, right, bottom }
      : undefined;
  const mmPerPixel = number('mm_per_pixel');
  return {
    line,
    file: cells['file'] ?? '',
    label: cells['label'] ?? '',
    patientId: cells['patient_id'] ?? '',
    columns: cells,
    ...(x !== undefined && y !== undefined ? { lesion: box === undefined ? { x, y } : { x, y, box } } : {}),
    ...(mmPerPixel === undefined ? {} : { mmPerPixel }),
  };
}
