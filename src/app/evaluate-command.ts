import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { formatCsv } from '../core/csv.ts';
import { NodeError } from '../core/errors.ts';
import { lineChart } from '../evaluation/charts.ts';
import { type CaseResult, type Evaluation, evaluate, listSha256 } from '../evaluation/evaluate.ts';
import { readLabels } from '../evaluation/labels.ts';
import type { EvaluationPipeline } from '../evaluation/ports.ts';
import { type Reader, readReaders } from '../evaluation/readers.ts';
import { type GalleryEntry, percent, reportHtml } from '../evaluation/report-html.ts';

export interface EvaluateCommand {
  readonly dataFile: string;
  readonly outputFolder: string;
  readonly split?: string;
  readonly readersFile?: string;
  readonly trainingFile?: string;
  readonly groups: readonly string[];
  readonly seed: number;
  readonly bootstrapDraws: number;
  readonly print: (line: string) => void;
  readonly progress: (done: number, total: number) => void;
}

const galleryEntries = 12;

/** Runs an evaluation and writes report.html, metrics.json, predictions.csv and plots; true when every limit is met. */
export async function runEvaluation(
  pipeline: EvaluationPipeline,
  command: EvaluateCommand,
): Promise<boolean> {
  const { classIds } = pipeline.model;
  const text = readFileSync(command.dataFile, 'utf8');
  const { images, problems } = readLabels(text, {
    classIds,
    trainingPatients: trainingPatients(command.trainingFile),
    ...(command.split === undefined ? {} : { split: command.split }),
  });
  const readers = readersOf(command, classIds, problems);
  const evaluation = await evaluate(pipeline, {
    folder: dirname(command.dataFile),
    listSha256: listSha256(text),
    images,
    readers,
    groupColumns: command.groups,
    seed: command.seed,
    bootstrapDraws: command.bootstrapDraws,
    onProgress: command.progress,
  });
  await write(pipeline, evaluation, command);
  const { macro } = evaluation.answered;
  command.print(
    `${evaluation.images} images, ${evaluation.images - Object.values(evaluation.rejected).reduce((a, b) => a + b, 0)} with an answer${pipeline.model.simulated ? ' (model trained on SIMULATED images; not clinical performance)' : ''}`,
  );
  command.print(
    `accuracy ${percent(macro.accuracy)}, precision ${percent(macro.precision)}, sensitivity ${percent(macro.sensitivity)}, specificity ${percent(macro.specificity)}, F1 ${percent(macro.f1)}`,
  );
  for (const { name, limit, measured, met } of evaluation.acceptance) {
    command.print(`${met ? 'met    ' : 'NOT MET'} ${name}: ${measured.toFixed(4)} (limit ${limit})`);
  }
  return evaluation.acceptance.every(({ met }) => met);
}

function trainingPatients(file: string | undefined): ReadonlySet<string> {
  if (file === undefined) return new Set();
  return new Set(
    readFileSync(file, 'utf8')
      .split(/\r?\n/)
      .filter((line) => line !== ''),
  );
}

function readersOf(
  command: EvaluateCommand,
  classIds: readonly string[],
  problems: readonly string[],
): Reader[] {
  const read =
    command.readersFile === undefined
      ? { readers: [], problems: [] }
      : readReaders(readFileSync(command.readersFile, 'utf8'), classIds);
  const all = [
    ...problems.map((problem) => `${command.dataFile}: ${problem}`),
    ...read.problems.map((problem) => `${command.readersFile ?? ''}: ${problem}`),
  ];
  if (all.length > 0) throw new NodeError('CONFIG_INVALID', all.join('\n'));
  return read.readers;
}

async function write(
  pipeline: EvaluationPipeline,
  evaluation: Evaluation,
  command: EvaluateCommand,
): Promise<void> {
  const { outputFolder } = command;
  mkdirSync(join(outputFolder, 'plots'), { recursive: true });
  const gallery: GalleryEntry[] = [];
  for (const entry of worstErrors(evaluation)) {
    const path = join(dirname(command.dataFile), entry.image.file);
    gallery.push({ entry, png: await pipeline.thumbnail(path) });
  }
  writeFileSync(join(outputFolder, 'report.html'), reportHtml(evaluation, gallery));
  const { cases, curves, ...metrics } = evaluation;
  writeFileSync(join(outputFolder, 'metrics.json'), `${JSON.stringify(metrics, null, 2)}\n`);
  writeFileSync(join(outputFolder, 'predictions.csv'), predictionsCsv(cases, evaluation.model.classIds));
  for (const { classId, roc, precisionRecall } of curves) {
    const chart = (title: string, xLabel: string, yLabel: string, points: typeof roc): string =>
      lineChart({ title, xLabel, yLabel, diagonal: 'drawn', series: [{ name: classId, points, style: 0 }] });
    writeFileSync(
      join(outputFolder, 'plots', `roc-${classId}.svg`),
      chart('ROC', '1 - specificity', 'sensitivity', roc),
    );
    writeFileSync(
      join(outputFolder, 'plots', `precision-recall-${classId}.svg`),
      chart('Precision and recall', 'recall', 'precision', precisionRecall),
    );
  }
}

/** The most confident wrong answers: what a reviewer wants to see first. */
function worstErrors({ cases, model: { classIds } }: Evaluation): CaseResult[] {
  const wrong = cases.filter(({ called, image }) => called !== undefined && classIds[called] !== image.label);
  const confidence = ({ called, answer }: CaseResult): number =>
    answer.probabilities?.[classIds[called ?? 0] ?? ''] ?? 0;
  return wrong.sort((a, b) => confidence(b) - confidence(a)).slice(0, galleryEntries);
}

function predictionsCsv(cases: readonly CaseResult[], classIds: readonly string[]): string {
  return formatCsv(
    [
      'file',
      'label',
      'patient_id',
      'disposition',
      'outcome',
      'called',
      ...classIds,
      'peak_x',
      'peak_y',
      'reasons',
    ],
    cases.map(({ image, answer, called }) => [
      image.file,
      image.label,
      image.patientId,
      answer.disposition,
      answer.outcome ?? '',
      called === undefined ? '' : (classIds[called] ?? ''),
      ...classIds.map((id) => answer.probabilities?.[id]?.toFixed(6) ?? ''),
      answer.peak?.x ?? '',
      answer.peak?.y ?? '',
      answer.reasons.join('; '),
    ]),
  );
}
