import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { sha256Hex } from '../../core/identifiers.ts';
import { withBoxes } from '../../evaluation/boxes.ts';
import { type LabelledImage, readLabels, readTrainingPatients } from '../../evaluation/labels.ts';
import { type Reader, readReaders } from '../../evaluation/readers.ts';
import { UsageError } from '../usage-error.ts';

/** The files of an evaluation, named on the command line. */
export interface InputFiles {
  readonly dataFile: string;
  readonly split?: string;
  readonly readersFile?: string;
  readonly boxesFile?: string;
  /** Patient ids one a line, or a label list whose rows outside its test split were trained on. */
  readonly trainingFile?: string;
  readonly groupColumns: readonly string[];
  readonly prevalence: Readonly<Record<string, number>>;
}

/** Lists that were read and checked together. */
export interface EvaluationInputs {
  readonly images: readonly LabelledImage[];
  readonly readers: readonly Reader[];
  /** Every fault of every file, as "labels.csv: line 12: ..."; nothing runs while there is any. */
  readonly problems: readonly string[];
  readonly listSha256: string;
  pathOf(file: string): string;
}

/** Reads and checks the lists; throws UsageError when a file named on the command line cannot be read. */
export function readInputs(files: InputFiles, classIds: readonly string[]): EvaluationInputs {
  const folder = dirname(files.dataFile);
  const pathOf = (file: string): string => (isAbsolute(file) ? file : join(folder, file));
  const text = readText(files.dataFile);
  const training =
    files.trainingFile === undefined ? new Set<string>() : readTrainingPatients(readText(files.trainingFile));
  const labels = readLabels(text, {
    classIds,
    trainingPatients: training,
    exists: (file) => existsSync(pathOf(file)),
    ...(files.split === undefined ? {} : { split: files.split }),
  });
  const boxed =
    files.boxesFile === undefined
      ? { images: labels.images, problems: [] }
      : withBoxes(labels.images, readText(files.boxesFile));
  const read =
    files.readersFile === undefined
      ? { readers: [], problems: [] }
      : readReaders(readText(files.readersFile), classIds, new Set(labels.images.map(({ file }) => file)));
  const missingGroups = files.groupColumns.filter((name) => !labels.header.includes(name));
  const unknownClasses = Object.keys(files.prevalence).filter((id) => !classIds.includes(id));
  const named = (file: string | undefined, problems: readonly string[]): string[] =>
    problems.map((problem) => `${file ?? ''}: ${problem}`);
  return {
    images: boxed.images,
    readers: read.readers,
    listSha256: sha256Hex(text),
    pathOf,
    problems: [
      ...named(files.dataFile, labels.problems),
      ...named(files.boxesFile, boxed.problems),
      ...named(files.readersFile, read.problems),
      ...missingGroups.map((name) => `--group: ${files.dataFile} has no column "${name}"`),
      ...unknownClasses.map((id) => `--prevalence: "${id}" is not one of ${classIds.join(', ')}`),
    ],
  };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`${file} cannot be read`, { cause });
  }
}
