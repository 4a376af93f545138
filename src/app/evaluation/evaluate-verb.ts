import type { MapLayer } from '../../pipeline/inference.ts';
import { readManifest } from '../../pipeline/model-package.ts';
import { packageFolder } from '../model-selection.ts';
import { progressReport } from '../progress-line.ts';
import { exitCodes } from '../restart-policy.ts';
import { UsageError } from '../usage-error.ts';
import { journaledAnswers } from './answer-journal.ts';
import { compareReports, comparisonText } from './compare-reports.ts';
import { dryRun } from './dry-run.ts';
import { type EvaluationInputs, type InputFiles, readInputs } from './evaluation-inputs.ts';
import { runEvaluation } from './run-evaluation.ts';
import { openThreadedPipeline } from './threaded-pipeline.ts';

/** The command line of `evaluate`. */
export interface EvaluateOptions {
  readonly data?: string;
  readonly model?: string;
  readonly out?: string;
  readonly split?: string;
  readonly readers?: string;
  readonly boxes?: string;
  readonly training?: string;
  readonly group: readonly string[];
  readonly prevalence: Readonly<Record<string, number>>;
  readonly seed: number;
  readonly draws: number;
  readonly sessions: number;
  readonly provider: 'cuda' | 'webgpu' | 'cpu';
  readonly map: MapLayer;
  readonly released?: true;
  readonly resume?: true;
  readonly dryRun?: true;
  readonly compare?: readonly string[];
  readonly json?: true;
}

/** `evaluate` with its options parsed; returns the exit code. */
export async function runEvaluateVerb(options: EvaluateOptions): Promise<number> {
  if (options.compare !== undefined) return compare(options, options.compare);
  const { data, model } = options;
  if (data === undefined || model === undefined) throw new UsageError('evaluate needs --data and --model');
  const modelFolder = packageFolder(model);
  const manifest = readManifest(modelFolder);
  if (!manifest.ok) throw manifest.error;
  const files = filesOf(options, data);
  const inputs = readInputs(
    files,
    manifest.value.classes.map(({ id }) => id),
  );
  if (options.dryRun === true) return check(options, inputs, data);
  if (inputs.problems.length > 0) {
    process.stderr.write(`${inputs.problems.join('\n')}\nNothing was run.\n`);
    return exitCodes.failed;
  }
  return await evaluate(options, { files, inputs, modelFolder });
}

async function evaluate(
  options: EvaluateOptions,
  {
    files,
    inputs,
    modelFolder,
  }: { readonly files: InputFiles; readonly inputs: EvaluationInputs; readonly modelFolder: string },
): Promise<number> {
  const { out } = options;
  if (out === undefined) throw new UsageError('evaluate needs --out');
  const known = journaledAnswers(out);
  if (options.resume !== true && known > 0 && known < inputs.images.length)
    throw new UsageError(
      `${out} holds ${known} answers of a run that was stopped: add --resume to go on with them, or name another folder`,
    );
  const stop = new AbortController();
  const interrupted = (): void => {
    process.stderr.write('\nStopping: the report of what is done follows.\n');
    stop.abort();
  };
  process.once('SIGINT', interrupted);
  const pipeline = await openThreadedPipeline({
    modelFolder,
    providers: [options.provider],
    map: options.map,
    released: options.released === true,
    sessions: options.sessions,
  });
  try {
    const evaluation = await runEvaluation(pipeline, {
      files,
      inputs,
      outputFolder: out,
      released: options.released === true,
      mode: options.resume === true ? 'resume' : 'fresh',
      bootstrap: { draws: options.draws, seed: options.seed },
      createdAt: new Date().toISOString(),
      signal: stop.signal,
      print: (line) => process.stdout.write(`${line}\n`),
      progress: progressReport('images'),
    });
    process.stdout.write(`Report: ${out}/report.html\n`);
    const met = evaluation.acceptance.every((row) => row.met);
    return met && evaluation.complete ? exitCodes.ok : exitCodes.failed;
  } finally {
    process.removeListener('SIGINT', interrupted);
    await pipeline.close();
  }
}

function filesOf(options: EvaluateOptions, dataFile: string): InputFiles {
  return {
    dataFile,
    groupColumns: options.group,
    prevalence: options.prevalence,
    ...(options.split === undefined ? {} : { split: options.split }),
    ...(options.readers === undefined ? {} : { readersFile: options.readers }),
    ...(options.boxes === undefined ? {} : { boxesFile: options.boxes }),
    ...(options.training === undefined ? {} : { trainingFile: options.training }),
  };
}

function check(options: EvaluateOptions, inputs: EvaluationInputs, dataFile: string): number {
  const result = dryRun(inputs, dataFile, progressReport('files read'));
  if (options.json === true) process.stdout.write(`${JSON.stringify({ schema: 1, ...result }, null, 2)}\n`);
  else {
    const labels = Object.entries(result.labels).map(([label, images]) => `${label} ${images}`);
    process.stdout.write(
      `${inputs.images.length} images of ${result.patients} patients: ${labels.join(', ')}\n` +
        (result.problems.length === 0
          ? 'No problem found.\n'
          : `${result.problems.join('\n')}\n${result.problems.length} problems.\n`),
    );
  }
  return result.problems.length === 0 ? exitCodes.ok : exitCodes.failed;
}

function compare(options: EvaluateOptions, files: readonly string[]): number {
  const [first, second] = files;
  if (first === undefined || second === undefined || files.length !== 2)
    throw new UsageError('--compare takes two metrics.json');
  const comparison = compareReports(first, second, { draws: options.draws, seed: options.seed });
  const text = options.json === true ? JSON.stringify(comparison, null, 2) : comparisonText(comparison);
  process.stdout.write(`${text}\n`);
  return exitCodes.ok;
}
