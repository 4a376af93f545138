import { chmodSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { NodeError } from '../../src/core/errors.ts';
import { commandField, encodeCommandSet } from '../../src/dicom/command-set.ts';
import { readPart10 } from '../../src/dicom/part10-reader.ts';
import { writeDataSet } from '../../src/dicom/part10-writer.ts';
import { associateRequestBytes, BytePeer, crUid, dataPdu } from '../support/byte-peer.ts';
import {
  answersEcho,
  associated,
  crDataSet,
  echoCommand,
  nextResponse,
  openDoor,
  sopInstanceUid,
  storeCommand,
  storeMessage,
  testPolicy,
} from '../support/scp-harness.ts';

/** Data sets of `reliability.md` 1.3 that take other readers up to 66 s and 1.5 GB. */
function nestedSequences(levels: number): Buffer {
  const level = Buffer.concat([
    Buffer.from('08001822', 'hex'),
    Buffer.from('SQ'),
    Buffer.from('0000fffffffffeff00e0ffffffff', 'hex'),
  ]);
  return Buffer.concat(Array.from({ length: levels }, () => level));
}

function emptyElements(count: number): Buffer {
  const bytes = Buffer.alloc(count * 8);
  for (let n = 0; n < count; n++) {
    bytes.writeUInt16LE(0x0009 + 2 * Math.floor(n / 0xe000), n * 8);
    bytes.writeUInt16LE(0x1000 + (n % 0xe000), n * 8 + 2);
    bytes.write('LO', n * 8 + 4, 'latin1');
  }
  return bytes;
}

function unknownNesting(levels: number): Buffer {
  const element = Buffer.concat([
    Buffer.from('09001010', 'hex'),
    Buffer.from('UN'),
    Buffer.from('0000ffffffff', 'hex'),
  ]);
  const level = Buffer.from('feff00e0ffffffff09001110ffffffff', 'hex');
  return Buffer.concat([element, ...Array.from({ length: levels }, () => level)]);
}

function manyValues(count: number): Buffer {
  const value = Buffer.from('1\\'.repeat(count));
  const header = Buffer.from('09001010' + '5554' + '0000' + '00000000', 'hex');
  header.writeUInt32LE(value.length, 8);
  return Buffer.concat([header, value]);
}

const commitmentUid = '1.2.840.10008.1.20.1';

describe('C-STORE (PS3.4 B.2, PS3.7 9.1.1)', () => {
  test('0000H comes only after the file is whole, named and in the books', async () => {
    const admission = Promise.withResolvers<'stored'>();
    const asked = Promise.withResolvers<undefined>();
    const seen: string[] = [];
    const door = await openDoor(
      {},
      {
        inbox: {
          admit: (instance) => {
            seen.push(instance.path);
            asked.resolve(undefined);
            return admission.promise;
          },
        },
      },
    );
    const peer = await associated(door.port);
    const dataSet = crDataSet(40_000);
    peer.send(storeMessage(dataSet));
    let answered = false;
    const response = nextResponse(peer).then((value) => {
      answered = true;
      return value;
    });
    await asked.promise;
    const path = seen[0]!;
    expect(answered).toBe(false);
    expect(door.partFiles()).toEqual([]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    admission.resolve('stored');
    expect(await response).toMatchObject({
      commandField: commandField.cStoreResponse,
      messageIdBeingRespondedTo: 7,
      status: 0,
      affectedSopClassUid: crUid,
      affectedSopInstanceUid: sopInstanceUid,
    });
  });

  test('the file is Part 10 with a zero preamble and our own meta information (D07)', async () => {
    const door = await openDoor();
    const peer = await associated(door.port);
    peer.send(storeMessage(crDataSet()));
    await nextResponse(peer);
    const [instance] = door.admitted;
    const bytes = door.bytesOf(instance!);
    expect(bytes.subarray(0, 128).equals(Buffer.alloc(128))).toBe(true);
    const file = readPart10(bytes);
    expect(file.ok && file.value.fileMeta.string('MediaStorageSOPInstanceUID')).toBe(sopInstanceUid);
    expect(instance).toMatchObject({
      sopClassUid: crUid,
      sopInstanceUid,
      studyInstanceUid: '1.2.826.0.1.3680043.9.9999.2',
      seriesInstanceUid: '1.2.826.0.1.3680043.9.9999.3',
      transferSyntaxUid: '1.2.840.10008.1.2.1',
      callingAeTitle: 'XRAY1',
      calledAeTitle: 'LUMBAR',
      peerIp: '127.0.0.1',
    });
    expect(instance?.path).toBe(
      join(door.spoolDir, 'obj', instance!.instanceId.slice(-1), `${instance!.instanceId}.dcm`),
    );
  });

  test('equal data sets have equal hashes whoever sends them, so that a resend is known', async () => {
    const door = await openDoor();
    const first = await associated(door.port);
    const second = await BytePeer.connect(door.port);
    second.send(associateRequestBytes({ callingAeTitle: 'STORESCU' }));
    await second.nextPdu();
    for (const peer of [first, second]) {
      peer.send(storeMessage(crDataSet()));
      await nextResponse(peer);
    }
    expect(door.admitted.map((instance) => instance.callingAeTitle)).toEqual(['XRAY1', 'STORESCU']);
    expect(door.admitted[0]?.sha256).toBe(door.admitted[1]?.sha256);
  });

  test('the file of a duplicate is removed and the answer is 0000H', async () => {
    const door = await openDoor({}, { inbox: { admit: () => Promise.resolve('duplicate') } });
    const peer = await associated(door.port);
    peer.send(storeMessage(crDataSet()));
    expect((await nextResponse(peer))?.status).toBe(0);
    expect(storedFiles(door.spoolDir)).toEqual([]);
  });

  test.each([
    ['another SOP Instance UID than the command (N08)', crDataSet(512, { SOPInstanceUID: '1.2.3' }), 0xa900],
    [
      'another SOP Class UID than the command (N08)',
      crDataSet(512, { SOPClassUID: '1.2.840.10008.5.1.4.1.1.7' }),
      0xa900,
    ],
    ['no Study Instance UID (N08)', crDataSet(512, { StudyInstanceUID: '' }), 0xa900],
    ['random bytes (D18)', Buffer.from('f3a1c09b7e55aa0102030405060708090a0b0c0d', 'hex'), 0xc000],
    ['an element longer than the data set', Buffer.from('08000500' + '4353' + 'ffff' + '41', 'hex'), 0xc000],
  ])('a data set with %s is refused, nothing is kept', async (_name, dataSet, status) => {
    const door = await openDoor();
    const peer = await associated(door.port);
    peer.send(storeMessage(dataSet));
    expect((await nextResponse(peer))?.status).toBe(status);
    peer.send(dataPdu(1, 3, echoCommand(2)));
    expect((await nextResponse(peer))?.status).toBe(0);
    expect(door.admitted).toEqual([]);
    expect(door.failStops).toEqual([]);
    expect([...door.partFiles(), ...storedFiles(door.spoolDir)]).toEqual([]);
    expect(door.events.map((event) => event.name)).toEqual(['INSTANCE_REFUSED']);
  });

  test.each([
    ['40,000 nested sequences', nestedSequences(40_000), 0xc000],
    ['500,000 elements', emptyElements(500_000), 0xc000],
    ['nested items of unknown VR', unknownNesting(100_000), 0xc000],
    ['one element of 2,000,000 values', manyValues(2_000_000), 0xa900],
  ])(
    'a header bomb of %s is refused at the door, which goes on serving (D03)',
    async (_name, dataSet, status) => {
      const door = await openDoor();
      const peer = await associated(door.port);
      peer.send(storeMessage(dataSet, 100_000));
      expect((await nextResponse(peer))?.status).toBe(status);
      expect(door.admitted).toEqual([]);
      expect(await answersEcho(door.port)).toBe(true);
    },
  );

  test('identifiers behind a private header of more than 64 KiB are found', async () => {
    const door = await openDoor();
    const peer = await associated(door.port);
    const dataSet = Buffer.from(
      writeDataSet({
        SOPClassUID: crUid,
        SOPInstanceUID: sopInstanceUid,
        '00090010': { vr: 'LO', value: 'FICTIONAL' },
        '00091001': { vr: 'OB', value: Buffer.alloc(200_000) },
        StudyInstanceUID: '1.2.3',
        SeriesInstanceUID: '1.2.4',
      }),
    );
    peer.send(storeMessage(dataSet));
    expect((await nextResponse(peer))?.status).toBe(0);
    expect(door.admitted[0]?.studyInstanceUid).toBe('1.2.3');
  });

  test('UIDs with leading zeros are taken as they are, and the audit trail says so (PS3.5 9.1)', async () => {
    const door = await openDoor();
    const peer = await associated(door.port);
    const image = '1.2.826.0.1.3680043.9.9999.03.1';
    const dataSet = crDataSet(512, { SOPInstanceUID: image, StudyInstanceUID: '1.2.03.4' });
    peer.send(storeMessage(dataSet, 16_000, storeCommand({ affectedSopInstanceUid: image })));
    expect((await nextResponse(peer))?.status).toBe(0);
    const [instance] = door.admitted;
    expect(instance).toMatchObject({ sopInstanceUid: image, studyInstanceUid: '1.2.03.4' });
    expect(instance?.path).not.toContain('9999.03');
    const file = readPart10(door.bytesOf(instance!));
    expect(file.ok && file.value.fileMeta.string('MediaStorageSOPInstanceUID')).toBe(image);
    expect(door.events).toEqual([
      {
        name: 'INSTANCE_UID_ILLEGAL',
        fields: expect.objectContaining({
          sopInstanceUid: image,
          callingAeTitle: 'XRAY1',
          detail: 'leading zeros in SOP Instance UID, Study Instance UID',
        }) as object,
      },
    ]);
  });

  test('shell and format characters in the header have no effect (N09)', async () => {
    const door = await openDoor();
    const peer = await associated(door.port);
    peer.send(
      storeMessage(crDataSet(512, { PatientName: ';$(touch /tmp/x)^%s%n', PatientID: '"><svg onload=1>' })),
    );
    expect((await nextResponse(peer))?.status).toBe(0);
    expect(JSON.stringify(door.events)).not.toContain('touch');
  });

  test.each([1, 133, 1_000, 16_000, 60_000])(
    'a connection that breaks %i bytes into the data leaves no row and no file (N19, D12)',
    async (sent) => {
      const door = await openDoor();
      const peer = await associated(door.port);
      const message = storeMessage(crDataSet(80_000));
      peer.send(message.subarray(0, storeMessage(Buffer.alloc(0)).length + sent));
      peer.socket.resetAndDestroy();
      await peer.closed;
      await door.listener.close(0);
      expect(door.admitted).toEqual([]);
      expect([...door.partFiles(), ...storedFiles(door.spoolDir)]).toEqual([]);
    },
  );
});

describe('faults of disk and database', () => {
  test('space that runs out within an association is answered A700H before a byte is written, and comes back (P4, C06)', async () => {
    let freeBytes = 1e12;
    const door = await openDoor(
      { policy: { ...testPolicy, minFreeBytes: 1e9 } },
      { freeSpace: { bytes: () => freeBytes } },
    );
    const peer = await associated(door.port);
    freeBytes = 1e8;
    peer.send(storeMessage(crDataSet()));
    expect((await nextResponse(peer))?.status).toBe(0xa700);
    expect(door.events.map(({ name }) => name)).toEqual(['INSTANCE_REFUSED']);
    freeBytes = 1e12;
    peer.send(storeMessage(crDataSet()));
    expect((await nextResponse(peer))?.status).toBe(0);
    expect(door.admitted).toHaveLength(1);
    expect(door.failStops).toEqual([]);
  });

  test('a busy database is answered A700H, the file is removed, the node goes on (C10)', async () => {
    const door = await openDoor(
      {},
      { inbox: { admit: () => Promise.reject(new NodeError('STORE_BUSY', 'busy')) } },
    );
    const peer = await associated(door.port);
    peer.send(storeMessage(crDataSet()));
    expect((await nextResponse(peer))?.status).toBe(0xa700);
    expect(storedFiles(door.spoolDir)).toEqual([]);
    expect(door.failStops).toEqual([]);
  });

  test('an I/O error of the database is answered A700H and stops the node, the file stays for recovery', async () => {
    const door = await openDoor(
      {},
      { inbox: { admit: () => Promise.reject(new NodeError('STORE_IO', 'EIO')) } },
    );
    const peer = await associated(door.port);
    peer.send(storeMessage(crDataSet()));
    expect((await nextResponse(peer))?.status).toBe(0xa700);
    expect(door.failStops).toMatchObject([{ code: 'STORE_IO' }]);
    expect(storedFiles(door.spoolDir)).toHaveLength(1);
  });

  test('a spool folder that is gone is an I/O fault: A700H and stop, never 0000H', async () => {
    const door = await openDoor();
    rmSync(join(door.spoolDir, 'in'), { recursive: true });
    const peer = await associated(door.port);
    peer.send(storeMessage(crDataSet(200_000)));
    expect((await nextResponse(peer))?.status).toBe(0xa700);
    expect(door.failStops).toMatchObject([{ code: 'STORE_IO' }]);
    expect(door.admitted).toEqual([]);
    mkdirSync(join(door.spoolDir, 'in'));
  });

  test('a folder that cannot take the file is an I/O fault: A700H and stop', async () => {
    const door = await openDoor();
    rmSync(join(door.spoolDir, 'obj'), { recursive: true });
    writeFileSync(join(door.spoolDir, 'obj'), 'not a folder');
    const peer = await associated(door.port);
    peer.send(storeMessage(crDataSet()));
    expect((await nextResponse(peer))?.status).toBe(0xa700);
    expect(door.failStops).toHaveLength(1);
    expect(door.admitted).toEqual([]);
    chmodSync(join(door.spoolDir, 'obj'), 0o600);
  });
});

describe('Storage Commitment results (PS3.4 J.3.3)', () => {
  const report = (changes: Record<string, unknown> = {}) =>
    Buffer.from(
      writeDataSet({
        TransactionUID: '1.2.3.4',
        ReferencedSOPSequence: [{ ReferencedSOPClassUID: crUid, ReferencedSOPInstanceUID: '1.2.5' }],
        FailedSOPSequence: [
          { ReferencedSOPClassUID: crUid, ReferencedSOPInstanceUID: '1.2.6', FailureReason: 0x0112 },
        ],
        ...changes,
      }),
    );
  const eventReport = (eventTypeId: number) =>
    encodeCommandSet({
      commandField: commandField.nEventReportRequest,
      hasDataSet: true,
      messageId: 3,
      affectedSopClassUid: commitmentUid,
      affectedSopInstanceUid: '1.2.840.10008.1.20.1.1',
      eventTypeId,
    });
  const archive = async (
    port: number,
    roles: readonly { sopClassUid: string; scuRole: boolean; scpRole: boolean }[],
  ) => {
    const peer = await BytePeer.connect(port);
    peer.send(
      associateRequestBytes({
        callingAeTitle: 'PACS',
        contexts: [{ id: 1, abstractSyntax: commitmentUid, transferSyntaxes: ['1.2.840.10008.1.2.1'] }],
        userInformation: {
          maxPduLength: 0,
          implementationClassUid: '1.2',
          implementationVersionName: 'ARCHIVE',
          roleSelections: roles,
          extendedNegotiations: [],
        },
      }),
    );
    return { peer, accept: await peer.nextPdu() };
  };

  test('an archive reports as SCP on its own association; the role selection is answered', async () => {
    const door = await openDoor();
    const { peer, accept } = await archive(door.port, [
      { sopClassUid: commitmentUid, scuRole: false, scpRole: true },
    ]);
    const roleItem = Buffer.concat([
      Buffer.from([0x54, 0, 0, 24, 0, 20]),
      Buffer.from(commitmentUid),
      Buffer.from([0, 1]),
    ]);
    expect(accept?.body.includes(roleItem)).toBe(true);
    peer.send(dataPdu(1, 3, eventReport(2)), dataPdu(1, 2, report()));
    expect(await nextResponse(peer)).toMatchObject({ commandField: 0x8100, status: 0, eventTypeId: 2 });
    expect(door.reports).toEqual([
      {
        transactionUid: '1.2.3.4',
        committed: ['1.2.5'],
        failed: [{ sopInstanceUid: '1.2.6', failureReason: 0x0112 }],
      },
    ]);
    peer.destroy();
  });

  test('the receiver decides the answer: an unknown transaction is 0112H (PS3.4 J.3.3.4)', async () => {
    const door = await openDoor({}, { commitments: { report: () => Promise.resolve(0x0112) } });
    const { peer } = await archive(door.port, []);
    peer.send(dataPdu(1, 3, eventReport(2)), dataPdu(1, 2, report()));
    expect((await nextResponse(peer))?.status).toBe(0x0112);
    peer.destroy();
  });

  test('an instance in both lists counts as failed', async () => {
    const door = await openDoor();
    const { peer } = await archive(door.port, []);
    const both = report({
      ReferencedSOPSequence: [{ ReferencedSOPClassUID: '1.2.7', ReferencedSOPInstanceUID: '1.2.6' }],
    });
    peer.send(dataPdu(1, 3, eventReport(2)), dataPdu(1, 2, both));
    expect((await nextResponse(peer))?.status).toBe(0);
    expect(door.reports.map(({ committed, failed }) => [committed, failed.length])).toEqual([[[], 1]]);
    peer.destroy();
  });

  test.each([
    ['an unknown event type', 3, report(), 0x0113],
    ['no Transaction UID', 1, report({ TransactionUID: '' }), 0x0115],
    ['unreadable information', 1, Buffer.from('08000500435affff00', 'hex'), 0x0115],
  ])('%s is answered with its status and not recorded', async (_name, eventTypeId, bytes, status) => {
    const door = await openDoor();
    const { peer } = await archive(door.port, []);
    peer.send(dataPdu(1, 3, eventReport(eventTypeId)), dataPdu(1, 2, bytes));
    expect((await nextResponse(peer))?.status).toBe(status);
    expect(door.reports).toEqual([]);
    expect(await answersEcho(door.port)).toBe(true);
    peer.destroy();
  });
});

function storedFiles(spoolDir: string): readonly string[] {
  return readdirSync(join(spoolDir, 'obj'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);
}
