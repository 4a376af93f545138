import { NodeError } from '../core/errors.ts';
import type { DataSet } from '../dicom/data-set.ts';
import { readShutter, type Shutter } from './display-shutter.ts';
import type { IndexedGray } from './gray-pixels.ts';
import { readModalityTransform } from './modality-transform.ts';
import type { StoredPixels } from './stored-pixels.ts';
import {
  percentileTransform,
  readVoiTransform,
  type VoiDescription,
  type VoiTransform,
} from './value-of-interest.ts';

/** The picture a viewer shows: every grayscale transformation applied once. */
export interface DisplayedImage {
  readonly columns: number;
  readonly rows: number;
  /** rows * columns, row-major, 0 black to 1 white. */
  readonly pixels: IndexedGray;
  /** Height divided by width of one pixel; 1 for square pixels. */
  readonly pixelAspectRatio: number;
  /** Distance of pixel centres in mm; in the patient when calibrated (PS3.3 10.7), else at the detector. */
  readonly pixelSpacingMm?: PixelSpacing;
  /** What was tolerated or guessed, as stable codes (`VOI_FALLBACK`, `POLARITY_CONFLICT`, ...). */
  readonly notes: readonly string[];
  readonly voi: VoiDescription;
}

export interface PixelSpacing {
  readonly row: number;
  readonly column: number;
  readonly plane: 'patient' | 'detector';
}

export interface DisplayOptions {
  /** Percentiles that become black and white when the data set states no usable VOI. */
  readonly fallbackPercentiles?: readonly [low: number, high: number];
}

/**
 * The grayscale chain of PS3.4 N.2 on the first frame, each step once and in this order: mask to Bits Stored at High
 * Bit and extend the sign (PS3.5 8.1.1), Modality LUT or rescale, VOI LUT or window, inversion for MONOCHROME1,
 * padding painted darkest, shutter. Presentation LUT Sequences, overlays and presentation states are not applied.
 * Every possible stored word goes through the chain once; pixels keep their words and name their level by them.
 *
 * Throws PIXEL_UNSUPPORTED unless there is one sample per pixel and it is MONOCHROME1 or MONOCHROME2: the view
 * filter lets nothing else through.
 */
export function displayGrayscale(
  stored: StoredPixels,
  dataSet: DataSet,
  options: DisplayOptions = {},
): DisplayedImage {
  const isMonochrome = stored.photometric === 'MONOCHROME1' || stored.photometric === 'MONOCHROME2';
  if (stored.samplesPerPixel !== 1 || !isMonochrome || stored.bitsAllocated === 1) {
    throw new NodeError(
      'PIXEL_UNSUPPORTED',
      `${stored.samplesPerPixel} samples per pixel, ${stored.bitsAllocated} bits`,
    );
  }
  const { rows, columns } = stored;
  const shutter = readShutter(dataSet, rows, columns);
  const coder = stored.bitsAllocated <= 16 ? allCodes(stored) : usedCodes(stored);
  const padding = readPadding(stored, dataSet);
  const modality = readModalityTransform(dataSet, stored.signed ? 'signed' : 'unsigned');
  const storedValue = storedValueReader(stored);
  const modalityOf = (code: number) => modality.apply(storedValue(code));
  const extremes = stored.signed
    ? [-(2 ** (stored.bitsStored - 1)), 2 ** (stored.bitsStored - 1) - 1]
    : [0, 2 ** stored.bitsStored - 1];
  const leastModality = Math.min(...extremes.map(modality.apply));
  const voi =
    readVoiTransform(dataSet, leastModality) ??
    percentileVoi(stored, coder, {
      padding,
      modalityOf,
      shutter,
      percentiles: options.fallbackPercentiles ?? [1, 99],
    });
  const table = new Float32Array(coder.codes.length);
  const isInverted = stored.photometric === 'MONOCHROME1';
  for (let index = 0; index < table.length; index++) {
    const code = coder.codes[index] ?? 0;
    const value = Math.min(Math.max(voi.apply(modalityOf(code)), 0), 1);
    table[index] = padding(code) ? 0 : isInverted ? 1 - value : value;
  }
  const spacing = readPixelSpacing(dataSet);
  return {
    columns,
    rows,
    pixels: indexed(stored, coder, table, shutter),
    pixelAspectRatio: readAspectRatio(dataSet, spacing),
    ...(spacing === undefined ? {} : { pixelSpacingMm: spacing }),
    notes: [
      ...modality.notes,
      ...voi.notes,
      ...polarityNotes(stored, dataSet),
      ...(shutter === undefined ? [] : ['SHUTTER_APPLIED']),
    ],
    voi: voi.description,
  };
}

/** The distinct words that may occur and how a word finds its place among them. */
interface Coder {
  readonly codes: ArrayLike<number>;
  readonly indexOf: ((word: number) => number) | undefined;
}

/** Up to 16 bits: every word, so that the word itself is the index. */
function allCodes(stored: StoredPixels): Coder {
  const codes = new Uint32Array(2 ** stored.bitsAllocated);
  for (let code = 0; code < codes.length; code++) codes[code] = code;
  return { codes, indexOf: undefined };
}

/** 32 bits: only the words that occur. */
function usedCodes(stored: StoredPixels): Coder {
  const codes = Float64Array.from(new Set(firstFrame(stored)));
  const places = new Map(Array.from(codes, (code, index) => [code, index]));
  return { codes, indexOf: (word) => places.get(word) ?? 0 };
}

function firstFrame(stored: StoredPixels): StoredPixels['samples'] {
  return stored.samples.subarray(0, stored.rows * stored.columns);
}

/** Bits Stored at High Bit, sign extended; bits outside may hold old overlays (PS3.5 8.1.1, 8.1.2). */
function storedValueReader(stored: StoredPixels): (word: number) => number {
  const range = 2 ** stored.bitsStored;
  const unit = 2 ** (stored.highBit + 1 - stored.bitsStored);
  const firstNegative = stored.signed ? range / 2 : Number.POSITIVE_INFINITY;
  return (word) => {
    const value = Math.floor(word / unit) % range;
    return value >= firstNegative ? value - range : value;
  };
}

/**
 * Which words are padding: Pixel Padding Value to Pixel Padding Range Limit in stored values (PS3.3 C.7.5.1.1.2).
 * The unmasked word counts too, since some writers pad outside Bits Stored.
 */
function readPadding(stored: StoredPixels, dataSet: DataSet): (word: number) => boolean {
  const value = dataSet.number('PixelPaddingValue');
  if (value === undefined) return () => false;
  const bits = 2 ** stored.bitsAllocated;
  const asWord = (number: number) => ((number % bits) + bits) % bits;
  const asStored = (number: number) =>
    stored.signed && asWord(number) >= bits / 2 ? asWord(number) - bits : asWord(number);
  const limit = dataSet.number('PixelPaddingRangeLimit') ?? value;
  const [low, high] = [
    Math.min(asStored(value), asStored(limit)),
    Math.max(asStored(value), asStored(limit)),
  ];
  const storedValue = storedValueReader(stored);
  return (word) => {
    const masked = storedValue(word);
    const whole = asStored(word);
    return (masked >= low && masked <= high) || (whole >= low && whole <= high);
  };
}

interface PercentileInput {
  readonly padding: (word: number) => boolean;
  readonly modalityOf: (word: number) => number;
  readonly shutter: Shutter | undefined;
  readonly percentiles: readonly [low: number, high: number];
}

/** Percentiles of the modality values that are neither padding nor shuttered. */
function percentileVoi(stored: StoredPixels, coder: Coder, input: PercentileInput): VoiTransform {
  const counts = new Uint32Array(coder.codes.length);
  const samples = firstFrame(stored);
  const visible = input.shutter?.visible;
  for (let i = 0; i < samples.length; i++) {
    if (visible !== undefined && visible[i] === 0) continue;
    const word = samples[i] ?? 0;
    const index = coder.indexOf === undefined ? word : coder.indexOf(word);
    counts[index] = (counts[index] ?? 0) + 1;
  }
  const bins: { value: number; count: number }[] = [];
  let total = 0;
  for (const [index, count] of counts.entries()) {
    const word = coder.codes[index] ?? 0;
    if (count === 0 || input.padding(word)) continue;
    bins.push({ value: input.modalityOf(word), count });
    total += count;
  }
  bins.sort((a, b) => a.value - b.value);
  const [low, high] = input.percentiles;
  return percentileTransform(percentile(bins, (total * low) / 100), percentile(bins, (total * high) / 100));
}

function percentile(bins: readonly { value: number; count: number }[], rank: number): number {
  let seen = 0;
  for (const { value, count } of bins) {
    seen += count;
    if (seen >= rank) return value;
  }
  return bins.at(-1)?.value ?? 0;
}

/** The words themselves name their levels; only 32-bit words and shuttered pixels need indices of their own. */
function indexed(
  stored: StoredPixels,
  coder: Coder,
  table: Float32Array,
  shutter: Shutter | undefined,
): IndexedGray {
  const samples = firstFrame(stored);
  const { indexOf } = coder;
  if (indexOf === undefined && shutter === undefined) return { indices: samples, levels: table };
  const indices = indexOf === undefined ? Uint32Array.from(samples) : Uint32Array.from(samples, indexOf);
  if (shutter === undefined) return { indices, levels: table };
  const levels = new Float32Array(table.length + 1);
  levels.set(table);
  levels[table.length] = shutter.presentationValue;
  for (let i = 0; i < indices.length; i++) if (shutter.visible[i] === 0) indices[i] = table.length;
  return { indices, levels };
}

/** Presentation LUT Shape must agree with the polarity (PS3.3 C.8.11.3.1.2); if not, the polarity is believed. */
function polarityNotes(stored: StoredPixels, dataSet: DataSet): string[] {
  const shape = dataSet.string('PresentationLUTShape');
  if (shape !== 'IDENTITY' && shape !== 'INVERSE') return [];
  return (shape === 'INVERSE') === (stored.photometric === 'MONOCHROME1') ? [] : ['POLARITY_CONFLICT'];
}

function readPixelSpacing(dataSet: DataSet): PixelSpacing | undefined {
  for (const [keyword, plane] of [
    ['PixelSpacing', 'patient'],
    ['ImagerPixelSpacing', 'detector'],
  ] as const) {
    const [row, column] = dataSet.numbers(keyword);
    if (row !== undefined && column !== undefined && row > 0 && column > 0) return { row, column, plane };
  }
  return undefined;
}

/** Pixel Aspect Ratio (vertical over horizontal) where stated, else the ratio of the spacings, else square. */
function readAspectRatio(dataSet: DataSet, spacing: PixelSpacing | undefined): number {
  const [vertical, horizontal] = dataSet.numbers('PixelAspectRatio');
  if (vertical !== undefined && horizontal !== undefined && vertical > 0 && horizontal > 0)
    return vertical / horizontal;
  return spacing === undefined ? 1 : spacing.row / spacing.column;
}
