import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { NodeError } from '../../core/errors.ts';
import { textTable } from '../../core/text-table.ts';
import {
  type Comparison,
  compareEvaluations,
  readMetrics,
  readPredictions,
  type StoredMetrics,
} from '../../evaluation/compare.ts';
import { pValue } from '../../evaluation/report/numbers.ts';
import type { Estimate } from '../../evaluation/statistics.ts';

/** Two metrics.json side by side; paired where both folders still have their predictions.csv. */
export function compareReports(
  first: string,
  second: string,
  bootstrap: { readonly draws: number; readonly seed: number },
): Comparison {
  const paths = [first, second].map((file) => join(dirname(file), 'predictions.csv'));
  const [a, b] = paths.map((path) =>
    existsSync(path) ? readPredictions(readFileSync(path, 'utf8')) : undefined,
  );
  const predictions = a === undefined || b === undefined ? undefined : ([a, b] as const);
  return compareEvaluations(storedMetrics(first), storedMetrics(second), predictions, bootstrap);
}

/** Reads a metrics.json; NOT_FOUND or MODEL_INVALID with the file's name. */
export function storedMetrics(file: string): StoredMetrics {
  if (!existsSync(file)) throw new NodeError('NOT_FOUND', `${file} does not exist`);
  const metrics = readMetrics(readFileSync(file, 'utf8'));
  if (!metrics.ok) throw new NodeError('MODEL_INVALID', `${file} ${metrics.error}`);
  return metrics.value;
}

/** The comparison as a table for the terminal. */
export function comparisonText({ first, second, notices, figures, paired }: Comparison): string {
  const cell = ({ value, low, high }: Estimate): string => {
    if (Number.isNaN(value)) return '-';
    const range = Number.isNaN(low) ? '' : ` (${low.toFixed(4)} to ${high.toFixed(4)})`;
    return `${value.toFixed(4)}${range}`;
  };
  const signed = (value: number): string =>
    Number.isNaN(value) ? '-' : `${value > 0 ? '+' : ''}${value.toFixed(4)}`;
  const nameOf = ({ id, version, sha256 }: Comparison['first']): string =>
    `${id} ${version} (${sha256.slice(0, 8)})`;
  const table = textTable(
    ['figure', `A: ${nameOf(first)}`, `B: ${nameOf(second)}`, 'B - A'],
    figures.map((row) => [row.name, cell(row.first), cell(row.second), signed(row.difference)]),
  );
  const pairs =
    paired === null
      ? ['Not paired: the lists differ, or a predictions.csv is missing beside its metrics.json.']
      : [
          `Paired on ${paired.images} images: both right ${paired.bothRight}, both wrong ${paired.bothWrong}, only A right ${paired.onlyFirstRight}, only B right ${paired.onlySecondRight}, McNemar p ${pValue(paired.mcNemarP)}.`,
          `Accuracy B - A: ${cell(paired.accuracyDifference)}, patients drawn. ${paired.changedCalls} calls differ.`,
        ];
  return [...notices, table, '', ...pairs].join('\n');
}
