import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeAssociateAccept,
  decodeAssociateRequest,
  encodeAssociateAccept,
  encodeAssociateRequest,
} from '../../../src/upper-layer/associate-pdu.ts';
import {
  associateRequest,
  associateRequestBytes,
  implicitLittleUid,
  verificationUid,
} from '../../support/byte-peer.ts';
import { sharedDataPath, sharedDataPresent } from '../../support/shared-data.ts';

const uid = fc
  .array(fc.integer({ min: 0, max: 99_999 }), { minLength: 2, maxLength: 8 })
  .map((parts) => parts.join('.'));
const aeTitle = fc.stringMatching(/^[A-Z0-9_]{1,16}$/);

const request = fc.record({
  protocolVersion: fc.constant(1),
  calledAeTitle: aeTitle,
  callingAeTitle: aeTitle,
  applicationContext: uid,
  contexts: fc.uniqueArray(
    fc.record({
      id: fc.integer({ min: 0, max: 127 }).map((half) => 2 * half + 1),
      abstractSyntax: uid,
      transferSyntaxes: fc.array(uid, { minLength: 1, maxLength: 5 }),
    }),
    { minLength: 1, maxLength: 128, selector: (context) => context.id },
  ),
  userInformation: fc.record({
    maxPduLength: fc.nat(),
    implementationClassUid: uid,
    implementationVersionName: aeTitle,
    asynchronousOperations: fc.record({ maxInvoked: fc.nat(65_535), maxPerformed: fc.nat(65_535) }),
    roleSelections: fc.array(fc.record({ sopClassUid: uid, scuRole: fc.boolean(), scpRole: fc.boolean() }), {
      maxLength: 3,
    }),
    extendedNegotiations: fc.array(
      fc.record({
        itemType: fc.constantFrom<0x56 | 0x57>(0x56, 0x57),
        value: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
      }),
      { maxLength: 3 },
    ),
    userIdentity: fc.record({
      type: fc.integer({ min: 1, max: 5 }),
      positiveResponseRequested: fc.boolean(),
      primaryField: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
      secondaryField: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
    }),
  }),
});

function pynetdicom(name: string): Buffer {
  return readFileSync(sharedDataPath(`net/pynetdicom__pdu-${name}.bin`)).subarray(6);
}

describe('A-ASSOCIATE-RQ and -AC (PS3.8 9.3.2, 9.3.3, PS3.7 D.3.3)', () => {
  test('what is written is read back, contexts in any order (N15, D3)', () => {
    fc.assert(
      fc.property(request, (value) => {
        expect(decodeAssociateRequest(encodeAssociateRequest(value).subarray(6))).toEqual({
          ok: true,
          value,
        });
      }),
      { numRuns: 200 },
    );
  });

  test('an accept with a refused context needs no transfer syntax there', () => {
    const { userInformation, contexts: _contexts, ...rest } = associateRequest();
    const accept = {
      ...rest,
      contexts: [
        { id: 3, result: 0 as const, transferSyntax: implicitLittleUid },
        { id: 1, result: 4 as const, transferSyntax: '' },
      ],
      userInformation,
    };
    expect(decodeAssociateAccept(encodeAssociateAccept(accept).subarray(6))).toEqual({
      ok: true,
      value: accept,
    });
  });

  test('128 contexts with 64 transfer syntaxes each are legal', () => {
    const contexts = Array.from({ length: 128 }, (_, index) => ({
      id: 255 - 2 * index,
      abstractSyntax: verificationUid,
      transferSyntaxes: Array.from({ length: 64 }, (_unused, syntax) => `1.2.840.10008.1.2.4.${syntax}`),
    }));
    const decoded = decodeAssociateRequest(associateRequestBytes({ contexts }).subarray(6));
    expect(decoded.ok && decoded.value.contexts.length).toBe(128);
  });

  test.each([
    [
      'a duplicate context id',
      { contexts: [1, 1].map((id) => ({ id, abstractSyntax: verificationUid, transferSyntaxes: [] })) },
    ],
    ['an even context id', { contexts: [{ id: 2, abstractSyntax: verificationUid, transferSyntaxes: [] }] }],
    ['no context', { contexts: [] }],
    [
      'an abstract syntax that is not a UID',
      { contexts: [{ id: 1, abstractSyntax: '../../x', transferSyntaxes: [] }] },
    ],
    [
      'a UID of 65 characters',
      { contexts: [{ id: 1, abstractSyntax: '1.'.repeat(32) + '1', transferSyntaxes: [] }] },
    ],
    ['a line break in the AE title (D16)', { callingAeTitle: 'XRAY\nFAKE LOG' }],
    ['an escape sequence in the AE title', { callingAeTitle: '\x1b[31mXRAY' }],
    ['a backslash in the AE title', { calledAeTitle: 'A\\B' }],
    ['an empty AE title', { callingAeTitle: '' }],
  ])('%s is refused', (_name, changes) => {
    expect(decodeAssociateRequest(associateRequestBytes(changes).subarray(6)).ok).toBe(false);
  });

  test('an AE title padded with NUL, as old devices send it, is read', () => {
    const body = associateRequestBytes({ callingAeTitle: 'OLD' }).subarray(6);
    body.write('OLD'.padEnd(16, '\0'), 20, 'latin1');
    const decoded = decodeAssociateRequest(body);
    expect(decoded.ok && decoded.value.callingAeTitle).toBe('OLD');
  });

  test('unprintable characters of the implementation version never reach a log', () => {
    const bytes = associateRequestBytes();
    const at = bytes.indexOf('BYTES');
    bytes.write('B\n\x1bES', at, 'latin1');
    const decoded = decodeAssociateRequest(bytes.subarray(6));
    expect(decoded.ok && decoded.value.userInformation.implementationVersionName).toBe('B??ES');
  });

  test('mutations and truncations give a value or a fault, never an exception (F01)', () => {
    const legal = associateRequestBytes().subarray(6);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(legal.length - 1), fc.nat(255)), { maxLength: 8 }),
        fc.nat(legal.length),
        (changes, length) => {
          const bytes = Buffer.from(legal);
          for (const [at, value] of changes) bytes.writeUInt8(value, at);
          const decoded = decodeAssociateRequest(bytes.subarray(0, length));
          if (!decoded.ok) expect(decoded.error.detail).not.toBe('');
        },
      ),
      { numRuns: 3_000 },
    );
  });

  test.skipIf(!sharedDataPresent).each([
    ['a_associate_rq_user_async', 'ECHOSCU'],
    ['a_associate_rq_user_id_user_pass', 'STORESCU'],
  ])('reads the request %s of another implementation', (name, calling) => {
    const decoded = decodeAssociateRequest(pynetdicom(name));
    expect(decoded).toMatchObject({ ok: true, value: { calledAeTitle: 'ANY-SCP', callingAeTitle: calling } });
    expect(decoded.ok && decoded.value.contexts[0]?.abstractSyntax).toMatch(/^1\.2\.840\.10008\./);
  });

  test.skipIf(!sharedDataPresent)('refuses a called AE title of nothing but spaces (PS3.8 9.3.2)', () => {
    expect(decodeAssociateRequest(pynetdicom('a_associate_rq_called')).ok).toBe(false);
  });

  test
    .skipIf(!sharedDataPresent)
    .each(['a_associate_ac', 'a_associate_ac_user', 'a_associate_rq_com_ext_neg'])(
    'reads the accept %s of another implementation',
    (name) => {
      const decoded = decodeAssociateAccept(pynetdicom(name));
      expect(decoded).toMatchObject({ ok: true, value: { calledAeTitle: 'ANY-SCP' } });
      expect(decoded.ok && decoded.value.contexts[0]).toMatchObject({ id: 1, result: 0 });
    },
  );
});
