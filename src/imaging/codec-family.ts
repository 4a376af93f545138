import { transferSyntaxUid } from '../dicom/transfer-syntax.ts';
import type { CodecFamily } from './native-codec.ts';

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

/** The coding family of an encapsulated transfer syntax, or undefined for a native or unknown one. */
export function codecFamily(uid: string): CodecFamily | undefined {
  return families.get(uid);
}
