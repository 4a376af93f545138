/** Blurs for the detector, in samples or millimetres; broad ones work on coarse cells. */

/** Mean over square cells of about `cellMm`. */
export interface Coarse {
  readonly columns: number;
  readonly rows: number;
  readonly values: Float32Array;
}

/** Means over cells of about `cellPixels` pixels. */
export function coarsen(image: Float32Array, columns: number, rows: number, cellPixels: number): Coarse {
  const cc = Math.max(2, Math.round(columns / cellPixels));
  const cr = Math.max(2, Math.round(rows / cellPixels));
  const sums = new Float32Array(cc * cr);
  const counts = new Float32Array(cc * cr);
  const cellOf = Int32Array.from({ length: columns }, (_, c) =>
    Math.min(cc - 1, Math.floor(((c + 0.5) * cc) / columns)),
  );
  for (let r = 0; r < rows; r += 1) {
    const base = Math.min(cr - 1, Math.floor(((r + 0.5) * cr) / rows)) * cc;
    for (let c = 0; c < columns; c += 1) {
      const cell = base + (cellOf[c] as number);
      sums[cell] = (sums[cell] as number) + (image[r * columns + c] as number);
      counts[cell] = (counts[cell] as number) + 1;
    }
  }
  for (let i = 0; i < sums.length; i += 1) sums[i] = (sums[i] as number) / Math.max(1, counts[i] as number);
  return { columns: cc, rows: cr, values: sums };
}

/** Gaussian blur with edge replication; sigma in samples. */
export function gaussian(
  image: Float32Array,
  columns: number,
  rows: number,
  sigma: number,
): Float32Array<ArrayBuffer> {
  const reach = Math.max(1, Math.ceil(sigma * 2.8));
  const kernel = Float32Array.from({ length: reach + 1 }, (_, i) => Math.exp(-(i * i) / (2 * sigma * sigma)));
  let total = kernel[0] as number;
  for (let i = 1; i <= reach; i += 1) total += 2 * (kernel[i] as number);
  for (let i = 0; i <= reach; i += 1) kernel[i] = (kernel[i] as number) / total;
  const across = new Float32Array(columns * rows);
  const padded = new Float32Array(columns + 2 * reach);
  for (let r = 0; r < rows; r += 1) {
    const base = r * columns;
    padded.fill(image[base] as number, 0, reach);
    padded.set(image.subarray(base, base + columns), reach);
    padded.fill(image[base + columns - 1] as number, reach + columns);
    for (let c = 0; c < columns; c += 1) {
      let sum = (kernel[0] as number) * (padded[c + reach] as number);
      for (let i = 1; i <= reach; i += 1) {
        sum +=
          (kernel[i] as number) * ((padded[c + reach - i] as number) + (padded[c + reach + i] as number));
      }
      across[base + c] = sum;
    }
  }
  const result = new Float32Array(columns * rows);
  for (let r = 0; r < rows; r += 1) {
    const out = r * columns;
    for (let i = -reach; i <= reach; i += 1) {
      const weight = kernel[Math.abs(i)] as number;
      const base = Math.min(rows - 1, Math.max(0, r + i)) * columns;
      for (let c = 0; c < columns; c += 1)
        result[out + c] = (result[out + c] as number) + weight * (across[base + c] as number);
    }
  }
  return result;
}

/** Adds `scale` times the bilinearly enlarged coarse map to the image. */
export function addEnlarged(
  image: Float32Array,
  columns: number,
  rows: number,
  coarse: Coarse,
  scale: number,
): void {
  const c0 = new Int32Array(columns);
  const fc = new Float32Array(columns);
  for (let c = 0; c < columns; c += 1) {
    const at = Math.min(coarse.columns - 1.0001, Math.max(0, ((c + 0.5) * coarse.columns) / columns - 0.5));
    c0[c] = at | 0;
    fc[c] = at - (at | 0);
  }
  for (let r = 0; r < rows; r += 1) {
    const at = Math.min(coarse.rows - 1.0001, Math.max(0, ((r + 0.5) * coarse.rows) / rows - 0.5));
    const r0 = (at | 0) * coarse.columns;
    const fr = at - (at | 0);
    for (let c = 0; c < columns; c += 1) {
      const i = r0 + (c0[c] as number);
      const f = fc[c] as number;
      const top = (coarse.values[i] as number) * (1 - f) + (coarse.values[i + 1] as number) * f;
      const j = i + coarse.columns;
      const bottom = (coarse.values[j] as number) * (1 - f) + (coarse.values[j + 1] as number) * f;
      const k = r * columns + c;
      image[k] = (image[k] as number) + scale * (top * (1 - fr) + bottom * fr);
    }
  }
}

/** A broad Gaussian blur (sigma in mm), left on cells of a quarter of sigma. */
export function coarseBlur(
  image: Float32Array,
  columns: number,
  rows: number,
  pixelsPerMm: number,
  sigmaMm: number,
): Coarse {
  const cellMm = sigmaMm / 4;
  const coarse = coarsen(image, columns, rows, cellMm * pixelsPerMm);
  return { ...coarse, values: gaussian(coarse.values, coarse.columns, coarse.rows, 4) };
}
