import { NodeError } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { ByteRange, PixelDataLocation } from '../dicom/element-parser.ts';
import type { ImagePixel } from './image-pixel.ts';

/**
 * The encoded bytes of each frame. Native frames are views; a frame of several fragments is joined. Fragments are
 * assigned by the Basic Offset Table where there is one, else one to one, else by the codestream's start marker
 * (PS3.5 A.4). Error: PIXEL_CORRUPT when bytes or fragments do not add up to the declared frames.
 */
export function locateFrames(
  location: PixelDataLocation,
  image: ImagePixel,
): Result<readonly Uint8Array[], NodeError> {
  return location.kind === 'native'
    ? nativeFrames(location.bytes, image)
    : encapsulatedFrames(location, image.frames);
}

function nativeFrames(bytes: Uint8Array, image: ImagePixel): Result<readonly Uint8Array[], NodeError> {
  // Native YBR_FULL_422 shares its chrominance between two pixels (PS3.3 C.7.6.3.1.2): two samples per pixel.
  const samples = image.photometric === 'YBR_FULL_422' ? 2 : image.samplesPerPixel;
  const total = Math.ceil((image.rows * image.columns * samples * image.bitsAllocated * image.frames) / 8);
  if (bytes.length < total)
    return err(
      new NodeError('DATASET_TRUNCATED', `${bytes.length} bytes of pixel data where ${total} are declared`),
    );
  // Frames of 1-bit pixels need not begin on a byte (PS3.5 8.1.1), so they stay one packed block.
  if (image.bitsAllocated === 1) return ok([bytes.subarray(0, total)]);
  const size = total / image.frames;
  return ok(
    Array.from({ length: image.frames }, (_, frame) => bytes.subarray(frame * size, (frame + 1) * size)),
  );
}

function encapsulatedFrames(
  location: Extract<PixelDataLocation, { kind: 'encapsulated' }>,
  frames: number,
): Result<readonly Uint8Array[], NodeError> {
  const { fragments, basicOffsetTable } = location;
  if (fragments.length < frames)
    return err(new NodeError('PIXEL_CORRUPT', `${fragments.length} fragments for ${frames} frames`));
  if (frames === 1) return ok([join(fragments)]);
  if (fragments.length === frames) return ok(fragments.map((fragment) => fragment.bytes));
  const groups =
    basicOffsetTable.length === frames ? byOffset(fragments, basicOffsetTable) : byStartMarker(fragments);
  if (groups.length !== frames)
    return err(new NodeError('PIXEL_CORRUPT', `${groups.length} codestreams for ${frames} frames`));
  return ok(groups.map(join));
}

function byOffset(
  fragments: readonly ByteRange[],
  offsets: readonly number[],
): readonly (readonly ByteRange[])[] {
  const base = (fragments[0]?.offset ?? 0) - 8;
  return offsets
    .map((offset, frame) => {
      const start = base + offset;
      const end = base + (offsets[frame + 1] ?? Number.POSITIVE_INFINITY);
      return fragments.filter((fragment) => fragment.offset - 8 >= start && fragment.offset - 8 < end);
    })
    .filter((group) => group.length > 0);
}

function byStartMarker(fragments: readonly ByteRange[]): readonly (readonly ByteRange[])[] {
  const groups: ByteRange[][] = [];
  for (const fragment of fragments) {
    const [first, second] = fragment.bytes;
    const starts = first === 0xff && (second === 0xd8 || second === 0x4f);
    const last = groups.at(-1);
    if (starts || last === undefined) groups.push([fragment]);
    else last.push(fragment);
  }
  return groups;
}

function join(fragments: readonly ByteRange[]): Uint8Array {
  const [only] = fragments;
  if (only !== undefined && fragments.length === 1) return only.bytes;
  return Buffer.concat(fragments.map((fragment) => fragment.bytes));
}
