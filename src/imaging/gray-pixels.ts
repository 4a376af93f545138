/**
 * Displayed values of a picture, row-major, 0 black to 1 white: one float per pixel, or the level that each pixel
 * names. Naming them spares a copy of four bytes per pixel (20 MB for a radiograph), which takes longer to make and to
 * collect again than reading through the table does.
 */
export type GrayPixels = Float32Array | IndexedGray;

export interface IndexedGray {
  /** One entry of `levels` per pixel. */
  readonly indices: Uint8Array | Uint16Array | Uint32Array;
  readonly levels: Float32Array;
}

/** Number of pixels. */
export function grayLength(pixels: GrayPixels): number {
  return pixels instanceof Float32Array ? pixels.length : pixels.indices.length;
}

/** Displayed value of one pixel; 0 outside the picture. */
export function grayAt(pixels: GrayPixels, index: number): number {
  if (pixels instanceof Float32Array) return pixels[index] ?? 0;
  return pixels.levels[pixels.indices[index] ?? 0] ?? 0;
}

/** One float per pixel, on a copy. */
export function paintGray(pixels: GrayPixels): Float32Array {
  if (pixels instanceof Float32Array) return pixels.slice();
  const { indices, levels } = pixels;
  const values = new Float32Array(indices.length);
  for (let i = 0; i < values.length; i++) values[i] = levels[indices[i] as number] as number;
  return values;
}
