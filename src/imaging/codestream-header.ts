import { NodeError } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';

/** What a compressed frame says of itself. */
export interface CodestreamHeader {
  readonly rows: number;
  readonly columns: number;
  readonly samplesPerPixel: number;
  readonly bitsPerSample: number;
  /** Only JPEG 2000 says whether its samples are signed; undefined for JPEG and JPEG-LS. */
  readonly signed: boolean | undefined;
}

const corrupt = (message: string) => err(new NodeError('PIXEL_CORRUPT', message));

/**
 * Reads the frame header of a JPEG or JPEG-LS stream (ITU-T T.81 B.2.2, T.87 C.2.2) and checks that the stream
 * ends with EOI, since the decoder fills the rest of a truncated image without an error. Error: PIXEL_CORRUPT.
 */
export function readJpegHeader(stream: Uint8Array): Result<CodestreamHeader, NodeError> {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  if (stream.length < 4 || view.getUint16(0) !== 0xffd8)
    return corrupt('the JPEG stream has no start marker');
  if (!endsWithMarker(stream, 0xd9)) return corrupt('the JPEG stream has no end marker: it is truncated');
  let at = 2;
  while (at + 4 <= stream.length) {
    const marker = view.getUint16(at);
    if (marker === 0xffff) {
      at += 1;
      continue;
    }
    if (marker < 0xff01) return corrupt('the JPEG stream is broken before its frame header');
    const length = view.getUint16(at + 2);
    if (isStartOfFrame(marker)) {
      if (length < 8 || at + 10 > stream.length) return corrupt('the JPEG frame header is cut off');
      return ok({
        rows: view.getUint16(at + 5),
        columns: view.getUint16(at + 7),
        samplesPerPixel: view.getUint8(at + 9),
        bitsPerSample: view.getUint8(at + 4),
        signed: undefined,
      });
    }
    at += 2 + length;
  }
  return corrupt('the JPEG stream has no frame header');
}

/**
 * Reads the SIZ segment of a JPEG 2000 or HTJ2K codestream (ITU-T T.800 A.5.1), also inside a JP2 wrapper, and
 * checks that it ends with EOC. Error: PIXEL_CORRUPT.
 */
export function readJpeg2000Header(stream: Uint8Array): Result<CodestreamHeader, NodeError> {
  const buffer = Buffer.from(stream.buffer, stream.byteOffset, stream.byteLength);
  const start = buffer.subarray(0, 4096).indexOf(Buffer.from([0xff, 0x4f, 0xff, 0x51]));
  if (start < 0 || start + 45 > buffer.length) return corrupt('the JPEG 2000 stream has no SIZ segment');
  if (!endsWithMarker(stream, 0xd9))
    return corrupt('the JPEG 2000 stream has no end marker: it is truncated');
  const depth = buffer.readUInt8(start + 42);
  return ok({
    columns: buffer.readUInt32BE(start + 8) - buffer.readUInt32BE(start + 16),
    rows: buffer.readUInt32BE(start + 12) - buffer.readUInt32BE(start + 20),
    samplesPerPixel: buffer.readUInt16BE(start + 40),
    bitsPerSample: (depth & 0x7f) + 1,
    signed: (depth & 0x80) !== 0,
  });
}

/** SOF0 to SOF15 without DHT, JPG and DAC, and SOF55 of JPEG-LS. */
function isStartOfFrame(marker: number): boolean {
  const low = marker & 0xff;
  return low === 0xf7 || (low >= 0xc0 && low <= 0xcf && low !== 0xc4 && low !== 0xc8 && low !== 0xcc);
}

/** True when the stream ends with FF and `low`, apart from the padding to even length. */
function endsWithMarker(stream: Uint8Array, low: number): boolean {
  let end = stream.length;
  while (end > 2 && stream[end - 1] !== low && stream.length - end < 16) end -= 1;
  return stream[end - 1] === low && stream[end - 2] === 0xff;
}
