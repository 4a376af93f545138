import { clusterBootstrap, type Estimate, rocArea, wilson } from './statistics.ts';

/** One evaluated image: what it is, what the model said, and whose it is. */
export interface Prediction {
  /** Index into the class list. */
  readonly truth: number;
  /** Calibrated probabilities, one per class. */
  readonly probabilities: readonly number[];
  readonly patientId: string;
}

export interface ClassMetrics {
  readonly classId: string;
  readonly support: number;
  readonly precision: Estimate;
  readonly sensitivity: Estimate;
  readonly specificity: Estimate;
  readonly npv: Estimate;
  readonly f1: Estimate;
  readonly auc: Estimate;
}

export interface MacroMetrics {
  readonly accuracy: Estimate;
  readonly precision: Estimate;
  readonly sensitivity: Estimate;
  readonly specificity: Estimate;
  readonly f1: Estimate;
  readonly auc: Estimate;
  readonly mcc: Estimate;
}

export interface ClassificationReport {
  /** confusion[truth][predicted], counts. */
  readonly confusion: readonly (readonly number[])[];
  readonly perClass: readonly ClassMetrics[];
  readonly macro: MacroMetrics;
}

export interface BootstrapOptions {
  readonly draws: number;
  readonly seed: number;
}

/** The class with the highest probability; the first one on a tie. */
export function predictedClass(probabilities: readonly number[]): number {
  let best = 0;
  probabilities.forEach((value, index) => {
    if (value > (probabilities[best] ?? 0)) best = index;
  });
  return best;
}

/**
 * The paper's figures (accuracy, macro precision, sensitivity, specificity, F1) and those around them, each with a
 * 95 % interval: Wilson for proportions, patient-clustered percentile bootstrap for F1, AUC, MCC and macro means.
 */
export function classificationReport(
  predictions: readonly Prediction[],
  classIds: readonly string[],
  bootstrap: BootstrapOptions,
): ClassificationReport {
  const called = predictions.map(({ probabilities }) => predictedClass(probabilities));
  const clusters = patientClusters(predictions);
  const estimate = (statistic: (indices: readonly number[]) => number): Estimate =>
    clusterBootstrap(clusters, statistic, bootstrap);
  const all = predictions.map((_, index) => index);
  const confusion = confusionOf(predictions, called, all, classIds.length);

  const auc = (indices: readonly number[], index: number): number =>
    rocArea(
      indices.map((i) => predictions[i]?.probabilities[index] ?? 0),
      indices.map((i) => predictions[i]?.truth === index),
    );
  const macroOf =
    (pick: (counts: Counts) => number) =>
    (indices: readonly number[]): number => {
      const matrix = confusionOf(predictions, called, indices, classIds.length);
      return mean(classIds.map((_, index) => pick(countsOf(matrix, index))));
    };

  const perClass = classIds.map((classId, index): ClassMetrics => {
    const { tp, fp, fn, tn } = countsOf(confusion, index);
    return {
      classId,
      support: tp + fn,
      precision: wilson(tp, tp + fp),
      sensitivity: wilson(tp, tp + fn),
      specificity: wilson(tn, tn + fp),
      npv: wilson(tn, tn + fn),
      f1: estimate((indices) =>
        f1Of(countsOf(confusionOf(predictions, called, indices, classIds.length), index)),
      ),
      auc: estimate((indices) => auc(indices, index)),
    };
  });
  const right = called.filter((value, index) => value === predictions[index]?.truth).length;
  return {
    confusion,
    perClass,
    macro: {
      accuracy: wilson(right, predictions.length),
      precision: estimate(macroOf(({ tp, fp }) => ratio(tp, tp + fp))),
      sensitivity: estimate(macroOf(({ tp, fn }) => ratio(tp, tp + fn))),
      specificity: estimate(macroOf(({ tn, fp }) => ratio(tn, tn + fp))),
      f1: estimate(macroOf(f1Of)),
      auc: estimate((indices) => mean(classIds.map((_, index) => auc(indices, index)))),
      mcc: estimate((indices) => mccOf(confusionOf(predictions, called, indices, classIds.length))),
    },
  };
}

interface Counts {
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
  readonly tn: number;
}

/** One-versus-rest counts of a class. */
export function countsOf(confusion: readonly (readonly number[])[], index: number): Counts {
  let tp = 0;
  let fp = 0;
  let fn = 0;
  let tn = 0;
  confusion.forEach((row, truth) => {
    row.forEach((count, predicted) => {
      if (truth === index && predicted === index) tp += count;
      else if (predicted === index) fp += count;
      else if (truth === index) fn += count;
      else tn += count;
    });
  });
  return { tp, fp, fn, tn };
}

/** Multiclass Matthews correlation coefficient (Gorodkin 2004, R_K). NaN when it is undefined. */
export function mccOf(confusion: readonly (readonly number[])[]): number {
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
  return denominator === 0 ? Number.NaN : (correct * total - cross) / denominator;
}

function confusionOf(
  predictions: readonly Prediction[],
  called: readonly number[],
  indices: readonly number[],
  classes: number,
): number[][] {
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (const index of indices) {
    const row = matrix[predictions[index]?.truth ?? -1];
    const column = called[index] ?? 0;
    if (row !== undefined) row[column] = (row[column] ?? 0) + 1;
  }
  return matrix;
}

function patientClusters(predictions: readonly Prediction[]): number[][] {
  const byPatient = new Map<string, number[]>();
  predictions.forEach(({ patientId }, index) => {
    const found = byPatient.get(patientId);
    if (found === undefined) byPatient.set(patientId, [index]);
    else found.push(index);
  });
  return [...byPatient.values()];
}

function f1Of({ tp, fp, fn }: Counts): number {
  return ratio(2 * tp, 2 * tp + fp + fn);
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? Number.NaN : part / whole;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
