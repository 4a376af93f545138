import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
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

const other = 'b'.repeat(64);
const config = 'c'.repeat(64);
const id = image(1).instanceId;

function analyse({ store }: Fixture, changes: Parameters<typeof analysed>[1] = {}): void {
  store.results.commitImageResult(analysed(claim(store), changes));
}

/** Claims and commits the due report of study 1 by this model; undefined when none is due. */
function report({ store, clock }: Fixture, modelSha256: string) {
  store.studies.viewsComplete('1.2.3.1');
  const due = store.studies.claimDue({
    quietMs: 1,
    hardMaxMs: 1e9,
    nowMs: clock.nowMs(),
    modelSha256,
    bootId: boot,
  });
  if (due === undefined) return undefined;
  const revision = (due.predecessor?.revision ?? 0) + 1;
  const object = resultObject(`sr-${revision}`, 'SR');
  store.studies.commitReport({
    claim: due,
    revision,
    sopInstanceUid: object.sopInstanceUid,
    instanceIds: [id],
    object,
    destinations: ['main'],
    ...(due.predecessor === undefined ? {} : { predecessorSopInstanceUid: due.predecessor.sopInstanceUid }),
  });
  return { revision, predecessor: due.predecessor };
}

function reported(): Fixture {
  const fixture = openFixture();
  fixture.store.inbox.admit(image(1));
  analyse(fixture);
  report(fixture, model);
  fixture.clock.advance(3_600_000);
  return fixture;
}

describe('reprocessing (results.md section 6)', () => {
  test('the same model and configuration start at the same moment again, others at their own', () => {
    const { store, clock } = reported();
    const first = store.jobs.firstStart(
      { startedAtMs: 5, instance: { instanceId: id } },
      { modelSha256: model, configSha256: config },
    );
    store.holds.requeue(id, 'a.operator');
    const job = claim(store);
    expect(job.startedAtMs).toBe(clock.nowMs());
    expect(store.jobs.firstStart(job, { modelSha256: model, configSha256: config })).toBe(first);
    expect(store.jobs.firstStart(job, { modelSha256: other, configSha256: config })).toBe(clock.nowMs());
    expect(store.jobs.firstStart(job, { modelSha256: model, configSha256: 'd'.repeat(64) })).toBe(
      clock.nowMs(),
    );
  });

  test('an unchanged result makes no second object, delivery or report, and leaves no second file', () => {
    const fixture = reported();
    const { store, folder } = fixture;
    const before = store.outbox.list({ limit: 10, offset: 0 });
    store.holds.requeue(id, 'a.operator');
    const copy = { ...resultObject(`sc-${id}`), objectId: 'object-copy', path: join(folder, 'copy.dcm') };
    writeFileSync(copy.path, 'bytes');
    analyse(fixture, { objects: [copy] });
    expect(store.outbox.list({ limit: 10, offset: 0 })).toEqual(before);
    expect(existsSync(copy.path)).toBe(false);
    expect(report(fixture, model)).toBeUndefined();
    expect(store.explain({ instanceId: id })).toMatchObject({ state: 'CLOSED', reports: [{ revision: 1 }] });
  });

  test('another outcome makes a revised report that names the one before', () => {
    const fixture = reported();
    fixture.store.holds.requeue(id, 'a.operator');
    const { analysis } = analysed(fixture.store.jobs.claim({ claimedBy: 'w', bootId: boot, leaseMs: 1 })!);
    fixture.store.jobs.recoverClaimant('w');
    analyse(fixture, { analysis: { ...analysis!, outcome: 'NOT_DETECTED' } });
    expect(report(fixture, model)).toMatchObject({ revision: 2, predecessor: { revision: 1 } });
  });

  test('another model makes a report that names the report of the model before; going back makes one more', () => {
    const fixture = reported();
    const { store } = fixture;
    const by = (modelSha256: string, sc: string): void => {
      store.holds.requeue(id, 'a.operator');
      const job = claim(store);
      const { analysis, ...rest } = analysed(job);
      store.results.commitImageResult({
        ...rest,
        analysis: { ...analysis!, modelSha256 },
        objects: [resultObject(sc)],
      });
    };
    by(other, 'sc-other');
    expect(report(fixture, other)).toMatchObject({ revision: 2, predecessor: { revision: 1 } });
    by(model, `sc-${id}`);
    expect(report(fixture, model)).toMatchObject({ revision: 3, predecessor: { revision: 2 } });
    expect(store.explain({ instanceId: id })?.images[0]?.analyses.map((one) => one.modelSha256)).toEqual(
      expect.arrayContaining([model, other]) as unknown,
    );
  });
});
