import type { CurvePoint } from './curves.ts';
import { type Estimate, noEstimate, wilson } from './statistics.ts';

/** What accuracy would be if the least sure answers were left to people (El-Yaniv and Wiener 2010). */
export interface RiskCoverage {
  /** x = share of images answered, y = share of those that are wrong. */
  readonly curve: readonly CurvePoint[];
  /** Area under that curve; lower is better. */
  readonly area: number;
  readonly rows: readonly {
    readonly coverage: number;
    readonly images: number;
    readonly accuracy: Estimate;
  }[];
}

const shares = [1, 0.95, 0.9, 0.8, 0.7, 0.5];

/** `confidence` is the highest probability of each answer, `right` whether it was right. */
export function riskCoverage(confidence: readonly number[], right: readonly boolean[]): RiskCoverage {
  const total = confidence.length;
  if (total === 0) return { curve: [], area: Number.NaN, rows: [] };
  const order = [...confidence.keys()].sort((a, b) => (confidence[b] ?? 0) - (confidence[a] ?? 0));
  const wrongUpTo = [0];
  for (const index of order) wrongUpTo.push((wrongUpTo.at(-1) ?? 0) + (right[index] === true ? 0 : 1));
  const curve = order.map((_, place) => ({
    x: (place + 1) / total,
    y: (wrongUpTo[place + 1] ?? 0) / (place + 1),
  }));
  return {
    curve,
    area: curve.reduce((sum, { y }) => sum + y, 0) / total,
    rows: shares.map((coverage) => {
      const images = Math.round(coverage * total);
      return {
        coverage,
        images,
        accuracy: images === 0 ? noEstimate : wilson(images - (wrongUpTo[images] ?? 0), images),
      };
    }),
  };
}
