import type { Lesion } from './labels.ts';
import { type Estimate, wilson } from './statistics.ts';

/** Where the map of a correctly called finding pointed, against where the lesion is. */
export interface Pointing {
  readonly peak: { readonly x: number; readonly y: number } | undefined;
  readonly lesion: Lesion;
  readonly mmPerPixel: number | undefined;
}

export interface LocalisationReport {
  readonly images: number;
  /** Share of maps whose peak lies in the lesion's box (pointing game, Zhang et al. 2018). */
  readonly pointingGame: Estimate;
  /** Share of right answers whose map points elsewhere (Explainability Failure Ratio, 10.1007/s10916-022-01806-2). */
  readonly failureRatio: Estimate;
  /** Right answers without any map to show. */
  readonly withoutMap: number;
  readonly medianErrorMm: number;
  readonly within15mm: Estimate;
  readonly within25mm: Estimate;
}

/** Judges the maps of true positives; images without a spacing count for the box only. */
export function localisationReport(pointings: readonly Pointing[]): LocalisationReport {
  const boxed = pointings.filter(({ lesion }) => lesion.box !== undefined);
  const hits = boxed.filter(({ peak, lesion }) => {
    const { box } = lesion;
    return (
      peak !== undefined &&
      box !== undefined &&
      peak.x >= box.left &&
      peak.x <= box.right &&
      peak.y >= box.top &&
      peak.y <= box.bottom
    );
  }).length;
  const measured = pointings.filter(({ mmPerPixel }) => mmPerPixel !== undefined);
  const errors = measured
    .map(({ peak, lesion, mmPerPixel = 1 }) =>
      peak === undefined
        ? Number.POSITIVE_INFINITY
        : Math.hypot(peak.x - lesion.x, peak.y - lesion.y) * mmPerPixel,
    )
    .sort((a, b) => a - b);
  return {
    images: pointings.length,
    pointingGame: wilson(hits, boxed.length),
    failureRatio: wilson(boxed.length - hits, boxed.length),
    withoutMap: pointings.filter(({ peak }) => peak === undefined).length,
    medianErrorMm: errors[Math.floor(errors.length / 2)] ?? Number.NaN,
    within15mm: wilson(errors.filter((error) => error <= 15).length, errors.length),
    within25mm: wilson(errors.filter((error) => error <= 25).length, errors.length),
  };
}
