import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demoTitles } from '../../src/app/demo-config.ts';
import { readPart10 } from '../../src/dicom/part10-reader.ts';
import { sopClassUid } from '../../src/dicom/sop-class.ts';
import { initialiseCodecs } from '../../src/imaging/native-codec.ts';
import { sendAsModality } from '../../src/simulator/modality.ts';
import { type SimulatedImage, simulateStudy } from '../../src/simulator/study.ts';
import { sendToNode } from '../support/send-to-node.ts';
import { peer } from '../support/peer.ts';
import { type NodeUnderTest, startNodeUnderTest } from '../support/running-node.ts';

const storescu = peer('storescu');
const dcmodify = peer('dcmodify');
const ended = new Set(['analysed', 'skipped', 'held', 'refused', 'failed', 'quarantined']);

let running: NodeUnderTest;

beforeAll(async () => {
  await initialiseCodecs();
  running = await startNodeUnderTest();
}, 60_000);

afterAll(async () => {
  await running.stop();
}, 60_000);

function dispositionOf(sopInstanceUid: string): string {
  const study = running.store.explain({ sopInstanceUid });
  return (
    study?.images.find(({ instance }) => instance.sopInstanceUid === sopInstanceUid)?.instance.disposition ??
    'unknown'
  );
}

function delivered(images: readonly SimulatedImage[]): boolean {
  return images.every(({ sopInstanceUid, studyInstanceUid }) => {
    const study = running.store.explain({ studyInstanceUid });
    const waiting = [...(study?.images ?? []), ...(study?.reports ?? [])]
      .flatMap(({ objects }) => objects)
      .flatMap(({ deliveries }) => deliveries)
      .some(({ state }) => state === 'WAITING' || state === 'SENDING');
    return ended.has(dispositionOf(sopInstanceUid)) && study?.state === 'CLOSED' && !waiting;
  });
}

describe('the whole chain on the real processes', () => {
  test.skipIf(storescu === undefined)(
    'a study sent by storescu comes back as one report and one capture per analysed lateral',
    async () => {
      const images = simulateStudy(30_500_001, { size: 640, tags: 'orderly', variant: 'chain' });
      const folder = join(running.folder, 'sent');
      mkdirSync(folder);
      for (const image of images) writeFileSync(join(folder, `${image.view}.dcm`), image.bytes);
      const { status, stderr } = spawnSync(storescu ?? '', [
        ...[
          '-aet',
          demoTitles.modality,
          '-aec',
          demoTitles.node,
          '+sd',
          '127.0.0.1',
          String(running.node.port),
          folder,
        ],
      ]);
      expect(String(stderr)).toBe('');
      expect(status).toBe(0);
      await running.until('everything delivered', () => delivered(images), 60_000);

      expect(images.map(({ view, sopInstanceUid }) => [view, dispositionOf(sopInstanceUid)])).toContainEqual([
        'ap',
        'skipped',
      ]);
      const study = images[0]?.studyInstanceUid ?? '';
      const objects = running.received
        .map(({ path, sopClassUid: classUid }) => ({ classUid, file: readPart10(readFileSync(path)) }))
        .filter(({ file }) => file.ok && file.value.dataSet.string('StudyInstanceUID') === study);
      const analysed = images.filter(({ sopInstanceUid }) => dispositionOf(sopInstanceUid) === 'analysed');
      const captures = objects.filter(
        ({ classUid }) => classUid === sopClassUid.secondaryCaptureImageStorage,
      );
      const reports = objects.filter(({ classUid }) => classUid === sopClassUid.comprehensive3dSrStorage);
      expect(captures).toHaveLength(analysed.length);
      expect(reports).toHaveLength(1);
      for (const { file } of objects) {
        expect(file.ok && file.value.dataSet.string('PatientID')).toBe(images[0]?.patientId);
      }
    },
    120_000,
  );

  test('kill -9 of worker and sender under load loses no acknowledged image and makes no second result (C02)', async () => {
    const studies = [30_500_011, 30_500_012, 30_500_013, 30_500_014].map((seed) =>
      simulateStudy(seed, { size: 512, tags: 'orderly', variant: 'kill' }),
    );
    const acknowledged: SimulatedImage[] = [];
    const victims = ['worker', 'sender'] as const;
    for (const [index, images] of studies.entries()) {
      let kills = 0;
      // A modality sends again what was not acknowledged, until it is.
      for (let rest = images; rest.length > 0; ) {
        const answered = new Set<string>();
        await sendAsModality(
          rest.map(({ bytes }) => bytes),
          {
            host: '127.0.0.1',
            port: running.node.port,
            callingAeTitle: demoTitles.modality,
            calledAeTitle: demoTitles.node,
          },
          () => 0,
          ({ sopInstanceUid, status }) => {
            if (status === 0) answered.add(sopInstanceUid);
            const victim = victims[(index + kills) % victims.length];
            const pid = victim === undefined ? undefined : running.node.supervisor.pids()[victim];
            if (pid !== undefined && kills < 3) {
              process.kill(pid, 'SIGKILL');
              kills++;
            }
          },
        );
        acknowledged.push(...rest.filter(({ sopInstanceUid }) => answered.has(sopInstanceUid)));
        rest = rest.filter(({ sopInstanceUid }) => !answered.has(sopInstanceUid));
      }
    }
    await running.until(
      'every acknowledged image ended and delivered',
      () => delivered(acknowledged),
      120_000,
    );
    expect(acknowledged).toHaveLength(studies.flat().length);
    for (const images of studies) {
      const study = running.store.explain({ studyInstanceUid: images[0]?.studyInstanceUid ?? '' });
      for (const { instance, objects } of study?.images ?? []) {
        const captures = objects.filter(({ object }) => object.kind === 'SC');
        expect(captures).toHaveLength(instance.disposition === 'analysed' ? 1 : 0);
      }
      const uids = study?.reports.map(({ sopInstanceUid }) => sopInstanceUid) ?? [];
      expect(new Set(uids).size).toBe(uids.length);
    }
    expect(running.store.audit.verify()).toMatchObject({ intact: true });
  }, 240_000);

  test.skipIf(dcmodify === undefined)(
    'results of an image whose UIDs have leading zeros quote them as they are (PS3.5 9.1)',
    async () => {
      const [image] = simulateStudy(30_500_031, {
        size: 512,
        views: ['neutral'],
        tags: 'orderly',
        variant: 'zeros',
      });
      const uids = { image: '1.2.826.0.1.3680043.9.9999.007.01', study: '1.2.826.0.1.3680043.9.9999.0031' };
      const path = join(running.folder, 'zeros.dcm');
      writeFileSync(path, image!.bytes);
      const { status } = spawnSync(dcmodify ?? '', [
        ...['-nb', '-m', `(0008,0018)=${uids.image}`, '-m', `(0020,000d)=${uids.study}`, path],
      ]);
      expect(status).toBe(0);
      await sendToNode(running.node.port, [readFileSync(path)]);
      const named = { ...image!, sopInstanceUid: uids.image, studyInstanceUid: uids.study };
      await running.until('delivered', () => delivered([named]), 60_000);
      expect(dispositionOf(uids.image)).toBe('analysed');
      const results = running.received
        .map(({ path: stored }) => readFileSync(stored))
        .filter((bytes) => bytes.includes(uids.study));
      expect(results).toHaveLength(2);
      for (const bytes of results) {
        const file = readPart10(bytes);
        expect(file.ok && file.value.dataSet.string('StudyInstanceUID')).toBe(uids.study);
        expect(bytes.includes(uids.image)).toBe(true);
      }
      const audited = running.store.db
        .sql<{ n: number }>("SELECT count(*) AS n FROM audit WHERE event = 'INSTANCE_UID_ILLEGAL'")
        .get();
      expect(audited).toEqual({ n: 1 });
    },
    90_000,
  );

  test('a second node on the same data folder exits 1 at once and leaves the first alone (C11)', () => {
    const before = running.node.supervisor.pids();
    const main = resolve(import.meta.dirname, '../../src/main.ts');
    const second = spawnSync(process.execPath, [main, '-c', join(running.folder, 'config'), 'start'], {
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect(second.stderr).toContain('STORE_LOCKED: another node is running');
    expect(second.status).toBe(1);
    expect(running.node.supervisor.pids()).toEqual(before);
  });

  test('a killed listener comes back and finds every stored image where its row says', async () => {
    // A node of its own: with port 0 the new listener has another port, which no other test should meet.
    const own = await startNodeUnderTest();
    try {
      const [image] = simulateStudy(30_500_021, {
        size: 512,
        views: ['neutral'],
        tags: 'orderly',
        variant: 'sweep',
      });
      await sendToNode(own.node.port, [image!.bytes]);
      const spoolStates = () =>
        own.store
          .explain({ sopInstanceUid: image!.sopInstanceUid })
          ?.images.map(({ instance }) => instance.spoolState);
      const killed = own.node.supervisor.pids().listener!;
      process.kill(killed, 'SIGKILL');
      await own.until(
        'another listener serves',
        () => own.node.supervisor.serving && own.node.supervisor.pids().listener !== killed,
        30_000,
      );
      expect(spoolStates()).toEqual(['present']);
    } finally {
      await own.stop();
    }
  }, 90_000);
});
