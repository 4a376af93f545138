import { type BootstrapOptions, type Clusters, clusterBootstrap } from './bootstrap.ts';
import { type CalibrationLine, calibrationLine } from './calibration-slope.ts';
import { ratio } from './confusion.ts';
import { type Estimate, noEstimate, wilson } from './statistics.ts';

/** One bar of a reliability diagram. */
export interface ReliabilityBin {
  readonly count: number;
  /** Mean predicted probability of the bin. */
  readonly predicted: number;
  /** Share of the bin that was right. */
  readonly observed: Estimate;
}

export interface CalibrationReport {
  /** Expected calibration error of the top class over 15 equal-width bins (Guo et al. 2017). */
  readonly ece: number;
  /** Multiclass Brier score: mean squared distance between the probability vector and the truth. */
  readonly brier: Estimate;
  /** Negative log-likelihood, natural logarithm. */
  readonly nll: Estimate;
  /** Ten bins of equal mass for the diagram. */
  readonly bins: readonly ReliabilityBin[];
  readonly perClass: readonly ({ readonly classId: string } & CalibrationLine)[];
}

/** How far the probabilities can be believed. `truth` are class indices. */
export function calibrationReport(
  probabilities: readonly (readonly number[])[],
  truth: readonly number[],
  classIds: readonly string[],
  resampling: { readonly clusters: Clusters; readonly bootstrap: BootstrapOptions },
): CalibrationReport {
  const tops = probabilities.map((row, index) => {
    const confidence = Math.max(...row);
    return { confidence, right: row.indexOf(confidence) === truth[index] };
  });
  const squares = probabilities.map((row, index) =>
    row.reduce((sum, value, classIndex) => sum + (value - (classIndex === truth[index] ? 1 : 0)) ** 2, 0),
  );
  const losses = probabilities.map((row, index) => -Math.log(Math.max(1e-12, row[truth[index] ?? -1] ?? 0)));
  const [brier = noEstimate, nll = noEstimate] = clusterBootstrap(
    resampling.clusters,
    (weights) => [weightedMean(squares, weights), weightedMean(losses, weights)],
    resampling.bootstrap,
  );
  return {
    ece: expectedCalibrationError(tops, 15),
    brier,
    nll,
    bins: equalMassBins(tops, 10),
    perClass: classIds.map((classId, index) => ({
      classId,
      ...calibrationLine(
        probabilities.map((row) => row[index] ?? 0),
        truth.map((value) => value === index),
        resampling.clusters,
      ),
    })),
  };
}

interface Top {
  readonly confidence: number;
  readonly right: boolean;
}

function weightedMean(values: readonly number[], weights: Float64Array): number {
  let sum = 0;
  let total = 0;
  values.forEach((value, index) => {
    const weight = weights[index] ?? 0;
    sum += weight * value;
    total += weight;
  });
  return ratio(sum, total);
}

function expectedCalibrationError(tops: readonly Top[], binCount: number): number {
  if (tops.length === 0) return Number.NaN;
  let error = 0;
  for (let bin = 0; bin < binCount; bin++) {
    const inside = tops.filter(
      ({ confidence }) => Math.min(binCount - 1, Math.floor(confidence * binCount)) === bin,
    );
    if (inside.length === 0) continue;
    const { predicted, observed } = binOf(inside);
    error += (inside.length / tops.length) * Math.abs(predicted - observed.value);
  }
  return error;
}

function equalMassBins(tops: readonly Top[], binCount: number): ReliabilityBin[] {
  const sorted = [...tops].sort((a, b) => a.confidence - b.confidence);
  return Array.from({ length: binCount }, (_, bin) =>
    sorted.slice(
      Math.floor((bin * sorted.length) / binCount),
      Math.floor(((bin + 1) * sorted.length) / binCount),
    ),
  )
    .filter((inside) => inside.length > 0)
    .map(binOf);
}

function binOf(inside: readonly Top[]): ReliabilityBin {
  return {
    count: inside.length,
    predicted: inside.reduce((sum, { confidence }) => sum + confidence, 0) / inside.length,
    observed: wilson(inside.filter(({ right }) => right).length, inside.length),
  };
}
