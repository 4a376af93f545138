import { describe, expect, test } from 'vitest';
import { analysed, boot, claim, image, model, openFixture, resultObject } from './store-fixture.ts';

describe('commitImageResult (promise P3)', () => {
  test('writes decision, analysis, object, one delivery per destination and the audit row', () => {
    const { store } = openFixture();
    store.inbox.admit(image(1));
    expect(
      store.results.commitImageResult(analysed(claim(store), { destinations: ['main', 'archive'] })),
    ).toBe('committed');
    const study = store.explain({ accessionNumber: 'ACC0001' });
    expect(study?.images[0]).toMatchObject({
      instance: { disposition: 'analysed', outcome: 'SUSPECTED', patientId: 'P-TEST-1' },
      decision: { verdict: 'include', dynamic: 'FLEXION', evidence: { ViewPosition: 'LL' } },
      analysis: {
        outcome: 'SUSPECTED',
        probabilities: { DLS: 0.82 },
        mapPeak: { x: 100, y: 200 },
        record: '{"version":1}',
      },
      job: { state: 'DONE', attempts: 1 },
    });
    expect(study?.images[0]?.objects[0]?.deliveries.map((d) => [d.destination, d.state])).toEqual([
      ['main', 'WAITING'],
      ['archive', 'WAITING'],
    ]);
  });

  test('a second commit of the same job changes nothing', () => {
    const { store } = openFixture();
    store.inbox.admit(image(1));
    const job = claim(store);
    store.results.commitImageResult(analysed(job));
    const head = store.audit.head();
    expect(store.results.commitImageResult(analysed(job))).toBe('already');
    expect(store.audit.head()).toEqual(head);
  });

  test('a rerun with the same bytes adds no object and no delivery', () => {
    const { store } = openFixture();
    store.inbox.admit(image(1));
    store.results.commitImageResult(analysed(claim(store)));
    store.holds.requeue(image(1).instanceId, 'a.admin');
    expect(store.results.commitImageResult(analysed(claim(store)))).toBe('committed');
    expect(store.outbox.list({ limit: 10, offset: 0 })).toHaveLength(1);
  });

  test('other bytes under a known UID are refused as a bug and leave no trace', () => {
    const { store } = openFixture();
    store.inbox.admit(image(1));
    store.results.commitImageResult(analysed(claim(store)));
    store.holds.requeue(image(1).instanceId, 'a.admin');
    const job = claim(store);
    const other = { ...resultObject(`sc-${job.instance.instanceId}`), sha256: 'f'.repeat(64) };
    expect(() => store.results.commitImageResult(analysed(job, { objects: [other] }))).toThrow(
      expect.objectContaining({ code: 'BUG_INVARIANT' }),
    );
    expect(store.inbox.instance(image(1).instanceId)?.disposition).toBe('pending');
    expect(store.jobs.depth().running).toBe(1);
  });

  test('a second opinion by another model stands beside the first and changes no disposition', () => {
    const { store } = openFixture();
    store.inbox.admit(image(1));
    store.results.commitImageResult(analysed(claim(store)));
    const other = 'b'.repeat(64);
    expect(store.holds.requeue(image(1).instanceId, 'a.admin', other)).toBe('queued');
    const job = claim(store);
    expect(job.modelSha256).toBe(other);
    const first = analysed(job);
    if (first.analysis === undefined) throw new Error('fixture without analysis');
    store.results.commitImageResult({
      ...first,
      analysis: { ...first.analysis, modelSha256: other, outcome: 'NOT_DETECTED' },
      objects: [],
    });
    expect(store.inbox.instance(image(1).instanceId)).toMatchObject({
      disposition: 'analysed',
      outcome: 'SUSPECTED',
    });
    expect(store.studies.images('1.2.3.1', other)[0]?.analysis?.outcome).toBe('NOT_DETECTED');
    expect(store.studies.images('1.2.3.1', model)[0]?.analysis?.outcome).toBe('SUSPECTED');
  });
});

describe('held images', () => {
  const hold = (fixture: ReturnType<typeof openFixture>): string => {
    fixture.store.inbox.admit(image(1));
    const { analysis: _none, ...rest } = analysed(claim(fixture.store));
    fixture.store.results.commitImageResult({
      ...rest,
      disposition: 'held',
      reasons: [{ code: 'S10', detail: 'no ViewPosition' }],
      objects: [],
    });
    return image(1).instanceId;
  };

  test('an operator releases one: it is analysed as if its view were known', () => {
    const fixture = openFixture();
    const id = hold(fixture);
    expect(fixture.store.holds.held(10, 0).map((row) => row.instanceId)).toEqual([id]);
    expect(fixture.store.holds.release(id, 'b.radiographer')).toBe('done');
    expect(claim(fixture.store)).toMatchObject({ operatorReleased: true, attempt: 1 });
    const audited = fixture.store.auditQuery.query({ event: 'OPERATOR_RELEASED', limit: 5 }).rows;
    expect(audited[0]?.fields['operator']).toBe('b.radiographer');
  });

  test('an operator dismisses one: skipped with S16, and only once', () => {
    const fixture = openFixture();
    const id = hold(fixture);
    expect(fixture.store.holds.dismiss(id, 'b.radiographer')).toBe('done');
    expect(fixture.store.inbox.instance(id)).toMatchObject({
      disposition: 'skipped',
      reasons: [{ code: 'S16' }],
    });
    expect(fixture.store.holds.dismiss(id, 'b.radiographer')).toBe('not-held');
    expect(fixture.store.holds.release('nothing', 'b.radiographer')).toBe('not-found');
    expect(fixture.store.jobs.claim({ claimedBy: 'w', bootId: boot, leaseMs: 1 })).toBeUndefined();
  });
});
