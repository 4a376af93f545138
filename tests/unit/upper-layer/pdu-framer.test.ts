import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeAbort, encodeReleaseRequest, type PduFault } from '../../../src/upper-layer/pdu.ts';
import { PduFramer } from '../../../src/upper-layer/pdu-framer.ts';
import { associateRequestBytes, dataPdu, manyPdvs } from '../../support/byte-peer.ts';

const maxPduLength = 4096;

interface Seen {
  readonly pdus: { type: number; body: string }[];
  /** Whole PDVs, put together from their parts. */
  readonly pdvs: { contextId: number; isCommand: boolean; isLastFragment: boolean; bytes: string }[];
  readonly faults: PduFault[];
  passedBytes: number;
}

function frame(chunks: readonly Buffer[]): Seen & { readonly framer: PduFramer } {
  const seen: Seen = { pdus: [], pdvs: [], faults: [], passedBytes: 0 };
  let parts: Buffer[] = [];
  const framer = new PduFramer(maxPduLength, {
    pdu: (type, body) => void seen.pdus.push({ type, body: body.toString('hex') }),
    dataPdu: () => undefined,
    pdv: ({ contextId, isCommand, isLastFragment, endOfPdv, bytes }) => {
      parts.push(bytes);
      seen.passedBytes += bytes.length;
      if (!endOfPdv) return;
      seen.pdvs.push({ contextId, isCommand, isLastFragment, bytes: Buffer.concat(parts).toString('hex') });
      parts = [];
    },
    fault: (fault) => void seen.faults.push(fault),
  });
  for (const chunk of chunks) framer.push(chunk);
  return Object.assign(seen, { framer });
}

function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const chunks: Buffer[] = [];
  let from = 0;
  for (const place of [...places, bytes.length]) {
    chunks.push(bytes.subarray(from, place));
    from = place;
  }
  return chunks;
}

const pdvArbitrary = fc.record({
  contextId: fc.integer({ min: 0, max: 255 }),
  control: fc.integer({ min: 0, max: 3 }),
  fragment: fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
});

describe('PduFramer (PS3.8 9.3)', () => {
  test('the way the bytes are cut into chunks changes nothing (N17)', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(pdvArbitrary, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(), { maxLength: 40 }),
        (pdus, cuts) => {
          const bytes = Buffer.concat([
            associateRequestBytes(),
            ...pdus.map(manyPdvs),
            encodeReleaseRequest(),
          ]);
          const whole = frame([bytes]);
          const cut = frame(split(bytes, cuts));
          expect(cut.faults).toEqual([]);
          expect(cut.pdus).toEqual(whole.pdus);
          expect(cut.pdvs).toEqual(whole.pdvs);
          expect(cut.pdvs.map((pdv) => pdv.bytes)).toEqual(
            pdus.flat().map((pdv) => pdv.fragment.toString('hex')),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  test('one byte at a time gives the same as all at once', () => {
    const bytes = Buffer.concat([
      associateRequestBytes(),
      dataPdu(1, 3, Buffer.from('abcd')),
      encodeAbort({ source: 0, reason: 0 }),
    ]);
    const single = frame([...bytes].map((byte) => Buffer.from([byte])));
    expect(single.pdus.map((pdu) => pdu.type)).toEqual([1, 7]);
    expect(single.pdvs).toEqual([
      { contextId: 1, isCommand: true, isLastFragment: true, bytes: Buffer.from('abcd').toString('hex') },
    ]);
  });

  test.each([
    ['unknown type 00', '00', 1],
    ['unknown type 08', '08', 1],
    ['unknown type 99', '99', 1],
    ['A-ASSOCIATE-RQ length 0', '010000000000', 6],
    ['A-ASSOCIATE-RQ length 67', '010000000043', 6],
    ['A-ASSOCIATE-RQ length FFFFFFF0', '0100fffffff0', 6],
    ['A-ASSOCIATE-RQ length 1 MiB + 1', '010000100001', 6],
    ['A-ASSOCIATE-RJ length 5', '030000000005', 6],
    ['A-RELEASE-RQ length 0', '050000000000', 6],
    ['A-ABORT length 4 GiB', '0700ffffffff', 6],
    ['P-DATA-TF length 0', '040000000000', 6],
    ['P-DATA-TF length 5', '040000000005', 6],
    ['P-DATA-TF longer than announced', '040000001001', 6],
  ])('%s is refused as soon as it can be known (N02)', (_name, hex, byte) => {
    const bytes = Buffer.from(hex, 'hex');
    expect(frame([bytes.subarray(0, byte - 1)]).faults).toEqual([]);
    expect(frame([bytes.subarray(0, byte)]).faults).toHaveLength(1);
  });

  test.each([
    ['PDV length 0', '04000000000a' + '00000000' + '0103' + '00000000'],
    ['PDV length 1', '04000000000a' + '00000001' + '0103' + '00000000'],
    ['PDV length 2^31-1', '04000000000a' + '7fffffff' + '0103' + '00000000'],
    ['PDV length 2^32-1', '04000000000a' + 'ffffffff' + '0103' + '00000000'],
    ['PDV one byte longer than its PDU', '04000000000a' + '00000007' + '0103' + '00000000'],
    ['a rest too short for another PDV', '04000000000d' + '00000006' + '0103' + '00000000' + '000000'],
    ['reserved control bits', '04000000000a' + '00000006' + '0107' + '00000000'],
    ['an empty fragment that is not the last', '040000000006' + '00000002' + '0100'],
  ])('%s is refused (N05)', (_name, hex) => {
    expect(frame([Buffer.from(hex, 'hex')]).faults).toHaveLength(1);
  });

  test('an empty last fragment is taken: some senders end a data set so', () => {
    const seen = frame([dataPdu(1, 2, Buffer.alloc(0))]);
    expect(seen.faults).toEqual([]);
    expect(seen.pdvs).toEqual([{ contextId: 1, isCommand: false, isLastFragment: true, bytes: '' }]);
  });

  test('nothing is told after a fault or after close', () => {
    const afterFault = frame([Buffer.from('99', 'hex'), associateRequestBytes()]);
    expect(afterFault.pdus).toEqual([]);
    expect(afterFault.framer.isInsidePdu).toBe(false);
    const closed = frame([]);
    closed.framer.close();
    closed.framer.push(associateRequestBytes());
    expect(closed.pdus).toEqual([]);
  });

  test('arbitrary bytes never throw, never pass on more than came in, and fault at most once (F01)', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 8 }), (chunks) => {
        const buffers = chunks.map((chunk) => Buffer.from(chunk));
        const seen = frame(buffers);
        expect(seen.faults.length).toBeLessThanOrEqual(1);
        expect(seen.passedBytes).toBeLessThanOrEqual(Buffer.concat(buffers).length);
      }),
      { numRuns: 2_000 },
    );
  });

  test('legal streams with a few bytes changed never throw (F01)', () => {
    const legal = Buffer.concat([
      associateRequestBytes(),
      manyPdvs([1, 2, 3].map((control) => ({ contextId: 1, control, fragment: Buffer.alloc(50, control) }))),
      encodeReleaseRequest(),
    ]);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(legal.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        fc.array(fc.nat(), { maxLength: 6 }),
        (changes, cuts) => {
          const bytes = Buffer.from(legal);
          for (const [at, value] of changes) bytes.writeUInt8(value, at);
          expect(frame(split(bytes, cuts)).faults.length).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
