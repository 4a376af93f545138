/** Writes simulated studies as DICOM files with a table of their ground truth. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { initialiseCodecs } from '../imaging/native-codec.ts';
import { sampleAnatomy } from './anatomy.ts';
import { type SimulatedImage, type StudyOptions, studyImages } from './study.ts';

/** What to write where. */
export interface FolderOptions extends StudyOptions {
  readonly outputFolder: string;
  /** First patient seed; patients are consecutive. Classes alternate with the seed. */
  readonly firstSeed: number;
  readonly patients: number;
  /** Value of the `split` column; absent: empty, so that `preprocess` makes a split and `evaluate` takes every row. */
  readonly split?: string;
}

/** Progress of a folder: images written of all. */
export interface FolderProgress {
  readonly done: number;
  readonly total: number;
  readonly file: string;
}

/** Label of a picture that is no lateral lumbar spine: the node must not answer it. */
const otherLabel = 'other';

/**
 * Header of labels.csv, as `evaluate` and `preprocess` read it. Points and boxes are
 * continuous source pixel coordinates; `slip_mm` is in the object plane (detector millimetres divided by 1.15).
 */
export const LABELS_HEADER =
  'file,label,patient_id,study_uid,sop_uid,split,view,facing,polarity,bits_stored,transfer_syntax,level,slip_mm,slip_size,slip_percent,pars_gap_mm,lesion_x,lesion_y,box_x0,box_y0,box_x1,box_y1,mm_per_pixel,columns,rows,age,sex,seed';

/** Upper ends in mm of the sizes of a slip, either way, that `evaluate --group slip_size` tells apart. */
const slipSizes = [
  [1, 'up to 1 mm'],
  [5, '1 to 5 mm'],
  [9, '5 to 9 mm'],
] as const;

function slipSize(slipMm: number | undefined): string {
  if (slipMm === undefined) return '';
  return slipSizes.find(([end]) => Math.abs(slipMm) <= end)?.[1] ?? 'over 9 mm';
}

/** One line of labels.csv for that image. */
export function labelsRow(file: string, split: string, image: SimulatedImage): string {
  const { truth } = image;
  const number = (value: number | undefined): string => (value === undefined ? '' : value.toFixed(3));
  const { age, sex } = sampleAnatomy(image.seed);
  return [
    file,
    truth?.label ?? otherLabel,
    image.patientId,
    image.studyInstanceUid,
    image.sopInstanceUid,
    split,
    image.view,
    truth?.facing ?? '',
    image.photometricInterpretation,
    image.bitsStored,
    image.transferSyntaxUid,
    truth?.level ?? '',
    number(truth?.slipMm),
    slipSize(truth?.slipMm),
    number(truth?.slipPercent),
    number(truth?.parsGapMm),
    number(truth?.lesion?.x),
    number(truth?.lesion?.y),
    number(truth?.lesionBox?.x0),
    number(truth?.lesionBox?.y0),
    number(truth?.lesionBox?.x1),
    number(truth?.lesionBox?.y1),
    truth === undefined ? '' : truth.mmPerPixel.toFixed(5),
    image.columns,
    image.rows,
    age,
    sex,
    image.seed,
  ].join(',');
}

/**
 * Writes `<patient>/<view>.dcm` for every image and `labels.csv` last, so that a finished table means finished files.
 * The same options give the same bytes. Returns the number of images. Errors of the disk are thrown with their cause.
 */
export async function simulateToFolder(
  options: FolderOptions,
  onProgress: (progress: FolderProgress) => void = () => undefined,
): Promise<number> {
  const { outputFolder, firstSeed, patients } = options;
  await initialiseCodecs();
  await mkdir(outputFolder, { recursive: true });
  const total = patients * (options.views?.length ?? 4);
  const lines = [LABELS_HEADER];
  for (let patient = 0; patient < patients; patient += 1) {
    for (const image of studyImages(firstSeed + patient, options)) {
      const folder = image.patientId;
      await mkdir(join(outputFolder, folder), { recursive: true });
      const file = `${folder}/${image.view}.dcm`;
      await writeFile(join(outputFolder, file), image.bytes);
      lines.push(labelsRow(file, options.split ?? '', image));
      onProgress({ done: lines.length - 1, total, file });
    }
  }
  await writeFile(join(outputFolder, 'labels.csv'), `${lines.join('\n')}\n`);
  return lines.length - 1;
}
