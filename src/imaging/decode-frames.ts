import { NodeError } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Part10File } from '../dicom/part10-reader.ts';
import type { TransferSyntax } from '../dicom/transfer-syntax.ts';
import { codecFamily } from './codec-family.ts';
import { type CodestreamHeader, readJpeg2000Header, readJpegHeader } from './codestream-header.ts';
import { locateFrames } from './frame-location.ts';
import {
  type DecodeLimits,
  defaultDecodeLimits,
  frameBytes,
  type ImagePixel,
  readImagePixel,
} from './image-pixel.ts';
import { decodeNative, initialiseCodecs } from './native-codec.ts';
import { decodeRle } from './rle.ts';
import type { StoredPixels } from './stored-pixels.ts';

/**
 * Decodes every frame of a file (PS3.5 section 8 and Annex A). Before any decoder runs, the declared size is held
 * against `limits` and the codestream's own header against Rows, Columns and Samples per Pixel, so that 68 bytes
 * cannot ask for 8 GB. Loads the codecs at the first compressed image; the decoding itself is synchronous and blocks the
 * thread (a 10 MB JPEG 2000 image for about a second).
 *
 * Errors: DATASET_MISSING_ATTRIBUTE, DATASET_MALFORMED, DATASET_TRUNCATED, PIXEL_LIMIT, PIXEL_UNSUPPORTED,
 * PIXEL_CORRUPT.
 */
export async function decodeFrames(
  file: Part10File,
  limits: DecodeLimits = defaultDecodeLimits,
): Promise<Result<StoredPixels, NodeError>> {
  if (file.pixelData === undefined)
    return err(new NodeError('DATASET_MISSING_ATTRIBUTE', 'no Pixel Data (7FE0,0010)'));
  const image = readImagePixel(file.dataSet, limits);
  if (!image.ok) return image;
  if ((file.pixelData.kind === 'encapsulated') !== file.transferSyntax.encapsulated) {
    return err(
      new NodeError('PIXEL_CORRUPT', `${file.pixelData.kind} pixel data in ${file.transferSyntax.name}`),
    );
  }
  const frames = locateFrames(file.pixelData, image.value);
  if (!frames.ok) return frames;
  if (file.transferSyntax.encapsulated) await initialiseCodecs();
  const bytes = file.transferSyntax.encapsulated
    ? decodeAll(frames.value, file.transferSyntax, image.value)
    : ok(
        joinNative(
          frames.value,
          file.transferSyntax,
          file.pixelData.kind === 'native' ? file.pixelData.vr : 'OB',
        ),
      );
  return bytes.ok
    ? ok({ ...image.value, samples: asSamples(bytes.value, image.value.bitsAllocated) })
    : bytes;
}

function decodeAll(
  frames: readonly Uint8Array[],
  syntax: TransferSyntax,
  image: ImagePixel,
): Result<Uint8Array, NodeError> {
  const size = frameBytes(image);
  const all = new Uint8Array(size * image.frames);
  for (const [index, frame] of frames.entries()) {
    const decoded = decodeFrame(frame, syntax, image);
    if (!decoded.ok) return decoded;
    if (decoded.value.length !== size) {
      return err(
        new NodeError(
          'PIXEL_CORRUPT',
          `frame ${index + 1} decodes to ${decoded.value.length} bytes, not ${size}`,
        ),
      );
    }
    all.set(decoded.value, index * size);
  }
  return ok(all);
}

function decodeFrame(
  frame: Uint8Array,
  syntax: TransferSyntax,
  image: ImagePixel,
): Result<Uint8Array, NodeError> {
  const family = codecFamily(syntax.uid);
  if (family === undefined || image.bitsAllocated === 1) {
    return err(
      new NodeError('PIXEL_UNSUPPORTED', `${syntax.name} with ${image.bitsAllocated} bits allocated`),
    );
  }
  if (family === 'rle') return decodeRle(frame, image);
  const header =
    family === 'jpeg' || family === 'jpeg-ls' ? readJpegHeader(frame) : readJpeg2000Header(frame);
  if (!header.ok) return header;
  const fault = disagreement(header.value, image);
  return fault === undefined ? decodeNative(family, frame, image) : err(fault);
}

function disagreement(header: CodestreamHeader, image: ImagePixel): NodeError | undefined {
  const isSame =
    header.rows === image.rows &&
    header.columns === image.columns &&
    header.samplesPerPixel === image.samplesPerPixel;
  if (isSame && header.bitsPerSample <= image.bitsAllocated) return undefined;
  return new NodeError(
    'PIXEL_CORRUPT',
    `the codestream holds ${header.rows} x ${header.columns} x ${header.samplesPerPixel} samples of ` +
      `${header.bitsPerSample} bits, the data set declares ${image.rows} x ${image.columns} x ${image.samplesPerPixel}`,
  );
}

/** Native frames are one stretch of the file; big-endian words are turned round on a copy. */
function joinNative(frames: readonly Uint8Array[], syntax: TransferSyntax, vr: string): Uint8Array {
  const first = frames[0] ?? new Uint8Array(0);
  const length = frames.reduce((sum, frame) => sum + frame.length, 0);
  const whole = new Uint8Array(first.buffer, first.byteOffset, length);
  if (syntax.littleEndian) return whole;
  const copy = Buffer.from(whole);
  // OW is a stream of 16-bit words whatever the allocation (PS3.5 6.2, 7.3); OB is never turned round.
  return vr === 'OB' ? copy : swapWords(copy);
}

function swapWords(bytes: Buffer): Buffer {
  return bytes.length % 2 === 0
    ? bytes.swap16()
    : Buffer.concat([bytes.subarray(0, -1).swap16(), bytes.subarray(-1)]);
}

function asSamples(bytes: Uint8Array, bitsAllocated: number): StoredPixels['samples'] {
  if (bitsAllocated <= 8) return bytes;
  const width = bitsAllocated / 8;
  // A typed array needs an aligned start; a value field in a file seldom has one.
  const aligned = bytes.byteOffset % width === 0 ? bytes : bytes.slice();
  const count = aligned.length / width;
  return width === 2
    ? new Uint16Array(aligned.buffer, aligned.byteOffset, count)
    : new Uint32Array(aligned.buffer, aligned.byteOffset, count);
}
