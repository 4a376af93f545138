import { describe, expect, test } from 'vitest';
import {
  type Breaker,
  type BreakerEvent,
  closedBreaker,
  nextBreaker,
} from '../../../src/scu/circuit-breaker.ts';
import { defaultRetrySettings } from '../../../src/scu/retry-schedule.ts';

const at = (nowMs: number, random = 0) => ({ nowMs, random, retry: defaultRetrySettings });

function after(events: readonly BreakerEvent[], nowMs = 0): Breaker {
  return events.reduce((breaker, event) => nextBreaker(breaker, event, at(nowMs)), closedBreaker);
}

const failed: BreakerEvent = { kind: 'association-failed', isPermanent: false };

describe('circuit breaker of one destination (reliability.md 4.4)', () => {
  test('opens after three associations in a row that failed', () => {
    expect(after([failed, failed]).state).toBe('closed');
    expect(after([failed, failed, failed]).state).toBe('open');
  });

  test('a success in between starts the count anew', () => {
    expect(after([failed, failed, { kind: 'success' }, failed, failed]).state).toBe('closed');
  });

  test('opens at once when the peer rejects for good and waits the longest time', () => {
    const breaker = after([{ kind: 'association-failed', isPermanent: true }], 5);
    expect(breaker.state).toBe('open');
    expect(breaker.probeAtMs).toBe(5 + defaultRetrySettings.maxMs);
  });

  test('one poison object that always kills its association never opens it', () => {
    const lost: BreakerEvent = { kind: 'object-lost', outboxId: 7 };
    expect(after(Array.from({ length: 50 }, () => lost)).state).toBe('closed');
  });

  test('three different objects whose associations died open it', () => {
    expect(after([1, 2, 3].map((outboxId) => ({ kind: 'object-lost', outboxId }) as const)).state).toBe(
      'open',
    );
  });

  test('an answered probe closes it and asks for gentle draining until the queue is empty', () => {
    const drained = after([failed, failed, failed, { kind: 'probe-answered' }]);
    expect(drained).toMatchObject({ state: 'closed', isDraining: true, associationFailures: 0 });
    expect(nextBreaker(drained, { kind: 'success' }, at(0)).isDraining).toBe(true);
    expect(nextBreaker(drained, { kind: 'queue-empty' }, at(0)).isDraining).toBe(false);
  });

  test('probes go on for a week, never more often than every 30 s nor less often than every 5 min', () => {
    let breaker = after([failed, failed, failed]);
    let now = 0;
    let probes = 0;
    while (now < 7 * 24 * 3_600_000) {
      const gap = breaker.probeAtMs - now;
      expect(gap).toBeGreaterThanOrEqual(30_000);
      expect(gap).toBeLessThanOrEqual(300_000);
      now = breaker.probeAtMs;
      breaker = nextBreaker(breaker, { kind: 'probe-failed', isPermanent: false }, at(now, 0.99));
      probes++;
    }
    expect(probes).toBeGreaterThan(2000);
  });

  test('new work or an operator brings the next probe forward, but not below the shortest wait', () => {
    const breaker = after([{ kind: 'association-failed', isPermanent: true }], 100);
    const woken = nextBreaker(breaker, { kind: 'woken' }, at(200));
    expect(woken.probeAtMs).toBe(100 + defaultRetrySettings.baseMs);
    const probed = nextBreaker(woken, { kind: 'probe-failed', isPermanent: true }, at(50_000));
    expect(probed.probeAtMs).toBe(50_000 + defaultRetrySettings.maxMs);
    expect(nextBreaker(probed, { kind: 'woken' }, at(50_001)).probeAtMs).toBe(
      50_000 + defaultRetrySettings.baseMs,
    );
  });
});
