import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demoTitles } from '../../src/app/demo-config.ts';
import type { DataSet } from '../../src/dicom/data-set.ts';
import { readPart10 } from '../../src/dicom/part10-reader.ts';
import { sopClassUid } from '../../src/dicom/sop-class.ts';
import { transferSyntaxUid } from '../../src/dicom/transfer-syntax.ts';
import { initialiseCodecs } from '../../src/imaging/native-codec.ts';
import { type SimulatedImage, simulateStudy } from '../../src/simulator/study.ts';
import { peer } from '../support/peer.ts';
import { type NodeUnderTest, startNodeUnderTest } from '../support/running-node.ts';
import { type Storescp, startStorescp } from '../support/storescp.ts';
import { storescu } from '../support/storescu.ts';

const programs = ['storescp', 'storescu', 'dsrdump', 'dciodvfy'];
const available = programs.every((program) => peer(program) !== undefined);

/** A patient with a name that is not ASCII: the class changes, the text must not. */
const germanSeed = 30_500_012;

/** Two archives that know no Comprehensive 3D SR: one takes Comprehensive SR, the other only Enhanced SR. */
const archives = [
  { name: 'older', srClass: sopClassUid.comprehensiveSrStorage },
  { name: 'oldest', srClass: sopClassUid.enhancedSrStorage },
];

describe.skipIf(!available)('storescp archives that refuse the SR class (results.md 3.1)', () => {
  let running: NodeUnderTest;
  const peers: Storescp[] = [];
  let images: readonly SimulatedImage[];

  beforeAll(async () => {
    await initialiseCodecs();
    for (const { srClass } of archives)
      peers.push(
        await startStorescp({
          program: peer('storescp') ?? '',
          aeTitle: demoTitles.pacs,
          sopClassUids: [sopClassUid.verification, sopClassUid.secondaryCaptureImageStorage, srClass],
        }),
      );
    running = await startNodeUnderTest({
      settings: {
        pacs: archives.map(({ name }, index) => ({
          name,
          host: '127.0.0.1',
          port: peers[index]?.port,
          calledAeTitle: demoTitles.pacs,
          rate: 100,
        })),
      },
    });
    images = simulateStudy(germanSeed, {
      size: 512,
      views: ['flexion', 'extension', 'neutral'],
      tags: 'orderly',
      variant: 'older',
    });
    await send(images.slice(0, 2));
    await running.until('the first report is delivered', () => reportsDelivered() === 1, 60_000);
    await send(images.slice(2));
    await running.until('the revised report is delivered', () => reportsDelivered() === 2, 60_000);
  }, 180_000);

  afterAll(async () => {
    await running.stop();
    for (const one of peers) await one.stop();
  }, 60_000);

  const studyInstanceUid = () => images[0]?.studyInstanceUid ?? '';
  const explained = () => running.store.explain({ studyInstanceUid: studyInstanceUid() });
  /** Reports of the study of which every copy on its way is stored at every archive. */
  const reportsDelivered = () =>
    (explained()?.reports ?? []).filter(
      ({ objects }) =>
        objects.flatMap(({ deliveries }) => deliveries).filter(({ state }) => state === 'STORED').length ===
        archives.length,
    ).length;
  const send = async (sent: readonly SimulatedImage[]) => {
    const files = sent.map(({ view, bytes }) => {
      const file = join(running.folder, `${view}.dcm`);
      writeFileSync(file, bytes);
      return file;
    });
    const ends = await storescu(files, {
      program: peer('storescu') ?? '',
      port: running.node.port,
      callingAeTitle: demoTitles.modality,
      calledAeTitle: demoTitles.node,
      contexts: [
        {
          sopClassUid: sent[0]?.sopClassUid ?? '',
          transferSyntaxUid: transferSyntaxUid.explicitVrLittleEndian,
        },
      ],
    });
    for (const file of files) expect(ends.get(file)).toMatchObject({ kind: 'answered', status: 0 });
  };
  const received = (index: number) =>
    (peers[index]?.files() ?? []).map((path) => {
      const file = readPart10(readFileSync(path));
      if (!file.ok) throw file.error;
      return { path, dataSet: file.value.dataSet };
    });
  const reportsAt = (index: number) =>
    received(index)
      .filter(({ dataSet }) => dataSet.string('Modality') === 'SR')
      .sort((a, b) => predecessorsOf(a.dataSet).length - predecessorsOf(b.dataSet).length);

  test.each(archives.map(({ name, srClass }, index) => [name, srClass, index] as const))(
    'the %s one gets captures as they are and both reports in the class it takes',
    (_, srClass, index) => {
      const classes = received(index).map(({ dataSet }) => dataSet.string('SOPClassUID'));
      expect(classes.filter((uid) => uid === sopClassUid.secondaryCaptureImageStorage)).toHaveLength(3);
      expect(classes.filter((uid) => uid === srClass)).toHaveLength(2);
      expect(classes).toHaveLength(5);
      for (const { path, dataSet } of reportsAt(index)) {
        expect(dataSet.string('PatientName')).toBe('Probe^Käthe');
        expect(spawnSync(peer('dsrdump') ?? '', [path]).status).toBe(0);
        const verified = spawnSync(peer('dciodvfy') ?? '', ['-new', path], { encoding: 'utf8' });
        expect(verified.stderr.split('\n').filter((line) => line.startsWith('Error'))).toEqual([]);
      }
    },
  );

  test.each(archives.map(({ name }, index) => [name, index] as const))(
    'at the %s one the revised report names the first one as that archive holds it',
    (_, index) => {
      const [first, revised] = reportsAt(index);
      expect(predecessorsOf(first!.dataSet)).toEqual([]);
      expect(predecessorsOf(revised!.dataSet)).toEqual([
        [first?.dataSet.string('SOPClassUID'), first?.dataSet.string('SOPInstanceUID')],
      ]);
    },
  );

  test('flexion and extension stand in the first report together, the late neutral view only in the revised one', () => {
    const [first, revised] = reportsAt(0);
    const sources = (dataSet: DataSet) =>
      dataSet
        .sequence('CurrentRequestedProcedureEvidenceSequence')
        .flatMap((study) => study.sequence('ReferencedSeriesSequence'))
        .flatMap((series) => series.sequence('ReferencedSOPSequence'))
        .map((item) => item.string('ReferencedSOPInstanceUID'));
    const [flexion, extension, neutral] = images.map(({ sopInstanceUid }) => sopInstanceUid);
    expect(sources(first!.dataSet)).toEqual(expect.arrayContaining([flexion, extension]));
    expect(sources(first!.dataSet)).not.toContain(neutral);
    expect(sources(revised!.dataSet)).toEqual(expect.arrayContaining([flexion, extension, neutral]));
  });

  test('our own objects do not come in again: nobody takes their presentation contexts', async () => {
    const sent = received(0);
    const ends = await storescu(
      sent.map(({ path }) => path),
      {
        program: peer('storescu') ?? '',
        port: running.node.port,
        callingAeTitle: demoTitles.modality,
        calledAeTitle: demoTitles.node,
        contexts: [...new Set(sent.map(({ dataSet }) => dataSet.string('SOPClassUID') ?? ''))].map((uid) => ({
          sopClassUid: uid,
          transferSyntaxUid: transferSyntaxUid.explicitVrLittleEndian,
        })),
      },
    );
    for (const { path } of sent) expect(ends.get(path)).toMatchObject({ kind: 'context-refused' });
  });

  test('the audit trail says why each report was encoded again, and nothing is parked', () => {
    const replaced = running.store.auditQuery.query({ event: 'OBJECT_REPLACED', limit: 100 }).rows;
    // One step to Comprehensive SR, two to Enhanced SR, for two reports.
    expect(replaced).toHaveLength(6);
    for (const { fields } of replaced) expect(String(fields['detail'])).toContain('encoded again as');
    expect(running.store.outbox.counts().filter(({ state }) => state === 'PARKED')).toEqual([]);
    expect(running.store.alerts.active()).toEqual([]);
  });
});

function predecessorsOf(dataSet: DataSet): (string | undefined)[][] {
  return dataSet
    .sequence('PredecessorDocumentsSequence')
    .flatMap((study) => study.sequence('ReferencedSeriesSequence'))
    .flatMap((series) => series.sequence('ReferencedSOPSequence'))
    .map((item) => [item.string('ReferencedSOPClassUID'), item.string('ReferencedSOPInstanceUID')]);
}
