import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { UpperLayerConnection } from '../../../src/upper-layer/connection.ts';
import { MessageWriter } from '../../../src/upper-layer/message-writer.ts';

const longest = 512;

/** What a peer with a maximum PDU length of 518 is sent for a data set that comes in these pieces. */
async function fragmentsOf(pieces: readonly Uint8Array[]) {
  const sent: { controlHeader: number; fragment: Buffer }[] = [];
  const connection = {
    state: 6,
    unsentBytes: 0,
    mustWait: false,
    cork: () => undefined,
    uncork: () => undefined,
    sendPdv: (_contextId: number, controlHeader: number, fragment: Buffer) => {
      sent.push({ controlHeader, fragment });
      return true;
    },
  };
  const writer = new MessageWriter(connection as unknown as UpperLayerConnection, longest + 6);
  async function* stream() {
    for (const piece of pieces) yield await Promise.resolve(piece);
  }
  await writer.send(1, { commandField: 0x0001, messageId: 1, hasDataSet: true }, stream());
  return sent.filter(({ controlHeader }) => (controlHeader & 0x01) === 0);
}

/** Lengths around the borders of fragments, and any others. */
const pieces = fc.array(
  fc
    .oneof(fc.constantFrom(0, 1, longest - 1, longest, longest + 1, 2 * longest, 3 * longest), fc.nat(1700))
    .chain((length) => fc.uint8Array({ minLength: length, maxLength: length })),
  { maxLength: 12 },
);

test('a stream is cut into full fragments and a last one, whatever pieces it comes in (PS3.8 E)', async () => {
  await fc.assert(
    fc.asyncProperty(pieces, async (given) => {
      const whole = Buffer.concat(given);
      const sent = await fragmentsOf(given);
      expect(Buffer.concat(sent.map(({ fragment }) => fragment)).equals(whole)).toBe(true);
      expect(sent).toHaveLength(Math.max(1, Math.ceil(whole.length / longest)));
      sent.forEach(({ controlHeader, fragment }, index) => {
        const isLast = index === sent.length - 1;
        expect(controlHeader).toBe(isLast ? 0x02 : 0x00);
        if (!isLast) expect(fragment.length).toBe(longest);
      });
    }),
    { numRuns: 300 },
  );
});
