import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demoTitles } from '../../src/app/demo-config.ts';
import { readPart10 } from '../../src/dicom/part10-reader.ts';
import { sopClassUid } from '../../src/dicom/sop-class.ts';
import {
  acceptedStorageTransferSyntaxes,
  transferSyntax,
  transferSyntaxUid,
} from '../../src/dicom/transfer-syntax.ts';
import { decodeFrames } from '../../src/imaging/decode-frames.ts';
import { initialiseCodecs } from '../../src/imaging/native-codec.ts';
import { sendAsModality } from '../../src/simulator/modality.ts';
import { simulateStudy } from '../../src/simulator/study.ts';
import { peer } from '../support/peer.ts';
import { type NodeUnderTest, startNodeUnderTest } from '../support/running-node.ts';
import { type StorescuEnd, storescu } from '../support/storescu.ts';

const programs = [
  'storescu',
  'dcmconv',
  'dcmcrle',
  'dcmcjpeg',
  'dcmcjpls',
  'dcmdjpeg',
  'dcmdjpls',
  'dcmodify',
  'gdcmconv',
];
const available = programs.every((program) => peer(program) !== undefined);

const digital = sopClassUid.digitalXRayImageStorageForPresentation;
const forProcessing = sopClassUid.digitalXRayImageStorageForProcessing;
/** A DX of 12 bits, so that JPEG Extended can carry it. */
const seed = 30_500_005;

/** Another program's encoder for each transfer syntax, and its decoder where coding loses something. */
const encoders: Readonly<Record<string, readonly string[]>> = {
  [transferSyntaxUid.implicitVrLittleEndian]: ['dcmconv', '+ti'],
  [transferSyntaxUid.explicitVrLittleEndian]: ['dcmconv', '+te'],
  [transferSyntaxUid.explicitVrBigEndian]: ['dcmconv', '+tb'],
  [transferSyntaxUid.deflatedExplicitVrLittleEndian]: ['dcmconv', '+td'],
  [transferSyntaxUid.rleLossless]: ['dcmcrle'],
  [transferSyntaxUid.jpegBaseline]: ['dcmcjpeg', '+eb', '+un'],
  [transferSyntaxUid.jpegExtended]: ['dcmcjpeg', '+ee', '+un'],
  [transferSyntaxUid.jpegLossless]: ['dcmcjpeg', '+el'],
  [transferSyntaxUid.jpegLosslessSv1]: ['dcmcjpeg', '+e1'],
  [transferSyntaxUid.jpegLsLossless]: ['dcmcjpls', '+el'],
  [transferSyntaxUid.jpegLsNearLossless]: ['dcmcjpls', '+en', '+un'],
  [transferSyntaxUid.jpeg2000Lossless]: ['gdcmconv', '--j2k'],
  [transferSyntaxUid.jpeg2000]: ['gdcmconv', '--j2k', '--lossy', '-q', '80'],
};
const decoders: Readonly<Record<string, readonly string[]>> = {
  [transferSyntaxUid.jpegBaseline]: ['dcmdjpeg'],
  [transferSyntaxUid.jpegExtended]: ['dcmdjpeg'],
  [transferSyntaxUid.jpegLsNearLossless]: ['dcmdjpls'],
  [transferSyntaxUid.jpeg2000]: ['gdcmconv', '--raw'],
};
/** No Debian program writes these, and this DCMTK cannot send them: our own encoder and modality do. */
const htj2k = acceptedStorageTransferSyntaxes.filter((uid) => encoders[uid] === undefined);

describe.skipIf(!available)('a lateral in every transfer syntax that is accepted (PS3.5 Annex A)', () => {
  let running: NodeUnderTest;
  let folder: string;
  const sopInstanceUids = new Map<string, string>();
  let rawEnd: StorescuEnd | undefined;

  beforeAll(async () => {
    await initialiseCodecs();
    running = await startNodeUnderTest();
    folder = join(running.folder, 'encoded');
    mkdirSync(folder);
    const target = { callingAeTitle: demoTitles.modality, calledAeTitle: demoTitles.node };
    const files = Object.keys(encoders).map((uid) => encode(folder, uid));
    const rawFile = forProcessingFile(folder);
    const contexts = [
      ...Object.keys(encoders).map((uid) => ({ sopClassUid: digital, transferSyntaxUid: uid })),
      { sopClassUid: forProcessing, transferSyntaxUid: transferSyntaxUid.explicitVrLittleEndian },
    ];
    const options = { program: peer('storescu') ?? '', port: running.node.port, ...target, contexts };
    const ends = await storescu([...files, rawFile], options);
    for (const [index, uid] of Object.keys(encoders).entries()) {
      const end = ends.get(files[index] ?? '');
      if (end?.kind === 'answered' && end.status === 0) sopInstanceUids.set(uid, end.sopInstanceUid);
    }
    rawEnd = ends.get(rawFile);
    for (const uid of htj2k) {
      const [image] = exposure(uid, uid);
      writeFileSync(join(folder, `${uid}.dcm`), image.bytes);
      await sendAsModality(
        [image.bytes],
        { host: '127.0.0.1', port: running.node.port, ...target },
        () => 0,
        (answer) => {
          if (answer.status === 0) sopInstanceUids.set(uid, answer.sopInstanceUid);
        },
      );
    }
    await running.until(
      'everything has an end and is delivered',
      () => running.store.statusSummary().dispositions.pending === 0 && captures() === sopInstanceUids.size,
      90_000,
    );
  }, 150_000);

  afterAll(async () => {
    await running.stop();
  }, 60_000);

  const captures = () =>
    running.received.filter(({ sopClassUid: uid }) => uid === sopClassUid.secondaryCaptureImageStorage)
      .length;
  const instanceOf = (sopInstanceUid: string) =>
    running.store
      .explain({ sopInstanceUid })
      ?.images.find(({ instance }) => instance.sopInstanceUid === sopInstanceUid)?.instance;

  test.each(acceptedStorageTransferSyntaxes.map((uid) => [transferSyntax(uid)?.name ?? uid, uid]))(
    '%s is stored as it came, analysed, and decoded to the pixels of another decoder',
    async (_, uid) => {
      const instance = instanceOf(sopInstanceUids.get(uid) ?? '');
      expect(instance).toMatchObject({ transferSyntaxUid: uid, disposition: 'analysed' });
      const pixels = await pixelsOf(instance?.path ?? '');
      const original = await pixelsOf(decode(folder, uid));
      expect(pixels.columns).toBe(original.columns);
      expect(Buffer.compare(bytesOf(pixels.samples), bytesOf(original.samples))).toBe(0);
    },
  );

  test('a raw DX (For Processing) is acknowledged, kept, and skipped with its reason', () => {
    expect(rawEnd).toMatchObject({ kind: 'answered', status: 0 });
    const instance = instanceOf(rawEnd?.kind === 'answered' ? rawEnd.sopInstanceUid : '');
    expect(instance).toMatchObject({
      sopClassUid: forProcessing,
      disposition: 'skipped',
      spoolState: 'present',
    });
    expect(instance?.reasons.map(({ code }) => code)).toContain('S04');
  });
});

function exposure(variant: string, syntax: string) {
  const images = simulateStudy(seed, {
    size: 512,
    views: ['neutral'],
    tags: 'orderly',
    variant,
    transferSyntaxUid: syntax,
  });
  return images as readonly [(typeof images)[number]];
}

function plainFile(folder: string, name: string): string {
  const [image] = exposure(name, transferSyntaxUid.explicitVrLittleEndian);
  const file = join(folder, `${name}.plain.dcm`);
  writeFileSync(file, image.bytes);
  return file;
}

function encode(folder: string, uid: string): string {
  const file = join(folder, `${uid}.dcm`);
  run(encoders[uid] ?? [], plainFile(folder, uid), file);
  return file;
}

/** The file whose native pixels the node must find: decoded by another program where coding loses something. */
function decode(folder: string, uid: string): string {
  const decoder = decoders[uid];
  if (decoder === undefined)
    return htj2k.includes(uid) ? plainFile(folder, uid) : join(folder, `${uid}.plain.dcm`);
  const file = join(folder, `${uid}.decoded.dcm`);
  run(decoder, join(folder, `${uid}.dcm`), file);
  return file;
}

function forProcessingFile(folder: string): string {
  const file = plainFile(folder, 'for-processing');
  run(
    ['dcmodify', '-nb', '-m', `SOPClassUID=${forProcessing}`, '-m', 'PresentationIntentType=FOR PROCESSING'],
    file,
  );
  return file;
}

function run([program = '', ...options]: readonly string[], ...files: readonly string[]): void {
  const { status, stderr } = spawnSync(peer(program) ?? '', [...options, ...files], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program}: ${stderr}`);
}

async function pixelsOf(path: string) {
  const file = readPart10(readFileSync(path));
  if (!file.ok) throw file.error;
  const pixels = await decodeFrames(file.value);
  if (!pixels.ok) throw pixels.error;
  return pixels.value;
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}
