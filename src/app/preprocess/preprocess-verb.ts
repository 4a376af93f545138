import { existsSync, readdirSync } from 'node:fs';
import { textTable } from '../../core/text-table.ts';
import { splitPatients } from '../../evaluation/patient-split.ts';
import { readManifest } from '../../pipeline/model-package.ts';
import { readInputs } from '../evaluation/evaluation-inputs.ts';
import { packageFolder } from '../model-selection.ts';
import { progressReport } from '../progress-line.ts';
import { exitCodes } from '../restart-policy.ts';
import { openThreadPool } from '../thread-pool.ts';
import { UsageError } from '../usage-error.ts';
import type { PictureThreadData } from './picture-thread.ts';
import type { Picture, PictureJob } from './prepared-picture.ts';
import { type MaterialSummary, writeMaterial } from './write-material.ts';

/** The command line of `preprocess`. */
export interface PreprocessOptions {
  readonly data: string;
  readonly model: string;
  readonly out: string;
  readonly seed: number;
  readonly threads: number;
}

const refusedShown = 10;

/** `preprocess` with its options parsed; returns the exit code. */
export async function runPreprocessVerb(options: PreprocessOptions): Promise<number> {
  const { out, threads } = options;
  if (existsSync(out) && readdirSync(out).length > 0)
    throw new UsageError(`${out} is not empty: material of two runs must not mix, name another folder`);
  const modelFolder = packageFolder(options.model);
  const manifest = readManifest(modelFolder);
  if (!manifest.ok) throw manifest.error;
  const classIds = manifest.value.classes.map(({ id }) => id);
  const inputs = readInputs({ dataFile: options.data, groupColumns: [], prevalence: {} }, classIds);
  const { splits, problems } = splitPatients(
    inputs.images.map(({ patientId, label, columns }) => ({
      patientId,
      label,
      split: columns['split'] ?? '',
    })),
    options.seed,
  );
  const faults = [...inputs.problems, ...problems.map((problem) => `${options.data}: ${problem}`)];
  if (faults.length > 0) {
    process.stderr.write(`${faults.join('\n')}\nNothing was written.\n`);
    return exitCodes.failed;
  }
  const pool = await openThreadPool<undefined, PictureJob, Picture>({
    module: new URL('./picture-thread.ts', import.meta.url),
    data: { modelFolder } satisfies PictureThreadData,
    threads,
  });
  try {
    const summary = await writeMaterial(pool, {
      images: inputs.images,
      splits,
      outputFolder: out,
      size: manifest.value.input.size,
      classIds,
      listSha256: inputs.listSha256,
      threads,
      pathOf: (file) => inputs.pathOf(file),
      progress: progressReport('images'),
    });
    process.stdout.write(summaryText(summary, classIds, out));
    const trainable = ['train', 'val'].every((split) => summary.written[split] !== undefined);
    if (!trainable) process.stderr.write('Training needs images in train and in val.\n');
    return trainable ? exitCodes.ok : exitCodes.failed;
  } finally {
    await pool.close();
  }
}

function summaryText(
  { written, refused, source }: MaterialSummary,
  classIds: readonly string[],
  out: string,
): string {
  const columns = [...classIds, 'other'];
  const table = textTable(
    ['', ...columns],
    Object.entries(written)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([folder, counts]) => [folder, ...columns.map((label) => String(counts[label] ?? 0))]),
  );
  const shown = refused
    .slice(0, refusedShown)
    .map(({ line, file, reason }) => `line ${line}: ${file}: ${reason}`);
  const rest = refused.length > refusedShown ? [`and ${refused.length - refusedShown} more`] : [];
  return `${[
    table,
    `${refused.length} images refused${refused.length === 0 ? '' : `, listed in ${out}/refused.csv:`}`,
    ...shown,
    ...rest,
    ...(source === 'simulated'
      ? ['The images are SIMULATED: a model made from them is not for clinical use.']
      : []),
    `Material is in ${out}.`,
  ].join('\n')}\n`;
}
