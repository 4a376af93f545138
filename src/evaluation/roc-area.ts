import { type Estimate, noEstimate, z95 } from './statistics.ts';

/** Scores of one class sorted once, so that every bootstrap draw costs one pass. */
export interface RankedScores {
  /** Case indices by falling score. */
  readonly order: Int32Array;
  /** True where the next case in `order` has a lower score: only there a threshold can lie. */
  readonly ends: readonly boolean[];
  readonly positive: readonly boolean[];
}

export function rankScores(scores: readonly number[], positive: readonly boolean[]): RankedScores {
  const order = Int32Array.from(scores.keys()).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  const ends = Array.from(order, (index, place) => scores[order[place + 1] ?? -1] !== scores[index]);
  return { order, ends, positive };
}

/** Area under the ROC curve by the Mann-Whitney statistic, ties counted half. NaN when one group is empty. */
export function rocArea({ order, ends, positive }: RankedScores, weights?: Float64Array): number {
  let area = 0;
  let positives = 0;
  let negatives = 0;
  let tiedPositives = 0;
  let tiedNegatives = 0;
  order.forEach((index, place) => {
    const weight = weights === undefined ? 1 : (weights[index] ?? 0);
    if (positive[index] === true) tiedPositives += weight;
    else tiedNegatives += weight;
    if (ends[place] !== true) return;
    area += tiedNegatives * (positives + tiedPositives / 2);
    positives += tiedPositives;
    negatives += tiedNegatives;
    tiedPositives = 0;
    tiedNegatives = 0;
  });
  return positives === 0 || negatives === 0 ? Number.NaN : area / (positives * negatives);
}

/**
 * AUC with the interval of DeLong, DeLong and Clarke-Pearson 1988, by mid-ranks (Sun and Xu 2014), cut at 0 and 1. It
 * takes images as independent, so it checks the patient bootstrap and does not replace it.
 */
export function delongArea(scores: readonly number[], positive: readonly boolean[]): Estimate {
  const of = (wanted: boolean): number[] => scores.filter((_, index) => positive[index] === wanted);
  const [positives, negatives] = [of(true), of(false)];
  const [m, n] = [positives.length, negatives.length];
  if (m < 2 || n < 2) return noEstimate;
  const together = midRanks([...positives, ...negatives]);
  const among = midRanks(positives);
  const amongNegatives = midRanks(negatives);
  const sensitivityPlacements = positives.map((_, i) => ((together[i] ?? 0) - (among[i] ?? 0)) / n);
  const specificityPlacements = negatives.map(
    (_, j) => 1 - ((together[m + j] ?? 0) - (amongNegatives[j] ?? 0)) / m,
  );
  const value = average(sensitivityPlacements);
  const half = z95 * Math.sqrt(variance(sensitivityPlacements) / m + variance(specificityPlacements) / n);
  return { value, low: Math.max(0, value - half), high: Math.min(1, value + half) };
}

/** Ranks from 1; equal values share the mean of their ranks. */
function midRanks(values: readonly number[]): Float64Array {
  const order = Int32Array.from(values.keys()).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const ranks = new Float64Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && values[order[end] ?? 0] === values[order[start] ?? 0]) end++;
    for (let i = start; i < end; i++) ranks[order[i] ?? 0] = (start + end + 1) / 2;
    start = end;
  }
  return ranks;
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function variance(values: readonly number[]): number {
  const centre = average(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
}
