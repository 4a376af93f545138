import { parseCsv } from '../core/csv.ts';
import {
  type ClassificationReport,
  classificationReport,
  type Prediction,
} from './classification-metrics.ts';
import { cohenKappa, mcNemar } from './statistics.ts';

/** One reader's answers: class index by file. */
export interface Reader {
  readonly name: string;
  readonly answers: ReadonlyMap<string, number>;
}

export interface ReaderComparison {
  readonly name: string;
  readonly images: number;
  readonly report: ClassificationReport;
  /** Agreement with the model, chance-corrected. */
  readonly kappa: number;
  /** Images on which only the model was right, only the reader was, and McNemar's exact p. */
  readonly onlyModelRight: number;
  readonly onlyReaderRight: number;
  readonly mcNemarP: number;
}

/** Reads `file,<reader>,<reader>,...`: one column a reader, one class id a cell; empty cells are images not read. */
export function readReaders(
  text: string,
  classIds: readonly string[],
): { readers: Reader[]; problems: string[] } {
  const { header, rows } = parseCsv(text);
  const problems: string[] = [];
  if (!header.includes('file')) return { readers: [], problems: ['line 1: missing column file'] };
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
  images: readonly {
    readonly file: string;
    readonly truth: number;
    readonly patientId: string;
    readonly called: number;
  }[],
  classIds: readonly string[],
  seed: number,
): ReaderComparison[] {
  return readers.map(({ name, answers }) => {
    const shared = images.flatMap((image) => {
      const answer = answers.get(image.file);
      return answer === undefined ? [] : [{ ...image, answer }];
    });
    const predictions = shared.map(
      ({ truth, patientId, answer }): Prediction => ({
        truth,
        patientId,
        probabilities: classIds.map((_, index) => (index === answer ? 1 : 0)),
      }),
    );
    const onlyModelRight = shared.filter(
      ({ truth, called, answer }) => called === truth && answer !== truth,
    ).length;
    const onlyReaderRight = shared.filter(
      ({ truth, called, answer }) => called !== truth && answer === truth,
    ).length;
    return {
      name,
      images: shared.length,
      report: classificationReport(predictions, classIds, { draws: 500, seed }),
      kappa: cohenKappa(
        shared.map(({ called }) => called),
        shared.map(({ answer }) => answer),
        classIds.length,
      ),
      onlyModelRight,
      onlyReaderRight,
      mcNemarP: mcNemar(onlyModelRight, onlyReaderRight),
    };
  });
}

/** The six doctors of Chen et al. 2024 (doi 10.1007/s10278-024-01115-9), abstract: mean and range, percent. */
export const paperReaders = {
  source: 'Chen et al. 2024, doi 10.1007/s10278-024-01115-9: three orthopaedists and three radiologists',
  model: { accuracy: 92.0, precision: 91.9, sensitivity: 92.2, specificity: 95.7, f1: 92.0 },
  doctors: {
    accuracy: [87.9, 90.0],
    precision: [87.2, 90.5],
    sensitivity: [87.1, 91.0],
    specificity: [93.7, 94.7],
    f1: [88.2, 89.9],
  },
} as const;
