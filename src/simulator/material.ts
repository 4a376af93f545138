/**
 * Writes training material for the network: letterboxed 8-bit pictures exactly as the product's pipeline presents the
 * DICOM image of the same seed, with ground truth in input coordinates. Streams to disk; nothing is kept in memory.
 */
import { closeSync, mkdirSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { buildLetterbox } from '../imaging/letterbox.ts';
import { SIMULATED_CLASSES } from './anatomy.ts';
import { displayed } from './detector.ts';
import { SIMULATOR_VERSION, simulateLateral } from './lateral.ts';
import { LATERAL_VIEWS, type LateralView } from './posture.ts';

/** The three disjoint groups of fictional patients. */
export type MaterialSplit = 'train' | 'val' | 'test';

/** First patient seed of each split; far enough apart never to meet. */
export const SPLIT_FIRST_SEED: Readonly<Record<MaterialSplit, number>> = {
  train: 1,
  val: 10_000_000,
  test: 20_000_000,
};

/** What to write. */
export interface MaterialOptions {
  readonly outputFolder: string;
  readonly split: MaterialSplit;
  /** Images of the whole split (all shards, from image 0). */
  readonly count: number;
  /** First image of this run; a later run may continue where an earlier one ended. */
  readonly firstImage: number;
  readonly size: number;
  /** Pixels on the long side of the simulated radiograph before the letterbox. */
  readonly longSidePixels: number;
  readonly shard: number;
  readonly shards: number;
}

/** Header of rows-<i>.csv; lesion and box are in input pixels (size x size), empty for normal. */
export const MATERIAL_HEADER =
  'index,label,patient_id,study_id,split,view,facing,polarity,level,slip_mm,slip_percent,pars_gap_mm,lesion_x,lesion_y,box_x0,box_y0,box_x1,box_y1,mm_per_pixel,seed';

/** Patient seed and view of the n-th image of a split: two different views per patient. */
export function materialImage(split: MaterialSplit, image: number): { seed: number; view: LateralView } {
  const patient = Math.floor(image / 2);
  const seed = SPLIT_FIRST_SEED[split] + patient;
  const missing = Math.floor(patient / 3) % 3;
  const views = LATERAL_VIEWS.filter((_, i) => i !== missing);
  return { seed, view: views[image % 2] ?? 'neutral' };
}

/** Writes one shard: pixels-<part>.u8, rows-<part>.csv and material.json. Returns the number of images written. */
export function writeTrainingMaterial(
  options: MaterialOptions,
  onProgress: (done: number, total: number) => void,
): number {
  const { outputFolder, split, count, firstImage, size, shard, shards } = options;
  mkdirSync(outputFolder, { recursive: true });
  const mine: number[] = [];
  for (let image = firstImage; image < count; image += 1) {
    if (Math.floor(image / 2) % shards === shard) mine.push(image);
  }
  const part = firstImage === 0 ? `${shard}` : `${shard}-${firstImage}`;
  // A reader sees a shard only when it is whole: both files are renamed at the end.
  const pixelsPath = join(outputFolder, `pixels-${part}.u8`);
  const rowsPath = join(outputFolder, `rows-${part}.csv`);
  const pixels = openSync(`${pixelsPath}.part`, 'w');
  const rows = openSync(`${rowsPath}.part`, 'w');
  try {
    writeSync(rows, `${MATERIAL_HEADER}\n`);
    mine.forEach((image, done) => {
      const { seed, view } = materialImage(split, image);
      const lateral = simulateLateral(seed, view, options.longSidePixels);
      const { truth } = lateral;
      const letterbox = buildLetterbox({
        columns: lateral.image.columns,
        rows: lateral.image.rows,
        pixelAspectRatio: 1,
        size,
      });
      const input = letterbox.apply(displayed(lateral.image));
      writeSync(
        pixels,
        Uint8Array.from(input, (value) => Math.round(255 * value)),
      );
      const lesion = truth.lesion && letterbox.inputFromSource(truth.lesion);
      const box = truth.lesionBox;
      const low = box && letterbox.inputFromSource({ x: box.x0, y: box.y0 });
      const high = box && letterbox.inputFromSource({ x: box.x1, y: box.y1 });
      const number = (value: number | undefined): string => (value === undefined ? '' : value.toFixed(3));
      const cells = [
        image,
        truth.label,
        `SIM-${seed}`,
        `SIM-${seed}-1`,
        split,
        view,
        truth.facing,
        lateral.image.photometricInterpretation,
        truth.level,
        number(truth.slipMm),
        number(truth.slipPercent),
        number(truth.parsGapMm),
        number(lesion?.x),
        number(lesion?.y),
        number(low?.x),
        number(low?.y),
        number(high?.x),
        number(high?.y),
        ((truth.mmPerPixel * lateral.image.rows) / letterbox.content.height).toFixed(5),
        seed,
      ];
      writeSync(rows, `${cells.join(',')}\n`);
      onProgress(done + 1, mine.length);
    });
  } finally {
    closeSync(pixels);
    closeSync(rows);
  }
  renameSync(`${pixelsPath}.part`, pixelsPath);
  renameSync(`${rowsPath}.part`, rowsPath);
  const description = {
    format: 1,
    size,
    count,
    seed: SPLIT_FIRST_SEED[split],
    simulatorVersion: SIMULATOR_VERSION,
    classes: SIMULATED_CLASSES,
  };
  writeFileSync(join(outputFolder, 'material.json'), `${JSON.stringify(description, null, 2)}\n`);
  return mine.length;
}
