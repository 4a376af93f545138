import { describe, expect, test } from 'vitest';
import type { StudyClaim } from '../../../src/store/study.ts';
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

const timing = { quietMs: 5000, hardMaxMs: 600_000 };
const association = {
  associationId: 'assoc-1',
  callingAeTitle: 'DX_ROOM1',
  calledAeTitle: 'LUMBAR',
  peerIp: '10.0.0.31',
};

function claimStudy({ store, clock }: Fixture): StudyClaim | undefined {
  return store.studies.claimDue({ ...timing, nowMs: clock.nowMs(), modelSha256: model, bootId: boot });
}

function analyse(fixture: Fixture, n: number): void {
  fixture.store.inbox.admit(image(n, { atMs: fixture.clock.nowMs() }));
  fixture.store.results.commitImageResult(analysed(claim(fixture.store)));
}

function report(fixture: Fixture, due: StudyClaim, name: string): 'committed' | 'already' | 'stale' {
  const object = resultObject(name, 'SR');
  const images = fixture.store.studies.analysesOfStudy(due.studyInstanceUid, model);
  return fixture.store.studies.commitReport({
    claim: due,
    revision: (due.predecessor?.revision ?? 0) + 1,
    sopInstanceUid: object.sopInstanceUid,
    ...(due.predecessor === undefined ? {} : { predecessorSopInstanceUid: due.predecessor.sopInstanceUid }),
    instanceIds: images.map((entry) => entry.instance.instanceId),
    object,
    destinations: ['main'],
  });
}

describe('a study is due', () => {
  test('after its quiet time, counted from the release of the association that brought it', () => {
    const fixture = openFixture();
    const { store, clock } = fixture;
    store.inbox.associationOpened(association, boot);
    analyse(fixture, 1);
    clock.advance(60_000);
    expect(claimStudy(fixture)).toBeUndefined();
    store.inbox.associationClosed('assoc-1', 'release');
    clock.advance(4999);
    expect(claimStudy(fixture)).toBeUndefined();
    clock.advance(1);
    expect(store.studies.nextDueAtMs(timing)).toBe(clock.nowMs());
    expect(claimStudy(fixture)).toMatchObject({ studyInstanceUid: '1.2.3.1', attempt: 1 });
  });

  test('at once when the expected views are in', () => {
    const fixture = openFixture();
    analyse(fixture, 1);
    fixture.store.studies.viewsComplete('1.2.3.1');
    expect(claimStudy(fixture)).toBeDefined();
  });

  test('never while one of its images is unfinished, and after the hard limit although its association stays open', () => {
    const fixture = openFixture();
    const { store, clock } = fixture;
    store.inbox.associationOpened(association, boot);
    analyse(fixture, 1);
    store.inbox.admit(image(2, { atMs: clock.nowMs() }));
    clock.advance(timing.hardMaxMs);
    expect(claimStudy(fixture)).toBeUndefined();
    store.results.commitImageResult(analysed(claim(store)));
    expect(claimStudy(fixture)).toBeDefined();
  });

  test('also after a restart: nothing about it lives in memory', () => {
    const fixture = openFixture();
    analyse(fixture, 1);
    fixture.clock.advance(timing.quietMs);
    expect(claimStudy({ ...fixture, store: fixture.reopen() })).toBeDefined();
  });

  test('not when none of its images is in scope: it is closed and the books say so', () => {
    const fixture = openFixture();
    fixture.store.inbox.admit(image(1, { atMs: fixture.clock.nowMs() }));
    const { analysis: _none, ...rest } = analysed(claim(fixture.store));
    fixture.store.results.commitImageResult({
      ...rest,
      disposition: 'skipped',
      reasons: [{ code: 'S02', detail: 'ViewPosition=AP' }],
      objects: [],
    });
    fixture.clock.advance(timing.quietMs);
    expect(claimStudy(fixture)).toBeUndefined();
    expect(fixture.store.explain('last')?.state).toBe('CLOSED');
  });

  test('with a quarantined image alone, so that its absence is not silent (P2)', () => {
    const fixture = openFixture();
    const { store, clock } = fixture;
    store.inbox.admit(image(1, { atMs: clock.nowMs() }));
    store.jobs.quarantine(claim(store), {
      errorCode: 'PIXEL_CORRUPT',
      detail: 'x',
      reason: { code: 'T01', detail: 'x' },
    });
    clock.advance(timing.quietMs);
    expect(claimStudy(fixture)).toBeDefined();
    expect(store.studies.analysesOfStudy('1.2.3.1', model)[0]).toMatchObject({
      analysis: null,
      instance: { disposition: 'quarantined' },
    });
  });
});

describe('reports', () => {
  test('a late image opens the study again and the next report names its predecessor', () => {
    const fixture = openFixture();
    analyse(fixture, 1);
    fixture.clock.advance(timing.quietMs);
    const first = claimStudy(fixture)!;
    expect(report(fixture, first, 'sr-1')).toBe('committed');
    expect(fixture.store.explain('last')?.state).toBe('CLOSED');
    analyse(fixture, 2);
    fixture.clock.advance(timing.quietMs);
    const second = claimStudy(fixture)!;
    expect(second.predecessor).toMatchObject({
      revision: 1,
      sopInstanceUid: resultObject('sr-1', 'SR').sopInstanceUid,
    });
    expect(report(fixture, second, 'sr-2')).toBe('committed');
    expect(
      fixture.store.explain('last')?.reports.map((row) => [row.revision, row.instanceIds.length]),
    ).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  test('a late image out of scope closes the study again without a second report', () => {
    const fixture = openFixture();
    analyse(fixture, 1);
    fixture.clock.advance(timing.quietMs);
    report(fixture, claimStudy(fixture)!, 'sr-1');
    fixture.store.inbox.admit(image(2, { atMs: fixture.clock.nowMs() }));
    fixture.store.jobs.complete(claim(fixture.store));
    fixture.clock.advance(timing.quietMs);
    expect(claimStudy(fixture)).toBeUndefined();
    expect(fixture.store.explain('last')?.state).toBe('CLOSED');
  });

  test('an image that arrives while the report is built keeps the study open', () => {
    const fixture = openFixture();
    analyse(fixture, 1);
    fixture.clock.advance(timing.quietMs);
    const due = claimStudy(fixture)!;
    fixture.store.inbox.admit(image(2, { atMs: fixture.clock.nowMs() }));
    expect(report(fixture, due, 'sr-1')).toBe('committed');
    expect(fixture.store.explain('last')?.state).toBe('OPEN');
  });

  test('a crash during the report repeats it with the same start, and the commit counts once', () => {
    const fixture = openFixture();
    analyse(fixture, 1);
    fixture.clock.advance(timing.quietMs);
    const lost = claimStudy(fixture)!;
    fixture.clock.advance(1000);
    expect(fixture.store.studies.recoverAll()).toBe(1);
    const again = claimStudy(fixture)!;
    expect(again).toMatchObject({ attempt: 2, startedAtMs: lost.startedAtMs });
    expect(report(fixture, lost, 'sr-1')).toBe('stale');
    expect(report(fixture, again, 'sr-1')).toBe('committed');
    expect(report(fixture, again, 'sr-1')).toBe('already');
    expect(
      fixture.store.outbox.list({ limit: 10, offset: 0 }).filter((row) => row.kind === 'SR'),
    ).toHaveLength(1);
  });

  test('a report that cannot be built fails visibly after three attempts and can be tried again', () => {
    const fixture = openFixture();
    const { store, clock } = fixture;
    analyse(fixture, 1);
    clock.advance(timing.quietMs);
    const ends = [1, 2, 3].map(() =>
      store.studies.failReport(
        claimStudy(fixture)!,
        { errorCode: 'RESULT_INVALID', detail: 'x' },
        clock.nowMs(),
      ),
    );
    expect(ends).toEqual(['retry', 'retry', 'failed']);
    expect(claimStudy(fixture)).toBeUndefined();
    expect(store.statusSummary().failedStudies).toBe(1);
    expect(store.studies.retryFailed('1.2.3.1', 'a.admin')).toBe(true);
    expect(claimStudy(fixture)?.attempt).toBe(1);
  });
});
