/**
 * Separable antialiased bilinear resampling: the triangle filter of PIL's BILINEAR in float mode, which is what
 * torchvision's resize(antialias=True) computes. Downscaling widens the triangle by the scale, so nothing aliases;
 * upscaling is plain bilinear with half-pixel centres (align_corners=false) and edge renormalisation.
 */

import { type GrayPixels, grayLength, type IndexedGray, paintGray } from './gray-pixels.ts';

interface FilterTable {
  /** First source index per output sample. */
  readonly first: Int32Array;
  /** Number of taps per output sample. */
  readonly count: Int32Array;
  /** Normalised weights, `stride` per output sample. */
  readonly weights: Float32Array;
  readonly stride: number;
}

function triangleFilter(sourceLength: number, targetLength: number): FilterTable {
  const scale = sourceLength / targetLength;
  const support = Math.max(1, scale);
  const stride = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(targetLength);
  const count = new Int32Array(targetLength);
  const weights = new Float32Array(targetLength * stride);
  for (let i = 0; i < targetLength; i += 1) {
    const centre = (i + 0.5) * scale;
    const from = Math.max(0, Math.trunc(centre - support + 0.5));
    const to = Math.min(sourceLength, Math.trunc(centre + support + 0.5));
    const taps: number[] = [];
    let sum = 0;
    for (let j = from; j < to; j += 1) {
      const weight = Math.max(0, 1 - Math.abs((j + 0.5 - centre) / support));
      taps.push(weight);
      sum += weight;
    }
    first[i] = from;
    count[i] = taps.length;
    taps.forEach((weight, tap) => {
      weights[i * stride + tap] = weight / sum;
    });
  }
  return { first, count, weights, stride };
}

/**
 * Resamples a single-channel row-major image to targetColumns x targetRows.
 * Values keep their unit; the result is a new Float32Array. Throws RangeError on sizes that do not fit.
 */
export function resampleBilinear(
  source: GrayPixels,
  sourceColumns: number,
  sourceRows: number,
  targetColumns: number,
  targetRows: number,
): Float32Array {
  if (grayLength(source) !== sourceColumns * sourceRows)
    throw new RangeError('image length is not columns x rows');
  if (!(targetColumns >= 1 && targetRows >= 1)) throw new RangeError('target size must be at least 1 x 1');
  if (sourceColumns === targetColumns && sourceRows === targetRows) return paintGray(source);
  const horizontal = triangleFilter(sourceColumns, targetColumns);
  const vertical = triangleFilter(sourceRows, targetRows);
  const result = new Float32Array(targetColumns * targetRows);
  const line = new Float32Array(sourceColumns);
  for (let row = 0; row < targetRows; row += 1) {
    if (source instanceof Float32Array) blendRows(source, sourceColumns, vertical, row, line);
    else blendIndexedRows(source, sourceColumns, vertical, row, line);
    gatherColumns(line, horizontal, result.subarray(row * targetColumns, (row + 1) * targetColumns));
  }
  return result;
}

/**
 * The weighted sum of the source rows under one output row. Rows first, four at a time: the long loop then runs
 * straight through memory, which is twice as fast as gathering along the columns first.
 */
function blendRows(
  source: Float32Array,
  sourceColumns: number,
  { first, count, weights, stride }: FilterTable,
  row: number,
  line: Float32Array,
): void {
  line.fill(0);
  const taps = count[row] as number;
  const at = row * stride;
  const start = (first[row] as number) * sourceColumns;
  let tap = 0;
  for (; tap + 3 < taps; tap += 4) {
    const a = start + tap * sourceColumns;
    const b = a + sourceColumns;
    const c = b + sourceColumns;
    const d = c + sourceColumns;
    const weightA = weights[at + tap] as number;
    const weightB = weights[at + tap + 1] as number;
    const weightC = weights[at + tap + 2] as number;
    const weightD = weights[at + tap + 3] as number;
    for (let column = 0; column < sourceColumns; column += 1) {
      line[column] =
        (line[column] as number) +
        weightA * (source[a + column] as number) +
        weightB * (source[b + column] as number) +
        weightC * (source[c + column] as number) +
        weightD * (source[d + column] as number);
    }
  }
  for (; tap < taps; tap += 1) {
    const weight = weights[at + tap] as number;
    const from = start + tap * sourceColumns;
    for (let column = 0; column < sourceColumns; column += 1) {
      line[column] = (line[column] as number) + weight * (source[from + column] as number);
    }
  }
}

/** As `blendRows`, in the same order of additions, with each value looked up. */
function blendIndexedRows(
  { indices, levels }: IndexedGray,
  sourceColumns: number,
  { first, count, weights, stride }: FilterTable,
  row: number,
  line: Float32Array,
): void {
  line.fill(0);
  const taps = count[row] as number;
  const at = row * stride;
  const start = (first[row] as number) * sourceColumns;
  let tap = 0;
  for (; tap + 3 < taps; tap += 4) {
    const a = start + tap * sourceColumns;
    const b = a + sourceColumns;
    const c = b + sourceColumns;
    const d = c + sourceColumns;
    const weightA = weights[at + tap] as number;
    const weightB = weights[at + tap + 1] as number;
    const weightC = weights[at + tap + 2] as number;
    const weightD = weights[at + tap + 3] as number;
    for (let column = 0; column < sourceColumns; column += 1) {
      line[column] =
        (line[column] as number) +
        weightA * (levels[indices[a + column] as number] as number) +
        weightB * (levels[indices[b + column] as number] as number) +
        weightC * (levels[indices[c + column] as number] as number) +
        weightD * (levels[indices[d + column] as number] as number);
    }
  }
  for (; tap < taps; tap += 1) {
    const weight = weights[at + tap] as number;
    const from = start + tap * sourceColumns;
    for (let column = 0; column < sourceColumns; column += 1) {
      line[column] = (line[column] as number) + weight * (levels[indices[from + column] as number] as number);
    }
  }
}

/** One output row from one row of source width. */
function gatherColumns(
  line: Float32Array,
  { first, count, weights, stride }: FilterTable,
  out: Float32Array,
): void {
  for (let column = 0; column < out.length; column += 1) {
    let from = first[column] as number;
    const end = from + (count[column] as number);
    let sum = 0;
    for (let at = column * stride; from < end; from += 1, at += 1) {
      sum += (line[from] as number) * (weights[at] as number);
    }
    out[column] = sum;
  }
}
