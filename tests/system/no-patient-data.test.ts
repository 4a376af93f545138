import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demoTitles } from '../../src/app/demo-config.ts';
import { readPart10 } from '../../src/dicom/part10-reader.ts';
import { type WritableDataSet, writeDataSet } from '../../src/dicom/part10-writer.ts';
import { initialiseCodecs } from '../../src/imaging/native-codec.ts';
import {
  associateRequestBytes,
  BytePeer,
  dxUid,
  explicitLittleUid,
  verificationUid,
} from '../support/byte-peer.ts';
import { type NodeUnderTest, startNodeUnderTest } from '../support/running-node.ts';
import { nextResponse, storeCommand, storeMessage } from '../support/scp-harness.ts';

/** Stands for whatever identifies a patient; it must never leave the data path. */
const canary = 'ZZCANARY';
let running: NodeUnderTest;

beforeAll(async () => {
  await initialiseCodecs();
  running = await startNodeUnderTest({
    settings: {
      console: { host: '127.0.0.1', port: 0 },
      log: { level: 'debug' },
      model: {
        folder: resolve(import.meta.dirname, '../../models'),
        id: 'lumbar-nano-sim',
        providers: ['cpu'],
      },
    },
  });
}, 60_000);
afterAll(async () => {
  await running.stop();
}, 60_000);

/** The bytes of a value as they are, also where the VR does not allow them. */
const raw = (text: string) => Buffer.from(text);

/** One value of every VR that holds text (PS3.5 6.2), and some that should hold numbers or dates. */
const identifying: WritableDataSet = {
  PatientName: `${canary}^PN`,
  PatientID: `${canary}-LO`,
  AccessionNumber: `${canary}-SH`,
  PatientAddress: `${canary} LO`,
  PatientComments: `${canary} LT`,
  ReferringPhysicianName: `${canary}^Doctor`,
  OperatorsName: `${canary}^Operator`,
  InstitutionName: `${canary} hospital`,
  InstitutionAddress: `${canary} ST`,
  StudyID: canary,
  StudyDescription: `XR LUMBAR SPINE ${canary}`,
  SeriesDescription: `L-SPINE LATERAL ${canary}`,
  ImageComments: `${canary} LT`,
  AdditionalPatientHistory: `${canary} LT`,
  RetrieveURL: `https://${canary}.example/UR`,
  '00110010': { vr: 'LO', value: `${canary} CREATOR` },
  '00111001': { vr: 'UT', value: `${canary} UT` },
  '00111002': { vr: 'UC', value: `${canary} UC` },
  '00111003': { vr: 'UN', value: Buffer.from(`${canary} UN `) },
  '00111004': { vr: 'OB', value: Buffer.from(`${canary} OB `) },
  '00111005': { vr: 'CS', value: canary },
  '00111006': { vr: 'AE', value: canary },
  '00111007': { vr: 'SQ', value: [{ PatientName: `${canary}^Nested` }] },
  '00100030': { vr: 'DA', value: raw(canary) },
  '00080030': { vr: 'TM', value: raw(canary) },
  '00101010': { vr: 'AS', value: raw('ZZCA') },
  '00101020': { vr: 'DS', value: raw(canary) },
  '00200011': { vr: 'IS', value: raw(canary) },
};

let serial = 0;
function image(changes: WritableDataSet): { uid: string; bytes: Buffer } {
  const uid = `1.2.826.0.1.3680043.9.9999.88.${++serial}`;
  const rows = 512;
  const pixels = Buffer.alloc(rows * rows * 2);
  for (let at = 0; at < pixels.length; at += 2) pixels.writeUInt16LE((at * 7) % 4096, at);
  const bytes = writeDataSet({
    SOPClassUID: dxUid,
    SOPInstanceUID: uid,
    StudyInstanceUID: `1.2.826.0.1.3680043.9.9999.89.${serial}`,
    SeriesInstanceUID: `1.2.826.0.1.3680043.9.9999.90.${serial}`,
    Modality: 'DX',
    BodyPartExamined: 'LSPINE',
    ViewPosition: 'LL',
    ImageType: ['ORIGINAL', 'PRIMARY', ''],
    PresentationIntentType: 'FOR PRESENTATION',
    PatientOrientation: ['P', 'F'],
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: rows,
    Columns: rows,
    BitsAllocated: 16,
    BitsStored: 12,
    HighBit: 11,
    PixelRepresentation: 0,
    PixelData: pixels,
    ...identifying,
    ...changes,
  });
  return { uid, bytes: Buffer.from(bytes) };
}

/** Sends one object over an association of its own and returns the answer as text. */
async function answerTo(dataSet: Buffer, uid: string): Promise<string> {
  const peer = await BytePeer.connect(running.node.port);
  peer.send(
    associateRequestBytes({
      callingAeTitle: demoTitles.modality,
      calledAeTitle: demoTitles.node,
      contexts: [
        { id: 1, abstractSyntax: verificationUid, transferSyntaxes: [explicitLittleUid] },
        { id: 3, abstractSyntax: dxUid, transferSyntaxes: [explicitLittleUid] },
      ],
    }),
  );
  await peer.nextPdu();
  const command = storeCommand({ affectedSopClassUid: dxUid, affectedSopInstanceUid: uid });
  peer.send(storeMessage(dataSet, 16_000, command));
  const response = await nextResponse(peer);
  peer.destroy();
  return JSON.stringify(response);
}

describe('patient data stays where it belongs (P8, O01)', () => {
  test('a name in every text VR of good and bad images is in no log line, no metric and no error reply', async () => {
    const good = image({});
    const bad = [
      image({ PatientID: '' }),
      image({ PatientID: undefined, PatientName: undefined }),
      image({ '00080005': { vr: 'CS', value: raw(canary) } }),
      image({ Rows: 511 }),
      image({ BitsStored: 17, HighBit: 16 }),
      image({ PhotometricInterpretation: undefined, '00280004': { vr: 'CS', value: raw(canary) } }),
      image({ Modality: canary, BodyPartExamined: canary, ViewPosition: canary }),
      image({ '00281050': { vr: 'DS', value: raw(canary) }, '00281051': { vr: 'DS', value: raw(canary) } }),
      image({ '00281053': { vr: 'DS', value: raw(canary) } }),
      image({ PatientName: undefined, '00100010': { vr: 'PN', value: raw(`${canary}\u0007\u001b[31m^x `) } }),
    ];
    const replies: string[] = [await answerTo(good.bytes, good.uid)];
    for (const { bytes, uid } of bad) replies.push(await answerTo(bytes, uid));
    // What is refused at the door: another identity than announced, a broken element, no data set at all.
    replies.push(await answerTo(good.bytes, '1.2.3'));
    const cut = Buffer.from(bad[0]!.bytes);
    cut.writeUInt16LE(0xfff0, cut.indexOf(canary) - 2);
    replies.push(await answerTo(cut.subarray(0, cut.indexOf(canary) + 40), bad[0]!.uid));
    replies.push(await answerTo(Buffer.from(canary.repeat(10)), good.uid));
    expect(replies.filter((reply) => reply.includes('"status":0')).length).toBeGreaterThan(5);

    const waiting = () =>
      running.store.db
        .sql<{ n: number }>("SELECT count(*) AS n FROM job WHERE state IN ('QUEUED','WAITING','RUNNING')")
        .get()?.n;
    await running.until('every image has ended', () => waiting() === 0, 90_000);
    const named = () =>
      running.received.some(({ path }) => {
        const file = readPart10(readFileSync(path));
        return file.ok && file.value.dataSet.string('PatientID') === `${canary}-LO`;
      });
    await running.until('a result names the patient', named, 60_000);

    const base = `http://127.0.0.1:${running.node.supervisor.portOf('admin')}`;
    const pages: string[] = [];
    for (const path of ['/metrics', '/healthz', '/readyz'])
      pages.push(await (await fetch(`${base}${path}`)).text());
    expect(pages[0]).toContain('lumbar');
    const log = readFileSync(join(running.folder, 'node.log'), 'utf8');
    expect(log).toContain('"event":"INSTANCE_REFUSED"');

    for (const text of [log, ...pages, ...replies]) {
      expect(text.toUpperCase()).not.toContain(canary);
      expect(text).not.toContain(Buffer.from(canary).toString('base64').slice(0, 10));
    }
    // The control: it is known where it must be.
    expect(running.store.explain({ sopInstanceUid: good.uid })?.images[0]?.instance.patientId).toBe(
      `${canary}-LO`,
    );
  }, 240_000);
});
