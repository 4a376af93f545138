import type { Lesion } from './labels.ts';
import { type Estimate, quantile, wilson } from './statistics.ts';

/** Where the map of a right finding pointed, against where the lesion is. */
export interface Pointing {
  readonly peak: { readonly x: number; readonly y: number } | undefined;
  readonly lesion: Lesion;
  readonly mmPerPixel: number | undefined;
}

export interface LocalisationReport {
  /** Right findings with a known lesion. */
  readonly images: number;
  readonly boxes: number;
  /** Share of maps whose peak lies in the lesion's box (pointing game, Zhang et al. 2018). */
  readonly pointingGame: Estimate;
  /** Share of right answers whose map points elsewhere (Explainability Failure Ratio, 10.1007/s10916-022-01806-2). */
  readonly failureRatio: Estimate;
  /** Right answers without any map to show. */
  readonly withoutMap: number;
  /** Right findings whose lesion and spacing are known: the distances are theirs. */
  readonly measured: number;
  readonly medianMm: number;
  readonly p95Mm: number;
  readonly within15mm: Estimate;
  readonly within25mm: Estimate;
}

/** Judges the maps of true positives; images without a spacing count for the box only. */
export function localisationReport(pointings: readonly Pointing[]): LocalisationReport {
  const boxed = pointings.filter(({ lesion }) => lesion.box !== undefined);
  const hits = boxed.filter(inBox).length;
  const distances = pointings
    .flatMap(({ peak, lesion, mmPerPixel }) => distanceMm(peak, lesion, mmPerPixel) ?? [])
    .sort((a, b) => a - b);
  return {
    images: pointings.length,
    boxes: boxed.length,
    pointingGame: wilson(hits, boxed.length),
    failureRatio: wilson(boxed.length - hits, boxed.length),
    withoutMap: pointings.filter(({ peak }) => peak === undefined).length,
    measured: distances.length,
    medianMm: quantile(distances, 0.5),
    p95Mm: quantile(distances, 0.95),
    within15mm: wilson(distances.filter((distance) => distance <= 15).length, distances.length),
    within25mm: wilson(distances.filter((distance) => distance <= 25).length, distances.length),
  };
}

/** From peak to lesion in millimetres; infinite without a map, undefined without a lesion or a spacing. */
export function distanceMm(
  peak: Pointing['peak'],
  lesion: Lesion | undefined,
  mmPerPixel: number | undefined,
): number | undefined {
  if (lesion === undefined || mmPerPixel === undefined) return undefined;
  if (peak === undefined) return Number.POSITIVE_INFINITY;
  return Math.hypot(peak.x - lesion.x, peak.y - lesion.y) * mmPerPixel;
}

function inBox({ peak, lesion: { box } }: Pointing): boolean {
  return (
    peak !== undefined &&
    box !== undefined &&
    peak.x >= box.left &&
    peak.x <= box.right &&
    peak.y >= box.top &&
    peak.y <= box.bottom
  );
}
