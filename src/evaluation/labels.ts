import { type CsvRow, parseCsv } from '../core/csv.ts';

/** Label of an image that the node must not answer: another view, another body part. It has no class. */
export const otherLabel = 'other';

/** One labelled image of an evaluation. */
export interface LabelledImage {
  readonly line: number;
  /** As written in the list; relative paths count from the list's folder. */
  readonly file: string;
  /** A class id, or `other`. */
  readonly label: string;
  readonly patientId: string;
  /** Lesion in source pixels, when the list has `lesion_x`, `lesion_y` or `box_x0` ... `box_y1`. */
  readonly lesion?: Lesion;
  /** Millimetres per source pixel, when the list says so. */
  readonly mmPerPixel?: number;
  /** Every column, for groups. */
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
  readonly header: readonly string[];
  readonly images: readonly LabelledImage[];
  /** What is wrong with the list, as "line 12: ..."; nothing starts while there is any. */
  readonly problems: readonly string[];
}

export interface LabelOptions {
  readonly classIds: readonly string[];
  /** Only rows whose `split` column says this; undefined takes all. */
  readonly split?: string;
  /** Patients the model was trained on: one of them in the list is a leak. */
  readonly trainingPatients: ReadonlySet<string>;
  /** Whether the file of a row is there. */
  readonly exists: (file: string) => boolean;
}

const pointColumns = ['lesion_x', 'lesion_y'] as const;
const boxColumns = ['box_x0', 'box_y0', 'box_x1', 'box_y1'] as const;

/**
 * Reads `file,label,patient_id[,split,lesion_x,lesion_y,box_x0,box_y0,box_x1,box_y1,mm_per_pixel,...]` and checks it:
 * labels, missing and repeated files, numbers, patients in two splits, patients of the training list.
 */
export function readLabels(text: string, options: LabelOptions): LabelList {
  const { header, rows } = parseCsv(text);
  const missing = ['file', 'label', 'patient_id'].filter((name) => !header.includes(name));
  if (missing.length > 0)
    return { header, images: [], problems: [`line 1: missing column ${missing.join(', ')}`] };
  const problems = [...sharedPatients(rows)];
  const seen = new Map<string, number>();
  const images: LabelledImage[] = [];
  for (const row of rows) {
    if (options.split !== undefined && row.cells['split'] !== options.split) continue;
    const image = labelledImage(row);
    problems.push(...faultsOf(image, options).map((fault) => `line ${row.line}: ${fault}`));
    const earlier = seen.get(image.file);
    if (earlier !== undefined)
      problems.push(`line ${row.line}: ${image.file} stands already on line ${earlier}`);
    seen.set(image.file, row.line);
    images.push(image);
  }
  if (images.length === 0) problems.push(noImage(options.split));
  return { header, images, problems };
}

/** Patient ids of a plain list, one a line, or of the rows of a CSV with `patient_id` that are not its test split. */
export function readTrainingPatients(text: string): ReadonlySet<string> {
  const { header, rows } = parseCsv(text);
  if (!header.includes('patient_id'))
    return new Set(
      text
        .split(/\r?\n/)
        .map((line) => line.trim())
        .filter((line) => line !== ''),
    );
  return new Set(
    rows
      .filter(({ cells }) => cells['split'] !== 'test')
      .flatMap(({ cells }) => (cells['patient_id'] === '' ? [] : (cells['patient_id'] ?? []))),
  );
}

function noImage(split: string | undefined): string {
  return split === undefined
    ? 'the list has no image'
    : `no row has "${split}" in its split column; leave --split out to take all rows`;
}

function faultsOf(image: LabelledImage, options: LabelOptions): string[] {
  const faults: string[] = [];
  const { file, label, patientId, columns } = image;
  if (file === '') faults.push('file is empty');
  else if (!options.exists(file)) faults.push(`${file} does not exist`);
  if (label !== otherLabel && !options.classIds.includes(label))
    faults.push(`label "${label}" is not one of ${[...options.classIds, otherLabel].join(', ')}`);
  if (patientId === '') faults.push('patient_id is empty, images could not be grouped by patient');
  else if (options.trainingPatients.has(patientId))
    faults.push('this patient is in the training list, the figures would be too good');
  for (const name of [...pointColumns, ...boxColumns, 'mm_per_pixel']) {
    const text = columns[name] ?? '';
    if (text !== '' && !Number.isFinite(Number(text))) faults.push(`${name} "${text}" is not a number`);
  }
  for (const group of [pointColumns, boxColumns]) {
    const filled = group.filter((name) => (columns[name] ?? '') !== '').length;
    if (filled > 0 && filled < group.length) faults.push(`fill all of ${group.join(', ')}, or none`);
  }
  const box = image.lesion?.box;
  if (box !== undefined && (box.right <= box.left || box.bottom <= box.top))
    faults.push('the box is empty: box_x1 and box_y1 must be larger than box_x0 and box_y0');
  return faults;
}

/** A patient on both sides of a split lets the model recognise the person instead of the finding. */
function* sharedPatients(rows: readonly CsvRow[]): Generator<string> {
  const known = new Map<string, { split: string; line: number }>();
  for (const { line, cells } of rows) {
    const [patient = '', split = ''] = [cells['patient_id'], cells['split']];
    if (patient === '' || split === '') continue;
    const first = known.get(patient);
    if (first === undefined) known.set(patient, { split, line });
    else if (first.split !== split)
      yield `line ${line}: this patient is in split "${split}" here and in "${first.split}" on line ${first.line}`;
  }
}

function labelledImage({ line, cells }: CsvRow): LabelledImage {
  const number = (name: string): number | undefined => {
    const text = cells[name] ?? '';
    const value = Number(text);
    return text === '' || !Number.isFinite(value) ? undefined : value;
  };
  const [x, y] = pointColumns.map(number);
  const [left, top, right, bottom] = boxColumns.map(number);
  const box =
    left !== undefined && top !== undefined && right !== undefined && bottom !== undefined
      ? { left, top, right, bottom }
      : undefined;
  const centre = box && { x: (box.left + box.right) / 2, y: (box.top + box.bottom) / 2 };
  const point = x !== undefined && y !== undefined ? { x, y } : centre;
  const mmPerPixel = number('mm_per_pixel');
  return {
    line,
    file: cells['file'] ?? '',
    label: cells['label'] ?? '',
    patientId: cells['patient_id'] ?? '',
    columns: cells,
    ...(point === undefined ? {} : { lesion: box === undefined ? point : { ...point, box } }),
    ...(mmPerPixel === undefined || mmPerPixel <= 0 ? {} : { mmPerPixel }),
  };
}
