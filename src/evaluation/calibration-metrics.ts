/** One bar of a reliability diagram. */
export interface ReliabilityBin {
  readonly count: number;
  /** Mean predicted probability of the bin. */
  readonly predicted: number;
  /** Share of the bin that was right. */
  readonly observed: number;
}

export interface CalibrationReport {
  /** Expected calibration error of the top class over 15 equal-width bins (Guo et al. 2017). */
  readonly ece: number;
  /** Multiclass Brier score: mean squared distance between the probability vector and the truth. */
  readonly brier: number;
  /** Negative log-likelihood, natural logarithm. */
  readonly nll: number;
  /** Ten bins of equal mass for the diagram. */
  readonly bins: readonly ReliabilityBin[];
}

/** How far the probabilities can be believed. `truth` are class indices. */
export function calibrationReport(
  probabilities: readonly (readonly number[])[],
  truth: readonly number[],
): CalibrationReport {
  const tops = probabilities.map((row, index) => {
    const confidence = Math.max(...row);
    return { confidence, right: row.indexOf(confidence) === truth[index] };
  });
  let brier = 0;
  let nll = 0;
  probabilities.forEach((row, index) => {
    row.forEach((value, classIndex) => {
      brier += (value - (classIndex === truth[index] ? 1 : 0)) ** 2;
    });
    nll -= Math.log(Math.max(1e-12, row[truth[index] ?? -1] ?? 0));
  });
  const n = probabilities.length;
  return {
    ece: expectedCalibrationError(tops, 15),
    brier: brier / n,
    nll: nll / n,
    bins: equalMassBins(tops, 10),
  };
}

interface Top {
  readonly confidence: number;
  readonly right: boolean;
}

function expectedCalibrationError(tops: readonly Top[], binCount: number): number {
  let error = 0;
  for (let bin = 0; bin < binCount; bin++) {
    const inside = tops.filter(
      ({ confidence }) => Math.min(binCount - 1, Math.floor(confidence * binCount)) === bin,
    );
    if (inside.length === 0) continue;
    const { predicted, observed } = binOf(inside);
    error += (inside.length / tops.length) * Math.abs(predicted - observed);
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
    observed: inside.filter(({ right }) => right).length / inside.length,
  };
}
