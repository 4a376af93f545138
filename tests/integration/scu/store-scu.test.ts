import { afterEach, describe, expect, test } from 'vitest';
import { NodeError } from '../../../src/core/errors.ts';
import { sopClassUid } from '../../../src/dicom/sop-class.ts';
import { transferSyntaxUid } from '../../../src/dicom/transfer-syntax.ts';
import type { Destination } from '../../../src/scu/destination.ts';
import { findInstance, probeContexts, verify } from '../../../src/scu/queries.ts';
import { storeObjects } from '../../../src/scu/store-scu.ts';
import { testObject } from '../../support/result-object.ts';
import {
  type PacsScript,
  type ScriptedPacs,
  startScriptedPacs,
  storedUids,
} from '../../support/scripted-pacs.ts';

const running: ScriptedPacs[] = [];

afterEach(async () => {
  for (const pacs of running.splice(0)) {
    await pacs.stop();
  }
});

async function pacsWith(script: PacsScript): Promise<ScriptedPacs> {
  const pacs = await startScriptedPacs(script);
  running.push(pacs);
  return pacs;
}

function toward(
  pacs: { readonly port: number },
  timeouts: Partial<Destination['timeouts']> = {},
): Destination {
  return {
    name: 'main',
    host: '127.0.0.1',
    port: pacs.port,
    calledAeTitle: 'PACS',
    callingAeTitle: 'LUMBAR',
    timeouts: { connectMs: 2000, associateMs: 2000, responseMs: 2000, ...timeouts },
  };
}

const capture = testObject('1.2.3.1');
const report = testObject('1.2.3.2', sopClassUid.comprehensive3dSrStorage);

describe('storeObjects (PS3.4 Annex B, PS3.7 9.1.1): success is only a counted response', () => {
  test('stores two kinds over one association, bytes exactly as in the file', async () => {
    const pacs = await pacsWith({});
    expect(await storeObjects(toward(pacs), [capture, report])).toEqual([
      { kind: 'response', status: 0 },
      { kind: 'response', status: 0 },
    ]);
    expect(pacs.associations).toHaveLength(1);
    expect(pacs.endings).toEqual(['release']);
    expect(storedUids(pacs)).toEqual(['1.2.3.1', '1.2.3.2']);
    const [first] = pacs.messages;
    expect(Buffer.from(capture.file).subarray(-first!.dataSet.length).equals(first!.dataSet)).toBe(true);
    expect(capture.file.length - first!.dataSet.length).toBe(
      144 + Buffer.from(capture.file).readUInt32LE(140),
    );
  });

  test('proposes exactly one transfer syntax per context: the one of the file (S2)', async () => {
    const pacs = await pacsWith({});
    await storeObjects(toward(pacs), [capture, report, testObject('1.2.3.3')]);
    expect(
      pacs.associations[0]?.contexts.map(({ abstractSyntax, transferSyntaxes }) => [
        abstractSyntax,
        transferSyntaxes,
      ]),
    ).toEqual([
      [sopClassUid.secondaryCaptureImageStorage, [transferSyntaxUid.explicitVrLittleEndian]],
      [sopClassUid.comprehensive3dSrStorage, [transferSyntaxUid.explicitVrLittleEndian]],
    ]);
  });

  test.each([0xa700, 0xa900, 0xc000, 0x0122, 0x0110, 0x0124, 0xb000, 0xb007])(
    'hands on status %i with its comment',
    async (status) => {
      const pacs = await pacsWith({
        onMessage: () => [{ kind: 'respond', status, errorComment: 'as told' }],
      });
      expect(await storeObjects(toward(pacs), [capture])).toEqual([
        { kind: 'response', status, errorComment: 'as told' },
      ]);
    },
  );

  test('a comment of one answer never sticks to the next (dcmjs-dimse kept it)', async () => {
    const pacs = await pacsWith({
      onMessage: ({ command }) =>
        command.affectedSopInstanceUid === '1.2.3.1'
          ? [{ kind: 'respond', status: 0xa700, errorComment: 'disk full' }]
          : [{ kind: 'respond', status: 0 }],
    });
    expect(await storeObjects(toward(pacs), [capture, report])).toEqual([
      { kind: 'response', status: 0xa700, errorComment: 'disk full' },
      { kind: 'response', status: 0 },
    ]);
  });

  test.each([1, 2, 3, 4] as const)(
    'a context refused with result %i is an outcome of its own; the other object goes (P05)',
    async (result) => {
      const pacs = await pacsWith({
        contextResult: (uid) => (uid === sopClassUid.comprehensive3dSrStorage ? result : 0),
      });
      expect(await storeObjects(toward(pacs), [report, capture])).toEqual([
        { kind: 'context', result },
        { kind: 'response', status: 0 },
      ]);
      expect(storedUids(pacs)).toEqual(['1.2.3.1']);
    },
  );

  test('an accepted encoding that was never offered sends nothing', async () => {
    const pacs = await pacsWith({ answeredSyntax: transferSyntaxUid.implicitVrLittleEndian });
    expect(await storeObjects(toward(pacs), [capture])).toEqual([{ kind: 'context', result: 0 }]);
    expect(pacs.messages).toHaveLength(0);
  });

  const notSent: readonly (readonly [name: string, script: PacsScript, outcome: object])[] = [
    [
      'a wrong Message ID',
      { onMessage: () => [{ kind: 'respond', status: 0, as: { messageIdBeingRespondedTo: 77 } }] },
      { kind: 'protocol', fault: 'unasked-response' },
    ],
    [
      'another command',
      { onMessage: () => [{ kind: 'respond', status: 0, as: { commandField: 0x8030 } }] },
      { kind: 'protocol', fault: 'unasked-response' },
    ],
    [
      'another instance',
      { onMessage: () => [{ kind: 'respond', status: 0, as: { affectedSopInstanceUid: '9.9.9' } }] },
      { kind: 'protocol', fault: 'wrong-instance' },
    ],
    [
      'A-ABORT by the user',
      { onMessage: () => [{ kind: 'abort', source: 0, reason: 0 }] },
      { kind: 'aborted', source: 0, reason: 0 },
    ],
    [
      'A-ABORT by the provider',
      { onMessage: () => [{ kind: 'abort', source: 2, reason: 6 }] },
      { kind: 'aborted', source: 2, reason: 6 },
    ],
    ['a closed connection (S3)', { onMessage: () => [{ kind: 'close' }] }, { kind: 'lost' }],
    ['a reset connection', { onMessage: () => [{ kind: 'reset' }] }, { kind: 'lost' }],
    [
      'a release without an answer',
      { onMessage: () => [{ kind: 'release' }] },
      { kind: 'protocol', fault: 'no-response' },
    ],
    [
      'garbage',
      { onMessage: () => [{ kind: 'bytes', bytes: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n') }] },
      { kind: 'protocol', fault: 'bad-pdu' },
    ],
    ['silence (P02)', { onMessage: () => [] }, { kind: 'timeout', stage: 'response' }],
    [
      'only "pending"',
      { onMessage: () => [{ kind: 'respond', status: 0xff00 }] },
      { kind: 'timeout', stage: 'response' },
    ],
  ];
  test.each(notSent)('%s is never "sent"', async (_, script, outcome) => {
    const pacs = await pacsWith(script);
    const [first, second] = await storeObjects(toward(pacs, { responseMs: 150 }), [capture, report]);
    expect(first).toEqual(outcome);
    expect(second).toEqual({ kind: 'not-attempted' });
    await expect.poll(() => pacs.openSockets(), { timeout: 3000 }).toBe(0);
  });

  test('a second answer does not undo the first and does not count for the next object (P04)', async () => {
    const pacs = await pacsWith({
      onMessage: () => [
        { kind: 'respond', status: 0 },
        { kind: 'respond', status: 0 },
      ],
    });
    const [first, second] = await storeObjects(toward(pacs), [capture, report]);
    expect(first).toEqual({ kind: 'response', status: 0 });
    expect(second).not.toMatchObject({ kind: 'response' });
  });

  const refused: readonly (readonly [name: string, script: PacsScript, outcome: object])[] = [
    [
      'RJ permanent',
      { onAssociate: { kind: 'reject', result: 1, source: 1, reason: 7 } },
      { kind: 'rejected', result: 1, source: 1, reason: 7 },
    ],
    [
      'RJ transient',
      { onAssociate: { kind: 'reject', result: 2, source: 3, reason: 2 } },
      { kind: 'rejected', result: 2, source: 3, reason: 2 },
    ],
    [
      'A-ABORT',
      { onAssociate: { kind: 'abort', source: 2, reason: 1 } },
      { kind: 'aborted', source: 2, reason: 1 },
    ],
    [
      'silence after the request (S5)',
      { onAssociate: { kind: 'silent' } },
      { kind: 'timeout', stage: 'associate' },
    ],
    [
      'a connection closed after the request',
      { onAssociate: { kind: 'close' } },
      { kind: 'unreachable', code: 'ECONNRESET' },
    ],
    ['a connection closed at once', { onConnect: 'close' }, { kind: 'unreachable', code: 'ECONNRESET' }],
    [
      'an HTTP server',
      { onAssociate: { kind: 'bytes', bytes: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n') } },
      { kind: 'protocol', fault: 'bad-pdu' },
    ],
  ];
  test.each(refused)(
    '%s at association: no object is sent, the socket is gone',
    async (_, script, outcome) => {
      const pacs = await pacsWith(script);
      expect(await storeObjects(toward(pacs, { associateMs: 150 }), [capture, report])).toEqual([
        outcome,
        outcome,
      ]);
      await expect.poll(() => pacs.openSockets(), { timeout: 3000 }).toBe(0);
    },
  );

  test('a port where nobody listens', async () => {
    const pacs = await startScriptedPacs();
    await pacs.stop();
    expect(await storeObjects(toward(pacs), [capture])).toEqual([
      { kind: 'unreachable', code: 'ECONNREFUSED' },
    ]);
  });

  test.each([0, 1, 2, 6, 7, 127, 4096, 16_384, 2 ** 32 - 1])(
    'survives a peer that announces a maximum PDU length of %i (S1, N18)',
    async (maxPduLength) => {
      const pacs = await pacsWith({ maxPduLength });
      const big = testObject('1.2.3.5', undefined, 300_001);
      expect(await storeObjects(toward(pacs), [big])).toEqual([{ kind: 'response', status: 0 }]);
      expect(
        Buffer.from(big.file).subarray(-pacs.messages[0]!.dataSet.length).equals(pacs.messages[0]!.dataSet),
      ).toBe(true);
      if (maxPduLength >= 4096) expect(pacs.longestDataPdu).toBeLessThanOrEqual(maxPduLength);
    },
  );

  test('a connection that dies in the middle of the data set', async () => {
    const pacs = await pacsWith({ resetAfterDataBytes: 100_000 });
    const [outcome] = await storeObjects(toward(pacs), [testObject('1.2.3.5', undefined, 2_000_000)]);
    expect(outcome).toEqual({ kind: 'lost' });
    expect(pacs.messages).toHaveLength(0);
  });

  const unreadable = [
    ['ends inside its meta information', capture.file.subarray(0, 150)],
    ['is no Part 10 file', Buffer.alloc(1000)],
  ] as const;
  test.each(unreadable)('our own file that %s is our fault and reaches nobody', async (_, bytes) => {
    const pacs = await pacsWith({});
    const broken = { ...capture, open: () => asyncPieces([bytes]) };
    expect(await storeObjects(toward(pacs), [broken])).toMatchObject([{ kind: 'unreadable' }]);
    expect(pacs.messages).toHaveLength(0);
  });

  test('our own file in another encoding than its row says is not sent: 48 bytes of it would be "stored"', async () => {
    const pacs = await pacsWith({});
    const mislabelled = { ...capture, transferSyntaxUid: transferSyntaxUid.implicitVrLittleEndian };
    expect(await storeObjects(toward(pacs), [mislabelled])).toMatchObject([{ kind: 'unreadable' }]);
    expect(pacs.messages).toHaveLength(0);
  });

  test('a disk that fails while reading aborts the association and says so', async () => {
    const pacs = await pacsWith({});
    const failing = {
      ...capture,
      open: () => asyncPieces([capture.file.subarray(0, 500)], new NodeError('STORE_IO', 'EIO')),
    };
    expect(await storeObjects(toward(pacs), [failing, report])).toMatchObject([
      { kind: 'unreadable' },
      { kind: 'not-attempted' },
    ]);
    await expect.poll(() => pacs.openSockets(), { timeout: 3000 }).toBe(0);
  });

  test('file meta information that arrives byte by byte is skipped all the same', async () => {
    const pacs = await pacsWith({});
    const pieces = Array.from(capture.file, (_, at) => capture.file.subarray(at, at + 1));
    await storeObjects(toward(pacs), [{ ...capture, open: () => asyncPieces(pieces) }]);
    expect(
      Buffer.from(capture.file).subarray(-pacs.messages[0]!.dataSet.length).equals(pacs.messages[0]!.dataSet),
    ).toBe(true);
  });
});

describe('verify, probeContexts, findInstance', () => {
  test('C-ECHO (PS3.7 9.1.5) tells the name of the peer', async () => {
    const pacs = await pacsWith({});
    expect(await verify(toward(pacs))).toEqual({
      ok: true,
      value: { implementation: 'SCRIPTED_PACS', peerMaxPduLength: 16_384 },
    });
    expect(pacs.endings).toEqual(['release']);
  });

  test.each([
    [{ onMessage: () => [{ kind: 'respond', status: 0x0122 }] }, { kind: 'response', status: 0x0122 }],
    [{ contextResult: () => 3 }, { kind: 'context', result: 3 }],
    [
      { onMessage: () => [{ kind: 'abort', source: 0, reason: 0 }] },
      { kind: 'aborted', source: 0, reason: 0 },
    ],
  ] as readonly (readonly [PacsScript, object])[])('C-ECHO that fails: %j', async (script, error) => {
    const pacs = await pacsWith(script);
    expect(await verify(toward(pacs))).toEqual({ ok: false, error });
  });

  test('a PACS that answers C-ECHO but takes no reports is found before go-live', async () => {
    const pacs = await pacsWith({ contextResult: (uid) => (uid.includes('.88.') ? 3 : 0) });
    const kinds = [sopClassUid.comprehensive3dSrStorage, sopClassUid.secondaryCaptureImageStorage].map(
      (uid) => ({
        sopClassUid: uid,
        transferSyntaxUid: transferSyntaxUid.explicitVrLittleEndian,
      }),
    );
    expect((await verify(toward(pacs))).ok).toBe(true);
    expect(await probeContexts(toward(pacs), kinds)).toEqual({
      ok: true,
      value: [
        { ...kinds[0], accepted: false, result: 3 },
        { ...kinds[1], accepted: true, result: 0 },
      ],
    });
    expect(storedUids(pacs)).toEqual([]);
  });

  const keys = { studyInstanceUid: '1.2', seriesInstanceUid: '1.2.3', sopInstanceUid: '1.2.3.4' };
  test.each([
    ['no query service', { contextResult: () => 3 }, 'unknown'],
    ['a failure', { onMessage: () => [{ kind: 'respond', status: 0xa700 }] }, 'unknown'],
    ['an orderly search without a match', {}, 'absent'],
    ['silence', { onMessage: () => [] }, 'unknown'],
  ] as readonly (readonly [string, PacsScript, string])[])(
    'C-FIND with %s: %s',
    async (_, script, presence) => {
      const pacs = await pacsWith(script);
      expect(await findInstance(toward(pacs, { responseMs: 150 }), keys)).toBe(presence);
    },
  );
});

async function* asyncPieces(pieces: readonly Uint8Array[], failure?: Error): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    await Promise.resolve();
    yield piece;
  }
  if (failure !== undefined) throw failure;
}
