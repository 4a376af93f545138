import { describe, expect, test } from 'vitest';
import { siteTime } from '../../../src/admin/site-time.ts';
import { healthOf, percentile, type StatusFacts } from '../../../src/admin/status/status-report.ts';
import { statusText } from '../../../src/admin/status/status-text.ts';

const time = siteTime('Europe/Berlin');
const nowMs = Date.UTC(2026, 10, 23, 14, 0, 0);
const minute = 60_000;

function facts(changes: Partial<StatusFacts> = {}): StatusFacts {
  return {
    nowMs,
    aeTitle: 'LUMBAR',
    version: '1.2.3',
    isRunning: true,
    startedAtMs: nowMs - 100 * minute,
    alerts: [],
    senders: [
      { aeTitle: 'DX_ROOM1', name: 'X-ray room 1', lastImageAtMs: nowMs - 2 * minute, images24h: 41 },
      { aeTitle: 'DX_ROOM2', name: 'X-ray room 2', lastImageAtMs: undefined, images24h: 0 },
    ],
    queue: {
      queued: 1,
      waiting: 0,
      running: 1,
      quarantined: 0,
      oldestAtMs: nowMs - minute,
      openStudies: 2,
      failedStudies: 0,
      held: 0,
    },
    destinations: [destination()],
    latency: { captureMs: [2000, 3000, 4100], reportMs: [33_000] },
    today: {
      received: 41,
      dispositions: { analysed: 30, skipped: 10, held: 0, refused: 1, failed: 0, quarantined: 0, pending: 0 },
      outcomes: { SUSPECTED: 4, NOT_DETECTED: 26, NO_RESULT: 1 },
    },
    disk: { freeBytes: 50 * 2 ** 30, watermarkBytes: 5 * 2 ** 30, folder: '/var/lib/lumbar-node' },
    model: { id: 'lumbar-effnetv2m', sha256: 'a1b2c3d4'.repeat(8), provider: 'cpu' },
    configuration: {
      readAtMs: nowMs - 100 * minute,
      runningSha256: 'c'.repeat(64),
      filesSha256: 'c'.repeat(64),
      refusedAtMs: undefined,
    },
    ...changes,
  };
}

function destination(
  changes: Partial<StatusFacts['destinations'][number]> = {},
): StatusFacts['destinations'][number] {
  return {
    name: 'main',
    deliver: 'on',
    waiting: 0,
    parked: 0,
    oldestWaitingAtMs: undefined,
    stored24h: 62,
    lastError: undefined,
    ...changes,
  };
}

describe('the health sentence', () => {
  test('comes first, and says so when all is well', () => {
    expect(healthOf(facts(), time)).toEqual({
      health: 'well',
      sentence: 'All is well: the node receives, analyses and delivers; last image 14:58:00.',
      next: [],
    });
    expect(statusText(facts(), time).split('\n')[0]).toMatch(/^All is well/);
  });

  test('a node that is down comes before everything else', () => {
    const { health, sentence, next } = healthOf(facts({ isRunning: false }), time);
    expect([health, sentence]).toEqual([
      'down',
      'THE NODE IS NOT RUNNING: nothing is received and nothing is delivered.',
    ]);
    expect(next[0]).toContain('systemctl start lumbar-node');
  });

  test.each<[string, Partial<StatusFacts>, string, string]>([
    [
      'a full disk',
      { disk: { ...facts().disk, freeBytes: 2 ** 30 } },
      'below its watermark (1.0 GiB free)',
      'retention',
    ],
    [
      'a parked result',
      { destinations: [destination({ parked: 2, lastError: 'main does not take this kind of object.' })] },
      '2 results for main need a person: main does not take this kind of object.',
      'queue list --peer main --failed',
    ],
    [
      'a result that waits for an hour',
      { destinations: [destination({ waiting: 3, oldestWaitingAtMs: nowMs - 60 * minute })] },
      '3 results wait for main since 14:00:00.',
      'doctor',
    ],
    [
      'an image set aside',
      { queue: { ...facts().queue, quarantined: 1 } },
      '1 image was set aside after the last attempt.',
      'queue list --failed',
    ],
    [
      'a report that cannot be built',
      { queue: { ...facts().queue, failedStudies: 1 } },
      'the report of 1 study could not be built.',
      'queue list --failed',
    ],
    [
      'an image that nobody analyses',
      { queue: { ...facts().queue, oldestAtMs: nowMs - 45 * minute } },
      'an image waits to be analysed since 14:15:00.',
      'doctor',
    ],
    [
      'a configuration with faults',
      { configuration: { ...facts().configuration, refusedAtMs: nowMs - minute } },
      'has faults; the one before is still in force.',
      'lumbar-node check',
    ],
    [
      'files that were changed and not reloaded',
      { configuration: { ...facts().configuration, filesSha256: 'd'.repeat(64) } },
      'are not in force yet',
      'lumbar-node reload',
    ],
    ['a held image', { queue: { ...facts().queue, held: 1 } }, '1 image is held', 'queue list --held'],
    [
      'an alert of another kind',
      { alerts: [{ cause: 'certificate', detail: 'ends in 12 days', startedAtMs: nowMs - minute }] },
      'certificate since 14:59:00: ends in 12 days',
      '',
    ],
  ])('%s is told, with what to do', (_, changes, sentence, next) => {
    const health = healthOf(facts(changes), time);
    expect(health.health).toBe('attention');
    expect(health.sentence).toContain(`ATTENTION: `);
    expect(health.sentence).toContain(sentence);
    expect(health.next.join(' ')).toContain(next);
  });

  test('several troubles: the most urgent in the sentence, the others counted and listed', () => {
    const { sentence, next } = healthOf(
      facts({ destinations: [destination({ parked: 1 })], queue: { ...facts().queue, held: 2 } }),
      time,
    );
    expect(sentence).toBe('ATTENTION: 1 result for main needs a person. And 1 more trouble, below.');
    expect(next).toContain('2 images are held for an operator.');
  });
});

describe('the status screen', () => {
  test('fits 100 columns, holds no control character and names the zone, whatever a peer writes', () => {
    const text = statusText(
      facts({
        senders: [{ aeTitle: 'DX\u001b[31mX', name: 'n'.repeat(64), lastImageAtMs: 0, images24h: 1 }],
        destinations: [destination({ waiting: 1, lastError: `x\r\n${'very long '.repeat(30)}` })],
      }),
      time,
    );
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f]/);
    expect(text).toContain('Europe/Berlin');
  });

  test('shows latency, outcomes, model and the age of the configuration', () => {
    const text = statusText(facts(), time);
    expect(text).toContain('p50 3 s, p95 4.1 s (3 in 24 h)');
    expect(text).toContain('4 SUSPECTED, 26 NOT DETECTED, 1 NO RESULT');
    expect(text).toContain('lumbar-effnetv2m (a1b2c3d4) on cpu');
    expect(text).toContain('read 13:20:00, 100 min ago, as in the files');
  });

  test('percentiles are values that were measured', () => {
    expect(percentile([5, 1, 4, 2, 3], 0.5)).toBe(3);
    expect(percentile([1, 2], 0.95)).toBe(2);
    expect(percentile([], 0.5)).toBeUndefined();
  });
});
