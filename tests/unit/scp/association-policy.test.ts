import { describe, expect, test } from 'vitest';
import {
  type AssociationPolicy,
  associationDecision,
  isInNetworks,
  type Load,
  type PeerIdentity,
} from '../../../src/scp/association-policy.ts';
import { describeRefusals, negotiateContexts } from '../../../src/scp/context-negotiation.ts';
import {
  associateRequest,
  crUid,
  ctUid,
  dxUid,
  explicitLittleUid,
  implicitLittleUid,
  verificationUid,
} from '../../support/byte-peer.ts';

const certificate = 'ab'.repeat(32);
const policy: AssociationPolicy = {
  calledAeTitle: 'LUMBAR',
  senders: [
    { aeTitle: 'XRAY1', cidr: ['10.1.0.0/16', 'fd00::/8'], maxAssociations: 2 },
    { aeTitle: 'XRAY2', cidr: ['10.2.0.7'], certificateSha256: certificate, maxAssociations: 2 },
  ],
  maxAssociations: 3,
  minFreeBytes: 1e9,
  maxObjectBytes: 64e6,
};
const home: PeerIdentity = { ip: '10.1.2.3' };
const quiet: Load = { openAssociations: 0, openOfSender: () => 0, freeBytes: 1e12, isDraining: false };

function decide(
  changes: { callingAeTitle?: string; calledAeTitle?: string },
  peer = home,
  load: Partial<Load> = {},
) {
  return associationDecision(associateRequest(changes), peer, policy, { ...quiet, ...load });
}

describe('associationDecision (PS3.8 Table 9-21; N10)', () => {
  test('a listed sender from its network is let in', () => {
    expect(decide({})).toMatchObject({ kind: 'accept' });
  });

  test.each([
    ['an unlisted calling AE title', { callingAeTitle: 'OTHER' }, home, {}, 'calling-ae-title', [1, 1, 3]],
    [
      'a calling AE title in other case',
      { callingAeTitle: 'xray1' },
      home,
      {},
      'calling-ae-title',
      [1, 1, 3],
    ],
    ['another called AE title', { calledAeTitle: 'LUMBAR2' }, home, {}, 'called-ae-title', [1, 1, 7]],
    ['a listed sender from elsewhere', {}, { ip: '10.2.2.3' }, {}, 'network', [1, 1, 3]],
    ['an address that is none', {}, { ip: '' }, {}, 'network', [1, 1, 3]],
    [
      'no certificate where one is bound',
      { callingAeTitle: 'XRAY2' },
      { ip: '10.2.0.7' },
      {},
      'certificate',
      [1, 1, 3],
    ],
    [
      'the certificate of another',
      { callingAeTitle: 'XRAY2' },
      { ip: '10.2.0.7', certificateSha256: 'cd'.repeat(32) },
      {},
      'certificate',
      [1, 1, 3],
    ],
    ['too many associations', {}, home, { openAssociations: 3 }, 'too-many-associations', [2, 3, 2]],
    ['too many of one sender', {}, home, { openOfSender: () => 2 }, 'too-many-of-sender', [2, 3, 2]],
    ['too little space', {}, home, { freeBytes: 1e9 }, 'disk-low', [2, 3, 1]],
    ['a node that is stopping', {}, home, { isDraining: true }, 'stopping', [2, 3, 1]],
  ] as const)('%s is refused', (_name, changes, peer, load, cause, [result, source, reason]) => {
    expect(decide(changes, peer, load)).toEqual({
      kind: 'reject',
      cause,
      reject: { result, source, reason },
    });
  });

  test('the certificate bound to the sender lets it in (T02)', () => {
    expect(decide({ callingAeTitle: 'XRAY2' }, { ip: '10.2.0.7', certificateSha256: certificate }).kind).toBe(
      'accept',
    );
  });

  test('space that open associations may still fill is not given away twice (P4)', () => {
    const load = { freeBytes: 1e9 + 100e6 };
    expect(decide({}, home, load).kind).toBe('accept');
    expect(decide({}, home, { ...load, openAssociations: 2 }).kind).toBe('reject');
  });
});

describe('isInNetworks', () => {
  test.each([
    ['10.1.255.255', true],
    ['::ffff:10.1.0.1', true],
    ['10.2.0.0', false],
    ['fd12::1', true],
    ['fe80::1%eth0', false],
    ['2001:db8::1', false],
    ['not an address', false],
  ])('%s -> %s', (ip, expected) => {
    expect(isInNetworks(ip, ['10.1.0.0/16', 'fd00::/8'])).toBe(expected);
  });
});

describe('negotiateContexts (PS3.8 9.3.3.2, PS3.7 D.3.3.4)', () => {
  const jpegBaseline = '1.2.840.10008.1.2.4.50';
  const rle = '1.2.840.10008.1.2.5';
  const propose = (abstractSyntax: string, ...transferSyntaxes: string[]) =>
    negotiateContexts([{ id: 9, abstractSyntax, transferSyntaxes }], []).contexts[0];

  test('Explicit VR Little Endian is taken wherever it is offered', () => {
    expect(propose(crUid, jpegBaseline, implicitLittleUid, explicitLittleUid)).toEqual({
      id: 9,
      result: 0,
      transferSyntax: explicitLittleUid,
    });
  });

  test('without it the first syntax that can be decoded is taken', () => {
    expect(propose(dxUid, '1.2.840.10008.1.2.4.100', rle, jpegBaseline)).toEqual({
      id: 9,
      result: 0,
      transferSyntax: rle,
    });
  });

  test('For Processing images are taken: they are excluded later, with a reason', () => {
    expect(propose('1.2.840.10008.5.1.4.1.1.1.1.1', explicitLittleUid)?.result).toBe(0);
  });

  test.each([
    ['CT', ctUid],
    ['Secondary Capture', '1.2.840.10008.5.1.4.1.1.7'],
    ['Comprehensive 3D SR', '1.2.840.10008.5.1.4.1.1.88.34'],
    ['Study Root Query', '1.2.840.10008.5.1.4.1.2.2.1'],
  ])('%s is not supported here (result 3)', (_name, abstractSyntax) => {
    expect(propose(abstractSyntax, explicitLittleUid)?.result).toBe(3);
  });

  test('an encoding that cannot be decoded is refused (result 4), also when none is named', () => {
    expect(propose(crUid, '1.2.840.10008.1.2.4.100')?.result).toBe(4);
    expect(propose(crUid)?.result).toBe(4);
    expect(propose(verificationUid, jpegBaseline)?.result).toBe(4);
  });

  test('an archive that reports Storage Commitment stays SCP on its own association', () => {
    const roles = [{ sopClassUid: '1.2.840.10008.1.20.1', scuRole: false, scpRole: true }];
    expect(negotiateContexts([], roles).roleSelections).toEqual(roles);
  });

  test('nobody becomes SCP of storage here, and unknown classes get no answer', () => {
    const roles = [
      { sopClassUid: crUid, scuRole: true, scpRole: true },
      { sopClassUid: ctUid, scuRole: true, scpRole: true },
    ];
    expect(negotiateContexts([], roles).roleSelections).toEqual([
      { sopClassUid: crUid, scuRole: true, scpRole: false },
    ]);
  });
});

describe('describeRefusals', () => {
  const describeOf = (contexts: readonly [string, readonly string[]][]) => {
    const proposals = contexts.map(([abstractSyntax, transferSyntaxes], index) => ({
      id: 2 * index + 1,
      abstractSyntax,
      transferSyntaxes,
    }));
    return describeRefusals(proposals, negotiateContexts(proposals, []).contexts);
  };

  test('names each class and each encoding that was not taken, once', () => {
    expect(
      describeOf([
        [crUid, [explicitLittleUid]],
        [crUid, ['1.2.840.10008.1.2.4.100']],
        [ctUid, [explicitLittleUid]],
        [ctUid, [implicitLittleUid]],
      ]),
    ).toBe(
      'SOP class not taken: CT Image Storage; encoding not taken: Computed Radiography Image Storage in 1.2.840.10008.1.2.4.100',
    );
  });

  test('says nothing when everything was taken', () => {
    expect(describeOf([[dxUid, [explicitLittleUid]]])).toBeUndefined();
  });

  test('a workstation that offers everything fills one line, not a page', () => {
    const many = Array.from({ length: 100 }, (_, n): [string, readonly string[]] => [
      `1.2.3.${n + 1}`,
      [explicitLittleUid],
    ]);
    expect(describeOf(many)).toMatch(/1\.2\.3\.12 and 88 more$/);
  });
});
