import { NodeError } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';
import { frameBytes, type ImagePixel } from './image-pixel.ts';

/**
 * Decodes one RLE Lossless frame (PS3.5 Annex G) to little-endian samples, colour by pixel. Our own rather than the
 * library's, because that one turns garbage into pixels without an error: here every segment must lie inside the
 * frame and give exactly Rows x Columns bytes. Error: PIXEL_CORRUPT.
 */
export function decodeRle(stream: Uint8Array, image: ImagePixel): Result<Uint8Array, NodeError> {
  const bytesPerSample = image.bitsAllocated / 8;
  const expected = image.samplesPerPixel * bytesPerSample;
  const starts = segmentStarts(stream);
  if (starts?.length !== expected) {
    return corrupt(`the RLE header does not describe ${expected} segments`);
  }
  const pixels = image.rows * image.columns;
  const frame = new Uint8Array(frameBytes(image));
  for (const [index, start] of starts.entries()) {
    const sample = Math.floor(index / bytesPerSample);
    // Segments hold the most significant byte first (PS3.5 G.2).
    const target = sample * bytesPerSample + (bytesPerSample - 1 - (index % bytesPerSample));
    const segment = stream.subarray(start, starts[index + 1] ?? stream.length);
    if (!unpackBits(segment, frame, { start: target, step: expected, count: pixels })) {
      return corrupt(`RLE segment ${index + 1} does not hold ${pixels} bytes`);
    }
  }
  return ok(frame);
}

function corrupt(message: string): Result<never, NodeError> {
  return err(new NodeError('PIXEL_CORRUPT', message));
}

/** Segment offsets of the 64-byte header (PS3.5 G.5), or undefined when they are not ascending and inside. */
function segmentStarts(stream: Uint8Array): number[] | undefined {
  if (stream.length < 64) return undefined;
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  const count = view.getUint32(0, true);
  if (count < 1 || count > 15) return undefined;
  const starts = Array.from({ length: count }, (_, index) => view.getUint32(4 + index * 4, true));
  const isAscending = starts.every(
    (start, index) => start < stream.length && start >= (starts[index - 1] ?? 63) + 1,
  );
  return isAscending ? starts : undefined;
}

/** PackBits (PS3.5 G.3.2) into every `step`th byte from `start`; true when exactly `count` bytes came out. */
function unpackBits(
  segment: Uint8Array,
  into: Uint8Array,
  place: { readonly start: number; readonly step: number; readonly count: number },
): boolean {
  const { step } = place;
  const end = place.start + place.count * step;
  let to = place.start;
  let at = 0;
  while (to < end) {
    const control = segment[at];
    if (control === undefined) return false;
    at += 1;
    if (control === 128) continue;
    const isLiteral = control < 128;
    const length = isLiteral ? control + 1 : 257 - control;
    if (to + (length - 1) * step >= end || at + (isLiteral ? length : 1) > segment.length) return false;
    if (isLiteral) {
      for (let i = 0; i < length; i++, to += step) into[to] = segment[at + i] ?? 0;
      at += length;
    } else {
      const value = segment[at] ?? 0;
      for (let i = 0; i < length; i++, to += step) into[to] = value;
      at += 1;
    }
  }
  return true;
}
