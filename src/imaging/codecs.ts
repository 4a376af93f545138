import { NodeError } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Part10File } from '../dicom/part10-reader.ts';
import { type TransferSyntax, transferSyntaxUid } from '../dicom/transfer-syntax.ts';
import { type CodestreamHeader, readJpeg2000Header, readJpegHeader } from './codestream-header.ts';
import { locateFrames } from './frame-location.ts';
import {
  type DecodeLimits,
  defaultDecodeLimits,
  frameBytes,
  type ImagePixel,
  readImagePixel,
} from './image-pixel.ts';
import { type CodecFamily, decodeNative, encodeNative } from './native-codec.ts';
import { decodeRle } from './rle.ts';

/** Decoded pixel data as stored: nothing masked, scaled or inverted yet. */
export interface StoredPixels extends ImagePixel {
  /** All frames, frame after frame, `rows x columns x samplesPerPixel` each; bits as allocated, sign not extended. */
  readonly samples: Uint8Array | Uint16Array | Uint32Array;
}

const families: ReadonlyMap<string, CodecFamily> = new Map([
  [transferSyntaxUid.rleLossless, 'rle'],
  [transferSyntaxUid.jpegBaseline, 'jpeg'],
  [transferSyntaxUid.jpegExtended, 'jpeg'],
  [transferSyntaxUid.jpegLossless, 'jpeg'],
  [transferSyntaxUid.jpegLosslessSv1, 'jpeg'],
  [transferSyntaxUid.jpegLsLossless, 'jpeg-ls'],
  [transferSyntaxUid.jpegLsNearLossless, 'jpeg-ls'],
  [transferSyntaxUid.jpeg2000Lossless, 'jpeg-2000'],
  [transferSyntaxUid.jpeg2000, 'jpeg-2000'],
  [transferSyntaxUid.htj2kLossless, 'htj2k'],
  [transferSyntaxUid.htj2kLosslessRpcl, 'htj2k'],
]);

/**
 * Decodes every frame of a file (PS3.5 section 8 and Annex A). Before any decoder runs, the declared size is held
 * against `limits` and the codestream's own header against Rows, Columns and Samples per Pixel, so that 68 bytes
 * cannot ask for 8 GB. Needs `await initialiseCodecs()` once per process for compressed syntaxes other than RLE.
 *
 * Errors: DATASET_MISSING_ATTRIBUTE, DATASET_MALFORMED, DATASET_TRUNCATED, PIXEL_LIMIT, PIXEL_UNSUPPORTED,
 * PIXEL_CORRUPT.
 */
export function decodeFrames(
  file: Part10File,
  limits: DecodeLimits = defaultDecodeLimits,
): Result<StoredPixels, NodeError> {
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

/**
 * Encodes one frame of little-endian samples for an encapsulated transfer syntax, for the simulator and for tests:
 * RLE, JPEG Baseline (8 bits), JPEG Lossless, JPEG-LS, JPEG 2000, HTJ2K. Lossless wherever the syntax is.
 * Needs `initialiseCodecs()`. A syntax without encoder or an impossible image throws BUG_INVARIANT.
 */
export function encodeFrame(samples: Uint8Array | Uint16Array, image: ImagePixel, uid: string): Uint8Array {
  const family = families.get(uid);
  if (family === undefined) throw new NodeError('BUG_INVARIANT', `no encoder for transfer syntax ${uid}`);
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  return encodeNative(family, bytes, image, encodeParameters(uid));
}

function encodeParameters(uid: string): Readonly<Record<string, unknown>> {
  switch (uid) {
    case transferSyntaxUid.jpegBaseline:
    case transferSyntaxUid.jpegExtended:
      return { lossy: true, quality: 95, predictor: 0, pointTransform: 0 };
    case transferSyntaxUid.jpegLossless:
      return { lossy: false, predictor: 4, pointTransform: 0 };
    case transferSyntaxUid.jpegLosslessSv1:
      return { lossy: false, predictor: 1, pointTransform: 0 };
    case transferSyntaxUid.jpegLsNearLossless:
      return { lossy: true, allowedLossyError: 2 };
    case transferSyntaxUid.jpeg2000:
      return { lossy: true, rate: 10 };
    case transferSyntaxUid.htj2kLosslessRpcl:
      return { lossy: false, progressionOrder: 2 };
    default:
      return { lossy: false };
  }
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
  const family = families.get(syntax.uid);
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
