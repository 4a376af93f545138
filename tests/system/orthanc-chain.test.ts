import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demoTitles } from '../../src/app/demo-config.ts';
import { sopClassUid } from '../../src/dicom/sop-class.ts';
import { transferSyntaxUid } from '../../src/dicom/transfer-syntax.ts';
import { initialiseCodecs } from '../../src/imaging/native-codec.ts';
import { type SimulatedImage, simulateStudy } from '../../src/simulator/study.ts';
import names from '../fixtures/character-sets.json' with { type: 'json' };
import { type Orthanc, startOrthanc } from '../support/orthanc.ts';
import { peer } from '../support/peer.ts';
import { freePort } from '../support/ports.ts';
import { type NodeUnderTest, startNodeUnderTest } from '../support/running-node.ts';
import { sharedDataPath, sharedDataPresent } from '../support/shared-data.ts';
import { storescu } from '../support/storescu.ts';

const orthancProgram = peer('Orthanc');
const storescuProgram = peer('storescu');
/** Debian's interpreter carries python3-pydicom, which one first in PATH may not. */
const python = '/usr/bin/python3';
const hasPydicom = spawnSync(python, ['-c', 'import pydicom'], { stdio: 'ignore' }).status === 0;
const available = orthancProgram !== undefined && storescuProgram !== undefined && hasPydicom;

/** A name written into a simulated lateral by pydicom, which encodes it by the character set it declares. */
interface NamedLateral {
  readonly what: string;
  readonly name: string;
  readonly image: SimulatedImage;
  readonly file: string;
}

/** English headers otherwise, so that every character set can carry the rest. */
const englishSeed = 30_500_002;

const ownNames = [
  { what: 'GB18030', characterSets: ['GB18030'], name: 'Ceshi^Xiaoming=测试^小明' },
  { what: 'GB18030 with a second byte 5CH', characterSets: ['GB18030'], name: 'Xu^Cheng=許^誠' },
  { what: 'GBK', characterSets: ['GBK'], name: 'Ceshi^Xiaohong=测试^小红' },
  {
    what: 'ISO 2022 IR 87',
    characterSets: ['', 'ISO 2022 IR 87'],
    name: 'Mihon^Taro=見本^太郎=みほん^たろう',
  },
  {
    what: 'ISO 2022 IR 13 and 87',
    characterSets: ['ISO 2022 IR 13', 'ISO 2022 IR 87'],
    name: 'ﾐﾎﾝ^ﾊﾅｺ=見本^花子=みほん^はなこ',
  },
  { what: 'ISO 2022 IR 149', characterSets: ['', 'ISO 2022 IR 149'], name: 'Hong^Gildong=洪^吉洞=홍^길동' },
  { what: 'ISO_IR 100', characterSets: ['ISO_IR 100'], name: 'Mustermann^Jörg' },
];

describe.skipIf(!available)('Orthanc as the PACS, storescu as the modality', () => {
  let orthanc: Orthanc;
  let running: NodeUnderTest;
  let laterals: readonly NamedLateral[];
  let stored: Awaited<ReturnType<Orthanc['instances']>>;

  beforeAll(async () => {
    await initialiseCodecs();
    const port = await freePort();
    orthanc = await startOrthanc({
      program: orthancProgram ?? '',
      aeTitle: demoTitles.pacs,
      modalities: { lumbar: { aeTitle: demoTitles.node, host: '127.0.0.1', port } },
    });
    running = await startNodeUnderTest({
      port,
      settings: {
        pacs: [
          {
            name: 'orthanc',
            host: '127.0.0.1',
            port: orthanc.dicomPort,
            calledAeTitle: demoTitles.pacs,
            storageCommitment: 'on',
            rate: 100,
          },
        ],
      },
    });
    laterals = writeLaterals(running.folder);
    // The archive has the originals, as beside a real PACS; they keep their encoding there.
    for (const { file } of laterals) await orthanc.post('/instances', readFileSync(file));
    const ends = await storescu(
      laterals.map(({ file }) => file),
      {
        program: storescuProgram ?? '',
        port: running.node.port,
        callingAeTitle: demoTitles.modality,
        calledAeTitle: demoTitles.node,
        contexts: [
          sopClassUid.computedRadiographyImageStorage,
          sopClassUid.digitalXRayImageStorageForPresentation,
        ].map((uid) => ({ sopClassUid: uid, transferSyntaxUid: transferSyntaxUid.explicitVrLittleEndian })),
      },
    );
    for (const { file } of laterals) expect(ends.get(file)).toMatchObject({ kind: 'answered', status: 0 });
    await running.until(
      'everything is committed',
      () => laterals.every((one) => isCommitted(one.image)),
      200_000,
    );
    stored = await orthanc.instances();
  }, 280_000);

  afterAll(async () => {
    await running.stop();
    await orthanc.stop();
  }, 60_000);

  const deliveriesOf = (image: SimulatedImage) => {
    const study = running.store.explain({ studyInstanceUid: image.studyInstanceUid });
    return [...(study?.images ?? []), ...(study?.reports ?? [])]
      .flatMap(({ objects }) => objects)
      .flatMap(({ deliveries }) => deliveries);
  };
  const isCommitted = (image: SimulatedImage): boolean => {
    const deliveries = deliveriesOf(image);
    return deliveries.length === 2 && deliveries.every(({ state }) => state === 'COMMITTED');
  };

  test('report and capture appear under the original study, two AI series beside the image', () => {
    for (const { what, image } of laterals) {
      const study = [...stored.values()].filter(
        (tags) => tags['StudyInstanceUID'] === image.studyInstanceUid,
      );
      expect(study.map((tags) => tags['Modality']).sort(), what).toEqual(
        [image.sopClassUid === sopClassUid.computedRadiographyImageStorage ? 'CR' : 'DX', 'OT', 'SR'].sort(),
      );
      for (const tags of study) expect(tags['PatientID'], what).toBe(image.patientId);
    }
  });

  test('every patient name is the same Unicode text in original, capture and report', () => {
    for (const { what, image, name } of laterals) {
      const texts = [...stored.values()]
        .filter(
          (tags) =>
            tags['StudyInstanceUID'] === image.studyInstanceUid &&
            ['SR', 'OT'].includes(String(tags['Modality'])),
        )
        .map((tags) => String(tags['PatientName']).replace(/=+$/, ''));
      expect(texts, what).toEqual([name, name]);
    }
  });

  test('storage commitment is completed by a report on an association that Orthanc opens', () => {
    for (const { image } of laterals)
      for (const { state } of deliveriesOf(image)) expect(state).toBe('COMMITTED');
    const reports = running.store.auditQuery.query({ event: 'COMMITMENT_REPORTED', limit: 100 }).rows;
    expect(reports.length).toBeGreaterThan(0);
    expect(reports.every(({ fields }) => fields['failedCount'] === 0)).toBe(true);
  });
});

/** One lateral and study per name: ours, and those that other people's files carry. */
function writeLaterals(folder: string): readonly NamedLateral[] {
  const foreign = sharedDataPresent
    ? Object.entries(names.files).flatMap(([file, values]) => {
        const name = (values as { PatientName?: readonly string[] }).PatientName?.[0];
        return name === undefined ? [] : [{ what: basename(file), from: sharedDataPath(file), name }];
      })
    : [];
  const sent = join(folder, 'named');
  mkdirSync(sent);
  const wanted = [...ownNames, ...foreign].map((one, index) => {
    const [image] = simulateStudy(englishSeed, {
      size: 512,
      views: ['neutral'],
      tags: 'orderly',
      variant: `orthanc-${index}`,
    });
    if (image === undefined) throw new Error('no image');
    const file = join(sent, `${index}.dcm`);
    writeFileSync(file, image.bytes);
    return { ...one, image, file };
  });
  const script = `
import json, sys, pydicom
for job in json.load(sys.stdin):
    ds = pydicom.dcmread(job['file'])
    if 'from' in job:
        source = pydicom.dcmread(job['from'], stop_before_pixels=True)
        sets, name = source.SpecificCharacterSet, source.PatientName
    else:
        sets, name = job['characterSets'], job['name']
    ds.SpecificCharacterSet = sets
    ds.PatientName = name
    ds.save_as(job['file'])`;
  const { status, stderr } = spawnSync(python, ['-c', script], {
    input: JSON.stringify(wanted),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return wanted;
}
