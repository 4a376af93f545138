/** How a data set is encoded (PS3.5 section 10 and Annex A). */
export interface TransferSyntax {
  readonly uid: string;
  readonly name: string;
  /** Pixel data in fragments (PS3.5 A.4) rather than native. */
  readonly encapsulated: boolean;
  readonly littleEndian: boolean;
  /** Explicit VR; false only for Implicit VR Little Endian. */
  readonly explicit: boolean;
  /** The data set after the file meta information is one raw deflate stream (PS3.5 A.5). */
  readonly deflated: boolean;
  /** The syntax permits lossy coding; whether an image is lossy is told by Lossy Image Compression (0028,2110). */
  readonly lossy: boolean;
}

const native = (uid: string, name: string, traits: Partial<TransferSyntax> = {}): TransferSyntax => ({
  uid,
  name,
  encapsulated: false,
  littleEndian: true,
  explicit: true,
  deflated: false,
  lossy: false,
  ...traits,
});

const encapsulated = (uid: string, name: string, traits: Partial<TransferSyntax> = {}): TransferSyntax =>
  native(uid, name, { encapsulated: true, ...traits });

/** The UIDs that the rest of the program refers to by name. */
export const transferSyntaxUid = {
  implicitVrLittleEndian: '1.2.840.10008.1.2',
  explicitVrLittleEndian: '1.2.840.10008.1.2.1',
  explicitVrBigEndian: '1.2.840.10008.1.2.2',
  deflatedExplicitVrLittleEndian: '1.2.840.10008.1.2.1.99',
  rleLossless: '1.2.840.10008.1.2.5',
  jpegBaseline: '1.2.840.10008.1.2.4.50',
  jpegExtended: '1.2.840.10008.1.2.4.51',
  jpegLossless: '1.2.840.10008.1.2.4.57',
  jpegLosslessSv1: '1.2.840.10008.1.2.4.70',
  jpegLsLossless: '1.2.840.10008.1.2.4.80',
  jpegLsNearLossless: '1.2.840.10008.1.2.4.81',
  jpeg2000Lossless: '1.2.840.10008.1.2.4.90',
  jpeg2000: '1.2.840.10008.1.2.4.91',
  htj2kLossless: '1.2.840.10008.1.2.4.201',
  htj2kLosslessRpcl: '1.2.840.10008.1.2.4.202',
} as const;

const table: readonly TransferSyntax[] = [
  native(transferSyntaxUid.implicitVrLittleEndian, 'Implicit VR Little Endian', { explicit: false }),
  native(transferSyntaxUid.explicitVrLittleEndian, 'Explicit VR Little Endian'),
  native(transferSyntaxUid.explicitVrBigEndian, 'Explicit VR Big Endian', { littleEndian: false }),
  native(transferSyntaxUid.deflatedExplicitVrLittleEndian, 'Deflated Explicit VR Little Endian', {
    deflated: true,
  }),
  encapsulated(transferSyntaxUid.rleLossless, 'RLE Lossless'),
  encapsulated(transferSyntaxUid.jpegBaseline, 'JPEG Baseline (Process 1)', { lossy: true }),
  encapsulated(transferSyntaxUid.jpegExtended, 'JPEG Extended (Process 2 & 4)', { lossy: true }),
  encapsulated(transferSyntaxUid.jpegLossless, 'JPEG Lossless, Non-Hierarchical (Process 14)'),
  encapsulated(transferSyntaxUid.jpegLosslessSv1, 'JPEG Lossless, First-Order Prediction (Process 14 SV1)'),
  encapsulated(transferSyntaxUid.jpegLsLossless, 'JPEG-LS Lossless'),
  encapsulated(transferSyntaxUid.jpegLsNearLossless, 'JPEG-LS Near-Lossless', { lossy: true }),
  encapsulated(transferSyntaxUid.jpeg2000Lossless, 'JPEG 2000 Lossless Only'),
  encapsulated(transferSyntaxUid.jpeg2000, 'JPEG 2000', { lossy: true }),
  encapsulated(transferSyntaxUid.htj2kLossless, 'High-Throughput JPEG 2000 Lossless Only'),
  encapsulated(transferSyntaxUid.htj2kLosslessRpcl, 'High-Throughput JPEG 2000 with RPCL Lossless Only'),
];

const byUid: ReadonlyMap<string, TransferSyntax> = new Map(table.map((syntax) => [syntax.uid, syntax]));

/**
 * The encoding that a Transfer Syntax UID stands for, or undefined when this node does not decode it.
 * Every syntax known here is one that `src/imaging` decodes: accept nothing else.
 */
export function transferSyntax(uid: string): TransferSyntax | undefined {
  return byUid.get(uid);
}

/** Every Transfer Syntax UID accepted for image storage, in a stable order (PS3.5 Annex A). */
export const acceptedStorageTransferSyntaxes: readonly string[] = table.map((syntax) => syntax.uid);
