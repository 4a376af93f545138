import { describe, expect, test } from 'vitest';
import type { Disposition } from '../../../src/core/outcome.ts';
import { analysed, boot, claim, type Fixture, image, openFixture } from './store-fixture.ts';

/** One image with each ending, one duplicate and one that still waits. */
function day(): Fixture {
  const fixture = openFixture();
  const { store, clock } = fixture;
  const ends: readonly Exclude<Disposition, 'pending' | 'quarantined'>[] = [
    'analysed',
    'skipped',
    'held',
    'refused',
    'failed',
  ];
  for (const [index, disposition] of ends.entries()) {
    store.inbox.admit(image(index + 1, { study: index + 1, atMs: clock.nowMs() }));
    const { analysis, objects, ...rest } = analysed(claim(store));
    const ended =
      disposition === 'analysed'
        ? { ...rest, objects, ...(analysis === undefined ? {} : { analysis }) }
        : { ...rest, objects: [], reasons: [{ code: 'S02' as const, detail: 'x' }] };
    store.results.commitImageResult({ ...ended, disposition });
  }
  store.inbox.admit(image(6, { study: 6, atMs: clock.nowMs() }));
  store.jobs.quarantine(claim(store), { errorCode: 'X', detail: 'x', reason: { code: 'T03', detail: 'x' } });
  store.inbox.admit(image(7, { study: 7, atMs: clock.nowMs(), sender: 'CR_WARD' }));
  store.inbox.admit(image(7, { study: 7, atMs: clock.nowMs(), sender: 'CR_WARD' }));
  return fixture;
}

describe('dayReport', () => {
  test('received is the sum of every ending, and deliveries sum to what was made', () => {
    const { store, clock } = day();
    const delivery = store.outbox.claimDue({
      destination: 'main',
      limit: 1,
      nowMs: clock.nowMs(),
      bootId: boot,
    })[0]!;
    store.outbox.markStored(delivery, { status: 0 });
    const report = store.dayReport(clock.nowMs() - 1000, clock.nowMs() + 1000);
    expect(report).toMatchObject({
      received: 7,
      dispositions: { analysed: 1, skipped: 1, held: 1, refused: 1, failed: 1, quarantined: 1, pending: 1 },
      duplicates: 1,
      deliveries: [
        { destination: 'main', made: 1, stored: 1, committed: 0, waiting: 0, parked: 0, cancelled: 0 },
      ],
      addsUp: true,
    });
    expect(report.reasons).toContainEqual({ disposition: 'skipped', code: 'S02', count: 1 });
  });

  test('an image belongs to the day it was received on and to no other', () => {
    const { store, clock } = day();
    expect(store.dayReport(clock.nowMs() + 1, clock.nowMs() + 1000)).toMatchObject({
      received: 0,
      deliveries: [],
      addsUp: true,
    });
  });
});

describe('what the surfaces ask', () => {
  test('images are filtered and paged, newest first', () => {
    const { store } = day();
    expect(store.images({ disposition: 'held', limit: 10, offset: 0 })).toMatchObject({
      total: 1,
      rows: [{ sopInstanceUid: '1.2.3.4.3', dynamic: 'FLEXION' }],
    });
    expect(store.images({ reason: 'S02', limit: 10, offset: 0 }).total).toBe(4);
    expect(
      store.images({ callingAeTitle: 'CR_WARD', limit: 10, offset: 0 }).rows.map((row) => row.duplicateCount),
    ).toEqual([1]);
    const page = store.images({ limit: 3, offset: 3 });
    expect([page.total, page.rows.length]).toEqual([7, 3]);
  });

  test('the status names the last image of every sender and the oldest waiting one', () => {
    const { store, clock } = day();
    expect(store.statusSummary()).toMatchObject({
      oldestPendingAtMs: clock.nowMs(),
      openStudies: 7,
      senders: [
        { callingAeTitle: 'CR_WARD', lastImageAtMs: clock.nowMs(), images24h: 1 },
        { callingAeTitle: 'DX_ROOM1', lastImageAtMs: clock.nowMs(), images24h: 6 },
      ],
    });
  });

  test('drift shows the mix of each sender', () => {
    const { store, clock } = day();
    expect(store.drift(0, clock.nowMs() + 1)[1]).toMatchObject({
      callingAeTitle: 'DX_ROOM1',
      received: 6,
      outcomes: { SUSPECTED: 1, FAILED: 1 },
      suspectedRate: 0.5,
      rejectionRate: 0,
    });
  });

  test('explain finds a study by every key and says nothing of what it never saw', () => {
    const { store } = day();
    const keys = [
      { sopInstanceUid: '1.2.3.4.1' },
      { instanceId: image(1).instanceId },
      { studyInstanceUid: '1.2.3.1' },
    ] as const;
    for (const key of keys) expect(store.explain(key)?.studyInstanceUid).toBe('1.2.3.1');
    const object = store.explain({ studyInstanceUid: '1.2.3.1' })?.images[0]?.objects[0]?.object;
    expect(store.explain({ sopInstanceUid: object?.sopInstanceUid ?? '' })?.studyInstanceUid).toBe('1.2.3.1');
    expect(store.explainAll({ accessionNumber: 'ACC0001' })).toHaveLength(5);
    expect(store.explain({ accessionNumber: 'NEVER' })).toBeUndefined();
  });

  test('readers can judge a result; nothing is overwritten', () => {
    const { store, clock } = day();
    const instanceId = image(1).instanceId;
    expect(
      store.feedback.give({ instanceId, judgement: 'disagree', readerClass: 'normal', operator: 'c.reader' }),
    ).toBe('stored');
    expect(store.feedback.give({ instanceId, judgement: 'agree', operator: 'd.reader' })).toBe('stored');
    expect(store.feedback.of(instanceId).map((row) => row.judgement)).toEqual(['disagree', 'agree']);
    expect(store.feedback.agreement(0, clock.nowMs() + 1)).toHaveLength(2);
    expect(store.feedback.give({ instanceId: 'nothing', judgement: 'agree', operator: 'x' })).toBe(
      'not-found',
    );
  });

  test('an alert tells once when it begins and once when it is over, also across a restart', () => {
    const fixture = openFixture();
    expect(fixture.store.alerts.start('pacs-refusing:main', 'RJ 1/1/7')).toBe(true);
    const again = fixture.reopen();
    expect(again.alerts.start('pacs-refusing:main', 'RJ 1/1/7')).toBe(false);
    expect(again.alerts.active()).toHaveLength(1);
    expect(again.alerts.recover('pacs-refusing:main')).toBe(true);
    expect(again.alerts.recover('pacs-refusing:main')).toBe(false);
    expect(again.alerts.history(5)[0]?.recoveredAtMs).toBe(fixture.clock.nowMs());
  });
});
