import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { readPart10 } from '../../../src/dicom/part10-reader.ts';
import type { WritableDataSet } from '../../../src/dicom/part10-writer.ts';
import { acceptedStorageTransferSyntaxes, transferSyntax } from '../../../src/dicom/transfer-syntax.ts';
import { decodeFrames } from '../../../src/imaging/decode-frames.ts';
import { encodeFrame } from '../../../src/imaging/encode-frame.ts';
import type { ImagePixel } from '../../../src/imaging/image-pixel.ts';
import { initialiseCodecs } from '../../../src/imaging/native-codec.ts';
import type { StoredPixels } from '../../../src/imaging/stored-pixels.ts';
import { sharedDataManifest, sharedDataPath, sharedDataPresent } from '../../support/shared-data.ts';
import { fileOf, imageAttributes, imagePixel } from './fabricated-image.ts';

beforeAll(initialiseCodecs);

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function bytesOf({ samples }: StoredPixels): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}

/** The bytes read down the columns of a table of that many columns. */
function transposed(bytes: Uint8Array, columns: number): Uint8Array {
  const rows = bytes.length / columns;
  return bytes.map((_, i) => bytes[(i % rows) * columns + Math.floor(i / rows)] ?? 0);
}

/** The same colour samples by pixel and by plane: decoders differ in which one they hand out for compressed colour. */
function layouts(bytes: Uint8Array, samplesPerPixel: number): readonly Uint8Array[] {
  if (samplesPerPixel === 1) return [bytes];
  return [bytes, transposed(bytes, samplesPerPixel), transposed(bytes, bytes.length / samplesPerPixel)];
}

/** Files with an oracle that this node rightly does not reproduce. */
const deviations: Readonly<Record<string, string>> = {
  // Not an accepted transfer syntax.
  'codec/cornerstone3D__CTImage.dcm_JPEGProcess10_12TransferSyntax_1.2.840.10008.1.2.4.55.dcm':
    'PIXEL_UNSUPPORTED',
  // JPEG 2000 of single bits; no radiograph is stored so.
  'codec/pydicom-data__liver_j2k.dcm': 'PIXEL_UNSUPPORTED',
  // The oracle filled the missing end with zeros; a truncated image must not be analysed.
  'codec/pydicom__MR_truncated.dcm': 'DATASET_TRUNCATED',
  // ACR-NEMA without preamble, file meta or transfer syntax.
  'malformed/fo-dicom__GH340.dcm': 'DATASET_MALFORMED',
  // 27 bytes of 3 x 3 RGB; the oracle hashed one byte of padding with them.
  'codec/pydicom__SC_rgb_small_odd_big_endian.dcm': 'other bytes',
};

describe.skipIf(!sharedDataPresent)('decodeFrames on files made by others', () => {
  test('gives the pixels that two other decoders agree on, for every accepted transfer syntax', {
    timeout: 120_000,
  }, async () => {
    const outcomes: Record<string, string> = {};
    let compared = 0;
    for (const row of sharedDataManifest()) {
      const { file = '', pixel_sha256: expected = '', transfer_syntax_uid: syntax = '' } = row;
      if (expected === '') continue;
      compared += 1;
      const bare = syntax === '' ? {} : { bareTransferSyntaxUid: syntax };
      const read = readPart10(readFileSync(sharedDataPath(file)), bare);
      const decoded = read.ok ? await decodeFrames(read.value) : read;
      if (!decoded.ok) {
        outcomes[file] = decoded.error.code;
        continue;
      }
      const bytes = bytesOf(decoded.value);
      const isSame = layouts(bytes, decoded.value.samplesPerPixel).some(
        (layout) => sha256(layout) === expected,
      );
      if (!isSame) outcomes[file] = 'other bytes';
    }
    expect(compared).toBeGreaterThan(200);
    expect(outcomes).toEqual(deviations);
  });
});

describe.skipIf(!sharedDataPresent)('decodeFrames on broken files', () => {
  test('each file of malformed and fuzz ends in pixels or in an error of the catalogue', async () => {
    let files = 0;
    for (const folder of ['malformed', 'fuzz']) {
      for (const name of readdirSync(sharedDataPath(folder))) {
        files += 1;
        const read = readPart10(readFileSync(sharedDataPath(`${folder}/${name}`)));
        const decoded = read.ok ? await decodeFrames(read.value) : read;
        if (!decoded.ok) expect(decoded.error.code).toMatch(/^(DATASET|PIXEL)_/);
      }
    }
    expect(files).toBeGreaterThan(50);
  });
});

/** A noisy ramp that uses every stored bit and both signs. */
function ramp(image: ImagePixel): Uint8Array | Uint16Array {
  const count = image.rows * image.columns;
  const samples = image.bitsAllocated === 8 ? new Uint8Array(count) : new Uint16Array(count);
  const range = 2 ** image.bitsStored;
  for (let i = 0; i < count; i++) {
    const value = Math.min(Math.floor((i * range) / count) + ((i * 7919) % 5), range - 1);
    samples[i] = image.signed ? value - range / 2 : value;
  }
  return samples;
}

describe('encodeFrame and decodeFrames', () => {
  const images = [
    imagePixel({ rows: 31, columns: 40, bitsStored: 10, highBit: 9 }),
    imagePixel({ rows: 32, columns: 41, bitsStored: 16, highBit: 15 }),
    imagePixel({
      rows: 33,
      columns: 40,
      bitsStored: 14,
      highBit: 13,
      signed: true,
      photometric: 'MONOCHROME1',
    }),
    imagePixel({ rows: 31, columns: 41, bitsAllocated: 8, bitsStored: 8, highBit: 7 }),
  ];
  /** Largest difference that a lossy syntax may make; every other one is exact. */
  const tolerances: Readonly<Record<string, number>> = {
    '1.2.840.10008.1.2.4.50': 8,
    '1.2.840.10008.1.2.4.51': 8,
    '1.2.840.10008.1.2.4.81': 2,
    '1.2.840.10008.1.2.4.91': 64,
  };

  for (const uid of acceptedStorageTransferSyntaxes) {
    const syntax = transferSyntax(uid)!;
    const usable = images.filter((image) => image.bitsAllocated === 8 || !/4\.5[01]$/.test(uid));
    test.each(usable)(
      `${syntax.name} keeps $bitsStored of $bitsAllocated bits, signed: $signed`,
      async (image) => {
        const samples = ramp(image);
        const raw = new Uint8Array(samples.buffer);
        const PixelData = syntax.encapsulated ? { fragments: [encodeFrame(samples, image, uid)] } : raw;
        const decoded = await decodeFrames(fileOf({ ...imageAttributes(image), PixelData }, uid));
        if (!decoded.ok) throw decoded.error;
        let largest = 0;
        for (const [i, value] of samples.entries())
          largest = Math.max(largest, Math.abs(value - (decoded.value.samples[i] ?? 0)));
        expect(largest).toBeLessThanOrEqual(tolerances[uid] ?? 0);
        expect(decoded.value).toMatchObject(image);
      },
    );
  }

  test('a frame in several fragments and several frames are put together (PS3.5 A.4)', async () => {
    const image = imagePixel({ rows: 16, columns: 16, frames: 2 });
    const first = ramp(image);
    const second = first.map((value) => value ^ 0x0fff);
    const uid = '1.2.840.10008.1.2.4.70';
    const streams = [first, second].map((samples) => encodeFrame(samples, image, uid));
    const fragments = streams.flatMap((stream) => [stream.subarray(0, 64), stream.subarray(64)]);
    const decoded = await decodeFrames(fileOf({ ...imageAttributes(image), PixelData: { fragments } }, uid));
    if (!decoded.ok) throw decoded.error;
    expect([...decoded.value.samples]).toEqual([...first, ...second]);
  });
});

describe('decodeFrames refuses before decoding', () => {
  const image = imagePixel({ rows: 16, columns: 16 });
  const rle = '1.2.840.10008.1.2.5';
  const jpegLossless = '1.2.840.10008.1.2.4.70';
  const jpegLs = '1.2.840.10008.1.2.4.80';
  const jpeg2000 = '1.2.840.10008.1.2.4.90';

  async function outcome(attributes: WritableDataSet, uid = '1.2.840.10008.1.2.1'): Promise<string> {
    const decoded = await decodeFrames(fileOf({ ...imageAttributes(image), ...attributes }, uid));
    return decoded.ok ? 'ok' : decoded.error.code;
  }

  const native = new Uint8Array(512);

  test.each<[string, WritableDataSet, string]>([
    ['more rows than the limit', { Rows: 8193 }, 'PIXEL_LIMIT'],
    ['more frames than the limit', { NumberOfFrames: 262_145 }, 'PIXEL_LIMIT'],
    ['no rows', { Rows: 0 }, 'DATASET_MALFORMED'],
    ['absent columns', { Columns: undefined }, 'DATASET_MISSING_ATTRIBUTE'],
    ['bits stored beyond bits allocated', { BitsStored: 17, HighBit: 16 }, 'DATASET_MALFORMED'],
    ['a high bit below the stored bits', { HighBit: 7 }, 'DATASET_MALFORMED'],
    ['a strange allocation', { BitsAllocated: 12 }, 'PIXEL_UNSUPPORTED'],
    ['four samples per pixel', { SamplesPerPixel: 4 }, 'PIXEL_UNSUPPORTED'],
    ['less pixel data than declared', { PixelData: native.subarray(0, 510) }, 'DATASET_TRUNCATED'],
    ['no pixel data', { PixelData: undefined }, 'DATASET_MISSING_ATTRIBUTE'],
    ['nothing of a sound image', {}, 'ok'],
  ])('%s', async (_name, changes, expected) => {
    expect(await outcome({ PixelData: native, ...changes })).toBe(expected);
  });

  test('a 68-byte RLE stream that asks for 2 GB costs nothing (reliability 1.3)', async () => {
    const stream = Buffer.alloc(68);
    stream.writeUInt32LE(2, 0);
    stream.writeUInt32LE(64, 4);
    stream.writeUInt32LE(66, 8);
    const before = process.memoryUsage().rss;
    expect(await outcome({ Rows: 65_535, Columns: 16_000, PixelData: { fragments: [stream] } }, rle)).toBe(
      'PIXEL_LIMIT',
    );
    expect(await outcome({ PixelData: { fragments: [stream] } }, rle)).toBe('PIXEL_CORRUPT');
    expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000);
  });

  test.each([jpegLossless, jpegLs, jpeg2000])(
    '%s: a codestream of another size than declared',
    async (uid) => {
      const fragments = [encodeFrame(ramp(image), image, uid)];
      expect(await outcome({ PixelData: { fragments } }, uid)).toBe('ok');
      expect(await outcome({ Rows: 17, PixelData: { fragments } }, uid)).toBe('PIXEL_CORRUPT');
    },
  );

  test.each([jpegLossless, jpegLs, jpeg2000, rle])('%s: a truncated codestream', async (uid) => {
    const stream = encodeFrame(ramp(image), image, uid);
    const fragments = [stream.subarray(0, stream.length - 12)];
    expect(await outcome({ PixelData: { fragments } }, uid)).toBe('PIXEL_CORRUPT');
  });

  test.each([jpegLossless, jpegLs, jpeg2000, rle])(
    '%s: garbage, empty and missing fragments',
    async (uid) => {
      expect(await outcome({ PixelData: { fragments: [Buffer.alloc(100, 0x5a)] } }, uid)).toBe(
        'PIXEL_CORRUPT',
      );
      expect(await outcome({ PixelData: { fragments: [new Uint8Array(0)] } }, uid)).toBe('PIXEL_CORRUPT');
      expect(await outcome({ PixelData: { fragments: [] } }, uid)).toBe('PIXEL_CORRUPT');
    },
  );

  test('flipped bits anywhere in an RLE stream give an error or pixels, never a throw', async () => {
    const stream = encodeFrame(ramp(image), image, rle);
    for (let at = 0; at < stream.length; at++) {
      const broken = Buffer.from(stream);
      broken[at] = (broken[at] ?? 0) ^ 0x80;
      expect(['ok', 'PIXEL_CORRUPT']).toContain(await outcome({ PixelData: { fragments: [broken] } }, rle));
    }
  });

  test('the decoder still works after a stream that made it trap', async () => {
    const good = encodeFrame(ramp(image), image, jpegLs);
    const broken = Buffer.from(good);
    broken.fill(0xa5, 40, broken.length - 2);
    await outcome({ PixelData: { fragments: [broken] } }, jpegLs);
    expect(await outcome({ PixelData: { fragments: [good] } }, jpegLs)).toBe('ok');
  });
});
