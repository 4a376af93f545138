import { type BootstrapOptions, type Clusters, clusterBootstrap } from './bootstrap.ts';
import { ratio } from './confusion.ts';
import { type RankedScores, rankScores } from './roc-area.ts';
import { type Estimate, wilson } from './statistics.ts';

export interface CurvePoint {
  readonly x: number;
  readonly y: number;
}

/** A band around a curve: at `x` the curve lies between `low` and `high` in 95 % of the bootstrap draws. */
export interface BandPoint {
  readonly x: number;
  readonly low: number;
  readonly high: number;
}

/** ROC and precision-recall curve of one class against the rest. */
export interface ClassCurves {
  readonly classId: string;
  /** Share of images of this class: the height of a precision-recall curve that knows nothing. */
  readonly prevalence: number;
  readonly roc: readonly CurvePoint[];
  readonly rocBand: readonly BandPoint[];
  readonly precisionRecall: readonly CurvePoint[];
  readonly precisionRecallBand: readonly BandPoint[];
  /** Area under the precision-recall curve as average precision: sum of precision times gain in recall. */
  readonly averagePrecision: Estimate;
  readonly thresholds: readonly ThresholdRow[];
  /** The row of the threshold that the node uses; absent for the class without one. */
  readonly operating: ThresholdRow | undefined;
}

/** What a threshold on one class gives. */
export interface ThresholdRow {
  readonly threshold: number;
  readonly flagged: number;
  readonly sensitivity: Estimate;
  readonly specificity: Estimate;
  readonly precision: Estimate;
  readonly npv: Estimate;
}

const gridSteps = 100;
const grid = Array.from({ length: gridSteps + 1 }, (_, step) => step / gridSteps);

/** Both curves with their bands, and the threshold table at 0.05, 0.10 ... 0.95. */
export function classCurves(
  classId: string,
  scores: readonly number[],
  positive: readonly boolean[],
  threshold: number | undefined,
  resampling: { readonly clusters: Clusters; readonly bootstrap: BootstrapOptions },
): ClassCurves {
  const ranked = rankScores(scores, positive);
  const roc = rocCurve(ranked);
  const precisionRecall = precisionRecallCurve(ranked);
  const estimates = clusterBootstrap(
    resampling.clusters,
    (weights) => {
      const drawn = sweep(ranked, weights);
      return [...sensitivityOverGrid(drawn), ...precisionOverGrid(drawn), averagePrecision(drawn)];
    },
    resampling.bootstrap,
  );
  const band = (from: number): BandPoint[] =>
    grid.flatMap((x, index) => {
      const { low, high } = estimates[from + index] ?? { low: Number.NaN, high: Number.NaN };
      return Number.isNaN(low) ? [] : [{ x, low, high }];
    });
  const row = (value: number): ThresholdRow => thresholdRow(value, scores, positive);
  return {
    classId,
    prevalence: ratio(positive.filter(Boolean).length, positive.length),
    roc,
    rocBand: band(0),
    precisionRecall,
    precisionRecallBand: band(grid.length),
    averagePrecision: estimates[2 * grid.length] ?? wilson(0, 0),
    thresholds: Array.from({ length: 19 }, (_, index) => row((index + 1) / 20)),
    operating: threshold === undefined ? undefined : row(threshold),
  };
}

/** ROC curve: x = 1 - specificity, y = sensitivity, from (0,0) to (1,1); empty when a group is empty. */
export function rocCurve(ranked: RankedScores): CurvePoint[] {
  const { steps, positives, negatives } = sweep(ranked);
  if (positives === 0 || negatives === 0) return [];
  return [{ x: 0, y: 0 }, ...steps.map(({ tp, fp }) => ({ x: fp / negatives, y: tp / positives }))];
}

/** Precision-recall curve: x = recall, y = precision. */
export function precisionRecallCurve(ranked: RankedScores): CurvePoint[] {
  const { steps, positives } = sweep(ranked);
  if (positives === 0) return [];
  return steps.map(({ tp, fp }) => ({ x: tp / positives, y: ratio(tp, tp + fp) }));
}

interface Sweep {
  /** Counts at and above each possible threshold, falling. */
  readonly steps: readonly { readonly tp: number; readonly fp: number }[];
  readonly positives: number;
  readonly negatives: number;
}

function sweep({ order, ends, positive }: RankedScores, weights?: Float64Array): Sweep {
  const steps: { tp: number; fp: number }[] = [];
  let tp = 0;
  let fp = 0;
  order.forEach((index, place) => {
    const weight = weights === undefined ? 1 : (weights[index] ?? 0);
    if (positive[index] === true) tp += weight;
    else fp += weight;
    // Equal scores are one threshold: a point between them could never be chosen.
    if (ends[place] === true) steps.push({ tp, fp });
  });
  return { steps, positives: tp, negatives: fp };
}

/** Sensitivity at each 1 - specificity of the grid, straight between the curve's points. */
function sensitivityOverGrid({ steps, positives, negatives }: Sweep): number[] {
  if (positives === 0 || negatives === 0) return grid.map(() => Number.NaN);
  let place = 0;
  let before = { tp: 0, fp: 0 };
  return grid.map((x) => {
    const wanted = x * negatives;
    let next = steps[place];
    while (next !== undefined && next.fp <= wanted) {
      before = next;
      place++;
      next = steps[place];
    }
    if (next === undefined) return before.tp / positives;
    const share = (wanted - before.fp) / (next.fp - before.fp);
    return (before.tp + share * (next.tp - before.tp)) / positives;
  });
}

/** Precision at the highest threshold that reaches each recall of the grid. */
function precisionOverGrid({ steps, positives }: Sweep): number[] {
  if (positives === 0) return grid.map(() => Number.NaN);
  let place = 0;
  return grid.map((recall) => {
    while (place < steps.length - 1 && (steps[place]?.tp ?? 0) < Math.max(recall * positives, 1e-9)) place++;
    const { tp, fp } = steps[place] ?? { tp: 0, fp: 0 };
    return ratio(tp, tp + fp);
  });
}

function averagePrecision({ steps, positives }: Sweep): number {
  if (positives === 0) return Number.NaN;
  let sum = 0;
  let before = 0;
  for (const { tp, fp } of steps) {
    if (tp > before) sum += ((tp - before) / positives) * (tp / (tp + fp));
    before = tp;
  }
  return sum;
}

function thresholdRow(
  threshold: number,
  scores: readonly number[],
  positive: readonly boolean[],
): ThresholdRow {
  let [tp, fp, fn, tn] = [0, 0, 0, 0];
  scores.forEach((score, i) => {
    if (score >= threshold) {
      if (positive[i] === true) tp++;
      else fp++;
    } else if (positive[i] === true) fn++;
    else tn++;
  });
  return {
    threshold,
    flagged: tp + fp,
    sensitivity: wilson(tp, tp + fn),
    specificity: wilson(tn, tn + fp),
    precision: wilson(tp, tp + fp),
    npv: wilson(tn, tn + fn),
  };
}
