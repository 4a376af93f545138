import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { runCases } from '../../evaluation/evaluate.ts';
import type { EvaluationPipeline } from '../../evaluation/ports.ts';
import { percent } from '../../evaluation/report/numbers.ts';
import { type Evaluation, summarise } from '../../evaluation/summary.ts';
import { product } from '../product.ts';
import { openJournal } from './answer-journal.ts';
import type { EvaluationInputs, InputFiles } from './evaluation-inputs.ts';
import { writeReport } from './report-files.ts';

export interface EvaluationRun {
  readonly files: InputFiles;
  readonly inputs: EvaluationInputs;
  readonly outputFolder: string;
  readonly released: boolean;
  readonly mode: 'resume' | 'fresh';
  readonly bootstrap: { readonly draws: number; readonly seed: number };
  readonly createdAt: string;
  /** Aborted by Ctrl-C: what is done is written. */
  readonly signal: AbortSignal;
  readonly print: (line: string) => void;
  readonly progress: (done: number, total: number) => void;
}

/** Runs the list through the pipeline and writes the report folder; answers go to its journal as they come. */
export async function runEvaluation(pipeline: EvaluationPipeline, run: EvaluationRun): Promise<Evaluation> {
  const { model } = pipeline;
  const { inputs, files } = run;
  mkdirSync(run.outputFolder, { recursive: true });
  const journal = openJournal(
    run.outputFolder,
    {
      schema: 1,
      modelSha256: model.sha256,
      manifestSha256: model.manifestSha256,
      program: `${product.name} ${product.version}`,
      provider: model.provider,
      mapLayer: model.mapLayer,
      released: run.released,
      folder: resolve(dirname(files.dataFile)),
    },
    run.mode,
  );
  const start = performance.now();
  let made = 0;
  const cases = await runCases(pipeline, inputs.images, {
    pathOf: (file) => inputs.pathOf(file),
    known: journal.known,
    onAnswer: (file, answer) => {
      made++;
      journal.add(file, answer);
    },
    onProgress: run.progress,
    signal: run.signal,
  });
  const seconds = (performance.now() - start) / 1000;
  const evaluation = summarise(model, cases, {
    product: { name: product.name, version: product.version },
    createdAt: run.createdAt,
    list: {
      file: files.dataFile,
      sha256: inputs.listSha256,
      images: inputs.images.length,
      ...(files.split === undefined ? {} : { split: files.split }),
    },
    readers: inputs.readers,
    groupColumns: files.groupColumns,
    prevalence: files.prevalence,
    bootstrap: run.bootstrap,
    imagesPerSecond: made === 0 ? Number.NaN : made / seconds,
    residentMb: process.resourceUsage().maxRSS / 1024,
  });
  await writeReport(run.outputFolder, evaluation, cases, {
    pipeline,
    pathOf: (file) => inputs.pathOf(file),
  });
  for (const line of evaluationText(evaluation)) run.print(line);
  return evaluation;
}

/** The result in a few lines for the terminal. */
export function evaluationText(evaluation: Evaluation): string[] {
  const { answered, rejection, data, acceptance, notice, complete } = evaluation;
  const { macro } = answered;
  return [
    ...(notice === null ? [] : [notice]),
    ...(complete
      ? []
      : [`Stopped early: ${data.images} of ${data.listed} images; --resume goes on from there.`]),
    `${data.images} images of ${data.patients} patients; no answer to ${percent(rejection.refused)} of those with a class label`,
    `accuracy ${percent(macro.accuracy)}, precision ${percent(macro.precision)}, sensitivity ${percent(macro.sensitivity)}, specificity ${percent(macro.specificity)}, F1 ${percent(macro.f1)}`,
    ...data.duplicates.map(
      ({ lines, contradiction }) =>
        `equal pixels on lines ${lines.join(', ')}${contradiction ? ', with different labels' : ''}`,
    ),
    ...acceptance.map(
      ({ name, limit, bound, measured, met }) =>
        `${met ? 'met    ' : 'NOT MET'} ${name}: ${Number.isNaN(measured) ? 'not measured' : measured.toFixed(4)} (${bound} ${limit})`,
    ),
  ];
}
