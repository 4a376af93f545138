import { isAbsolute, join } from 'node:path';
import { sha256Hex } from '../core/identifiers.ts';
import { type CalibrationReport, calibrationReport } from './calibration-metrics.ts';
import {
  type ClassificationReport,
  classificationReport,
  type Prediction,
  predictedClass,
} from './classification-metrics.ts';
import {
  type CurvePoint,
  precisionRecallCurve,
  rocCurve,
  type ThresholdRow,
  thresholdTable,
} from './curves.ts';
import type { LabelledImage } from './labels.ts';
import { type LocalisationReport, localisationReport } from './localisation.ts';
import type { EvaluatedImage, EvaluationPipeline } from './ports.ts';
import { compareReaders, type Reader, type ReaderComparison } from './readers.ts';
import { type Estimate, quantile, wilson } from './statistics.ts';

/** One image with its label and the pipeline's answer. */
export interface CaseResult {
  readonly image: LabelledImage;
  readonly answer: EvaluatedImage;
  /** Class index of the highest probability; undefined without an answer. */
  readonly called: number | undefined;
}

export interface GroupRow {
  readonly column: string;
  readonly value: string;
  readonly images: number;
  readonly accuracy: Estimate;
}

export interface ClassCurves {
  readonly classId: string;
  readonly roc: readonly CurvePoint[];
  readonly precisionRecall: readonly CurvePoint[];
  readonly thresholds: readonly ThresholdRow[];
}

/** Everything `report.html` and `metrics.json` show. */
export interface Evaluation {
  readonly schema: 1;
  readonly model: EvaluationPipeline['model'];
  readonly dataSha256: string;
  readonly seed: number;
  readonly images: number;
  readonly patients: number;
  /** Images without an answer by reason; they are counted, never dropped. */
  readonly rejected: Readonly<Record<string, number>>;
  readonly answered: ClassificationReport;
  /** The same figures with every unanswered image counted as wrong. */
  readonly accuracyWithRejected: Estimate;
  readonly calibration: CalibrationReport;
  readonly curves: readonly ClassCurves[];
  readonly groups: readonly GroupRow[];
  readonly localisation: LocalisationReport | undefined;
  readonly readers: readonly ReaderComparison[];
  readonly modelMs: { readonly p50: number; readonly p95: number };
  readonly acceptance: readonly AcceptanceRow[];
  readonly cases: readonly CaseResult[];
}

export interface AcceptanceRow {
  readonly name: string;
  readonly limit: number;
  readonly measured: number;
  readonly met: boolean;
}

export interface EvaluateOptions {
  /** Folder that relative file names of the list count from. */
  readonly folder: string;
  readonly listSha256: string;
  readonly images: readonly LabelledImage[];
  readonly readers: readonly Reader[];
  readonly groupColumns: readonly string[];
  readonly seed: number;
  readonly bootstrapDraws: number;
  readonly onProgress: (done: number, total: number) => void;
}

/** Runs the production pipeline over a labelled list and computes every figure of the report. */
export async function evaluate(pipeline: EvaluationPipeline, options: EvaluateOptions): Promise<Evaluation> {
  const { classIds } = pipeline.model;
  const cases: CaseResult[] = [];
  for (const image of options.images) {
    const path = isAbsolute(image.file) ? image.file : join(options.folder, image.file);
    const answer = await pipeline.analyse(path);
    const called =
      answer.probabilities === undefined ? undefined : predictedClass(probabilityRow(answer, classIds));
    cases.push({ image, answer, called });
    options.onProgress(cases.length, options.images.length);
  }
  return summarise(pipeline.model, cases, options);
}

/** The figures of finished cases; separate from running them, so that a stopped evaluation can still be written. */
export function summarise(
  model: EvaluationPipeline['model'],
  cases: readonly CaseResult[],
  options: Pick<EvaluateOptions, 'listSha256' | 'readers' | 'groupColumns' | 'seed' | 'bootstrapDraws'>,
): Evaluation {
  const { classIds } = model;
  const answered = cases.filter(({ called }) => called !== undefined);
  const truthOf = ({ image }: CaseResult): number => classIds.indexOf(image.label);
  const predictions = answered.map(
    (entry): Prediction => ({
      truth: truthOf(entry),
      probabilities: probabilityRow(entry.answer, classIds),
      patientId: entry.image.patientId,
    }),
  );
  const report = classificationReport(predictions, classIds, {
    draws: options.bootstrapDraws,
    seed: options.seed,
  });
  const calibration = calibrationReport(
    predictions.map(({ probabilities }) => probabilities),
    predictions.map(({ truth }) => truth),
  );
  const right = answered.filter((entry) => entry.called === truthOf(entry)).length;
  const times = answered.map(({ answer }) => answer.modelMs).sort((a, b) => a - b);
  return {
    schema: 1,
    model,
    dataSha256: options.listSha256,
    seed: options.seed,
    images: cases.length,
    patients: new Set(cases.map(({ image }) => image.patientId)).size,
    rejected: countRejected(cases),
    answered: report,
    accuracyWithRejected: wilson(right, cases.length),
    calibration,
    curves: classIds.map((classId, index) => classCurves(classId, index, predictions)),
    groups: groupRows(answered, truthOf, options.groupColumns),
    localisation: localisationOf(answered, truthOf),
    readers: compareReaders(
      options.readers,
      answered.map((entry) => ({
        file: entry.image.file,
        truth: truthOf(entry),
        patientId: entry.image.patientId,
        called: entry.called ?? -1,
      })),
      classIds,
      options.seed,
    ),
    modelMs: { p50: quantile(times, 0.5), p95: quantile(times, 0.95) },
    acceptance: acceptanceRows(model.acceptance, report, calibration),
    cases,
  };
}

/** Hash of a label list as read, so that a report says what it was measured on. */
export function listSha256(text: string): string {
  return sha256Hex(text);
}

function probabilityRow(answer: EvaluatedImage, classIds: readonly string[]): number[] {
  return classIds.map((id) => answer.probabilities?.[id] ?? 0);
}

function countRejected(cases: readonly CaseResult[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { answer, called } of cases) {
    if (called !== undefined) continue;
    const reason = answer.reasons[0] ?? answer.disposition;
    counts[reason] = (counts[reason] ?? 0) + 1;
  }
  return counts;
}

function classCurves(classId: string, index: number, predictions: readonly Prediction[]): ClassCurves {
  const scores = predictions.map(({ probabilities }) => probabilities[index] ?? 0);
  const positive = predictions.map(({ truth }) => truth === index);
  return {
    classId,
    roc: rocCurve(scores, positive),
    precisionRecall: precisionRecallCurve(scores, positive),
    thresholds: thresholdTable(scores, positive),
  };
}

function groupRows(
  answered: readonly CaseResult[],
  truthOf: (entry: CaseResult) => number,
  columns: readonly string[],
): GroupRow[] {
  return columns.flatMap((column) => {
    const values = [...new Set(answered.map(({ image }) => image.columns[column] ?? ''))].sort();
    return values.map((value) => {
      const members = answered.filter(({ image }) => (image.columns[column] ?? '') === value);
      const right = members.filter((entry) => entry.called === truthOf(entry)).length;
      return { column, value, images: members.length, accuracy: wilson(right, members.length) };
    });
  });
}

function localisationOf(
  answered: readonly CaseResult[],
  truthOf: (entry: CaseResult) => number,
): LocalisationReport | undefined {
  const pointings = answered.flatMap((entry) => {
    const { lesion } = entry.image;
    if (lesion === undefined || entry.called !== truthOf(entry)) return [];
    return [
      { peak: entry.answer.peak, lesion, mmPerPixel: entry.image.mmPerPixel ?? entry.answer.mmPerPixel },
    ];
  });
  return pointings.length === 0 ? undefined : localisationReport(pointings);
}

/** The manifest's limits by name: accuracy, precision, sensitivity, specificity, f1 (at least) and ece (at most). */
function acceptanceRows(
  limits: Readonly<Record<string, unknown>>,
  { macro }: ClassificationReport,
  calibration: CalibrationReport,
): AcceptanceRow[] {
  const atLeast: Readonly<Record<string, number>> = {
    accuracy: macro.accuracy.value,
    precision: macro.precision.value,
    sensitivity: macro.sensitivity.value,
    specificity: macro.specificity.value,
    f1: macro.f1.value,
  };
  return Object.entries(limits).flatMap(([name, limit]): AcceptanceRow[] => {
    if (typeof limit !== 'number') return [];
    const measured = atLeast[name];
    if (measured !== undefined) return [{ name, limit, measured, met: measured >= limit }];
    if (name === 'ece') return [{ name, limit, measured: calibration.ece, met: calibration.ece <= limit }];
    return [];
  });
}
