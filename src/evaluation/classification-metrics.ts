import { type BootstrapOptions, type Clusters, clusterBootstrap, clustersBy } from './bootstrap.ts';
import {
  accuracyOf,
  binaryMcc,
  type Confusion,
  type Counts,
  confusionOf,
  countsOf,
  f1Of,
  mccOf,
  mean,
  predictedClass,
  ratio,
} from './confusion.ts';
import { delongArea, type RankedScores, rankScores, rocArea } from './roc-area.ts';
import { type Estimate, noEstimate, wilson } from './statistics.ts';

/** One image with an answer: what it is, what was called, and whose it is. */
export interface Call {
  /** Index into the class list. */
  readonly truth: number;
  readonly called: number;
  readonly patientId: string;
}

/** A call with the calibrated probabilities behind it, one per class. */
export interface Prediction extends Omit<Call, 'called'> {
  readonly probabilities: readonly number[];
}

/** The figures every table shows, one class against the rest or the mean over classes. */
export interface Figures {
  readonly accuracy: Estimate;
  readonly precision: Estimate;
  readonly sensitivity: Estimate;
  readonly specificity: Estimate;
  readonly npv: Estimate;
  readonly f1: Estimate;
  readonly balancedAccuracy: Estimate;
  readonly mcc: Estimate;
  readonly auc: Estimate;
}

export interface ClassMetrics extends Figures, Counts {
  readonly classId: string;
  readonly support: number;
  /** The AUC again with DeLong's interval, as a check of the bootstrap; NaN where there are no scores. */
  readonly aucDeLong: Estimate;
}

export interface MacroMetrics extends Figures {
  /** Accuracy again with patients drawn instead of images: wider where images of a patient go together. */
  readonly accuracyByPatient: Estimate;
}

export interface ClassificationReport {
  /** confusion[truth][called], counts. */
  readonly confusion: Confusion;
  readonly perClass: readonly ClassMetrics[];
  readonly macro: MacroMetrics;
}

/**
 * The paper's figures (accuracy, macro precision, sensitivity, specificity, F1) and those around them, each with a
 * 95 % interval: Wilson for proportions; patient-clustered percentile bootstrap for F1, balanced accuracy, MCC, AUC and
 * every mean over classes. The call is the most probable class, as in the paper.
 */
export function classificationReport(
  predictions: readonly Prediction[],
  classIds: readonly string[],
  bootstrap: BootstrapOptions,
): ClassificationReport {
  const calls = predictions.map(({ truth, probabilities, patientId }) => ({
    truth,
    patientId,
    called: predictedClass(probabilities),
  }));
  const scores = classIds.map((_, index) =>
    predictions.map(({ probabilities }) => probabilities[index] ?? 0),
  );
  const positive = classIds.map((_, index) => predictions.map(({ truth }) => truth === index));
  const ranked = scores.map((values, index) => rankScores(values, positive[index] ?? []));
  const report = reportOf(calls, classIds, ranked, bootstrap);
  return {
    ...report,
    perClass: report.perClass.map((entry, index) => ({
      ...entry,
      aucDeLong: delongArea(scores[index] ?? [], positive[index] ?? []),
    })),
  };
}

/** The same figures for answers without probabilities, such as a reader's: everything but the AUC. */
export function callReport(
  calls: readonly Call[],
  classIds: readonly string[],
  bootstrap: BootstrapOptions,
): ClassificationReport {
  return reportOf(calls, classIds, [], bootstrap);
}

/** Per class, from a one-versus-rest table: the figures that need the bootstrap. */
const perClassFigures = [
  ({ tp, fp }: Counts) => ratio(tp, tp + fp),
  ({ tp, fn }: Counts) => ratio(tp, tp + fn),
  ({ tn, fp }: Counts) => ratio(tn, tn + fp),
  ({ tn, fn }: Counts) => ratio(tn, tn + fn),
  f1Of,
  ({ tp, fp, fn, tn }: Counts) => (ratio(tp, tp + fn) + ratio(tn, tn + fp)) / 2,
  binaryMcc,
] as const;

function reportOf(
  calls: readonly Call[],
  classIds: readonly string[],
  ranked: readonly RankedScores[],
  bootstrap: BootstrapOptions,
): ClassificationReport {
  const truth = calls.map((call) => call.truth);
  const called = calls.map((call) => call.called);
  const confusion = confusionOf(truth, called, classIds.length);
  const clusters: Clusters = clustersBy(calls.map(({ patientId }) => patientId));
  const width = perClassFigures.length + 1;
  const estimates = clusterBootstrap(
    clusters,
    (weights) => {
      const matrix = confusionOf(truth, called, classIds.length, weights);
      const rows = classIds.map((_, index) => {
        const counts = countsOf(matrix, index);
        const scores = ranked[index];
        const area = scores === undefined ? Number.NaN : rocArea(scores, weights);
        return [...perClassFigures.map((figure) => figure(counts)), area];
      });
      const means = Array.from({ length: width }, (_, figure) => mean(rows.map((row) => row[figure] ?? NaN)));
      return [...rows.flat(), ...means, mccOf(matrix), accuracyOf(matrix)];
    },
    bootstrap,
  );
  const at = (position: number): Estimate => estimates[position] ?? noEstimate;
  const perClass = classIds.map((classId, index): ClassMetrics => {
    const counts = countsOf(confusion, index);
    const { tp, fp, fn, tn } = counts;
    const first = index * width;
    return {
      classId,
      support: tp + fn,
      ...counts,
      accuracy: wilson(tp + tn, tp + fp + fn + tn),
      precision: wilson(tp, tp + fp),
      sensitivity: wilson(tp, tp + fn),
      specificity: wilson(tn, tn + fp),
      npv: wilson(tn, tn + fn),
      f1: at(first + 4),
      balancedAccuracy: at(first + 5),
      mcc: at(first + 6),
      auc: at(first + 7),
      aucDeLong: noEstimate,
    };
  });
  const means = classIds.length * width;
  const right = calls.filter((call) => call.called === call.truth).length;
  return {
    confusion,
    perClass,
    macro: {
      accuracy: wilson(right, calls.length),
      accuracyByPatient: at(means + width + 1),
      precision: at(means),
      sensitivity: at(means + 1),
      specificity: at(means + 2),
      npv: at(means + 3),
      f1: at(means + 4),
      // The mean of the sensitivities, as scikit-learn's balanced_accuracy_score (Brodersen et al. 2010).
      balancedAccuracy: at(means + 1),
      mcc: at(means + width),
      auc: at(means + 7),
    },
  };
}
