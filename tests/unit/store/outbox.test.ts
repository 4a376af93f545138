import { describe, expect, test } from 'vitest';
import { type Delivery, dueDeliveries } from '../../../src/store/outbox.ts';
import {
  analysed,
  boot,
  claim,
  type Fixture,
  image,
  model,
  openFixture,
  resultObject,
} from './store-fixture.ts';

function due({ store, clock }: Fixture, limit = 10): Delivery[] {
  return store.outbox.claimDue({ destination: 'main', limit, nowMs: clock.nowMs(), bootId: boot });
}

/** A study with its captures and its report waiting. */
function reportedStudy(fixture: Fixture, study: number, images: readonly number[]): void {
  const { store, clock } = fixture;
  for (const n of images) {
    store.inbox.admit(image(n, { study, atMs: clock.nowMs() }));
    store.results.commitImageResult(analysed(claim(store)));
  }
  store.studies.viewsComplete(`1.2.3.${study}`);
  const claimed = store.studies.claimDue({
    quietMs: 1,
    hardMaxMs: 1e9,
    nowMs: clock.nowMs(),
    modelSha256: model,
    bootId: boot,
  })!;
  const object = resultObject(`sr-${study}`, 'SR');
  store.studies.commitReport({
    claim: claimed,
    revision: 1,
    sopInstanceUid: object.sopInstanceUid,
    instanceIds: images.map((n) => image(n).instanceId),
    object,
    destinations: ['main'],
  });
}

const answer = { error: 'out of resources', status: 0xa700 };

describe('Outbox', () => {
  test('sends the captures of a study before its report, one object of a study at a time', () => {
    const fixture = openFixture();
    reportedStudy(fixture, 1, [1, 2]);
    const kinds: string[] = [];
    for (let batch = due(fixture); batch.length > 0; batch = due(fixture)) {
      expect(batch).toHaveLength(1);
      kinds.push(batch[0]!.object.kind);
      expect(due(fixture)).toEqual([]);
      expect(fixture.store.outbox.markStored(batch[0]!, { status: 0 })).toBe(true);
    }
    expect(kinds).toEqual(['SC', 'SC', 'SR']);
  });

  test('an object that fails holds up its own study and no other (P06)', () => {
    const fixture = openFixture();
    reportedStudy(fixture, 1, [1]);
    reportedStudy(fixture, 2, [2]);
    const [poison, good] = due(fixture);
    fixture.store.outbox.markWaiting(poison!, { ...answer, nextAtMs: fixture.clock.nowMs() + 60_000 });
    fixture.store.outbox.markStored(good!, { status: 0 });
    expect(due(fixture).map((d) => [d.studyInstanceUid, d.object.kind])).toEqual([['1.2.3.2', 'SR']]);
  });

  test('a parked capture stays visible and lets the report go (P05)', () => {
    const fixture = openFixture();
    reportedStudy(fixture, 1, [1]);
    expect(
      fixture.store.outbox.park(due(fixture)[0]!, {
        error: 'context refused',
        reason: 'D05',
        comment: 'no such class',
      }),
    ).toBe(true);
    expect(due(fixture)[0]?.object.kind).toBe('SR');
    expect(fixture.store.outbox.list({ state: 'PARKED', limit: 5, offset: 0 })[0]).toMatchObject({
      lastReason: 'D05',
      errorComment: 'no such class',
      attempts: 1,
    });
    expect(fixture.store.outbox.retry({ destination: 'main' }, 'a.admin')).toBe(1);
    expect(fixture.store.outbox.counts()).toContainEqual(
      expect.objectContaining({ state: 'WAITING', count: 1 }),
    );
  });

  test('after a crash between the answer and its record the same object is due again; the late answer is void (P03)', () => {
    const fixture = openFixture();
    reportedStudy(fixture, 1, [1]);
    const lost = due(fixture)[0]!;
    expect(fixture.store.outbox.recoverAfterStart(boot)).toBe(0);
    expect(fixture.store.outbox.recoverAfterStart('another boot')).toBe(1);
    const again = due(fixture)[0]!;
    expect(again).toMatchObject({
      outboxId: lost.outboxId,
      attempt: 2,
      object: { sopInstanceUid: lost.object.sopInstanceUid },
    });
    expect(fixture.store.outbox.markStored(lost, { status: 0 })).toBe(false);
    expect(fixture.store.outbox.markStored(again, { status: 0 })).toBe(true);
    expect(fixture.store.outbox.markStored(again, { status: 0 })).toBe(false);
  });

  test('giving a delivery back untried costs no attempt', () => {
    const fixture = openFixture();
    reportedStudy(fixture, 1, [1]);
    expect(fixture.store.outbox.unclaim(due(fixture)[0]!)).toBe(true);
    expect(due(fixture)[0]?.attempt).toBe(1);
  });

  test('a report encoded in another class takes the place of the first in the order', () => {
    const fixture = openFixture();
    reportedStudy(fixture, 1, [1]);
    fixture.store.outbox.markStored(due(fixture)[0]!, { status: 0 });
    const refused = due(fixture)[0]!;
    const fallback = resultObject('sr-1-basic', 'SR');
    expect(fixture.store.outbox.replaceObject(refused, fallback, 'SOP class not supported')).toBe(true);
    expect(fixture.store.outbox.replaceObject(refused, fallback, 'SOP class not supported')).toBe(false);
    expect(due(fixture)[0]?.object.sopInstanceUid).toBe(fallback.sopInstanceUid);
    const states = fixture.store
      .explain('last')
      ?.reports[0]?.objects.map(({ deliveries }) => deliveries[0]?.state);
    expect(states).toEqual(['CANCELLED', 'SENDING']);
  });

  test('a wall clock that jumps back does not keep deliveries waiting for days (C12)', () => {
    const fixture = openFixture();
    reportedStudy(fixture, 1, [1]);
    fixture.store.outbox.markWaiting(due(fixture)[0]!, {
      ...answer,
      nextAtMs: fixture.clock.nowMs() + 60_000,
    });
    expect(due(fixture)).toEqual([]);
    // The report behind it is not due either: it stands behind its capture.
    expect(fixture.store.outbox.nextDueAtMs('main')).toBe(fixture.clock.nowMs() + 60_000);
    fixture.clock.jump(-2 * 86_400_000);
    expect(due(fixture)).toHaveLength(1);
  });

  test('an operator can cancel; the books keep it', () => {
    const fixture = openFixture();
    reportedStudy(fixture, 1, [1]);
    expect(fixture.store.outbox.cancel({ studyInstanceUid: '1.2.3.1' }, 'a.admin')).toBe(2);
    expect(due(fixture)).toEqual([]);
    expect(fixture.store.outbox.destinations()).toEqual([]);
  });

  test('shadow mode ends the delivery it holds without sending, and nothing stays behind', () => {
    const fixture = openFixture();
    reportedStudy(fixture, 1, [1]);
    const held = due(fixture)[0]!;
    expect(fixture.store.outbox.cancel({ destination: 'main' }, 'a.admin')).toBe(1);
    expect(fixture.store.outbox.cancel({ outboxId: held.outboxId }, 'shadow-mode')).toBe(1);
    expect(fixture.store.outbox.counts()).toEqual([
      expect.objectContaining({ state: 'CANCELLED', count: 2 }),
    ]);
  });

  test('finds due deliveries by index', () => {
    const { store } = openFixture();
    const plan = store.db.queryPlan(dueDeliveries, { destination: 'main', nowMs: 0, limit: 1 }).join('\n');
    expect(plan).toContain('INDEX outboxWaiting');
    expect(plan).toContain('INDEX outboxUnsent');
    expect(plan).not.toContain('TEMP B-TREE');
  });
});

describe('Commitments (PS3.4 Annex J)', () => {
  function storedObject(fixture: Fixture): { outboxId: number; sopInstanceUid: string } {
    fixture.store.inbox.admit(image(1));
    fixture.store.results.commitImageResult(analysed(claim(fixture.store)));
    fixture.store.outbox.markStored(due(fixture)[0]!, { status: 0 });
    return fixture.store.commitments.storedWithoutCommitment('main', 10)[0]!;
  }

  test('a report commits its objects once, however often it comes', () => {
    const fixture = openFixture();
    const { outboxId, sopInstanceUid } = storedObject(fixture);
    const { commitments } = fixture.store;
    commitments.open({ transactionUid: '2.25.7', destination: 'main', outboxIds: [outboxId], deadlineMs: 1 });
    expect(commitments.storedWithoutCommitment('main', 10)).toEqual([]);
    const report = { transactionUid: '2.25.7', committed: [sopInstanceUid], failed: [] };
    expect(commitments.report(report)).toEqual({ kind: 'recorded', destination: 'main' });
    expect(commitments.report(report)).toEqual({ kind: 'duplicate' });
    expect(commitments.report({ ...report, transactionUid: '2.25.8' })).toEqual({ kind: 'unknown' });
    expect(fixture.store.outbox.list({ limit: 1, offset: 0 })[0]?.state).toBe('COMMITTED');
  });

  test('an object that the archive does not have is parked for a person', () => {
    const fixture = openFixture();
    const { outboxId, sopInstanceUid } = storedObject(fixture);
    fixture.store.commitments.open({
      transactionUid: '2.25.7',
      destination: 'main',
      outboxIds: [outboxId],
      deadlineMs: 1,
    });
    fixture.store.commitments.report({
      transactionUid: '2.25.7',
      committed: [],
      failed: [{ sopInstanceUid, failureReason: 0x0112 }],
    });
    expect(fixture.store.outbox.list({ limit: 1, offset: 0 })[0]).toMatchObject({
      state: 'PARKED',
      lastStatus: 0x0112,
    });
    expect(fixture.store.outbox.parked('main')).toEqual({ refused: 0, uncommitted: 1 });
    fixture.store.outbox.retry({ outboxId }, 'operator');
    expect(fixture.store.outbox.parked('main')).toEqual({ refused: 0, uncommitted: 0 });
  });

  test('an unanswered transaction expires and its objects may be asked for again; a late answer still counts', () => {
    const fixture = openFixture();
    const { outboxId, sopInstanceUid } = storedObject(fixture);
    const { commitments } = fixture.store;
    commitments.open({
      transactionUid: '2.25.7',
      destination: 'main',
      outboxIds: [outboxId],
      deadlineMs: fixture.clock.nowMs() + 10,
    });
    expect(commitments.expire(fixture.clock.nowMs())).toBe(0);
    expect(commitments.expire(fixture.clock.nowMs() + 10)).toBe(1);
    expect(commitments.storedWithoutCommitment('main', 10)).toHaveLength(1);
    expect(commitments.report({ transactionUid: '2.25.7', committed: [sopInstanceUid], failed: [] })).toEqual(
      {
        kind: 'recorded',
        destination: 'main',
      },
    );
    expect(commitments.storedWithoutCommitment('main', 10)).toEqual([]);
  });
});
