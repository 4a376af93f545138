import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ClaimedJob, claimNext, type JobFault, maxAttempts } from '../../../src/store/job-queue.ts';
import { analysed, boot, claim, image, openFixture } from './store-fixture.ts';

const fault: JobFault = {
  errorCode: 'PIXEL_CORRUPT',
  detail: 'bad code stream',
  reason: { code: 'T01', detail: 'bad code stream' },
};

describe('JobQueue', () => {
  test('gives each job once, oldest first, and counts the attempt at the claim', () => {
    const { store } = openFixture();
    for (const n of [1, 2]) store.inbox.admit(image(n, { atMs: 1000 + n }));
    const first = claim(store);
    const second = claim(store);
    expect([first.instance.instanceId, second.instance.instanceId]).toEqual([
      image(1).instanceId,
      image(2).instanceId,
    ]);
    expect(first.attempt).toBe(1);
    expect(store.jobs.claim({ claimedBy: 'worker-2', bootId: boot, leaseMs: 1 })).toBeUndefined();
  });

  test('a job that failed before is not given to a worker that has another in hand', () => {
    const { store, clock } = openFixture();
    for (const n of [1, 2, 3]) store.inbox.admit(image(n, { atMs: 1000 + n }));
    store.jobs.fail(claim(store), fault, clock.nowMs());
    const beside = { claimedBy: 'w', bootId: boot, leaseMs: 1, retries: 'wait' } as const;
    expect(store.jobs.claim(beside)).toBeUndefined();
    const alone = claim(store);
    expect(alone).toMatchObject({ attempt: 2, instance: { instanceId: image(1).instanceId } });
    expect(store.jobs.claim(beside)).toMatchObject({ instance: { instanceId: image(2).instanceId } });
  });

  test('a failed attempt waits for its time and keeps its start, so that a rerun makes the same bytes', () => {
    const { store, clock } = openFixture();
    store.inbox.admit(image(1));
    const first = claim(store);
    expect(store.jobs.fail(first, fault, clock.nowMs() + 5000)).toBe('retry');
    expect(store.jobs.claim({ claimedBy: 'w', bootId: boot, leaseMs: 1 })).toBeUndefined();
    clock.advance(5000);
    const second = claim(store);
    expect(second).toMatchObject({ attempt: 2, startedAtMs: first.startedAtMs });
  });

  test('is quarantined visibly after the third attempt, and an operator can have it tried again', () => {
    const { store, clock } = openFixture();
    store.inbox.admit(image(1));
    const outcomes = Array.from({ length: maxAttempts }, () =>
      store.jobs.fail(claim(store), fault, clock.nowMs()),
    );
    expect(outcomes).toEqual(['retry', 'retry', 'quarantined']);
    expect(store.inbox.instance(image(1).instanceId)).toMatchObject({
      disposition: 'quarantined',
      outcome: 'FAILED',
      reasons: [fault.reason],
    });
    expect(store.jobs.claim({ claimedBy: 'w', bootId: boot, leaseMs: 1 })).toBeUndefined();
    expect(store.holds.requeue(image(1).instanceId, 'a.admin')).toBe('queued');
    expect(claim(store).attempt).toBe(1);
  });

  test('a start of the service takes up what an earlier run was doing, a poison image not for ever', () => {
    const { store } = openFixture();
    store.inbox.admit(image(1));
    for (let run = 1; run < maxAttempts; run++) {
      claim(store, `boot ${run}`);
      expect(store.jobs.recoverAfterStart(`boot ${run + 1}`)).toEqual({ requeued: 1, quarantined: 0 });
    }
    claim(store, 'boot 3');
    expect(store.jobs.recoverAfterStart('boot 3')).toEqual({ requeued: 0, quarantined: 0 });
    expect(store.jobs.recoverAfterStart('boot 4')).toEqual({ requeued: 0, quarantined: 1 });
  });

  test('the job of a worker that died is free at once; the late worker can no longer end it', () => {
    const { store } = openFixture();
    store.inbox.admit(image(1));
    const lost = claim(store);
    expect(store.jobs.recoverClaimant('worker-1')).toEqual({ requeued: 1, quarantined: 0 });
    const again = claim(store, boot, 'worker-2');
    expect(again.attempt).toBe(2);
    expect(store.jobs.heartbeat(lost, 1000)).toBe(false);
    expect(store.jobs.complete(lost)).toBe('stale');
    expect(store.results.commitImageResult(analysed(lost))).toBe('stale');
    expect(store.jobs.complete(again)).toBe('done');
  });

  test('an orderly stop gives a job back without counting the attempt', () => {
    const { store } = openFixture();
    store.inbox.admit(image(1));
    expect(store.jobs.release(claim(store))).toBe(true);
    expect(claim(store).attempt).toBe(1);
  });

  test('a lease ends by the monotonic clock: a wall clock that jumps two days frees nothing (C12)', () => {
    const { store, clock } = openFixture();
    store.inbox.admit(image(1));
    claim(store);
    clock.jump(2 * 86_400_000);
    expect(store.jobs.recoverExpiredLeases(boot)).toEqual({ requeued: 0, quarantined: 0 });
    clock.advance(60_001);
    expect(store.jobs.recoverExpiredLeases(boot)).toEqual({ requeued: 1, quarantined: 0 });
  });

  test('a wall clock that jumps back does not keep a delayed job waiting for days (C12)', () => {
    const { store, clock } = openFixture();
    store.inbox.admit(image(1));
    store.jobs.fail(claim(store), fault, clock.nowMs() + 5000);
    clock.jump(-2 * 86_400_000);
    expect(claim(store).attempt).toBe(2);
  });

  test('reprocessing waits behind what arrives', () => {
    const { store } = openFixture();
    store.inbox.admit(image(1));
    store.results.commitImageResult(analysed(claim(store)));
    store.holds.requeue(image(1).instanceId, 'a.admin');
    store.inbox.admit(image(2));
    expect(claim(store).instance.instanceId).toBe(image(2).instanceId);
    expect(claim(store).instance.instanceId).toBe(image(1).instanceId);
  });

  test('claims by index among 100,000 queued jobs (L03)', () => {
    const { store } = openFixture();
    store.db.transaction(() => {
      store.db
        .sql(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
              INSERT INTO instance (instanceId, sopClassUid, sopInstanceUid, studyInstanceUid, seriesInstanceUid, transferSyntaxUid,
                callingAeTitle, calledAeTitle, peerIp, sha256, sizeBytes, path, receivedAtMs)
              SELECT printf('I%08d', i), '1.2', '1.2.' || i, '1.3.' || (i / 3), '1.4', '1.2', 'DX', 'LUMBAR', '10.0.0.1', 'x', 1, 'p' || i, i FROM n`)
        .run();
      store.db
        .sql(
          "INSERT INTO job (jobId, instanceId, state, createdAtMs) SELECT 'J' || instanceId, instanceId, 'QUEUED', 1 FROM instance",
        )
        .run();
    });
    const plan = store.db.queryPlan(claimNext, {
      claimToken: '',
      claimedBy: '',
      bootId: '',
      leaseUntilMonotonicMs: 0,
      nowMs: 0,
    });
    expect(plan.join('\n')).toContain('USING COVERING INDEX jobQueued');
    expect(plan.join('\n')).not.toContain('TEMP B-TREE');
    expect(claim(store).instance.instanceId).toBe('I00000001');
  });

  test('no job is lost or given twice, whatever workers and crashes do', () => {
    const operation = fc.oneof(
      fc.record({ kind: fc.constant('admit' as const), n: fc.integer({ min: 1, max: 12 }) }),
      fc.record({ kind: fc.constant('claim' as const), worker: fc.integer({ min: 1, max: 3 }) }),
      fc.record({
        kind: fc.constantFrom('commit' as const, 'fail' as const, 'release' as const),
        pick: fc.nat(20),
      }),
      fc.record({ kind: fc.constant('crash' as const), worker: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ kind: fc.constant('restart' as const) }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 100_000 }) }),
    );
    const { store, clock } = openFixture();
    let round = 0;
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        round += 1;
        let boots = 1;
        const held: ClaimedJob[] = [];
        const admitted = new Set<string>();
        const committed = new Map<string, number>();
        const bootId = (): string => `boot-${round}-${boots}`;
        for (const step of operations) {
          const job = 'pick' in step ? held[step.pick % Math.max(1, held.length)] : undefined;
          if (step.kind === 'admit') {
            const record = image(round * 100 + step.n, { study: round });
            store.inbox.admit(record);
            admitted.add(record.instanceId);
          } else if (step.kind === 'claim') {
            const claimed = store.jobs.claim({
              claimedBy: `w${step.worker}`,
              bootId: bootId(),
              leaseMs: 1000,
            });
            if (claimed !== undefined) held.push(claimed);
          } else if (step.kind === 'wait') clock.advance(step.ms);
          else if (step.kind === 'crash') store.jobs.recoverClaimant(`w${step.worker}`);
          else if (step.kind === 'restart') {
            boots += 1;
            store.jobs.recoverAfterStart(bootId());
          } else if (job !== undefined && step.kind === 'commit') {
            const written = store.results.commitImageResult(analysed(job));
            if (written === 'committed')
              committed.set(job.instance.instanceId, (committed.get(job.instance.instanceId) ?? 0) + 1);
          } else if (job !== undefined && step.kind === 'fail')
            store.jobs.fail(job, fault, clock.nowMs() + 500);
          else if (job !== undefined) store.jobs.release(job);
        }
        // Whatever happened, the service starts again and works on: every image must come to exactly one end.
        store.jobs.recoverAfterStart(`boot-${round}-last`);
        clock.advance(1000);
        for (;;) {
          const job = store.jobs.claim({ claimedBy: 'last', bootId: `boot-${round}-last`, leaseMs: 1000 });
          if (job === undefined) break;
          if (store.results.commitImageResult(analysed(job)) === 'committed')
            committed.set(job.instance.instanceId, (committed.get(job.instance.instanceId) ?? 0) + 1);
        }
        for (const instanceId of admitted) {
          const disposition = store.inbox.instance(instanceId)?.disposition;
          expect(disposition).toBe(committed.get(instanceId) === 1 ? 'analysed' : 'quarantined');
          expect(committed.get(instanceId) ?? 0).toBeLessThanOrEqual(1);
        }
        expect(store.jobs.depth()).toMatchObject({ queued: 0, waiting: 0, running: 0 });
      }),
      { numRuns: 40 },
    );
    expect(store.audit.verify().intact).toBe(true);
  });
});
