import { describe, expect, test } from 'vitest';
import { compareEvaluations, readMetrics, type StoredMetrics } from '../../../src/evaluation/compare.ts';
import { evaluateRows, type FixtureRow } from './evaluation-fixture.ts';

const rows: readonly FixtureRow[] = [
  { label: 'normal', answer: [0.9, 0.05, 0.05] },
  { label: 'normal', answer: [0.3, 0.1, 0.6] },
  { label: 'dls', answer: [0.1, 0.2, 0.7] },
];

async function stored(change: (row: FixtureRow) => FixtureRow = (row) => row): Promise<StoredMetrics> {
  const { evaluation } = await evaluateRows(rows.map(change));
  const metrics = readMetrics(JSON.stringify(evaluation));
  if (!metrics.ok) throw new Error(metrics.error);
  return metrics.value;
}

const predictions = (
  calls: readonly string[],
): { file: string; label: string; patientId: string; called: string }[] =>
  calls.map((called, index) => ({
    file: `image-${index}.dcm`,
    label: rows[index]?.label ?? '',
    patientId: `fictional-${index}`,
    called,
  }));

describe('two evaluations', () => {
  test('of the same list are paired image by image', async () => {
    const comparison = compareEvaluations(
      await stored(),
      await stored((row) => ({ ...row, answer: [0.9, 0.05, 0.05] })),
      [predictions(['normal', 'dls', 'dls']), predictions(['normal', 'normal', ''])],
      { draws: 100, seed: 1 },
    );
    expect(comparison.figures[0]).toMatchObject({ name: 'accuracy', difference: 0 });
    expect(comparison.paired).toMatchObject({
      images: 2,
      bothRight: 1,
      onlySecondRight: 1,
      onlyFirstRight: 0,
      changedCalls: 1,
      accuracyDifference: { value: 0.5 },
    });
    expect(comparison.notices).toEqual([]);
  });
  test('of different lists are not paired, and that is said', async () => {
    const other = await stored();
    const comparison = compareEvaluations(
      await stored(),
      { ...other, data: { ...other.data, sha256: 'd'.repeat(64) } },
      [predictions(['normal']), predictions(['normal'])],
      { draws: 10, seed: 1 },
    );
    expect(comparison.paired).toBeNull();
    expect(comparison.notices[0]).toContain('different lists');
  });
});

test('what is not a metrics.json is refused with a reason', () => {
  expect(readMetrics('{').ok).toBe(false);
  expect(readMetrics('{"schema": 1}')).toMatchObject({ ok: false, error: /not the metrics.json/ });
});
