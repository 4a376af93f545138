/** How large a radiograph is rendered, and the geometry that the header tells. */

/** Object-plane millimetres appear this much larger on the detector. */
export const MAGNIFICATION = 1.15;

/** Pixels on the long side, or a detector pitch in mm from which they follow. */
export type RenderingSize = number | { readonly detectorPitchMm: number };

/** Pixels on the long side of a field of `fieldMm` (object plane). */
export function longSideOf(size: RenderingSize, fieldMm: number): number {
  return typeof size === 'number' ? size : Math.round((fieldMm * MAGNIFICATION) / size.detectorPitchMm);
}
