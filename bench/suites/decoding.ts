import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPart10 } from '../../src/dicom/part10-reader.ts';
import { writePart10 } from '../../src/dicom/part10-writer.ts';
import { transferSyntax, transferSyntaxUid } from '../../src/dicom/transfer-syntax.ts';
import { decodeFrames } from '../../src/imaging/decode-frames.ts';
import { encodeFrame } from '../../src/imaging/encode-frame.ts';
import { initialiseCodecs } from '../../src/imaging/native-codec.ts';
import { alternate, type BenchContext, type BenchRow, compared, type Suite } from '../measure.ts';
import { requiredPeer } from '../processes.ts';
import { simulatedStudy } from '../sample.ts';

/** Which program decodes which syntax as the peer. */
const peers: Readonly<Record<string, 'dcmdjpeg' | 'dcmdjpls' | 'gdcmconv' | 'dcmdrle'>> = {
  [transferSyntaxUid.rleLossless]: 'dcmdrle',
  [transferSyntaxUid.jpegBaseline]: 'dcmdjpeg',
  [transferSyntaxUid.jpegLossless]: 'dcmdjpeg',
  [transferSyntaxUid.jpegLosslessSv1]: 'dcmdjpeg',
  [transferSyntaxUid.jpegLsLossless]: 'dcmdjpls',
  [transferSyntaxUid.jpegLsNearLossless]: 'dcmdjpls',
  [transferSyntaxUid.jpeg2000Lossless]: 'gdcmconv',
  [transferSyntaxUid.jpeg2000]: 'gdcmconv',
};

/**
 * From file to pixels in memory, against the peer's program from file to file. The peer pays a process start and a
 * write, so the time of the same program on an uncompressed copy is taken off it.
 */
export const decoding: Suite = {
  name: 'decoding',
  async run(context) {
    await initialiseCodecs();
    const rows: BenchRow[] = [];
    for (const [uid, program] of Object.entries(peers)) rows.push(await measure(context, uid, program));
    return rows;
  },
};

async function measure({ folder, quick }: BenchContext, uid: string, program: string): Promise<BenchRow> {
  const name = transferSyntax(uid)?.name ?? uid;
  const compressed = join(folder, 'compressed.dcm');
  const plain = join(folder, 'plain.dcm');
  const output = join(folder, 'decoded.dcm');
  writeFileSync(plain, compressedImage(transferSyntaxUid.explicitVrLittleEndian));
  writeFileSync(compressed, compressedImage(uid));
  const execute = (from: string): number => {
    const start = performance.now();
    execFileSync(requiredPeer(program), program === 'gdcmconv' ? ['--raw', from, output] : [from, output], {
      stdio: 'ignore',
    });
    return performance.now() - start;
  };
  const results = await alternate(quick ? 1 : 7, [
    {
      name: 'ours',
      once: async () => {
        const start = performance.now();
        await pixelsOf(compressed);
        return performance.now() - start;
      },
    },
    { name: program, once: () => Promise.resolve(Math.max(1, execute(compressed) - execute(plain))) },
  ]);
  execute(compressed);
  const differing = countDifferences(await pixelsOf(compressed), await pixelsOf(output));
  const row = compared(
    `decode ${name}${differing === 0 ? ', bit-identical' : `, ${differing} samples differ`}`,
    'ms',
    results,
    {
      ours: 'ours',
      peer: program,
      bar: { sign: '<=', value: 1.5 },
    },
  );
  return row;
}

const eightBit: ReadonlySet<string> = new Set([transferSyntaxUid.jpegBaseline]);

/** A simulated lateral in the wanted encoding; JPEG Baseline takes its upper eight bits. */
function compressedImage(uid: string): Uint8Array {
  const [source] = simulatedStudy(30_000_002, ['neutral']);
  if (source === undefined) throw new Error('the simulator gave no image');
  const file = readPart10(source.bytes);
  if (!file.ok) throw file.error;
  const { columns, rows, bitsStored } = source;
  const native = file.value.pixelData;
  if (native?.kind !== 'native') throw new Error('expected native pixels');
  const words = new Uint16Array(native.bytes.slice().buffer);
  const narrow = eightBit.has(uid);
  const samples = narrow ? Uint8Array.from(words, (word) => word >> (bitsStored - 8)) : words;
  const bits = narrow ? 8 : 16;
  const image = {
    rows,
    columns,
    frames: 1,
    samplesPerPixel: 1,
    bitsAllocated: bits,
    bitsStored: narrow ? 8 : bitsStored,
    highBit: (narrow ? 8 : bitsStored) - 1,
    signed: false,
    photometric: 'MONOCHROME2',
    planarConfiguration: 0,
  } as const;
  const encapsulated = transferSyntax(uid)?.encapsulated === true;
  return writePart10({
    dataSet: {
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
      SOPInstanceUID: '2.25.4001',
      StudyInstanceUID: '2.25.4002',
      SeriesInstanceUID: '2.25.4003',
      PatientName: 'BENCH^IMAGE',
      PatientID: 'BENCH-1',
      Modality: 'CR',
      Rows: rows,
      Columns: columns,
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      BitsAllocated: bits,
      BitsStored: image.bitsStored,
      HighBit: image.highBit,
      PixelRepresentation: 0,
      PixelData: encapsulated
        ? { fragments: [encodeFrame(samples, image, uid)] }
        : new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength),
    },
    transferSyntaxUid: uid,
  });
}

async function pixelsOf(path: string): Promise<ArrayLike<number>> {
  const file = readPart10(readFileSync(path));
  if (!file.ok) throw file.error;
  const pixels = await decodeFrames(file.value);
  if (!pixels.ok) throw pixels.error;
  return pixels.value.samples;
}

function countDifferences(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let count = Math.abs(a.length - b.length);
  for (let at = 0; at < Math.min(a.length, b.length); at++) if (a[at] !== b[at]) count++;
  return count;
}
