import type { Clusters } from './bootstrap.ts';
import { type Estimate, noEstimate, z95 } from './statistics.ts';

/** How a class's probabilities relate to what happened (Cox 1958; Van Calster et al. 2019): 1 and 0 are perfect. */
export interface CalibrationLine {
  /** Slope of logit(observed) over logit(predicted); below 1 the probabilities are too extreme. */
  readonly slope: Estimate;
  /** Calibration in the large: intercept with the slope held at 1; above 0 the probabilities are too low. */
  readonly intercept: Estimate;
}

const smallest = 1e-6;
const maxIterations = 50;

/** Logistic recalibration of one class; intervals by the patient-clustered sandwich variance (Liang and Zeger 1986). */
export function calibrationLine(
  probabilities: readonly number[],
  positive: readonly boolean[],
  clusters: Clusters,
): CalibrationLine {
  const logits = probabilities.map((p) => {
    const inside = Math.min(1 - smallest, Math.max(smallest, p));
    return Math.log(inside / (1 - inside));
  });
  const slope = fit(
    logits.map((logit) => [1, logit]),
    logits.map(() => 0),
    positive,
    clusters,
  );
  const intercept = fit(
    logits.map(() => [1]),
    logits,
    positive,
    clusters,
  );
  return { slope: slope?.[1] ?? noEstimate, intercept: intercept?.[0] ?? noEstimate };
}

/** Newton's method on one or two coefficients; undefined when the fit does not exist (a class that is separated). */
function fit(
  rows: readonly (readonly number[])[],
  offset: readonly number[],
  positive: readonly boolean[],
  clusters: Clusters,
): Estimate[] | undefined {
  const width = rows[0]?.length ?? 0;
  let beta = new Array<number>(width).fill(0);
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    const { gradient, information } = derivatives(rows, offset, positive, beta);
    const step = solve(information, gradient);
    if (step === undefined) return undefined;
    beta = beta.map((value, index) => value + (step[index] ?? 0));
    if (beta.some((value) => !(Math.abs(value) < 1e3))) return undefined;
    if (Math.max(...step.map(Math.abs)) < 1e-10) return withIntervals(rows, offset, positive, clusters, beta);
  }
  return undefined;
}

function residualsOf(
  rows: readonly (readonly number[])[],
  offset: readonly number[],
  positive: readonly boolean[],
  beta: readonly number[],
): { residual: number; weight: number }[] {
  return rows.map((row, i) => {
    const eta = row.reduce((sum, value, j) => sum + value * (beta[j] ?? 0), offset[i] ?? 0);
    const p = 1 / (1 + Math.exp(-eta));
    return { residual: (positive[i] === true ? 1 : 0) - p, weight: p * (1 - p) };
  });
}

function derivatives(
  rows: readonly (readonly number[])[],
  offset: readonly number[],
  positive: readonly boolean[],
  beta: readonly number[],
): { gradient: number[]; information: number[][] } {
  const width = beta.length;
  const gradient = new Array<number>(width).fill(0);
  const information = Array.from({ length: width }, () => new Array<number>(width).fill(0));
  residualsOf(rows, offset, positive, beta).forEach(({ residual, weight }, i) => {
    const row = rows[i] ?? [];
    row.forEach((value, j) => {
      gradient[j] = (gradient[j] ?? 0) + value * residual;
      row.forEach((other, k) => {
        const line = information[j];
        if (line !== undefined) line[k] = (line[k] ?? 0) + value * other * weight;
      });
    });
  });
  return { gradient, information };
}

function withIntervals(
  rows: readonly (readonly number[])[],
  offset: readonly number[],
  positive: readonly boolean[],
  clusters: Clusters,
  beta: readonly number[],
): Estimate[] | undefined {
  const { information } = derivatives(rows, offset, positive, beta);
  const scores = Array.from({ length: clusters.count }, () => new Array<number>(beta.length).fill(0));
  residualsOf(rows, offset, positive, beta).forEach(({ residual }, i) => {
    const score = scores[clusters.of[i] ?? -1];
    rows[i]?.forEach((value, j) => {
      if (score !== undefined) score[j] = (score[j] ?? 0) + value * residual;
    });
  });
  const spread = beta.map((_, j) => {
    const unit = beta.map((__, k) => (k === j ? 1 : 0));
    const column = solve(information, unit);
    if (column === undefined) return Number.NaN;
    const variance = scores.reduce((sum, score) => {
      const projected = score.reduce((inner, value, k) => inner + value * (column[k] ?? 0), 0);
      return sum + projected * projected;
    }, 0);
    return z95 * Math.sqrt(variance);
  });
  if (spread.some(Number.isNaN)) return undefined;
  return beta.map((value, j) => ({
    value,
    low: value - (spread[j] ?? 0),
    high: value + (spread[j] ?? 0),
  }));
}

/** Solves a symmetric system of one or two unknowns; undefined when it is singular. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] | undefined {
  const [[a = 0, b = 0] = [], [, d = 0] = []] = matrix;
  const [x = 0, y = 0] = right;
  if (right.length === 1) return Math.abs(a) < 1e-12 ? undefined : [x / a];
  const determinant = a * d - b * b;
  if (Math.abs(determinant) < 1e-12) return undefined;
  return [(d * x - b * y) / determinant, (a * y - b * x) / determinant];
}
