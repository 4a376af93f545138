import { describe, expect, test } from 'vitest';
import { calibratedProbabilities, classify } from '../../../src/pipeline/classification.ts';
import { manifestFixture } from '../../support/model-fixture.ts';

const logitsOf = (...probabilities: number[]): number[] => probabilities.map(Math.log);

describe('calibratedProbabilities', () => {
  test('divides the logits by the temperature before the softmax (Guo et al. 2017)', () => {
    const [first = 0, second = 0] = calibratedProbabilities([2, 0], 2);
    expect(first).toBeCloseTo(1 / (1 + Math.exp(-1)), 12);
    expect(first + second).toBeCloseTo(1, 12);
  });
  test('survives logits that would overflow', () => {
    expect(calibratedProbabilities([1000, 0, -1000], 1)).toEqual([1, 0, 0]);
  });
});

describe('classify', () => {
  const manifest = manifestFixture();
  test.each([
    ['SUSPECTED', logitsOf(0.1, 0.1, 0.8), 'dls'],
    ['NOT_DETECTED', logitsOf(0.8, 0.15, 0.05), 'spondylolysis'],
    ['INDETERMINATE', logitsOf(0.5, 0.1, 0.4), 'dls'],
  ] as const)('calls %s and shows the map of the highest finding', (outcome, logits, shown) => {
    const result = classify(logits, manifest);
    expect(result.outcome).toBe(outcome);
    expect(result.classes[result.mapClassIndex]?.id).toBe(shown);
  });
  test('a probability exactly at the threshold is present', () => {
    const half = manifestFixture({
      classes: [
        { id: 'normal', role: 'negative', label: 'normal' },
        { id: 'dls', role: 'finding', label: 'slip', threshold: 0.5 },
      ],
    });
    expect(classify([0, 0], half).classes[1]?.called).toBe('present');
  });
  test('a threshold of the site replaces that of the manifest', () => {
    expect(classify(logitsOf(0.3, 0.1, 0.6), manifest, { dls: 0.7 }).outcome).toBe('INDETERMINATE');
    expect(classify(logitsOf(0.6, 0.1, 0.3), manifest, { dls: 0.25 }).outcome).toBe('SUSPECTED');
  });
  test('the normal class is never called a finding', () => {
    expect(classify(logitsOf(0.99, 0.005, 0.005), manifest).classes[0]).toMatchObject({
      role: 'normal',
      called: 'absent',
    });
  });
});
