import { describe, expect, test } from 'vitest';
import { acceptedImageSopClasses, sopClassName, sopClassUid } from '../../../src/dicom/sop-class.ts';
import { describeStatus, formatStatus, statusCode } from '../../../src/dicom/status.ts';
import { acceptedStorageTransferSyntaxes, transferSyntax } from '../../../src/dicom/transfer-syntax.ts';
import { implementationClassUid, implementationVersionName } from '../../../src/dicom/uid.ts';
import { reportSopClassUid } from '../../../src/pipeline/structured-report/structured-report.ts';
import { associationDecision, type RefusalCause } from '../../../src/scp/association-policy.ts';
import { negotiateContexts } from '../../../src/scp/context-negotiation.ts';
import { decideDelivery } from '../../../src/scu/delivery-decision.ts';
import { defaultMaxPduLength } from '../../../src/upper-layer/connection.ts';
import { associateRequest } from '../../support/byte-peer.ts';
import { documentText, tableAfter } from '../../support/document.ts';

const statement = documentText('docs/conformance.md');
const overview = tableAfter(statement, '| SOP class | UID | SCU | SCP |');

describe('SOP classes of the conformance statement', () => {
  test('have the names and UIDs of the code', () => {
    const known = overview.filter(([, uid = '']) => sopClassName(uid) !== uid);
    expect(known.map(([name, uid = '']) => [name, sopClassName(uid)])).toEqual(
      known.map(([name]) => [name, name]),
    );
    // The query class is only used to look for our own results and has no name in the table of classes.
    expect(overview.length - known.length).toBe(1);
  });

  test('taken as SCP are Verification and the image classes, and nothing else', () => {
    const scp = overview.filter(([, , , role]) => role === 'yes').map(([, uid]) => uid);
    expect(scp.toSorted()).toEqual([sopClassUid.verification, ...acceptedImageSopClasses].toSorted());
  });

  test('sent as SCU are the report classes and the kinds of picture', () => {
    const scu = overview.filter(([, , role]) => role !== 'no').map(([, uid]) => uid);
    for (const uid of [
      ...Object.values(reportSopClassUid),
      sopClassUid.secondaryCaptureImageStorage,
      sopClassUid.grayscaleSoftcopyPresentationStateStorage,
      sopClassUid.parametricMapStorage,
      sopClassUid.storageCommitmentPushModel,
      sopClassUid.verification,
    ])
      expect(scu).toContain(uid);
    expect(scu.filter((uid) => acceptedImageSopClasses.includes(uid ?? ''))).toEqual([]);
  });
});

describe('presentation contexts of the listener', () => {
  const syntaxes = tableAfter(statement, '### 3.3 Transfer syntaxes accepted for images');
  const taken = tableAfter(statement, '| SOP class | transfer syntaxes | role |');

  test('transfer syntaxes are those of the code, by name and UID', () => {
    expect(syntaxes).toEqual(acceptedStorageTransferSyntaxes.map((uid) => [transferSyntax(uid)?.name, uid]));
  });

  test('each class is negotiated in exactly the syntaxes that stand beside it', () => {
    const uidOf = new Map(overview.map(([name = '', uid = '']) => [name, uid]));
    const syntaxUid = new Map(syntaxes.map(([name = '', uid = '']) => [name, uid]));
    for (const [name = '', listed = ''] of taken) {
      const said =
        listed === 'all of 3.3'
          ? syntaxes.map(([, uid]) => uid)
          : listed.split(', ').map((one) => syntaxUid.get(one));
      const negotiated = acceptedStorageTransferSyntaxes.filter(
        (uid) =>
          negotiateContexts([{ id: 1, abstractSyntax: uidOf.get(name) ?? '', transferSyntaxes: [uid] }], [])
            .contexts[0]?.result === 0,
      );
      expect([name, ...negotiated.toSorted()]).toEqual([name, ...said.toSorted()]);
    }
  });

  test('a class that is not in the table is not taken', () => {
    const names = taken.map(([name]) => name);
    for (const [name = '', abstractSyntax = ''] of overview) {
      const [context] = negotiateContexts(
        [{ id: 1, abstractSyntax, transferSyntaxes: [...acceptedStorageTransferSyntaxes] }],
        [],
      ).contexts;
      expect([name, context?.result]).toEqual([name, names.includes(name) ? 0 : 3]);
    }
  });

  test('an archive is SCP of Storage Commitment alone', () => {
    const roles = [sopClassUid.storageCommitmentPushModel, sopClassUid.verification].map((uid) => ({
      sopClassUid: uid,
      scuRole: true,
      scpRole: true,
    }));
    expect(negotiateContexts([], roles).roleSelections.map(({ scpRole }) => scpRole)).toEqual([true, false]);
  });
});

test('implementation identifiers and PDU length', () => {
  const items = new Map(
    tableAfter(statement, '### 3.1 Association policies').map(([item, value]) => [item, value]),
  );
  expect(items.get('Implementation Class UID')).toBe(implementationClassUid);
  expect(items.get('Implementation Version Name')).toBe(implementationVersionName);
  expect(items.get('Maximum PDU length announced')).toMatch(new RegExp(`^${defaultMaxPduLength} `));
});

test('each cause of a rejection is answered as the table says (PS3.8 Table 9-21)', () => {
  const policy = {
    calledAeTitle: 'LUMBAR',
    senders: [{ aeTitle: 'XRAY1', cidr: ['10.1.0.0/16'], maxAssociations: 2, certificateSha256: 'ab' }],
    maxAssociations: 3,
    minFreeBytes: 1e9,
    maxObjectBytes: 64e6,
  };
  const home = { ip: '10.1.2.3', certificateSha256: 'ab' };
  const quiet = { openAssociations: 0, openOfSender: () => 0, freeBytes: 1e12, isDraining: false };
  const ours = { callingAeTitle: 'XRAY1', calledAeTitle: 'LUMBAR' };
  const refused: Readonly<Record<RefusalCause, () => ReturnType<typeof associationDecision>>> = {
    'called-ae-title': () => decide({ ...ours, calledAeTitle: 'OTHER' }),
    'calling-ae-title': () => decide({ ...ours, callingAeTitle: 'OTHER' }),
    network: () => decide(ours, { ...home, ip: '10.9.9.9' }),
    certificate: () => decide(ours, { ...home, certificateSha256: 'cd' }),
    'too-many-associations': () => decide(ours, home, { openAssociations: 3 }),
    'too-many-of-sender': () => decide(ours, home, { openOfSender: () => 2 }),
    'disk-low': () => decide(ours, home, { freeBytes: 0 }),
    stopping: () => decide(ours, home, { isDraining: true }),
  };
  const decide = (titles: typeof ours, peer = home, load: Partial<typeof quiet> = {}) =>
    associationDecision(associateRequest(titles), peer, policy, { ...quiet, ...load });
  const rows = Object.entries(refused).map(([cause, reject]) => {
    const decision = reject();
    if (decision.kind !== 'reject') throw new Error(`${cause} was accepted`);
    expect(decision.cause).toBe(cause);
    const { result, source, reason } = decision.reject;
    return [`\`${cause}\``, String(result), String(source), String(reason)];
  });
  expect(tableAfter(statement, '| cause | result | source | reason |')).toEqual(rows);
});

describe('status codes', () => {
  const rows = tableAfter(statement, '| status | meaning | when |');
  const codeOf = (text: string): number => Number.parseInt(text, 16);

  test('have the meaning that the code gives them', () => {
    expect(rows.map(([code = '', meaning]) => [code, meaning])).toEqual(
      rows.map(([code = '']) => [formatStatus(codeOf(code)), describeStatus(codeOf(code)).name]),
    );
  });

  test('are those that listener and sender answer with, and no others', () => {
    const text = [
      'src/scp/session.ts',
      'src/scp/store-scp.ts',
      'src/scp/commitment-scp.ts',
      'src/scu/storage-commitment.ts',
    ]
      .map(documentText)
      .join('\n');
    const named = [...text.matchAll(/statusCode\.(\w+)/g)].map(
      ([, name = '']) => statusCode[name as keyof typeof statusCode],
    );
    const literal = [...text.matchAll(/^const \w+ = (0x[0-9a-f]{4});/gm)].map(([, code = '']) =>
      Number(code),
    );
    const answered = [...new Set([...named, ...literal])].map(formatStatus);
    expect(rows.map(([code]) => code).toSorted()).toEqual(answered.toSorted());
  });

  test.each<[string, number[], string]>([
    ['0000H', [0x0000], 'stored'],
    ['B000H to BFFFH', [0xb000, 0xbfff], 'stored'],
    ['0111H', [0x0111], 'stored'],
    ['0118H, 0122H, or the context was not accepted', [0x0118, 0x0122], 'parked'],
    ['0110H', [0x0110], 'waiting'],
    ['C000H to CFFFH', [0xc000, 0xcfff], 'waiting'],
    [
      'A700H to A76FH, A77AH, A780H to A7FFH, 0213H',
      [0xa700, 0xa76f, 0xa77a, 0xa780, 0xa7ff, 0x0213],
      'waiting',
    ],
    [
      'A770H to A779H, A77BH to A77FH, and every other status',
      [0xa770, 0xa779, 0xa77b, 0xa77f, 0x0124, 0xa900],
      'parked',
    ],
  ])('%s as an answer to a picture', (row, statuses, state) => {
    expect(tableAfter(statement, '| answer to C-STORE | delivery |').map(([answer]) => answer)).toContain(
      row,
    );
    for (const status of statuses)
      expect(
        decideDelivery(
          { kind: 'response', status },
          {
            sopClassUid: sopClassUid.secondaryCaptureImageStorage,
            attempt: 1,
            refusals: 1,
            ageMs: 0,
            deadlineMs: 1,
            srClassUids: [],
          },
        ).state,
      ).toBe(state);
  });
});

test('the TLS suites are those of the listener', () => {
  const suites = [
    ...documentText('src/scp/tls-profile.ts').matchAll(/^ {2}'((?:TLS_|ECDHE-)[A-Z0-9_-]+)',$/gm),
  ].map(([, name]) => name);
  const said = tableAfter(statement, '## 8 Security')
    .filter(([item = '']) => item.startsWith('Suites'))
    .flatMap(([, list = '']) => list.split(', '));
  expect(suites.length).toBeGreaterThan(5);
  expect(said).toEqual(suites);
});
