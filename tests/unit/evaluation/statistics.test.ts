import { describe, expect, test } from 'vitest';
import {
  clusterBootstrap,
  cohenKappa,
  mcNemar,
  quantile,
  rocArea,
  wilson,
} from '../../../src/evaluation/statistics.ts';

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
  test('counts ties half', () => expect(rocArea([1, 2, 2, 3], [false, false, true, true])).toBe(0.875));
  test('is 0 when the order is reversed', () => expect(rocArea([3, 2, 1], [false, true, true])).toBe(0));
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
  const clusters = Array.from({ length: 40 }, (_, i) => [2 * i, 2 * i + 1]);
  const share = (indices: readonly number[]): number => indices.filter((i) => i < 40).length / indices.length;
  test('is repeatable to the bit and holds the estimate', () => {
    const a = clusterBootstrap(clusters, share, { draws: 500, seed: 7 });
    expect(a).toEqual(clusterBootstrap(clusters, share, { draws: 500, seed: 7 }));
    expect(a.value).toBe(0.5);
    expect(a.low).toBeLessThan(0.5);
    expect(a.high).toBeGreaterThan(0.5);
  });
  test('is wider than drawing images alone would be', () => {
    const alone = Array.from({ length: 80 }, (_, i) => [i]);
    const grouped = clusterBootstrap(clusters, share, { draws: 2000, seed: 1 });
    const single = clusterBootstrap(alone, share, { draws: 2000, seed: 1 });
    expect(grouped.high - grouped.low).toBeGreaterThan((single.high - single.low) * 1.2);
  });
});

test('quantile interpolates as R type 7', () => expect(quantile([1, 2, 3, 4], 0.25)).toBe(1.75));
