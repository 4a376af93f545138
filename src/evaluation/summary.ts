import { type AcceptanceRow, acceptanceRows } from './acceptance.ts';
import { type BootstrapOptions, clustersBy } from './bootstrap.ts';
import { type CalibrationReport, calibrationReport } from './calibration-metrics.ts';
import { type ClassificationReport, classificationReport } from './classification-metrics.ts';
import { type ClassCurves, classCurves } from './curves.ts';
import { type DataFacts, dataFacts } from './data-facts.ts';
import { type CaseResult, probabilityRow } from './evaluate.ts';
import { type GroupRow, groupRows } from './groups.ts';
import { otherLabel } from './labels.ts';
import { type LocalisationReport, localisationReport } from './localisation.ts';
import { measuredFigures } from './measured-figures.ts';
import {
  type OutcomeRow,
  outcomeRows,
  type PrevalenceRow,
  predictiveValues,
  type ScoreBand,
  scoreBands,
} from './outcome-table.ts';
import type { EvaluatedModel } from './ports.ts';
import {
  compareReaders,
  type Reader,
  type ReaderComparison,
  type ReaderMean,
  readerMean,
} from './readers.ts';
import { type RejectionReport, rejectionReport, type WorstCase, worstCase } from './rejection-table.ts';
import { type RiskCoverage, riskCoverage } from './risk-coverage.ts';
import { quantile } from './statistics.ts';

/** Everything that report.html and metrics.json show. Figures that cannot be computed are NaN (null in JSON). */
export interface Evaluation {
  readonly schema: 1;
  /** What every surface must say first about figures that are not clinical; null when nothing was simulated. */
  readonly notice: string | null;
  readonly product: { readonly name: string; readonly version: string };
  /** RFC 3339, UTC. */
  readonly createdAt: string;
  /** False when the run was stopped before the end of the list. */
  readonly complete: boolean;
  readonly model: EvaluatedModel;
  readonly data: DataFacts;
  readonly bootstrap: BootstrapOptions;
  readonly answered: ClassificationReport;
  readonly worstCase: WorstCase;
  readonly rejection: RejectionReport;
  readonly calibration: CalibrationReport;
  readonly curves: readonly ClassCurves[];
  readonly outcomes: readonly OutcomeRow[];
  readonly scoreBands: readonly ScoreBand[];
  readonly prevalence: readonly PrevalenceRow[];
  readonly riskCoverage: RiskCoverage;
  readonly groups: readonly GroupRow[];
  readonly localisation: LocalisationReport | null;
  readonly maps: { readonly answered: number; readonly shown: number };
  readonly readers: readonly ReaderComparison[];
  readonly readerMean: ReaderMean | null;
  readonly speed: Speed;
  readonly acceptance: readonly AcceptanceRow[];
}

export interface Speed {
  readonly modelMs: { readonly p50: number; readonly p95: number };
  readonly totalMs: { readonly p50: number; readonly p95: number };
  /** Of this run, all sessions together; NaN when every answer came from an earlier run. */
  readonly imagesPerSecond: number;
  /** Largest resident memory of the process, MB. */
  readonly residentMb: number;
}

export interface SummaryOptions {
  readonly product: Evaluation['product'];
  readonly createdAt: string;
  readonly list: {
    readonly file: string;
    readonly sha256: string;
    readonly split?: string;
    readonly images: number;
  };
  readonly readers: readonly Reader[];
  readonly groupColumns: readonly string[];
  /** Prevalence by class id, for predictive values outside this list. */
  readonly prevalence: Readonly<Record<string, number>>;
  readonly bootstrap: BootstrapOptions;
  readonly imagesPerSecond: number;
  readonly residentMb: number;
}

/** The figures of finished cases; apart from running them, so that a stopped run is still written. */
export function summarise(
  model: EvaluatedModel,
  cases: readonly CaseResult[],
  options: SummaryOptions,
): Evaluation {
  const { bootstrap } = options;
  const classIds = model.classes.map(({ id }) => id);
  const data = dataFacts(cases, options.list);
  const answered = answeredCases(cases, classIds);
  const predictions = answered.map(({ entry, truth }) => ({
    truth,
    probabilities: probabilityRow(entry.answer, classIds),
    patientId: entry.image.patientId,
  }));
  const resampling = { clusters: clustersBy(predictions.map(({ patientId }) => patientId)), bootstrap };
  const truth = predictions.map((prediction) => prediction.truth);
  const scores = classIds.map((_, index) =>
    predictions.map(({ probabilities }) => probabilities[index] ?? 0),
  );
  const positive = classIds.map((_, index) => truth.map((value) => value === index));
  const report = classificationReport(predictions, classIds, bootstrap);
  const localisation = localisationOf(answered);
  const figures = {
    answered: report,
    worstCase: worstCase(cases, classIds),
    rejection: rejectionReport(cases),
    calibration: calibrationReport(
      predictions.map(({ probabilities }) => probabilities),
      truth,
      classIds,
      resampling,
    ),
    localisation: localisation ?? null,
  };
  const readers = compareReaders(
    options.readers,
    answered.map(({ entry, truth: index, called }) => ({
      file: entry.image.file,
      truth: index,
      patientId: entry.image.patientId,
      called,
    })),
    classIds,
    bootstrap,
  );
  return {
    schema: 1,
    notice: noticeOf(model, data),
    product: options.product,
    createdAt: options.createdAt,
    complete: cases.length === options.list.images,
    model,
    data,
    bootstrap,
    ...figures,
    curves: model.classes.map(({ id, threshold }, index) =>
      classCurves(id, scores[index] ?? [], positive[index] ?? [], threshold, resampling),
    ),
    outcomes: outcomeRows(
      cases.map(({ image, answer }) => ({ label: image.label, outcome: answer.outcome })),
      [...classIds, otherLabel],
    ),
    scoreBands: model.classes.flatMap(({ id, threshold }, index) =>
      threshold === undefined ? [] : scoreBands(id, threshold, scores[index] ?? [], positive[index] ?? []),
    ),
    prevalence: prevalenceRows(options.prevalence, report),
    riskCoverage: riskCoverage(
      predictions.map(({ probabilities }) => Math.max(...probabilities)),
      answered.map((row) => row.called === row.truth),
    ),
    groups: groupRows(
      answered.map(({ entry, truth: index, called }) => ({ ...entry.image, truth: index, called })),
      options.groupColumns,
      classIds.length,
    ),
    maps: {
      answered: answered.length,
      shown: answered.filter(({ entry }) => entry.answer.mapShown).length,
    },
    readers,
    readerMean: readerMean(readers) ?? null,
    speed: speedOf(answered, options),
    acceptance: acceptanceRows(model.acceptance, measuredFigures(figures, model.parity.largestDifference)),
  };
}

interface AnsweredCase {
  readonly entry: CaseResult;
  readonly truth: number;
  readonly called: number;
}

/** Images of a class that got an answer; an answer to an image labelled `other` stands in the rejection table. */
function answeredCases(cases: readonly CaseResult[], classIds: readonly string[]): AnsweredCase[] {
  return cases.flatMap((entry) =>
    entry.called === undefined || entry.image.label === otherLabel
      ? []
      : [{ entry, called: entry.called, truth: classIds.indexOf(entry.image.label) }],
  );
}

function noticeOf(model: EvaluatedModel, data: DataFacts): string | null {
  if (!model.simulated && data.simulatedImages === 0) return null;
  const parts = [
    ...(model.simulated ? ['the model was trained on simulated radiographs'] : []),
    ...(data.simulatedImages === 0 ? [] : [`${data.simulatedImages} of ${data.images} images are simulated`]),
  ];
  return `SIMULATED: ${parts.join(' and ')}. These figures are not clinical performance.`;
}

function localisationOf(answered: readonly AnsweredCase[]): LocalisationReport | undefined {
  const pointings = answered.flatMap(({ entry: { image, answer }, truth, called }) =>
    image.lesion === undefined || called !== truth
      ? []
      : [{ peak: answer.peak, lesion: image.lesion, mmPerPixel: image.mmPerPixel ?? answer.mmPerPixel }],
  );
  return pointings.length === 0 ? undefined : localisationReport(pointings);
}

function prevalenceRows(
  prevalence: Readonly<Record<string, number>>,
  { perClass }: ClassificationReport,
): PrevalenceRow[] {
  return perClass.flatMap(({ classId, sensitivity, specificity }) => {
    const given = prevalence[classId];
    const measured = { sensitivity: sensitivity.value, specificity: specificity.value };
    return given === undefined ? [] : [predictiveValues(classId, given, measured)];
  });
}

function speedOf(answered: readonly AnsweredCase[], { imagesPerSecond, residentMb }: SummaryOptions): Speed {
  const percentiles = (name: 'modelMs' | 'totalMs'): Speed['modelMs'] => {
    const sorted = answered.map(({ entry }) => entry.answer[name]).sort((a, b) => a - b);
    return { p50: quantile(sorted, 0.5), p95: quantile(sorted, 0.95) };
  };
  return {
    modelMs: percentiles('modelMs'),
    totalMs: percentiles('totalMs'),
    imagesPerSecond,
    residentMb,
  };
}
