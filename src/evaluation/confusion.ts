/** confusion[truth][called]; a weight other than 1 comes from a bootstrap draw. */
export type Confusion = readonly (readonly number[])[];

/** One class against the rest. */
export interface Counts {
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
  readonly tn: number;
}

/** The class with the highest probability; the first one on a tie. */
export function predictedClass(probabilities: readonly number[]): number {
  let best = 0;
  probabilities.forEach((value, index) => {
    if (value > (probabilities[best] ?? 0)) best = index;
  });
  return best;
}

/** Counts truth against call; a call outside 0 ... classes - 1 is not counted. */
export function confusionOf(
  truth: readonly number[],
  called: readonly number[],
  classes: number,
  weights?: Float64Array,
): number[][] {
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < truth.length; i++) {
    const row = matrix[truth[i] ?? -1];
    const column = called[i] ?? -1;
    if (row?.[column] !== undefined) row[column] += weights === undefined ? 1 : (weights[i] ?? 0);
  }
  return matrix;
}

/** One-versus-rest counts of a class. */
export function countsOf(confusion: Confusion, index: number): Counts {
  let tp = 0;
  let fp = 0;
  let fn = 0;
  let tn = 0;
  confusion.forEach((row, truth) => {
    row.forEach((count, called) => {
      if (truth === index && called === index) tp += count;
      else if (called === index) fp += count;
      else if (truth === index) fn += count;
      else tn += count;
    });
  });
  return { tp, fp, fn, tn };
}

/** Share, NaN of nothing. */
export function ratio(part: number, whole: number): number {
  return whole === 0 ? Number.NaN : part / whole;
}

/** Unweighted mean. */
export function mean(values: readonly number[]): number {
  return ratio(
    values.reduce((sum, value) => sum + value, 0),
    values.length,
  );
}

/** Harmonic mean of precision and sensitivity, as 2TP / (2TP + FP + FN). */
export function f1Of({ tp, fp, fn }: Counts): number {
  return ratio(2 * tp, 2 * tp + fp + fn);
}

/** Share of right calls over all classes. */
export function accuracyOf(confusion: Confusion): number {
  const right = confusion.reduce((sum, row, index) => sum + (row[index] ?? 0), 0);
  return ratio(
    right,
    confusion.reduce((sum, row) => sum + row.reduce((inner, count) => inner + count, 0), 0),
  );
}

/** Multiclass Matthews correlation coefficient (Gorodkin 2004, R_K). NaN when it is undefined. */
export function mccOf(confusion: Confusion): number {
  const size = confusion.length;
  const rows = confusion.map((row) => row.reduce((sum, count) => sum + count, 0));
  const columns = Array.from({ length: size }, (_, j) =>
    confusion.reduce((sum, row) => sum + (row[j] ?? 0), 0),
  );
  const total = rows.reduce((sum, count) => sum + count, 0);
  const correct = confusion.reduce((sum, row, i) => sum + (row[i] ?? 0), 0);
  const cross = rows.reduce((sum, count, i) => sum + count * (columns[i] ?? 0), 0);
  const squares = (counts: readonly number[]): number =>
    counts.reduce((sum, count) => sum + count * count, 0);
  const denominator = Math.sqrt((total * total - squares(columns)) * (total * total - squares(rows)));
  return ratio(correct * total - cross, denominator);
}

/** The two-class Matthews coefficient of one class against the rest. */
export function binaryMcc({ tp, fp, fn, tn }: Counts): number {
  return mccOf([
    [tn, fp],
    [fn, tp],
  ]);
}
