import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DayFacts, dayReportText } from '../../../src/admin/report/day-report-text.ts';
import { siteTime } from '../../../src/admin/site-time.ts';
import type { Disposition } from '../../../src/core/outcome.ts';
import type { Store } from '../../../src/store/store.ts';
import {
  analysed,
  boot,
  claim,
  type Fixture,
  image,
  openFixture,
  resultObject,
} from '../store/store-fixture.ts';

const time = siteTime('Europe/Berlin');

/** What can happen on a day, as the store's own doors let it happen. */
const acts = [
  'receive',
  'send twice',
  'analyse',
  'skip',
  'hold',
  'refuse',
  'quarantine',
  'deliver',
  'park',
  'cancel',
  'release',
  'dismiss',
  'requeue',
] as const;
type Act = (typeof acts)[number];

function perform(act: Act, { store, clock }: Fixture, n: number): void {
  clock.advance(1000);
  const known = store.images({ limit: 1000, offset: 0 }).rows;
  const some = known[n % Math.max(1, known.length)];
  switch (act) {
    case 'receive':
      store.inbox.admit(image(n, { study: n % 5, atMs: clock.nowMs() }));
      break;
    case 'send twice':
      if (some !== undefined)
        store.inbox.admit({
          ...some,
          associationId: 'again',
          instanceId: `01JAGAIN${String(n).padStart(18, '0')}`,
        });
      break;
    case 'analyse':
    case 'skip':
    case 'hold':
    case 'refuse':
      finish(act, store, n);
      break;
    case 'quarantine': {
      const job = store.jobs.claim({ claimedBy: 'w', bootId: boot, leaseMs: 1000 });
      if (job !== undefined)
        store.jobs.quarantine(job, { errorCode: 'X', detail: 'x', reason: { code: 'T06', detail: 'x' } });
      break;
    }
    case 'deliver':
    case 'park': {
      const [due] = store.outbox.claimDue({
        destination: 'main',
        limit: 1,
        nowMs: clock.nowMs(),
        bootId: boot,
      });
      if (due === undefined) break;
      if (act === 'park') store.outbox.park(due, { error: 'x', reason: 'D03' });
      else store.outbox.markStored(due, { status: 0 });
      break;
    }
    case 'cancel':
      if (some !== undefined) store.outbox.cancel({ studyInstanceUid: some.studyInstanceUid }, 'a.operator');
      break;
    case 'release':
      if (some !== undefined) store.holds.release(some.instanceId, 'a.operator');
      break;
    case 'dismiss':
      if (some !== undefined) store.holds.dismiss(some.instanceId, 'a.operator');
      break;
    case 'requeue':
      if (some !== undefined) store.holds.requeue(some.instanceId, 'a.operator');
      break;
  }
}

function finish(act: 'analyse' | 'skip' | 'hold' | 'refuse', store: Store, n: number): void {
  const waiting = store.jobs.depth();
  if (waiting.queued + waiting.waiting === 0) return;
  const job = claim(store);
  const { analysis, ...rest } = analysed(job, {
    objects: act === 'analyse' ? [resultObject(`sc-${job.instance.instanceId}-${n}`)] : [],
  });
  const dispositions = { analyse: 'analysed', skip: 'skipped', hold: 'held', refuse: 'refused' } as const;
  store.results.commitImageResult({
    ...rest,
    disposition: dispositions[act],
    reasons:
      act === 'analyse'
        ? []
        : [{ code: act === 'skip' ? 'S02' : act === 'hold' ? 'S10' : 'Q01', detail: '' }],
    ...(act === 'analyse' && analysis !== undefined ? { analysis } : {}),
  });
}

describe('report day', () => {
  test('adds up after any history: every image and every result is in exactly one line', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...acts), { minLength: 1, maxLength: 60 }), (history) => {
        const fixture = openFixture();
        const received = new Set<string>();
        history.forEach((act, n) => {
          perform(act, fixture, n);
          for (const { instanceId } of fixture.store.images({ limit: 1000, offset: 0 }).rows)
            received.add(instanceId);
        });
        const { fromMs, toMs } = time.day(fixture.clock.nowMs());
        const report = fixture.store.dayReport(fromMs, toMs);
        const results = fixture.store.outbox.list({ limit: 1000, offset: 0 });
        expect(report.addsUp).toBe(true);
        expect(report.received).toBe(received.size);
        expect(Object.values(report.dispositions).reduce((a, b) => a + b, 0)).toBe(received.size);
        expect(report.deliveries.reduce((sum, { made }) => sum + made, 0)).toBe(results.length);
      }),
      { numRuns: 25 },
    );
  }, 120_000);

  const noDispositions: Readonly<Record<Disposition, number>> = {
    analysed: 0,
    skipped: 0,
    held: 0,
    refused: 0,
    failed: 0,
    quarantined: 0,
    pending: 0,
  };

  function facts(changes: Partial<DayFacts> = {}): DayFacts {
    const { fromMs, toMs } = time.day(Date.UTC(2026, 10, 23, 12));
    return {
      fromMs,
      toMs,
      received: 5,
      dispositions: { ...noDispositions, analysed: 2, skipped: 2, pending: 1 },
      outcomes: { SUSPECTED: 1, NOT_DETECTED: 1 },
      reasons: [{ disposition: 'skipped', code: 'S02', count: 2 }],
      duplicates: 1,
      refusedAtTheDoor: 0,
      reports: 1,
      deliveries: [
        { destination: 'main', made: 3, stored: 1, committed: 1, waiting: 1, parked: 0, cancelled: 0 },
      ],
      addsUp: true,
      inWork: [{ sopInstanceUid: '1.2.3.4.5', receivedAtMs: fromMs + 3_600_000 }],
      feedback: [{ modelSha256: 'a'.repeat(64), judgement: 'agree', count: 3 }],
      ...changes,
    };
  }

  test('names every ending with its reasons, what is still in work, and the readers', () => {
    const text = dayReportText(facts(), time);
    expect(text).toContain('Report of 2026-11-23, times Europe/Berlin');
    expect(text).toContain('=      2 analysed: 1 SUSPECTED, 1 NOT DETECTED');
    expect(text).toContain('+      2 skipped: 2 S02 not a lateral view');
    expect(text).toContain('+      1 still in work');
    expect(text).toContain('since 01:00:00  1.2.3.4.5');
    expect(text).toContain('It adds up.');
    expect(text).toMatch(/aaaaaaaa\s+3\s+0\s+0/);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  test('says by how much it does not add up, and where', () => {
    const text = dayReportText(
      facts({
        addsUp: false,
        received: 7,
        deliveries: [
          { destination: 'main', made: 4, stored: 1, committed: 1, waiting: 1, parked: 0, cancelled: 0 },
        ],
      }),
      time,
    );
    expect(text.replaceAll(/\s+/g, ' ')).toContain(
      'IT DOES NOT ADD UP. 7 were received, 5 are accounted for: 2 differ. main: 4 made, 3 accounted for.',
    );
  });

  test('a day on which the clock changes says how long it is', () => {
    const { fromMs, toMs } = time.day(Date.UTC(2026, 9, 25, 12));
    expect(dayReportText(facts({ fromMs, toMs }), time)).toContain('(a day of 25 hours)');
  });
});
