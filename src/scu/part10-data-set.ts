import { createReadStream } from 'node:fs';
import { NodeError } from '../core/errors.ts';
import { transferSyntaxUid as knownTransferSyntax } from '../dicom/transfer-syntax.ts';

/** Preamble, prefix and Group Length of the file meta information (PS3.10 7.1). */
const groupLengthEnd = 128 + 4 + 12;
/** Our own file meta information is below 1 KiB; more than this is not one. */
const maxFileMetaBytes = 64 * 1024;

/** The pieces of a file, read only as fast as they are taken. */
export function fileBytes(path: string): AsyncIterable<Uint8Array> {
  return createReadStream(path, { highWaterMark: 512 * 1024 });
}

/** Bytes already in memory as a stream of one piece. */
export async function* memoryBytes(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield bytes;
}

/**
 * The encoded data set of a Part 10 stream: everything after the file meta information, as it is, without a copy of
 * the whole. Throws DATASET_MALFORMED when the stream is no Part 10 file, DATASET_TRUNCATED when it ends early, and
 * DATASET_MALFORMED when its Transfer Syntax UID is another than the one negotiated: bytes in an encoding that the
 * peer does not expect would be stored as garbage with status Success.
 */
export async function* locateDataSet(
  pieces: AsyncIterable<Uint8Array>,
  transferSyntaxUid: string,
): AsyncGenerator<Uint8Array> {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const piece of pieces) {
    if (head === undefined) {
      yield piece;
      continue;
    }
    head = Buffer.concat([head, piece]);
    const end = fileMetaEnd(head);
    if (end === undefined || head.length < end) continue;
    checkTransferSyntax(head.subarray(groupLengthEnd, end), transferSyntaxUid);
    if (head.length > end) yield head.subarray(end);
    head = undefined;
  }
  if (head !== undefined)
    throw new NodeError('DATASET_TRUNCATED', 'the file ends inside its meta information');
}

function fileMetaEnd(head: Buffer): number | undefined {
  if (head.length < groupLengthEnd) return undefined;
  const isPart10 = head.toString('latin1', 128, 132) === 'DICM' && head.readUInt32LE(132) === 0x0000_0002;
  if (!isPart10)
    throw new NodeError('DATASET_MALFORMED', 'the file is not a DICOM Part 10 file (PS3.10 7.1)');
  const length = head.readUInt32LE(140);
  if (length > maxFileMetaBytes)
    throw new NodeError('DATASET_MALFORMED', 'the file meta information is too long');
  return groupLengthEnd + length;
}

function checkTransferSyntax(fileMeta: Buffer, expected: string): void {
  // (0002,0010) UI with its 2-byte length, Explicit VR Little Endian (PS3.10 7.1).
  const at = fileMeta.indexOf(Buffer.from([0x02, 0x00, 0x10, 0x00, 0x55, 0x49]));
  const actual =
    at < 0
      ? knownTransferSyntax.implicitVrLittleEndian
      : fileMeta.toString('latin1', at + 8, at + 8 + fileMeta.readUInt16LE(at + 6)).replace(/[\0 ]+$/, '');
  if (actual !== expected) {
    throw new NodeError('DATASET_MALFORMED', `the file is encoded as ${actual}, not as ${expected}`);
  }
}
