import { NodeError } from '../core/errors.ts';
import { transferSyntaxUid } from '../dicom/transfer-syntax.ts';
import { codecFamily } from './codec-family.ts';
import type { ImagePixel } from './image-pixel.ts';
import { encodeNative } from './native-codec.ts';

/**
 * Encodes one frame of little-endian samples for an encapsulated transfer syntax, for the simulator and for tests:
 * RLE, JPEG Baseline (8 bits), JPEG Lossless, JPEG-LS, JPEG 2000, HTJ2K. Lossless wherever the syntax is.
 * Needs `initialiseCodecs()`. A syntax without encoder or an impossible image throws BUG_INVARIANT.
 */
export function encodeFrame(samples: Uint8Array | Uint16Array, image: ImagePixel, uid: string): Uint8Array {
  const family = codecFamily(uid);
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
