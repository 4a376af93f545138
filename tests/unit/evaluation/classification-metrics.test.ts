import { describe, expect, test } from 'vitest';
import { clustersBy } from '../../../src/evaluation/bootstrap.ts';
import { calibrationReport } from '../../../src/evaluation/calibration-metrics.ts';
import { classificationReport } from '../../../src/evaluation/classification-metrics.ts';
import { mccOf } from '../../../src/evaluation/confusion.ts';
import type { Estimate } from '../../../src/evaluation/statistics.ts';

/** Three classes with the confusion matrix [[8,1,1],[2,6,2],[0,1,9]]; every patient has two images. */
function sample(): { truth: number; probabilities: number[]; patientId: string }[] {
  const confusion = [
    [8, 1, 1],
    [2, 6, 2],
    [0, 1, 9],
  ];
  return confusion.flatMap((row, truth) =>
    row.flatMap((count, called) =>
      Array.from({ length: count }, (_, i) => ({
        truth,
        probabilities: [0, 1, 2].map((index) => (index === called ? 0.8 : 0.1)),
        patientId: `fictional-${truth}-${called}-${Math.floor(i / 2)}`,
      })),
    ),
  );
}

describe('classificationReport', () => {
  const report = classificationReport(sample(), ['normal', 'spondylolysis', 'dls'], { draws: 200, seed: 3 });
  test('counts the confusion matrix row by row', () =>
    expect(report.confusion).toEqual([
      [8, 1, 1],
      [2, 6, 2],
      [0, 1, 9],
    ]));
  test('gives accuracy and macro means as scikit-learn defines them', () => {
    expect(report.macro.accuracy.value).toBeCloseTo(23 / 30, 12);
    expect(report.macro.precision.value).toBeCloseTo((8 / 10 + 6 / 8 + 9 / 12) / 3, 12);
    expect(report.macro.sensitivity.value).toBeCloseTo((0.8 + 0.6 + 0.9) / 3, 12);
    expect(report.macro.specificity.value).toBeCloseTo((18 / 20 + 18 / 20 + 17 / 20) / 3, 12);
    expect(report.macro.f1.value).toBeCloseTo((16 / 20 + 12 / 18 + 18 / 22) / 3, 12);
  });
  test('puts every estimate inside its interval', () => {
    for (const { value, low, high } of Object.values(report.macro) as Estimate[]) {
      expect(low).toBeLessThanOrEqual(value);
      expect(high).toBeGreaterThanOrEqual(value);
    }
  });
});

test('mccOf equals the published multiclass value for a perfect and a constant classifier', () => {
  expect(
    mccOf([
      [5, 0],
      [0, 5],
    ]),
  ).toBe(1);
  expect(
    mccOf([
      [5, 0],
      [5, 0],
    ]),
  ).toBeNaN();
  expect(
    mccOf([
      [6, 1],
      [2, 3],
    ]),
  ).toBeCloseTo(0.4780914437337574, 12);
});

describe('calibrationReport', () => {
  const report = (rows: number[][], truth: number[]): ReturnType<typeof calibrationReport> =>
    calibrationReport(rows, truth, ['normal', 'dls'], {
      clusters: clustersBy(rows.map((_, index) => String(index))),
      bootstrap: { draws: 50, seed: 1 },
    });
  test('is 0 for a forecast that is always right and sure', () => {
    const { ece, brier } = report(
      [
        [1, 0],
        [0, 1],
      ],
      [0, 1],
    );
    expect([ece, brier.value]).toEqual([0, 0]);
  });
  test('measures the gap between confidence and hits', () => {
    const rows = Array.from({ length: 10 }, () => [0.9, 0.1]);
    const { ece, brier, bins } = report(rows, [0, 0, 0, 0, 0, 0, 1, 1, 1, 1]);
    expect(ece).toBeCloseTo(0.3, 12);
    expect(brier.value).toBeCloseTo(0.6 * 0.02 + 0.4 * 1.62, 12);
    expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(10);
  });
  test('has no slope where a class is separated without error: a dash, not a number', () =>
    expect(
      report(
        [
          [0.9, 0.1],
          [0.1, 0.9],
        ],
        [0, 1],
      ).perClass[0]?.slope.value,
    ).toBeNaN());
});
