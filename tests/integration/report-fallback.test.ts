import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { reportReencoder } from '../../src/app/report-reencoder.ts';
import type { DataSet } from '../../src/dicom/data-set.ts';
import { type Part10File, readPart10 } from '../../src/dicom/part10-reader.ts';
import { sopClassUid } from '../../src/dicom/sop-class.ts';
import { buildStructuredReport } from '../../src/pipeline/structured-report/structured-report.ts';
import type { Delivery } from '../../src/store/outbox.ts';
import type { ObjectInput } from '../../src/store/records.ts';
import { writeResultFile } from '../../src/store/result-files.ts';
import { peer } from '../support/peer.ts';
import { context, image, resources } from '../unit/results/fixtures.ts';
import {
  analysed,
  boot,
  claim,
  type Fixture,
  openFixture,
  image as storedImage,
} from '../unit/store/store-fixture.ts';

const { comprehensive3dSrStorage, comprehensiveSrStorage, enhancedSrStorage } = sopClassUid;
const siteUuid = '0b8f5d2e-6c1a-4c57-9d2f-3f7a5b1c2d3e';
const why = 'the class was refused';

/** A report of the fixtures in the store, queued for these destinations. */
function queueReport(
  fixture: Fixture,
  n: number,
  options: { readonly revision?: number; readonly predecessor?: ObjectInput } = {},
  destinations: readonly string[] = ['main'],
): ObjectInput {
  const { predecessor, revision = 1 } = options;
  const built = buildStructuredReport([image()], context, {
    resources: resources(),
    sopClass: 'Comprehensive3DSR',
    revision,
    ...(predecessor === undefined
      ? {}
      : { predecessor: { ...predecessor, studyInstanceUid: context.study.studyInstanceUid } }),
  });
  const { bytes, ...uids } = built;
  const object: ObjectInput = {
    ...writeResultFile(fixture.folder, bytes, fixture.clock.nowMs()),
    ...uids,
    kind: 'SR',
    transferSyntaxUid: '1.2.840.10008.1.2.1',
  };
  fixture.store.inbox.admit(storedImage(n));
  fixture.store.results.commitImageResult(
    analysed(claim(fixture.store), { objects: [object], destinations }),
  );
  return object;
}

function reencoderOf({ store, folder, clock }: Fixture) {
  return reportReencoder({ store, resultsFolder: folder, siteUuid, nowMs: () => clock.nowMs() });
}

function due({ store, clock }: Fixture, destination = 'main'): Delivery {
  const [delivery] = store.outbox.claimDue({ destination, limit: 1, nowMs: clock.nowMs(), bootId: boot });
  if (delivery === undefined) throw new Error('nothing is due');
  return delivery;
}

function parsed(path: string): Part10File {
  const file = readPart10(readFileSync(path));
  if (!file.ok) throw file.error;
  return file.value;
}

/** Every element with its value, but for the two that are to differ. */
function contentOf(path: string): readonly string[] {
  const lines = (dataSet: DataSet, indent: string): string[] =>
    [...dataSet.elements()].flatMap(({ tag, vr, bytes, items = [] }) => [
      `${indent}${tag.toString(16)} ${vr} ${Buffer.from(bytes).toString('hex')}`,
      ...items.flatMap((item) => lines(item, `${indent}  `)),
    ]);
  return lines(parsed(path).dataSet, '').filter((line) => !/^8001[68] /.test(line));
}

describe('a report in another SR class (results.md 3.1)', () => {
  test('differs in nothing but SOP Class and SOP Instance UID, takes the place of the first, and is told', () => {
    const fixture = openFixture();
    const original = queueReport(fixture, 1);
    expect(reencoderOf(fixture)(due(fixture), comprehensiveSrStorage, why)).toBe(true);
    const next = due(fixture);
    expect(next.object).toMatchObject({
      kind: 'SR',
      sopClassUid: comprehensiveSrStorage,
      seriesInstanceUid: original.seriesInstanceUid,
    });
    expect(next.object.sopInstanceUid).not.toBe(original.sopInstanceUid);
    const file = parsed(next.object.path);
    expect(file.dataSet.string('SOPClassUID')).toBe(comprehensiveSrStorage);
    expect(file.dataSet.string('SOPInstanceUID')).toBe(next.object.sopInstanceUid);
    expect(contentOf(next.object.path)).toEqual(contentOf(original.path));
    expect(contentOf(original.path).length).toBeGreaterThan(200);
    expect(fixture.store.outbox.list({ limit: 10, offset: 0 }).map(({ state }) => state)).toEqual([
      'SENDING',
      'CANCELLED',
    ]);
    const [told] = fixture.store.auditQuery.query({ event: 'OBJECT_REPLACED', limit: 1 }).rows;
    expect(told?.fields['detail']).toBe(`${why}; encoded again as Comprehensive SR Storage`);
  });

  test('goes on from class to class', () => {
    const fixture = openFixture();
    const original = queueReport(fixture, 1);
    const reencode = reencoderOf(fixture);
    for (const next of [comprehensiveSrStorage, enhancedSrStorage])
      expect(reencode(due(fixture), next, why)).toBe(true);
    const last = due(fixture);
    expect(last.object.sopClassUid).toBe(enhancedSrStorage);
    expect(fixture.store.outbox.standIn('main', original.sopInstanceUid)).toEqual({
      sopClassUid: enhancedSrStorage,
      sopInstanceUid: last.object.sopInstanceUid,
    });
    expect(fixture.store.outbox.standIn('other', original.sopInstanceUid)).toBeUndefined();
  });

  test('is the same object when a second destination or a run after a crash makes it again', () => {
    const fixture = openFixture();
    queueReport(fixture, 1, {}, ['main', 'other']);
    const reencode = reencoderOf(fixture);
    for (const destination of ['main', 'other'])
      expect(reencode(due(fixture, destination), comprehensiveSrStorage, why)).toBe(true);
    const [first, second] = ['main', 'other'].map((destination) => due(fixture, destination).object);
    expect(second).toMatchObject({ objectId: first!.objectId, sha256: first!.sha256 });
  });

  test('a revision names the predecessor that this destination holds', () => {
    const fixture = openFixture();
    const original = queueReport(fixture, 1, {}, ['main', 'other']);
    const reencode = reencoderOf(fixture);
    reencode(due(fixture), comprehensiveSrStorage, why);
    const held = due(fixture);
    fixture.store.outbox.markStored(held, { status: 0 });
    fixture.store.outbox.markStored(due(fixture, 'other'), { status: 0 });
    queueReport(fixture, 2, { revision: 2, predecessor: original }, ['main', 'other']);
    reencode(due(fixture), comprehensiveSrStorage, why);
    expect(predecessorOf(due(fixture).object.path)).toEqual([
      comprehensiveSrStorage,
      held.object.sopInstanceUid,
    ]);
    // The other one took the first report as it was, and refuses only now.
    reencode(due(fixture, 'other'), comprehensiveSrStorage, why);
    expect(predecessorOf(due(fixture, 'other').object.path)).toEqual([
      comprehensive3dSrStorage,
      original.sopInstanceUid,
    ]);
  });

  test('says no when the file is gone or is not DICOM, so that the delivery is parked', () => {
    const fixture = openFixture();
    const object = queueReport(fixture, 1);
    const delivery = due(fixture);
    writeFileSync(object.path, 'not DICOM');
    expect(reencoderOf(fixture)(delivery, comprehensiveSrStorage, why)).toBe(false);
    rmSync(object.path);
    expect(reencoderOf(fixture)(delivery, comprehensiveSrStorage, why)).toBe(false);
    expect(fixture.store.outbox.list({ limit: 10, offset: 0 })).toHaveLength(1);
  });

  test('a claim that another run has taken over changes nothing', () => {
    const fixture = openFixture();
    queueReport(fixture, 1);
    const stale = due(fixture);
    fixture.store.outbox.recoverAll();
    due(fixture);
    expect(reencoderOf(fixture)(stale, comprehensiveSrStorage, why)).toBe(false);
    expect(fixture.store.outbox.list({ limit: 10, offset: 0 }).map(({ state }) => state)).toEqual([
      'SENDING',
    ]);
  });

  test.skipIf(peer('dciodvfy') === undefined || peer('dsrdump') === undefined)(
    'passes dciodvfy and dsrdump in each class',
    () => {
      const fixture = openFixture();
      queueReport(fixture, 1);
      for (const next of [comprehensiveSrStorage, enhancedSrStorage]) {
        reencoderOf(fixture)(due(fixture), next, why);
        const path = fixture.store.outbox.list({ limit: 1, offset: 0 })[0]?.objectId ?? '';
        const file = join(fixture.folder, path.slice(-2), `${path}.dcm`);
        const verified = spawnSync(peer('dciodvfy') ?? '', ['-new', file], { encoding: 'utf8' });
        expect(verified.stderr.split('\n').filter((line) => line.startsWith('Error'))).toEqual([]);
        expect(spawnSync(peer('dsrdump') ?? '', [file]).status).toBe(0);
      }
    },
  );
});

function predecessorOf(path: string): (string | undefined)[] {
  const [study] = parsed(path).dataSet.sequence('PredecessorDocumentsSequence');
  const [series] = study?.sequence('ReferencedSeriesSequence') ?? [];
  const [document] = series?.sequence('ReferencedSOPSequence') ?? [];
  return [document?.string('ReferencedSOPClassUID'), document?.string('ReferencedSOPInstanceUID')];
}
