import type { RandomStream } from '../../src/simulator/random.ts';

const boundaries = [
  0, 1, 2, 6, 7, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe,
  0xffffffff,
];

/**
 * Damages bytes in 1 to 6 places as fuzzers do: flipped bits, random bytes, boundary numbers over lengths, pieces cut
 * out, repeated, moved, or taken from another seed. `from` keeps a beginning whole.
 */
export function mutate(seed: Buffer, others: readonly Buffer[], random: RandomStream, from = 0): Buffer {
  let bytes = Buffer.from(seed);
  const times = 1 + Math.floor(random.uniform() ** 2 * 6);
  for (let time = 0; time < times && bytes.length > from; time++) {
    const at = from + Math.floor(random.uniform() * (bytes.length - from));
    const length = Math.min(bytes.length - at, 1 + Math.floor(random.uniform() ** 3 * 600));
    switch (Math.floor(random.uniform() * 8)) {
      case 0:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random.uniform() * 8));
        break;
      case 1:
        bytes[at] = Math.floor(random.uniform() * 256);
        break;
      case 2:
        if (at + 4 <= bytes.length) bytes.writeUInt32BE(random.pick(boundaries) >>> 0, at);
        break;
      case 3:
        if (at + 4 <= bytes.length) bytes.writeUInt32LE(random.pick(boundaries) >>> 0, at);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
        break;
      case 5:
        bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
        break;
      case 6: {
        const other = random.pick(others);
        const start = Math.floor(random.uniform() * other.length);
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          other.subarray(start, start + length),
          bytes.subarray(at),
        ]);
        break;
      }
      default:
        bytes = bytes.subarray(0, Math.max(from, at));
    }
  }
  return bytes;
}

/** The bytes in random pieces, as a network may deliver them. */
export function inPieces(bytes: Buffer, random: RandomStream): Buffer[] {
  if (random.chance(0.3)) return [bytes];
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + Math.floor(random.uniform() ** 4 * 20_000);
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}
