import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demoTitles } from '../../src/app/demo-config.ts';
import { writePart10 } from '../../src/dicom/part10-writer.ts';
import { initialiseCodecs } from '../../src/imaging/native-codec.ts';
import { sendAsModality } from '../../src/simulator/modality.ts';
import { simulateStudy } from '../../src/simulator/study.ts';
import { dxUid } from '../support/byte-peer.ts';
import { type NodeUnderTest, startNodeUnderTest } from '../support/running-node.ts';

let running: NodeUnderTest;

beforeAll(async () => {
  await initialiseCodecs();
  running = await startNodeUnderTest({
    settings: {
      model: {
        folder: new URL('../../models', import.meta.url).pathname,
        id: 'lumbar-nano-sim',
        providers: ['cpu'],
        timeout: '5s',
      },
    },
  });
}, 60_000);
afterAll(async () => {
  await running.stop();
}, 60_000);

const rle = '1.2.840.10008.1.2.5';
const jpegLs = '1.2.840.10008.1.2.4.80';
const jpeg2000 = '1.2.840.10008.1.2.4.90';

let serial = 0;
/** A lateral lumbar spine by its header, whatever its pixels are. */
function lateral(transferSyntaxUid: string, rows: number, columns: number, frame: Uint8Array) {
  const sopInstanceUid = `1.2.826.0.1.3680043.9.9999.77.${++serial}`;
  return {
    sopInstanceUid,
    bytes: writePart10({
      transferSyntaxUid,
      dataSet: {
        SOPClassUID: dxUid,
        SOPInstanceUID: sopInstanceUid,
        StudyInstanceUID: '1.2.826.0.1.3680043.9.9999.78',
        SeriesInstanceUID: '1.2.826.0.1.3680043.9.9999.79',
        PatientName: 'Fictional^Bomb',
        PatientID: 'F-2',
        Modality: 'DX',
        ImageType: ['ORIGINAL', 'PRIMARY', ''],
        PresentationIntentType: 'FOR PRESENTATION',
        StudyDescription: 'XR LUMBAR SPINE',
        SeriesDescription: 'L-SPINE LATERAL',
        PatientOrientation: ['P', 'F'],
        BodyPartExamined: 'LSPINE',
        ViewPosition: 'LL',
        SamplesPerPixel: 1,
        PhotometricInterpretation: 'MONOCHROME2',
        Rows: rows,
        Columns: columns,
        BitsAllocated: 16,
        BitsStored: 16,
        HighBit: 15,
        PixelRepresentation: 0,
        PixelData: { fragments: [frame] },
      },
    }),
  };
}

function rleHeader(): Buffer {
  const frame = Buffer.alloc(68);
  frame.writeUInt32LE(2, 0);
  frame.writeUInt32LE(64, 4);
  frame.writeUInt32LE(66, 8);
  return frame;
}

function jpegLsHeader(rows: number, columns: number): Buffer {
  const frame = Buffer.from(
    'ffd8fff7000b1000000000010111 00ffda0008010100000000ffd9'.replaceAll(' ', ''),
    'hex',
  );
  frame.writeUInt16BE(rows, 7);
  frame.writeUInt16BE(columns, 9);
  return frame;
}

function jpeg2000Header(rows: number, columns: number): Buffer {
  const frame = Buffer.alloc(54);
  Buffer.from('ff4fff5100290000', 'hex').copy(frame);
  frame.writeUInt32BE(columns, 8);
  frame.writeUInt32BE(rows, 12);
  frame.writeUInt32BE(columns, 24);
  frame.writeUInt32BE(rows, 28);
  frame.writeUInt16BE(1, 40);
  Buffer.from('0f0101ff52', 'hex').copy(frame, 42);
  Buffer.from('ffd9', 'hex').copy(frame, 52);
  return frame;
}

function send(images: readonly { readonly bytes: Uint8Array }[]) {
  return sendAsModality(
    images.map(({ bytes }) => bytes),
    {
      host: '127.0.0.1',
      port: running.node.port,
      callingAeTitle: demoTitles.modality,
      calledAeTitle: demoTitles.node,
    },
    () => 0,
    () => undefined,
  );
}

const endOf = (sopInstanceUid: string) =>
  running.store
    .explain({ sopInstanceUid })
    ?.images.find(({ instance }) => instance.sopInstanceUid === sopInstanceUid)?.instance;
const isEnded = (sopInstanceUid: string) => (endOf(sopInstanceUid)?.disposition ?? 'pending') !== 'pending';

/** Highest resident memory of a process so far, MiB. */
const peakOf = (pid: number) =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 'NaN') / 1024;

describe('a bad image harms only itself (P5)', () => {
  test('when memory runs out the kernel takes the worker first, the sender next, the listener last', () => {
    const { worker, sender, listener } = running.node.supervisor.pids();
    const score = (pid: number | undefined) => Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8'));
    expect([score(worker), score(sender)]).toEqual([800, 300]);
    expect(score(listener)).toBeLessThan(300);
  });

  test('dimension bombs are refused before anything is decoded: the worker stays below 500 MB and alive (D01)', async () => {
    const worker = running.node.supervisor.pids().worker!;
    const bombs = [
      lateral(rle, 30_000, 20_000, rleHeader()),
      lateral(rle, 65_535, 65_535, rleHeader()),
      lateral(jpegLs, 30_000, 20_000, jpegLsHeader(30_000, 20_000)),
      lateral(jpeg2000, 65_535, 65_535, jpeg2000Header(65_535, 65_535)),
      // The data set asks for little, the codestream for much.
      lateral(jpegLs, 1024, 1024, jpegLsHeader(30_000, 20_000)),
      lateral(jpeg2000, 1024, 1024, jpeg2000Header(65_535, 65_535)),
      lateral(rle, 8192, 8192, rleHeader()),
    ];
    expect((await send(bombs)).ok).toBe(true);
    await running.until(
      'all have ended',
      () => bombs.every(({ sopInstanceUid }) => isEnded(sopInstanceUid)),
      60_000,
    );
    for (const { sopInstanceUid } of bombs) {
      expect(endOf(sopInstanceUid)?.disposition).toBe('refused');
      expect(endOf(sopInstanceUid)?.reasons.map(({ code }) => code)[0]).toMatch(/^T0[15]$/);
    }
    expect(running.node.supervisor.pids().worker).toBe(worker);
    expect(peakOf(worker)).toBeLessThan(500);
  }, 90_000);

  test('a job that hangs is killed by its timer, counted once, and done by the next worker (D06)', async () => {
    const images = [30_950_001, 30_950_002, 30_950_003].flatMap((seed) =>
      simulateStudy(seed, { size: 640, tags: 'orderly', variant: 'hang' }),
    );
    const worker = running.node.supervisor.pids().worker!;
    expect((await send(images)).ok).toBe(true);
    const runningJobs = () =>
      running.store.db.sql<{ n: number }>("SELECT count(*) AS n FROM job WHERE state = 'RUNNING'").get()?.n ??
      0;
    await running.until('a job runs', () => runningJobs() > 0, 20_000);
    // As if inference never came back: the process stands still with the job in its hands.
    process.kill(worker, 'SIGSTOP');
    await running.until(
      'the hung worker is replaced',
      () => (running.node.supervisor.pids().worker ?? worker) !== worker,
      60_000,
    );
    expect(readFileSync(`${running.folder}/node.log`, 'utf8')).toContain('job ran out of time');
    await running.until(
      'every image ends',
      () => images.every(({ sopInstanceUid }) => isEnded(sopInstanceUid)),
      90_000,
    );
    for (const { sopInstanceUid } of images)
      expect(['analysed', 'skipped', 'held', 'refused']).toContain(endOf(sopInstanceUid)?.disposition);
    const attempts = running.store.db
      .sql<{ most: number }>('SELECT max(attempts) AS most FROM job')
      .get()?.most;
    expect(attempts).toBe(2);
  }, 150_000);
});
