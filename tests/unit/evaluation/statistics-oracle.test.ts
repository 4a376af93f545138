import { describe, expect, test } from 'vitest';
import { clustersBy } from '../../../src/evaluation/bootstrap.ts';
import { calibrationReport } from '../../../src/evaluation/calibration-metrics.ts';
import { classificationReport } from '../../../src/evaluation/classification-metrics.ts';
import { predictedClass } from '../../../src/evaluation/confusion.ts';
import { classCurves } from '../../../src/evaluation/curves.ts';
import { cohenKappa, type Estimate, mcNemar, wilson } from '../../../src/evaluation/statistics.ts';
import oracle from './statistics-oracle.json' with { type: 'json' };

/** 120 drawn images of 60 patients; every expected number comes from the packages named in the file's `source`. */
const classIds = ['normal', 'spondylolysis', 'dls'];
const bootstrap = { draws: 2000, seed: 1 };
const { cases } = oracle;
const truth = cases.map((entry) => entry.truth);
const clusters = clustersBy(cases.map(({ patientId }) => patientId));
const called = cases.map(({ probabilities }) => predictedClass(probabilities));
const report = classificationReport(cases, classIds, bootstrap);

function expectInterval(measured: Estimate, [low = NaN, high = NaN]: number[], digits: number): void {
  expect(measured.low).toBeCloseTo(low, digits);
  expect(measured.high).toBeCloseTo(high, digits);
}

describe('against scikit-learn', () => {
  test('the confusion matrix', () => expect(report.confusion).toEqual(oracle.confusion));
  test.each(['accuracy', 'precision', 'sensitivity', 'f1', 'auc', 'mcc', 'balancedAccuracy'] as const)(
    'the mean over classes: %s',
    (name) => expect(report.macro[name].value).toBeCloseTo(oracle.macro[name], 12),
  );
  test.each([
    'accuracy',
    'precision',
    'sensitivity',
    'specificity',
    'npv',
    'f1',
    'balancedAccuracy',
    'mcc',
    'auc',
  ] as const)('each class against the rest: %s', (name) => {
    const expected = oracle.perClass.map((entry) => entry[name]);
    report.perClass.forEach((entry, index) => expect(entry[name].value).toBeCloseTo(expected[index]!, 12));
  });
  test.each([0, 1, 2])('ROC points and average precision of class %i', (index) => {
    const expected = oracle.perClass[index]!;
    const curves = classCurves(
      classIds[index]!,
      cases.map(({ probabilities }) => probabilities[index]!),
      truth.map((value) => value === index),
      undefined,
      { clusters, bootstrap: { draws: 10, seed: 1 } },
    );
    expect(curves.averagePrecision.value).toBeCloseTo(expected.averagePrecision, 12);
    const points = (list: readonly { x: number; y: number }[]): string[] =>
      list.map(({ x, y }) => `${x.toFixed(9)} ${y.toFixed(9)}`);
    expect(points(curves.roc)).toEqual(points(expected.rocX.map((x, i) => ({ x, y: expected.rocY[i]! }))));
  });
  test('kappa of a reader with the model', () =>
    expect(cohenKappa(called, oracle.reader, 3)).toBeCloseTo(oracle.kappa, 12));
  test('Brier score and log loss', () => {
    const calibration = calibrationReport(
      cases.map(({ probabilities }) => probabilities),
      truth,
      classIds,
      { clusters, bootstrap: { draws: 10, seed: 1 } },
    );
    expect(calibration.brier.value).toBeCloseTo(oracle.brier, 12);
    expect(calibration.nll.value).toBeCloseTo(oracle.logLoss, 12);
  });
});

describe('against statsmodels', () => {
  test('Wilson intervals', () => {
    for (const [x = 0, n = 0, low = 0, high = 0] of oracle.wilson)
      expectInterval(wilson(x, n), [low, high], 12);
    report.perClass.forEach((entry, index) =>
      expectInterval(entry.sensitivity, oracle.perClass[index]!.sensitivityWilson, 12),
    );
  });
  test("exact McNemar's p", () => {
    const [[, onlyModel = 0] = [], [onlyReader = 0] = []] = oracle.mcnemar.table;
    expect(mcNemar(onlyModel, onlyReader)).toBeCloseTo(oracle.mcnemar.p, 12);
  });
  test('calibration slope and intercept with cluster-robust intervals (GLM, binomial)', () => {
    const { perClass } = calibrationReport(
      cases.map(({ probabilities }) => probabilities),
      truth,
      classIds,
      { clusters, bootstrap: { draws: 10, seed: 1 } },
    );
    perClass.forEach(({ slope, intercept }, index) => {
      const expected = oracle.perClass[index]!;
      expect(slope.value).toBeCloseTo(expected.slope[0]!, 6);
      expectInterval(slope, expected.slope.slice(1), 6);
      expect(intercept.value).toBeCloseTo(expected.intercept[0]!, 6);
      expectInterval(intercept, expected.intercept.slice(1), 6);
    });
  });
});

test("DeLong's interval equals that of the Python package confidenceinterval", () => {
  report.perClass.forEach(({ aucDeLong, auc }, index) => {
    const { delong, auc: expected } = oracle.perClass[index]!;
    expect(aucDeLong.value).toBeCloseTo(expected, 12);
    // The package keeps its mid-ranks in float32.
    expectInterval(aucDeLong, delong, 6);
    expect(Math.abs(auc.low - aucDeLong.low)).toBeLessThan(0.05);
  });
});

test('the patient bootstrap agrees with 20,000 draws of numpy to its own noise', () => {
  const [low = 0, high = 0] = oracle.f1Bootstrap;
  expect(Math.abs(report.macro.f1.low - low)).toBeLessThan(0.01);
  expect(Math.abs(report.macro.f1.high - high)).toBeLessThan(0.01);
});
