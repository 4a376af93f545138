import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultRetrySettings, longRetryDelayMs, retryDelayMs } from '../../../src/scu/retry-schedule.ts';
import { fullBucket, takeToken } from '../../../src/scu/token-bucket.ts';

describe('retry schedule (30 s to 30 min, full jitter)', () => {
  test('grows from at most a minute to at most half an hour', () => {
    const longest = (attempt: number) => retryDelayMs(attempt, 0.999_999, defaultRetrySettings);
    expect(longest(1)).toBeLessThanOrEqual(60_000);
    expect(longest(2)).toBeGreaterThan(100_000);
    expect(longest(6)).toBeGreaterThan(1_790_000);
    expect(longest(6)).toBeLessThanOrEqual(1_800_000);
  });

  test('stays between base and ceiling for any attempt and any chance', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1_000_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempt, random) => {
          const delay = retryDelayMs(attempt, random, defaultRetrySettings);
          return delay >= defaultRetrySettings.baseMs && delay <= defaultRetrySettings.maxMs;
        },
      ),
    );
  });

  test('spreads objects that failed together over the whole window', () => {
    expect(retryDelayMs(5, 0, defaultRetrySettings)).toBe(30_000);
    expect(retryDelayMs(5, 0.5, defaultRetrySettings)).toBe(30_000 + (960_000 - 30_000) / 2);
  });

  test('waits at least the longest time after a refusal for good', () => {
    expect(longRetryDelayMs(0, defaultRetrySettings)).toBe(1_800_000);
    expect(longRetryDelayMs(0.99, defaultRetrySettings)).toBeLessThan(2_000_000);
  });
});

describe('token bucket', () => {
  test('lets the first object through at once and then keeps the rate', () => {
    let bucket = fullBucket(1000);
    const waits: number[] = [];
    for (let i = 0; i < 5; i++) {
      const taken = takeToken(bucket, 1000, 4);
      bucket = taken.bucket;
      waits.push(taken.waitMs);
    }
    expect(waits).toEqual([0, 250, 500, 750, 1000]);
  });

  test('a long pause does not buy a burst', () => {
    const first = takeToken(fullBucket(0), 1_000_000, 4);
    expect(first.waitMs).toBe(0);
    expect(takeToken(first.bucket, 1_000_000, 4).waitMs).toBe(250);
  });

  test('never lets more than rate times time plus one through', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 2000 }), { minLength: 1, maxLength: 200 }),
        fc.integer({ min: 1, max: 50 }),
        (gaps, rate) => {
          let now = 0;
          let bucket = fullBucket(now);
          let latest = 0;
          for (const gap of gaps) {
            now += gap;
            const taken = takeToken(bucket, now, rate);
            bucket = taken.bucket;
            latest = Math.max(latest, now + taken.waitMs);
          }
          return gaps.length <= (latest * rate) / 1000 + 1 + 1e-6;
        },
      ),
    );
  });
});
