import { describe, expect, test } from 'vitest';
import { clusterBootstrap, clustersBy } from '../../../src/evaluation/bootstrap.ts';
import { delongArea, rankScores, rocArea } from '../../../src/evaluation/roc-area.ts';
import { cohenKappa, mcNemar, quantile, wilson } from '../../../src/evaluation/statistics.ts';

describe('wilson', () => {
  test('gives the published interval of Newcombe 1998, table I: 81 of 263', () => {
    const { low, high } = wilson(81, 263);
    expect(low).toBeCloseTo(0.2553, 4);
    expect(high).toBeCloseTo(0.3662, 4);
  });
  test('stays inside 0..1 at the ends: 0 of 20', () => {
    const { low, high } = wilson(0, 20);
    expect(low).toBe(0);
    expect(high).toBeCloseTo(0.1611, 4);
  });
  test('has no value without observations', () => expect(wilson(0, 0).value).toBeNaN());
});

describe('rocArea', () => {
  test('counts ties half', () =>
    expect(rocArea(rankScores([1, 2, 2, 3], [false, false, true, true]))).toBe(0.875));
  test('is 0 when the order is reversed', () =>
    expect(rocArea(rankScores([3, 2, 1], [false, true, true]))).toBe(0));
  test('counts a case as often as it was drawn', () => {
    const ranked = rankScores([1, 2, 3], [false, true, false]);
    expect(rocArea(ranked)).toBe(0.5);
    expect(rocArea(ranked, Float64Array.of(3, 1, 1))).toBe(0.75);
    expect(rocArea(ranked, Float64Array.of(1, 0, 1))).toBeNaN();
  });
});

test('delongArea has no interval for a perfect separation and none without two of each', () => {
  expect(delongArea([0.1, 0.2, 0.8, 0.9], [false, false, true, true])).toEqual({ value: 1, low: 1, high: 1 });
  expect(delongArea([0.1, 0.8], [false, true]).value).toBeNaN();
});

describe('cohenKappa', () => {
  test('gives 0.4 for the textbook table 20, 5, 10, 15', () => {
    const first = [...Array<number>(25).fill(0), ...Array<number>(25).fill(1)];
    const second = [
      ...Array<number>(20).fill(0),
      ...Array<number>(5).fill(1),
      ...Array<number>(10).fill(0),
      ...Array<number>(15).fill(1),
    ];
    expect(cohenKappa(first, second, 2)).toBeCloseTo(0.4, 10);
  });
});

describe('mcNemar', () => {
  test('gives the exact binomial probability: 1 against 9', () =>
    expect(mcNemar(1, 9)).toBeCloseTo(22 / 1024, 12));
  test('finds nothing in an even split', () => expect(mcNemar(5, 5)).toBe(1));
});

describe('clusterBootstrap', () => {
  const patients = clustersBy(Array.from({ length: 80 }, (_, i) => `fictional-${Math.floor(i / 2)}`));
  const share = (weights: Float64Array): number[] => {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return [weights.subarray(0, 40).reduce((sum, weight) => sum + weight, 0) / total];
  };
  test('is repeatable to the bit and holds the estimate', () => {
    const [a] = clusterBootstrap(patients, share, { draws: 500, seed: 7 });
    expect(clusterBootstrap(patients, share, { draws: 500, seed: 7 })).toEqual([a]);
    expect(a?.value).toBe(0.5);
    expect(a?.low).toBeLessThan(0.5);
    expect(a?.high).toBeGreaterThan(0.5);
  });
  test('is wider than drawing images alone would be', () => {
    const alone = clustersBy(Array.from({ length: 80 }, (_, i) => String(i)));
    const [grouped] = clusterBootstrap(patients, share, { draws: 2000, seed: 1 });
    const [single] = clusterBootstrap(alone, share, { draws: 2000, seed: 1 });
    expect(grouped!.high - grouped!.low).toBeGreaterThan((single!.high - single!.low) * 1.2);
  });
  test('leaves draws out in which a figure is undefined', () => {
    const [figure] = clusterBootstrap(patients, (weights) => [(weights[0] ?? 0) > 0 ? 1 : Number.NaN], {
      draws: 100,
      seed: 1,
    });
    expect(figure).toEqual({ value: 1, low: 1, high: 1 });
  });
});

test('quantile interpolates as R type 7', () => expect(quantile([1, 2, 3, 4], 0.25)).toBe(1.75));
