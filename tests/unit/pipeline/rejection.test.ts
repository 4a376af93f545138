import { describe, expect, test } from 'vitest';
import {
  mahalanobis,
  neighbourDistance,
  rejectUnfamiliar,
  strangerScore,
} from '../../../src/pipeline/rejection.ts';
import { manifestFixture } from '../../support/model-fixture.ts';

describe('mahalanobis', () => {
  test('equals the textbook value for covariance [[4,2],[2,3]]', () => {
    // Cholesky L = [[2,0],[1,sqrt 2]]; its inverse whitens.
    const whitener = [[0.5], [-0.5 / Math.SQRT2, 1 / Math.SQRT2]];
    expect(mahalanobis([3, 5], [1, 1], whitener) ** 2).toBeCloseTo((3 * 4 - 2 * 2 * 8 + 4 * 16) / 8, 10);
  });
});

describe('neighbourDistance', () => {
  const bank = Float32Array.from([1, 0, 0, 1, Math.SQRT1_2, Math.SQRT1_2]);
  test('is 0 on a stored direction and ignores length', () =>
    expect(neighbourDistance(Float32Array.of(7, 0), bank, 1)).toBeCloseTo(0, 6));
  test('averages the k most similar rows', () => {
    expect(neighbourDistance(Float32Array.of(1, 0), bank, 2)).toBeCloseTo(1 - (1 + Math.SQRT1_2) / 2, 6);
  });
});

describe('rejectUnfamiliar', () => {
  const manifest = manifestFixture({
    rejection: {
      stats: { mean: [0, 0], whitener: [[1], [0, 1]], threshold: 2 },
      features: { neighbours: 1, threshold: 0.1, bank: 'bank.f32', bankRows: 1, bankColumns: 2 },
    },
  });
  const model = {
    folder: '',
    manifest,
    sha256: '',
    bytes: new Uint8Array(0),
    featureBank: Float32Array.of(1, 0),
  };
  const output = (stats: number[], features: number[]) => ({
    logits: new Float32Array(3),
    cam: new Float32Array(12),
    camGrid: [2, 2] as const,
    stats: Float32Array.from(stats),
    features: Float32Array.from(features),
  });
  test('lets a familiar image pass and keeps both scores', () => {
    const { reason, scores } = rejectUnfamiliar(output([1, 1], [3, 0]), model);
    expect(reason).toBeUndefined();
    expect(scores.stats).toBeCloseTo(Math.SQRT2, 6);
  });
  test.each([
    ['texture', [3, 0], [1, 0]],
    ['neighbour', [0, 0], [0, 1]],
  ])('refuses a strange %s with Q01 and the measured distance', (word, stats, features) => {
    const { reason } = rejectUnfamiliar(output(stats, features), model);
    expect(reason?.code).toBe('Q01');
    expect(reason?.detail).toContain(word);
  });
  test('refuses statistics that are not numbers', () => {
    expect(rejectUnfamiliar(output([Number.NaN, 0], [1, 0]), model).reason?.code).toBe('Q01');
  });

  describe('with a discriminant against known strangers', () => {
    const strangers = { weights: { stats: [1, 0], features: [0, 2] }, bias: -1, threshold: 0.5 };
    const rejection = manifest.rejection;
    const taught = {
      ...model,
      manifest: manifestFixture(rejection && { rejection: { ...rejection, strangers } }),
    };
    test('scores bias + w . (stats, features)', () => {
      expect(strangerScore(output([3, 9], [7, 0.5]), strangers)).toBeCloseTo(3 + 1 - 1, 6);
    });
    test('refuses with Q06 what is near in both distances but looks like another kind', () => {
      const { reason, scores } = rejectUnfamiliar(output([1.75, 0], [1, 0]), taught);
      expect(reason).toEqual({ code: 'Q06', detail: 'stranger score 0.75 above 0.50' });
      expect(scores).toMatchObject({ strangers: 0.75 });
    });
    test('leaves the distances in force for what it never met', () => {
      const { reason } = rejectUnfamiliar(output([-3, 0], [1, 0]), taught);
      expect(reason).toEqual({ code: 'Q01', detail: 'texture distance 3.00 above 2.00' });
    });
    test('refuses when features are missing or not numbers', () => {
      expect(rejectUnfamiliar(output([0, 0], [1]), taught).reason?.code).toBe('Q06');
    });
  });
});
