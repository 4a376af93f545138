import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  commandField,
  encodeCommandSet,
  parseCommandSet,
  responseTo,
} from '../../../src/dicom/command-set.ts';
import { sharedDataPath, sharedDataPresent } from '../../support/shared-data.ts';

function element(number: number, value: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16LE(number, 2);
  header.writeUInt32LE(value.length, 4);
  return Buffer.concat([header, value]);
}

const us = (value: number) => Buffer.from([value & 0xff, value >> 8]);

function storeRequest(uidBytes: Buffer): Buffer {
  return Buffer.concat([
    element(0x0002, Buffer.from('1.2.840.10008.5.1.4.1.1.1\0')),
    element(0x0100, us(1)),
    element(0x0110, us(1)),
    element(0x0800, us(1)),
    element(0x1000, uidBytes),
  ]);
}

describe('command sets (PS3.7 6.3.1, E.1)', () => {
  test('what is written is read back', () => {
    const command = {
      commandField: commandField.nEventReportRequest,
      hasDataSet: true,
      messageId: 65_535,
      affectedSopClassUid: '1.2.840.10008.1.20.1',
      affectedSopInstanceUid: '1.2.840.10008.1.20.1.1',
      eventTypeId: 2,
    };
    expect(parseCommandSet(encodeCommandSet(command))).toEqual({ ok: true, value: command });
  });

  test('a response repeats what it answers', () => {
    const request = {
      commandField: commandField.cStoreRequest,
      hasDataSet: true,
      messageId: 9,
      affectedSopClassUid: '1.2',
      affectedSopInstanceUid: '1.3',
    };
    expect(responseTo(request, 0xa700, { errorComment: 'disk full' })).toEqual({
      commandField: commandField.cStoreResponse,
      hasDataSet: false,
      messageIdBeingRespondedTo: 9,
      status: 0xa700,
      affectedSopClassUid: '1.2',
      affectedSopInstanceUid: '1.3',
      errorComment: 'disk full',
    });
  });

  test.each([
    ['a path', '../../../../x/pwned '],
    ['two dots', '..'],
    ['an empty component', '1..2'],
    ['65 characters', `${'1.'.repeat(32)}1\0`],
    ['a NUL inside', '1.2\x003.4'],
    ['two NULs at the end', '1.2.3\0\0'],
    ['other digits', '1.\u0662'],
    ['a shell command', '1.2;$(touch x)'],
    ['nothing but padding', '\0'],
  ])('a SOP Instance UID that is %s is refused before anything is stripped (N07, D15)', (_name, uid) => {
    expect(parseCommandSet(storeRequest(Buffer.from(uid, 'utf8')))).toMatchObject({
      ok: false,
      error: { code: 'SCP_PROTOCOL' },
    });
  });

  test.each([
    ['without Command Field (D19)', Buffer.concat([element(0x0110, us(1)), element(0x0800, us(0x0101))])],
    ['without Command Data Set Type', Buffer.concat([element(0x0100, us(0x30)), element(0x0110, us(1))])],
    ['C-STORE without SOP Instance UID', storeRequest(Buffer.alloc(0))],
    ['an element twice', Buffer.concat([element(0x0100, us(0x30)), element(0x0100, us(1))])],
    ['an element of another group', Buffer.from('08000500' + '00000000', 'hex')],
    ['an element longer than the set', Buffer.from('00000001' + 'ffffffff' + '3000', 'hex')],
    ['half an element header', Buffer.from('000000', 'hex')],
    ['a US of 4 bytes', element(0x0100, Buffer.alloc(4))],
    [
      'more than 16 KiB',
      Buffer.concat([storeRequest(Buffer.from('1.2')), element(0x0010, Buffer.alloc(17_000))]),
    ],
  ])('%s is refused', (_name, bytes) => {
    expect(parseCommandSet(bytes)).toMatchObject({ ok: false, error: { code: 'SCP_PROTOCOL' } });
  });

  test('arbitrary bytes give a value or an error, never an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(typeof parseCommandSet(Buffer.from(bytes)).ok).toBe('boolean');
      }),
      { numRuns: 2_000 },
    );
  });

  test.skipIf(!sharedDataPresent)('reads the commands of another implementation', () => {
    const read = (name: string) => {
      // The files hold the message control header before the command set.
      const bytes = readFileSync(sharedDataPath(`net/pynetdicom__dimse-${name}.bin`));
      return parseCommandSet(bytes.subarray(1));
    };
    expect(read('c_echo_rq_cmd')).toMatchObject({
      ok: true,
      value: { commandField: 0x30, hasDataSet: false },
    });
    expect(read('c_store_rq_cmd_b')).toMatchObject({
      ok: true,
      value: { commandField: 1, hasDataSet: true },
    });
    expect(read('c_store_rsp_cmd')).toMatchObject({
      ok: true,
      value: { commandField: 0x8001, hasDataSet: false },
    });
  });
});
