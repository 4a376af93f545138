export interface CurvePoint {
  readonly x: number;
  readonly y: number;
}

/** ROC curve of one class against the rest: x = 1 - specificity, y = sensitivity, from (0,0) to (1,1). */
export function rocCurve(scores: readonly number[], positive: readonly boolean[]): CurvePoint[] {
  const positives = positive.filter(Boolean).length;
  const negatives = positive.length - positives;
  return sweep(
    scores,
    positive,
    (tp, fp) => ({ x: fp / Math.max(1, negatives), y: tp / Math.max(1, positives) }),
    {
      x: 0,
      y: 0,
    },
  );
}

/** Precision-recall curve of one class: x = recall, y = precision, from recall 0 at precision 1. */
export function precisionRecallCurve(scores: readonly number[], positive: readonly boolean[]): CurvePoint[] {
  const positives = positive.filter(Boolean).length;
  return sweep(
    scores,
    positive,
    (tp, fp) => ({ x: tp / Math.max(1, positives), y: tp / Math.max(1, tp + fp) }),
    {
      x: 0,
      y: 1,
    },
  );
}

/** What a threshold on one class would give. */
export interface ThresholdRow {
  readonly threshold: number;
  readonly sensitivity: number;
  readonly specificity: number;
  readonly precision: number;
}

/** Sensitivity, specificity and precision at thresholds 0.05, 0.10 ... 0.95. */
export function thresholdTable(scores: readonly number[], positive: readonly boolean[]): ThresholdRow[] {
  return Array.from({ length: 19 }, (_, index) => {
    const threshold = (index + 1) / 20;
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
      sensitivity: tp / Math.max(1, tp + fn),
      specificity: tn / Math.max(1, tn + fp),
      precision: tp + fp === 0 ? Number.NaN : tp / (tp + fp),
    };
  });
}

function sweep(
  scores: readonly number[],
  positive: readonly boolean[],
  pointOf: (tp: number, fp: number) => CurvePoint,
  start: CurvePoint,
): CurvePoint[] {
  const order = scores.map((score, index) => ({ score, positive: positive[index] === true }));
  order.sort((a, b) => b.score - a.score);
  const points = [start];
  let tp = 0;
  let fp = 0;
  order.forEach((entry, index) => {
    if (entry.positive) tp++;
    else fp++;
    // Equal scores are one threshold: a point between them could never be chosen.
    if (order[index + 1]?.score !== entry.score) points.push(pointOf(tp, fp));
  });
  return points;
}
