import { z } from 'zod';
import { parseCsv } from '../core/csv.ts';
import { err, ok, type Result } from '../core/result.ts';
import { clusterBootstrap, clustersBy } from './bootstrap.ts';
import { ratio } from './confusion.ts';
import { type Estimate, mcNemar } from './statistics.ts';

const figure = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);
const estimate = z.object({ value: figure, low: figure, high: figure });
const macroNames = [
  'accuracy',
  'precision',
  'sensitivity',
  'specificity',
  'npv',
  'f1',
  'auc',
  'mcc',
] as const;

const metricsSchema = z.object({
  schema: z.literal(1),
  notice: z.string().nullable(),
  complete: z.boolean(),
  model: z.object({
    id: z.string(),
    version: z.string(),
    sha256: z.string(),
    manifestSha256: z.string(),
  }),
  data: z.object({ sha256: z.string(), split: z.string().nullable(), images: z.number() }),
  answered: z.object({
    macro: z.object(Object.fromEntries(macroNames.map((name) => [name, estimate]))),
    perClass: z.array(
      z.object({ classId: z.string(), sensitivity: estimate, specificity: estimate, auc: estimate }),
    ),
  }),
  calibration: z.object({ ece: figure, brier: estimate }),
  rejection: z.object({ refused: estimate }),
  acceptance: z.array(z.object({ name: z.string(), met: z.boolean() })),
  speed: z.object({ modelMs: z.object({ p50: figure, p95: figure }) }),
});

/** What a comparison needs of a metrics.json. */
export type StoredMetrics = z.infer<typeof metricsSchema>;

/** One figure of two evaluations. */
export interface ComparedFigure {
  readonly name: string;
  readonly first: Estimate;
  readonly second: Estimate;
  readonly difference: number;
}

/** The same images answered by two models. */
export interface PairedComparison {
  readonly images: number;
  readonly bothRight: number;
  readonly bothWrong: number;
  readonly onlyFirstRight: number;
  readonly onlySecondRight: number;
  readonly mcNemarP: number;
  /** Accuracy of the second minus the first, patients drawn. */
  readonly accuracyDifference: Estimate;
  readonly changedCalls: number;
}

export interface Comparison {
  readonly schema: 1;
  readonly first: StoredMetrics['model'];
  readonly second: StoredMetrics['model'];
  readonly notices: readonly string[];
  readonly figures: readonly ComparedFigure[];
  /** Null when the lists differ or a predictions.csv is missing: then nothing is paired. */
  readonly paired: PairedComparison | null;
}

/** Reads a metrics.json of this program. */
export function readMetrics(text: string): Result<StoredMetrics, string> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return err(`is not JSON: ${String(error)}`);
  }
  const parsed = metricsSchema.safeParse(json);
  if (parsed.success) return ok(parsed.data);
  const [issue] = parsed.error.issues;
  return err(
    `is not the metrics.json of an evaluation: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
  );
}

/** One row of a predictions.csv, as far as a paired comparison needs it. */
export interface StoredPrediction {
  readonly file: string;
  readonly label: string;
  readonly patientId: string;
  readonly called: string;
}

export function readPredictions(text: string): StoredPrediction[] {
  return parseCsv(text).rows.map(({ cells }) => ({
    file: cells['file'] ?? '',
    label: cells['label'] ?? '',
    patientId: cells['patient_id'] ?? '',
    called: cells['called'] ?? '',
  }));
}

/** Figure by figure, and image by image where both evaluations read the same list. */
export function compareEvaluations(
  first: StoredMetrics,
  second: StoredMetrics,
  predictions: readonly [readonly StoredPrediction[], readonly StoredPrediction[]] | undefined,
  bootstrap: { readonly draws: number; readonly seed: number },
): Comparison {
  const sameList = first.data.sha256 === second.data.sha256 && first.data.split === second.data.split;
  const row = (name: string, a: Estimate, b: Estimate): ComparedFigure => ({
    name,
    first: a,
    second: b,
    difference: b.value - a.value,
  });
  const alone = (value: number): Estimate => ({ value, low: Number.NaN, high: Number.NaN });
  return {
    schema: 1,
    first: first.model,
    second: second.model,
    notices: [
      ...new Set([first, second].flatMap(({ notice }) => (notice === null ? [] : [notice]))),
      ...(sameList
        ? []
        : [
            'The two evaluations read different lists: differences may come from the images, not from the models.',
          ]),
      ...(first.complete && second.complete ? [] : ['At least one evaluation was stopped before its end.']),
    ],
    figures: [
      ...macroNames.flatMap((name) => {
        const [a, b] = [first.answered.macro[name], second.answered.macro[name]];
        return a === undefined || b === undefined ? [] : [row(name, a, b)];
      }),
      ...first.answered.perClass.flatMap((entry) => {
        const other = second.answered.perClass.find(({ classId }) => classId === entry.classId);
        if (other === undefined) return [];
        return (['sensitivity', 'specificity', 'auc'] as const).map((name) =>
          row(`${entry.classId} ${name}`, entry[name], other[name]),
        );
      }),
      row('ece', alone(first.calibration.ece), alone(second.calibration.ece)),
      row('brier', first.calibration.brier, second.calibration.brier),
      row('refused', first.rejection.refused, second.rejection.refused),
      row('model ms, median', alone(first.speed.modelMs.p50), alone(second.speed.modelMs.p50)),
    ],
    paired: sameList && predictions !== undefined ? pair(predictions[0], predictions[1], bootstrap) : null,
  };
}

function pair(
  first: readonly StoredPrediction[],
  second: readonly StoredPrediction[],
  bootstrap: { readonly draws: number; readonly seed: number },
): PairedComparison {
  const other = new Map(second.map((entry) => [entry.file, entry]));
  const both = first.flatMap((entry) => {
    const match = other.get(entry.file);
    return match === undefined || entry.called === '' || match.called === '' || entry.label === 'other'
      ? []
      : [{ ...entry, secondCalled: match.called }];
  });
  const right = both.map(
    ({ label, called, secondCalled }) => [called === label, secondCalled === label] as const,
  );
  const count = (a: boolean, b: boolean): number => right.filter(([x, y]) => x === a && y === b).length;
  const [onlyFirstRight, onlySecondRight] = [count(true, false), count(false, true)];
  const [difference] = clusterBootstrap(
    clustersBy(both.map(({ patientId }) => patientId)),
    (weights) => {
      let sum = 0;
      let total = 0;
      right.forEach(([x, y], index) => {
        const weight = weights[index] ?? 0;
        sum += weight * ((y ? 1 : 0) - (x ? 1 : 0));
        total += weight;
      });
      return [ratio(sum, total)];
    },
    bootstrap,
  );
  return {
    images: both.length,
    bothRight: count(true, true),
    bothWrong: count(false, false),
    onlyFirstRight,
    onlySecondRight,
    mcNemarP: mcNemar(onlyFirstRight, onlySecondRight),
    accuracyDifference: difference ?? { value: Number.NaN, low: Number.NaN, high: Number.NaN },
    changedCalls: both.filter(({ called, secondCalled }) => called !== secondCalled).length,
  };
}
