/**
 * Separable antialiased bilinear resampling: the triangle filter of PIL's BILINEAR in float mode, which is what
 * torchvision's resize(antialias=True) computes. Downscaling widens the triangle by the scale, so nothing aliases;
 * upscaling is plain bilinear with half-pixel centres (align_corners=false) and edge renormalisation.
 */

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
  source: Float32Array,
  sourceColumns: number,
  sourceRows: number,
  targetColumns: number,
  targetRows: number,
): Float32Array {
  if (source.length !== sourceColumns * sourceRows)
    throw new RangeError('image length is not columns x rows');
  if (!(targetColumns >= 1 && targetRows >= 1)) throw new RangeError('target size must be at least 1 x 1');
  if (sourceColumns === targetColumns && sourceRows === targetRows) return source.slice();
  const horizontal = triangleFilter(sourceColumns, targetColumns);
  const narrow = new Float32Array(targetColumns * sourceRows);
  for (let row = 0; row < sourceRows; row += 1) {
    const base = row * sourceColumns;
    const out = row * targetColumns;
    for (let column = 0; column < targetColumns; column += 1) {
      const start = base + (horizontal.first[column] as number);
      const taps = horizontal.count[column] as number;
      const at = column * horizontal.stride;
      let sum = 0;
      for (let tap = 0; tap < taps; tap += 1) {
        sum += (source[start + tap] as number) * (horizontal.weights[at + tap] as number);
      }
      narrow[out + column] = sum;
    }
  }
  const vertical = triangleFilter(sourceRows, targetRows);
  const result = new Float32Array(targetColumns * targetRows);
  for (let row = 0; row < targetRows; row += 1) {
    const out = row * targetColumns;
    const start = vertical.first[row] as number;
    const taps = vertical.count[row] as number;
    for (let tap = 0; tap < taps; tap += 1) {
      const weight = vertical.weights[row * vertical.stride + tap] as number;
      const base = (start + tap) * targetColumns;
      for (let column = 0; column < targetColumns; column += 1) {
        result[out + column] = (result[out + column] as number) + weight * (narrow[base + column] as number);
      }
    }
  }
  return result;
}
