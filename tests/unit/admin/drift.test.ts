import { describe, expect, test } from 'vitest';
import { findDrift, type SenderMix } from '../../../src/admin/drift/drift.ts';

function mix(changes: Partial<SenderMix> = {}): SenderMix {
  return {
    sender: 'DX_ROOM1',
    received: 1000,
    inScope: 400,
    suspected: 80,
    noResult: 8,
    scores: [{ classId: 'dls', count: 400, mean: 0.2, variance: 0.04 }],
    ...changes,
  };
}

/** The same shares with fewer images. */
const recent = (changes: Partial<SenderMix> = {}) =>
  mix({
    received: 250,
    inScope: 100,
    suspected: 20,
    noResult: 2,
    scores: [{ classId: 'dls', count: 100, mean: 0.2, variance: 0.04 }],
    ...changes,
  });

function drifted(now: SenderMix, before = mix()): string[] {
  return findDrift([now], [before]).flatMap(({ measure, verdict }) =>
    verdict === 'drifted' ? [measure] : [],
  );
}

describe('drift of a sender against its own past', () => {
  test('the same mix has not drifted', () => {
    expect(drifted(recent())).toEqual([]);
  });

  test('agrees with the textbook: 45 of 100 against 80 of 400 is z = 5.2', () => {
    const [finding] = findDrift([recent({ suspected: 45 })], [mix()]).filter(
      ({ measure }) => measure === 'suspected',
    );
    expect(finding?.z).toBeCloseTo(5.164, 2);
    expect(finding?.verdict).toBe('drifted');
  });

  test('each measure is judged by itself', () => {
    expect(drifted(recent({ noResult: 30 }))).toEqual(['no-result']);
    expect(drifted(recent({ received: 400 }))).toEqual(['in-scope']);
    expect(drifted(recent({ scores: [{ classId: 'dls', count: 100, mean: 0.45, variance: 0.04 }] }))).toEqual(
      ['score dls'],
    );
  });

  test('a difference that is certain but small is of no consequence', () => {
    const many = mix({ received: 100_000, inScope: 40_000, suspected: 8000, noResult: 800 });
    expect(
      drifted(mix({ received: 100_000, inScope: 40_000, suspected: 9000, noResult: 800 }), many),
    ).toEqual([]);
  });

  test('few images prove nothing, whatever their share', () => {
    const findings = findDrift([recent({ received: 40, inScope: 40, suspected: 40 })], [mix()]);
    expect(findings.filter(({ measure }) => measure === 'suspected')).toMatchObject([
      { verdict: 'too few', z: 0 },
    ]);
  });

  test('a sender without a past is not judged, and shares of nothing are no numbers that break', () => {
    expect(findDrift([recent({ sender: 'NEW_ROOM' })], [mix()])).toEqual([]);
    for (const { z } of findDrift([recent({ inScope: 0, suspected: 0, noResult: 0 })], [mix()]))
      expect(Number.isFinite(z)).toBe(true);
  });
});
