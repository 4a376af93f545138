import { parseCsv } from '../core/csv.ts';
import type { BootstrapOptions } from './bootstrap.ts';
import { type ClassificationReport, callReport } from './classification-metrics.ts';
import { mean } from './confusion.ts';
import { cohenKappa, mcNemar } from './statistics.ts';

/** One reader's answers: class index by file. */
export interface Reader {
  readonly name: string;
  readonly answers: ReadonlyMap<string, number>;
}

export interface ReaderComparison {
  readonly name: string;
  /** Images that both the reader and the model answered; every figure of the reader is on these. */
  readonly images: number;
  readonly report: ClassificationReport;
  /** The model's accuracy on the same images. */
  readonly modelAccuracy: number;
  /** Chance-corrected agreement with the model and with the truth (Cohen 1960). */
  readonly kappa: number;
  readonly kappaTruth: number;
  readonly bothRight: number;
  readonly bothWrong: number;
  /** Images on which only the model was right, only the reader was, and McNemar's exact p. */
  readonly onlyModelRight: number;
  readonly onlyReaderRight: number;
  readonly mcNemarP: number;
}

/** Unweighted mean over readers of the paper's five figures. */
export interface ReaderMean {
  readonly readers: number;
  readonly accuracy: number;
  readonly precision: number;
  readonly sensitivity: number;
  readonly specificity: number;
  readonly f1: number;
}

export interface ReadImage {
  readonly file: string;
  readonly truth: number;
  readonly patientId: string;
  readonly called: number;
}

/** Reads `file,<reader>,<reader>,...`: one column a reader, one class id a cell; empty cells are images not read. */
export function readReaders(
  text: string,
  classIds: readonly string[],
  files: ReadonlySet<string>,
): { readers: Reader[]; problems: string[] } {
  const { header, rows } = parseCsv(text);
  if (!header.includes('file')) return { readers: [], problems: ['line 1: missing column file'] };
  const problems = rows.flatMap(({ line, cells }) =>
    files.has(cells['file'] ?? '') ? [] : [`line ${line}: ${cells['file'] ?? ''} is not in the label list`],
  );
  const readers = header
    .filter((name) => name !== 'file')
    .map((name) => {
      const answers = new Map<string, number>();
      for (const { line, cells } of rows) {
        const answer = cells[name] ?? '';
        if (answer === '') continue;
        const index = classIds.indexOf(answer);
        if (index < 0)
          problems.push(`line ${line}: "${answer}" of ${name} is not one of ${classIds.join(', ')}`);
        else answers.set(cells['file'] ?? '', index);
      }
      return { name, answers };
    });
  return { readers, problems };
}

/** Each reader against the truth and against the model, on the images that both read. Not an MRMC trial. */
export function compareReaders(
  readers: readonly Reader[],
  images: readonly ReadImage[],
  classIds: readonly string[],
  bootstrap: BootstrapOptions,
): ReaderComparison[] {
  return readers.map(({ name, answers }) => {
    const shared = images.flatMap((image) => {
      const answer = answers.get(image.file);
      return answer === undefined ? [] : [{ ...image, answer }];
    });
    const count = (modelRight: boolean, readerRight: boolean): number =>
      shared.filter(
        ({ truth, called, answer }) =>
          (called === truth) === modelRight && (answer === truth) === readerRight,
      ).length;
    const [onlyModelRight, onlyReaderRight, bothRight] = [
      count(true, false),
      count(false, true),
      count(true, true),
    ];
    const agreement = (other: 'called' | 'truth'): number =>
      cohenKappa(
        shared.map((image) => image[other]),
        shared.map(({ answer }) => answer),
        classIds.length,
      );
    return {
      name,
      images: shared.length,
      report: callReport(
        shared.map(({ truth, patientId, answer }) => ({ truth, patientId, called: answer })),
        classIds,
        bootstrap,
      ),
      modelAccuracy: (onlyModelRight + bothRight) / shared.length,
      kappa: agreement('called'),
      kappaTruth: agreement('truth'),
      bothRight,
      bothWrong: count(false, false),
      onlyModelRight,
      onlyReaderRight,
      mcNemarP: mcNemar(onlyModelRight, onlyReaderRight),
    };
  });
}

/** The mean row of the reader table; undefined without readers. */
export function readerMean(readers: readonly ReaderComparison[]): ReaderMean | undefined {
  if (readers.length === 0) return undefined;
  const of = (name: 'accuracy' | 'precision' | 'sensitivity' | 'specificity' | 'f1'): number =>
    mean(readers.map(({ report }) => report.macro[name].value));
  return {
    readers: readers.length,
    accuracy: of('accuracy'),
    precision: of('precision'),
    sensitivity: of('sensitivity'),
    specificity: of('specificity'),
    f1: of('f1'),
  };
}

/** The six doctors of Chen et al. 2024 (doi 10.1007/s10278-024-01115-9), from its abstract, percent. */
export const paperReaders = {
  source: 'Chen et al. 2024, doi 10.1007/s10278-024-01115-9: three orthopaedists and three radiologists',
  model: { accuracy: 92.0, precision: 91.9, sensitivity: 92.2, specificity: 95.7, f1: 92.0 },
  /** The abstract gives a mean for the accuracy only. */
  doctorsMean: { accuracy: 89.0 },
  doctors: {
    accuracy: [87.9, 90.0],
    precision: [87.2, 90.5],
    sensitivity: [87.1, 91.0],
    specificity: [93.7, 94.7],
    f1: [88.2, 89.9],
  },
} as const;
