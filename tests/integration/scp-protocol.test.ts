import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeCommandSet } from '../../src/dicom/command-set.ts';
import { encodeReleaseRequest, encodeReleaseResponse } from '../../src/upper-layer/pdu.ts';
import {
  associateRequestBytes,
  BytePeer,
  crUid,
  dataPdu,
  manyPdvs,
  verificationUid,
} from '../support/byte-peer.ts';
import { ManualTimers } from '../support/manual-timers.ts';
import {
  answersEcho,
  associated,
  crDataSet,
  echoCommand,
  nextResponse,
  openDoor,
  storeCommand,
  storeMessage,
  testPolicy,
} from '../support/scp-harness.ts';

const abortPdu = 7;

describe('what is not PS3.8 is aborted and harms nobody', () => {
  test.each([
    ['an unknown PDU type (N01)', Buffer.from('990000000004', 'hex')],
    ['P-DATA before an association (N01)', dataPdu(1, 3, echoCommand())],
    ['A-RELEASE-RQ before an association', encodeReleaseRequest()],
    ['A-RELEASE-RP before an association', encodeReleaseResponse()],
    ['an A-ASSOCIATE-RQ of 4 GiB (N02, D4)', Buffer.from('0100fffffff0', 'hex')],
    ['an A-ASSOCIATE-RQ of 67 bytes (N02)', Buffer.from('010000000043', 'hex')],
    [
      'a duplicate context id (N15)',
      associateRequestBytes({
        contexts: [1, 1].map((id) => ({ id, abstractSyntax: crUid, transferSyntaxes: [] })),
      }),
    ],
    [
      'an even context id (N15)',
      associateRequestBytes({ contexts: [{ id: 2, abstractSyntax: crUid, transferSyntaxes: [] }] }),
    ],
    [
      'a line break in the calling AE title (N09, D16)',
      associateRequestBytes({ callingAeTitle: 'X\n\x1b[31mY' }),
    ],
  ])('%s', async (_name, bytes) => {
    const door = await openDoor();
    const peer = await BytePeer.connect(door.port);
    peer.send(bytes);
    expect(await peer.rest()).toEqual([abortPdu]);
    expect(await answersEcho(door.port)).toBe(true);
  });

  test.each([
    ['a P-DATA-TF longer than announced (N02)', Buffer.from('0400fffffff0', 'hex')],
    ['a PDV of length 0 (N05)', Buffer.from('04000000000600000000010300000000', 'hex')],
    ['a PDV of length 2^32-1 (N05)', Buffer.from('04000000000affffffff010300000000', 'hex')],
    ['a command on a refused context (N11, D2)', dataPdu(5, 3, storeCommand())],
    ['a command on a context never proposed (N11)', dataPdu(7, 3, echoCommand())],
    ['C-STORE on the Verification context (N11, D14)', dataPdu(1, 3, storeCommand())],
    [
      'C-STORE of another SOP class than its context',
      dataPdu(3, 3, storeCommand({ affectedSopClassUid: '1.2.840.10008.5.1.4.1.1.1.1' })),
    ],
    ['a second A-ASSOCIATE-RQ (N11, D13)', associateRequestBytes()],
    ['data without a command', dataPdu(3, 2, crDataSet())],
    [
      'a data set of another context',
      Buffer.concat([dataPdu(3, 3, storeCommand()), dataPdu(1, 2, crDataSet())]),
    ],
    [
      'a command inside a data set',
      Buffer.concat([
        dataPdu(3, 3, storeCommand()),
        dataPdu(3, 0, crDataSet()),
        dataPdu(1, 3, echoCommand()),
      ]),
    ],
    ['a command without Command Field (D19)', dataPdu(1, 3, Buffer.from('0000000802000000' + '0101', 'hex'))],
    ['a SOP Instance UID that is a path (N07, D15)', dataPdu(3, 3, rawUidStore('../../../../x/pwned '))],
    ['a SOP Instance UID of two dots (N07)', dataPdu(3, 3, rawUidStore('..'))],
    ['a C-STORE that says it has no data set', dataPdu(3, 3, storeCommand({ hasDataSet: false }))],
    [
      'a response nobody asked for',
      dataPdu(
        1,
        3,
        encodeCommandSet({
          commandField: 0x8030,
          hasDataSet: false,
          messageIdBeingRespondedTo: 1,
          status: 0,
        }),
      ),
    ],
    ['an A-RELEASE-RP nobody asked for', encodeReleaseResponse()],
  ])('%s', async (_name, bytes) => {
    const door = await openDoor();
    const peer = await associated(door.port);
    peer.send(bytes);
    expect(await peer.rest()).toEqual([abortPdu]);
    expect(door.admitted).toEqual([]);
    expect(door.failStops).toEqual([]);
    expect(door.events.map((event) => event.name)).toContain('PROTOCOL_VIOLATION');
    expect(await answersEcho(door.port)).toBe(true);
    await door.listener.close(0);
    expect(door.partFiles()).toEqual([]);
  });

  test('endless command fragments end at 16 KiB (N03, D7)', async () => {
    const door = await openDoor();
    const peer = await associated(door.port);
    const fragment = Buffer.alloc(4_000);
    for (let sent = 0; sent < 40_000; sent += fragment.length) peer.send(dataPdu(1, 1, fragment));
    expect(await peer.rest()).toEqual([abortPdu]);
  });

  test('an endless data set is cut off and leaves nothing behind (N04)', async () => {
    const door = await openDoor({ policy: { ...testPolicy, maxObjectBytes: 256 * 1024 } });
    const peer = await associated(door.port);
    peer.send(dataPdu(3, 3, storeCommand()));
    const fragment = Buffer.alloc(100_000);
    for (let sent = 0; sent < 2_000_000; sent += fragment.length) peer.send(dataPdu(3, 0, fragment));
    expect(await peer.rest()).toEqual([abortPdu]);
    expect(await answersEcho(door.port)).toBe(true);
    await door.listener.close(0);
    expect(door.partFiles()).toEqual([]);
    expect(door.admitted).toEqual([]);
  });

  test('an object over the limit is answered A700H and the association goes on (N04)', async () => {
    const door = await openDoor({ policy: { ...testPolicy, maxObjectBytes: 256 * 1024 } });
    const peer = await associated(door.port);
    peer.send(storeMessage(crDataSet(300 * 1024)));
    expect((await nextResponse(peer))?.status).toBe(0xa700);
    peer.send(dataPdu(1, 3, echoCommand(2)));
    expect((await nextResponse(peer))?.status).toBe(0);
    expect(door.partFiles()).toEqual([]);
  });

  test('a command pipelined before the response is aborted; the first object is still whole (N16, D9)', async () => {
    const admission = Promise.withResolvers<'stored'>();
    const door = await openDoor({}, { inbox: { admit: () => admission.promise } });
    const peer = await associated(door.port);
    peer.send(storeMessage(crDataSet()), dataPdu(1, 3, echoCommand(8)));
    expect(await peer.rest()).toEqual([abortPdu]);
    admission.resolve('stored');
    expect(door.failStops).toEqual([]);
    expect(await answersEcho(door.port)).toBe(true);
  });

  test('a rejected peer cannot go on and store (N10, D1)', async () => {
    const door = await openDoor();
    const peer = await BytePeer.connect(door.port);
    peer.send(
      associateRequestBytes({ callingAeTitle: 'STRANGER' }),
      storeMessage(crDataSet()),
      dataPdu(1, 3, echoCommand()),
    );
    const answer = await peer.nextPdu();
    expect([answer?.type, ...(answer?.body ?? [])]).toEqual([3, 0, 1, 1, 3]);
    expect(await peer.rest()).toEqual([]);
    expect(door.admitted).toEqual([]);
    expect(door.events).toContainEqual({
      name: 'ASSOCIATION_REJECTED',
      fields: {
        callingAeTitle: 'STRANGER',
        calledAeTitle: 'LUMBAR',
        peerIp: '127.0.0.1',
        cause: 'calling-ae-title',
      },
    });
  });

  test('nothing is carried out after the release (N11, D13)', async () => {
    const door = await openDoor();
    const peer = await associated(door.port);
    peer.send(encodeReleaseRequest(), storeMessage(crDataSet()));
    expect(await peer.rest()).toEqual([6]);
    expect(door.admitted).toEqual([]);
    expect(door.endings).toEqual(['released']);
  });
});

describe('what is unusual but legal is served', () => {
  test('context ids may descend (N15, D3)', async () => {
    const door = await openDoor();
    const peer = await BytePeer.connect(door.port);
    const contexts = [255, 3, 1].map((id) => ({
      id,
      abstractSyntax: verificationUid,
      transferSyntaxes: ['1.2.840.10008.1.2'],
    }));
    peer.send(associateRequestBytes({ contexts }), dataPdu(255, 3, echoCommand()));
    expect((await peer.nextPdu())?.type).toBe(2);
    expect((await nextResponse(peer))?.status).toBe(0);
    peer.destroy();
  });

  test.each([0, 1, 6, 7, 0xffff_ffff])(
    'a peer that announces a maximum PDU length of %i is answered (N18, D17)',
    async (maxPduLength) => {
      const door = await openDoor({ maxPduLength: 65_536 });
      const peer = await BytePeer.connect(door.port);
      const request = associateRequestBytes();
      const at = request.indexOf(Buffer.from([0x51, 0, 0, 4]));
      request.writeUInt32BE(maxPduLength, at + 4);
      peer.send(request, dataPdu(1, 3, echoCommand()));
      const accept = await peer.nextPdu();
      const announced = accept?.body.readUInt32BE(accept.body.indexOf(Buffer.from([0x51, 0, 0, 4])) + 4);
      expect(announced).toBe(65_536);
      expect((await nextResponse(peer))?.status).toBe(0);
      peer.destroy();
    },
  );

  test('a peer that offers asynchronous operations is accepted without them', async () => {
    const door = await openDoor();
    const peer = await BytePeer.connect(door.port);
    const { userInformation } = {
      userInformation: {
        maxPduLength: 0,
        implementationClassUid: '1.2',
        implementationVersionName: 'X',
        roleSelections: [],
        extendedNegotiations: [],
        asynchronousOperations: { maxInvoked: 0, maxPerformed: 0 },
      },
    };
    peer.send(associateRequestBytes({ userInformation }));
    const accept = await peer.nextPdu();
    expect(accept?.type).toBe(2);
    expect(accept?.body.indexOf(Buffer.from([0x53, 0, 0, 4]))).toBe(-1);
    peer.destroy();
  });

  test('a release asked while the object is being stored is granted after the response', async () => {
    const admission = Promise.withResolvers<'stored'>();
    const door = await openDoor({}, { inbox: { admit: () => admission.promise } });
    const peer = await associated(door.port);
    peer.send(storeMessage(crDataSet()), encodeReleaseRequest());
    admission.resolve('stored');
    expect((await nextResponse(peer))?.status).toBe(0);
    expect(await peer.rest()).toEqual([6]);
  });

  test('however a data set is cut into PDVs and PDUs, the file holds the same bytes (N17, D10)', async () => {
    const door = await openDoor();
    const peer = await associated(door.port);
    const cuts = fc.sample(
      fc.record({
        fragments: fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1, maxLength: 12 }),
        perPdu: fc.integer({ min: 1, max: 8 }),
        pixelBytes: fc.integer({ min: 2, max: 150_000 }).map((half) => 2 * half),
      }),
      { numRuns: 30, seed: 17 },
    );
    for (const { fragments, perPdu, pixelBytes } of cuts) {
      const dataSet = crDataSet(pixelBytes);
      const pdvs = [{ contextId: 3, control: 3, fragment: storeCommand() }];
      for (let at = 0, index = 0; at < dataSet.length; index++) {
        const length = fragments[index % fragments.length] ?? 1_000;
        const isLast = at + length >= dataSet.length;
        pdvs.push({ contextId: 3, control: isLast ? 2 : 0, fragment: dataSet.subarray(at, at + length) });
        at += length;
      }
      for (let first = 0; first < pdvs.length; ) {
        let count = perPdu;
        while (
          count > 1 &&
          pdvs.slice(first, first + count).reduce((sum, pdv) => sum + pdv.fragment.length + 6, 0) > 131_072
        )
          count--;
        peer.send(manyPdvs(pdvs.slice(first, first + count)));
        first += count;
      }
      expect((await nextResponse(peer))?.status).toBe(0);
      const instance = door.admitted.at(-1)!;
      const bytes = door.bytesOf(instance);
      expect(bytes.subarray(bytes.length - dataSet.length).equals(dataSet)).toBe(true);
      // Of the data set alone: the header is ours and changes with the release.
      expect(createHash('sha256').update(dataSet).digest('hex')).toBe(instance.sha256);
      expect(instance.sizeBytes).toBe(bytes.length);
    }
    peer.destroy();
  });
});

describe('who does not act in time is cut off (N12, D5, D6)', () => {
  const timeouts = {
    artimTimeoutMs: 10_000,
    pduTimeoutMs: 30_000,
    idleTimeoutMs: 60_000,
    closeTimeoutMs: 1_000,
  };

  test('a trickle of A-ASSOCIATE-RQ bytes ends when ARTIM expires', async () => {
    const timers = new ManualTimers();
    const door = await openDoor({ timers, timeouts });
    const peer = await BytePeer.connect(door.port);
    await timers.started(timeouts.artimTimeoutMs);
    peer.send(associateRequestBytes().subarray(0, 100));
    timers.advance(9_999);
    expect(timers.running).toContain(timeouts.artimTimeoutMs);
    timers.advance(1);
    expect(await peer.rest()).toEqual([]);
    expect(timers.running).toEqual([]);
  });

  test('a PDU that is begun must be finished within the PDU timer', async () => {
    const timers = new ManualTimers();
    const door = await openDoor({ timers, timeouts });
    const peer = await associated(door.port);
    peer.send(dataPdu(1, 3, echoCommand()).subarray(0, 20));
    await timers.started(timeouts.pduTimeoutMs);
    timers.advance(timeouts.pduTimeoutMs);
    expect((await peer.nextPdu())?.type).toBe(abortPdu);
    await peer.closed;
    expect(door.endings).toEqual(['pdu timer of 30000 ms expired']);
  });

  test('an association without messages ends when the idle timer expires', async () => {
    const timers = new ManualTimers();
    const door = await openDoor({ timers, timeouts });
    const peer = await associated(door.port);
    await timers.started(timeouts.idleTimeoutMs);
    timers.advance(timeouts.idleTimeoutMs - 1);
    peer.send(dataPdu(1, 3, echoCommand()));
    expect((await nextResponse(peer))?.status).toBe(0);
    timers.advance(timeouts.idleTimeoutMs - 1);
    expect(door.endings).toEqual([]);
    timers.advance(1);
    expect((await peer.nextPdu())?.type).toBe(abortPdu);
  });

  test('the idle timer rests while the node itself is slow', async () => {
    const timers = new ManualTimers();
    const admission = Promise.withResolvers<'stored'>();
    const asked = Promise.withResolvers<undefined>();
    const door = await openDoor(
      { timers, timeouts },
      {
        inbox: {
          admit: () => {
            asked.resolve(undefined);
            return admission.promise;
          },
        },
      },
    );
    const peer = await associated(door.port);
    peer.send(storeMessage(crDataSet()));
    await asked.promise;
    timers.advance(timeouts.idleTimeoutMs * 10);
    admission.resolve('stored');
    expect((await nextResponse(peer))?.status).toBe(0);
    peer.destroy();
  });

  test('a peer that never closes after its abort is dropped', async () => {
    const timers = new ManualTimers();
    const door = await openDoor({ timers, timeouts });
    const peer = await BytePeer.connect(door.port);
    peer.send(Buffer.from([0x99]));
    await timers.started(timeouts.closeTimeoutMs);
    timers.advance(timeouts.closeTimeoutMs);
    expect(timers.running).toEqual([]);
    expect(await peer.rest()).toEqual([abortPdu]);
  });
});

describe('a full house (N13, N14)', () => {
  test('half-open connections never keep a sender out, and closing leaves none behind', async () => {
    const door = await openDoor({ maxPending: 40, maxPendingPerIp: 40 });
    const peers = await Promise.all(Array.from({ length: 200 }, () => BytePeer.connect(door.port)));
    expect(await answersEcho(door.port)).toBe(true);
    await door.listener.close(1_000);
    await Promise.all(peers.map((peer) => peer.closed));
  });

  test('the association above the limit is rejected transiently, the place is free again afterwards', async () => {
    const door = await openDoor({ policy: { ...testPolicy, maxAssociations: 2 } });
    const first = await associated(door.port);
    const second = await associated(door.port);
    const third = await BytePeer.connect(door.port);
    third.send(associateRequestBytes());
    const answer = await third.nextPdu();
    expect([answer?.type, ...(answer?.body ?? [])]).toEqual([3, 0, 2, 3, 2]);
    first.send(encodeReleaseRequest());
    await first.rest();
    expect(await answersEcho(door.port)).toBe(true);
    second.destroy();
  });

  test('2,000 associations in a row leave nothing open', async () => {
    const door = await openDoor();
    for (let round = 0; round < 100; round++) {
      const peers = await Promise.all(Array.from({ length: 20 }, () => associated(door.port)));
      for (const peer of peers) peer.socket.resetAndDestroy();
      await Promise.all(peers.map((peer) => peer.closed));
    }
    expect(await answersEcho(door.port)).toBe(true);
    await door.listener.close(1_000);
    expect(door.listener.openAssociations()).toBe(0);
  });
});

describe('an orderly stop', () => {
  test('the object in hand is answered, then the association is aborted (C13)', async () => {
    const admission = Promise.withResolvers<'stored'>();
    const asked = Promise.withResolvers<undefined>();
    const door = await openDoor(
      {},
      {
        inbox: {
          admit: () => {
            asked.resolve(undefined);
            return admission.promise;
          },
        },
      },
    );
    const peer = await associated(door.port);
    const idle = await associated(door.port);
    peer.send(storeMessage(crDataSet()));
    await asked.promise;
    const closed = door.listener.close(30_000);
    expect(await idle.rest()).toEqual([abortPdu]);
    admission.resolve('stored');
    expect((await nextResponse(peer))?.status).toBe(0);
    expect(await peer.rest()).toEqual([abortPdu]);
    await closed;
  });

  test('when the grace is over everything is dropped', async () => {
    const door = await openDoor({}, { inbox: { admit: () => new Promise(() => undefined) } });
    const peer = await associated(door.port);
    peer.send(storeMessage(crDataSet()));
    await door.listener.close(50);
    await peer.closed;
  });
});

function rawUidStore(uid: string): Buffer {
  const marker = '9'.repeat(uid.length);
  const bytes = storeCommand({ affectedSopInstanceUid: marker });
  bytes.write(uid, bytes.indexOf(marker), 'latin1');
  return bytes;
}
