import { describe, expect, test } from 'vitest';
import {
  describeRefusal,
  describeRefusalByHand,
  type Refusal,
} from '../../../src/dicom/refusal-sentences.ts';

const peer = { name: 'main', host: '10.0.0.5', port: 104, calledAe: 'ARCHIVE2', callingAe: 'LUMBAR' };

/** One row per refusal: the stable key, words the sentence must hold, words the advice must hold. */
const rows: readonly (readonly [refusal: Refusal, key: string, sentence: string, next: string])[] = [
  [
    { kind: 'rejected', result: 1, source: 1, reason: 1 },
    'rejected-1/1/1',
    'gave no reason, rejected for good: RJ 1/1/1.',
    'Register LUMBAR',
  ],
  [
    { kind: 'rejected', result: 1, source: 1, reason: 2 },
    'rejected-1/1/2',
    'application context',
    '10.0.0.5:104',
  ],
  [
    { kind: 'rejected', result: 1, source: 1, reason: 3 },
    'rejected-1/1/3',
    'does not know our AE title LUMBAR ("calling AE title not recognized")',
    'aeTitle in node.yaml',
  ],
  [
    { kind: 'rejected', result: 1, source: 1, reason: 7 },
    'rejected-1/1/7',
    'does not answer to the AE title ARCHIVE2 ("called AE title not recognized"), rejected for good: RJ 1/1/7.',
    'Check calledAeTitle of main in pacs.yaml. Then: lumbar-node queue retry --peer main.',
  ],
  [{ kind: 'rejected', result: 1, source: 2, reason: 1 }, 'rejected-1/2/1', 'protocol level', 'log'],
  [{ kind: 'rejected', result: 1, source: 2, reason: 2 }, 'rejected-1/2/2', 'version 1', '10.0.0.5:104'],
  [
    { kind: 'rejected', result: 2, source: 3, reason: 1 },
    'rejected-2/3/1',
    'congested for the moment, rejected for now: RJ 2/3/1.',
    'tried again by itself',
  ],
  [
    { kind: 'rejected', result: 2, source: 3, reason: 2 },
    'rejected-2/3/2',
    'limit of associations',
    'maxAssociations',
  ],
  [{ kind: 'rejected', result: 1, source: 1, reason: 9 }, 'rejected-1/1/9', 'does not define', 'log'],
  [
    { kind: 'aborted', source: 0, reason: 0 },
    'abort-0',
    'aborted the association itself',
    'tried again by itself',
  ],
  [{ kind: 'aborted', source: 2, reason: 0 }, 'abort-2/0', 'protocol level', 'log'],
  [
    { kind: 'aborted', source: 2, reason: 1 },
    'abort-2/1',
    'does not know a kind of PDU',
    'fault of this node',
  ],
  [{ kind: 'aborted', source: 2, reason: 2 }, 'abort-2/2', 'did not expect the PDU', 'fault of this node'],
  [{ kind: 'aborted', source: 2, reason: 4 }, 'abort-2/4', 'does not know a parameter', 'fault of this node'],
  [
    { kind: 'aborted', source: 2, reason: 5 },
    'abort-2/5',
    'did not expect a parameter',
    'fault of this node',
  ],
  [
    { kind: 'aborted', source: 2, reason: 6 },
    'abort-2/6',
    'a value that it does not allow',
    'fault of this node',
  ],
  [{ kind: 'aborted', source: 1, reason: 3 }, 'abort-1/3', 'source 1, reason 3', 'log'],
  [
    { kind: 'unreachable', code: 'ECONNREFUSED' },
    'unreachable-ECONNREFUSED',
    '10.0.0.5:104 refused the TCP connection',
    'PACS service runs',
  ],
  [
    { kind: 'unreachable', code: 'EHOSTUNREACH' },
    'unreachable-EHOSTUNREACH',
    'no route to 10.0.0.5',
    'firewall',
  ],
  [
    { kind: 'unreachable', code: 'ENETUNREACH' },
    'unreachable-ENETUNREACH',
    'no route to 10.0.0.5',
    'network of this machine',
  ],
  [
    { kind: 'unreachable', code: 'ENOTFOUND' },
    'unreachable-ENOTFOUND',
    'the name 10.0.0.5 is not known',
    'DNS',
  ],
  [{ kind: 'unreachable', code: 'EAI_AGAIN' }, 'unreachable-EAI_AGAIN', 'name service did not answer', 'DNS'],
  [
    { kind: 'unreachable', code: 'ECONNRESET' },
    'unreachable-ECONNRESET',
    'closed the TCP connection at once',
    'expects TLS',
  ],
  [{ kind: 'unreachable', code: 'TLS_CERTIFICATE' }, 'unreachable-TLS_CERTIFICATE', 'certificate', 'tls.ca'],
  [{ kind: 'unreachable', code: 'TLS_HANDSHAKE' }, 'unreachable-TLS_HANDSHAKE', 'TLS handshake', 'TLS 1.2'],
  [
    { kind: 'unreachable', code: 'ETIMEDOUT' },
    'unreachable-ETIMEDOUT',
    'gave up the TCP connection',
    'firewall drops',
  ],
  [{ kind: 'unreachable', code: 'EPERM' }, 'unreachable-EPERM', 'firewall of this machine', 'Allow'],
  [{ kind: 'unreachable', code: 'EMFILE' }, 'unreachable-EMFILE', '(EMFILE)', 'host and port'],
  [{ kind: 'timeout', stage: 'connect' }, 'timeout-connect', 'TCP connection timed out', 'firewall drops'],
  [
    { kind: 'timeout', stage: 'associate' },
    'timeout-associate',
    'did not answer the association request',
    'TLS',
  ],
  [
    { kind: 'timeout', stage: 'response' },
    'timeout-response',
    'did not confirm it in time',
    'same UID is sent again',
  ],
  [{ kind: 'lost' }, 'connection-lost', 'whether it was stored is unknown', 'same UID is sent again'],
  [{ kind: 'context', result: 0 }, 'context-0', 'in an encoding that was not offered', 'PS3.8 9.3.3'],
  [{ kind: 'context', result: 1 }, 'context-1', 'user rejection', 'Allow the SOP class for LUMBAR'],
  [{ kind: 'context', result: 2 }, 'context-2', 'gave no reason', 'Allow the SOP class for LUMBAR'],
  [
    { kind: 'context', result: 3 },
    'context-3',
    'abstract syntax not supported',
    'Enable the SOP class at main',
  ],
  [
    { kind: 'context', result: 4 },
    'context-4',
    'transfer syntaxes not supported',
    'Explicit VR Little Endian',
  ],
  [
    { kind: 'context', result: -1 },
    'context--1',
    'did not answer the presentation context',
    'Allow the SOP class',
  ],
  [
    { kind: 'protocol', fault: 'unasked-response' },
    'protocol-unasked-response',
    'wrong Message ID',
    'sent again',
  ],
  [{ kind: 'protocol', fault: 'wrong-instance' }, 'protocol-wrong-instance', 'another object', 'sent again'],
  [{ kind: 'protocol', fault: 'no-response' }, 'protocol-no-response', 'without confirming', 'sent again'],
  [
    { kind: 'protocol', fault: 'bad-pdu' },
    'protocol-bad-pdu',
    'break the DICOM upper-layer protocol',
    'no DICOM service',
  ],
  [{ kind: 'status', status: 0x0000 }, 'status-success', 'stored the object (0x0000)', 'Nothing'],
  [{ kind: 'status', status: 0x0105 }, 'status-attribute', '(0x0105)', 'dcmdump'],
  [{ kind: 'status', status: 0x0106 }, 'status-attribute', '(0x0106)', 'dcmdump'],
  [{ kind: 'status', status: 0x0107 }, 'status-attribute', '(0x0107)', 'dcmdump'],
  [
    { kind: 'status', status: 0x0110 },
    'status-processing-failure',
    'failed while it processed',
    'queue retry --peer main',
  ],
  [{ kind: 'status', status: 0x0111 }, 'status-duplicate', 'has this object already', 'counts as stored'],
  [{ kind: 'status', status: 0x0112 }, 'status-no-such-instance', 'does not exist', 'log'],
  [{ kind: 'status', status: 0x0114 }, 'status-argument', 'argument', 'report it'],
  [{ kind: 'status', status: 0x0115 }, 'status-argument', 'argument', 'report it'],
  [{ kind: 'status', status: 0x0116 }, 'status-attribute', '(0x0116)', 'dcmdump'],
  [{ kind: 'status', status: 0x0117 }, 'status-invalid-instance', 'SOP Instance UID', 'dcmdump'],
  [{ kind: 'status', status: 0x0118 }, 'status-sop-class', 'no such SOP class', 'older report class'],
  [{ kind: 'status', status: 0x0119 }, 'status-class-conflict', 'belong to its SOP class', 'dcmdump'],
  [{ kind: 'status', status: 0x0120 }, 'status-missing-attribute', 'misses an attribute', 'dcmdump'],
  [{ kind: 'status', status: 0x0121 }, 'status-missing-attribute', 'misses an attribute', 'dcmdump'],
  [{ kind: 'status', status: 0x0122 }, 'status-sop-class', 'SOP class not supported', 'older report class'],
  [{ kind: 'status', status: 0x0124 }, 'status-not-authorised', 'does not allow LUMBAR', 'right to store'],
  [{ kind: 'status', status: 0x0210 }, 'status-operation', 'did not understand the request', 'report it'],
  [{ kind: 'status', status: 0x0211 }, 'status-operation', 'did not understand the request', 'report it'],
  [{ kind: 'status', status: 0x0212 }, 'status-operation', 'did not understand the request', 'report it'],
  [{ kind: 'status', status: 0x0213 }, 'status-resource-limit', 'out of a resource', 'by itself'],
  [
    { kind: 'status', status: 0xa700 },
    'status-out-of-resources',
    'usually disk space (0xA700)',
    'full or read-only',
  ],
  [{ kind: 'status', status: 0xa702 }, 'status-out-of-resources', '(0xA702)', 'full or read-only'],
  [{ kind: 'status', status: 0xa771 }, 'status-rejected-object', 'rejection note', 'lifted'],
  [{ kind: 'status', status: 0xa774 }, 'status-retention', 'retention', 'which rule'],
  [{ kind: 'status', status: 0xa777 }, 'status-no-patient-id', 'no Patient ID', 'modality'],
  [{ kind: 'status', status: 0xa778 }, 'status-patient-conflict', 'differs from the patient', 'reconcile'],
  [{ kind: 'status', status: 0xa779 }, 'status-patient-conflict', 'differs from the patient', 'reconcile'],
  [{ kind: 'status', status: 0xa77a }, 'status-study-deletion', 'is deleting the study', 'by itself'],
  [{ kind: 'status', status: 0xa77b }, 'status-relational-mismatch', 'does not fit', 'Compare'],
  [
    { kind: 'status', status: 0xa900 },
    'status-data-set-mismatch',
    'does not match its SOP class (0xA900)',
    'report it',
  ],
  [{ kind: 'status', status: 0xb000 }, 'status-coerced', 'stored the object and changed', 'Nothing to do'],
  [
    { kind: 'status', status: 0xb006 },
    'status-discarded',
    'stored the object but discarded',
    'keep all elements',
  ],
  [
    { kind: 'status', status: 0xb007 },
    'status-mismatch-warning',
    'stored the object with the remark',
    'counts as stored',
  ],
  [{ kind: 'status', status: 0xb123 }, 'status-warning', 'warning of its own (0xB123)', 'log'],
  [
    { kind: 'status', status: 0xc000 },
    'status-cannot-understand',
    'cannot understand the object (0xC000)',
    'only this one',
  ],
  [{ kind: 'status', status: 0xc123 }, 'status-cannot-understand', '(0xC123)', 'only this one'],
  [{ kind: 'status', status: 0xfe00 }, 'status-cancelled', 'cancelled', 'faulty'],
  [{ kind: 'status', status: 0xff00 }, 'status-pending', 'pending', 'faulty'],
  [{ kind: 'status', status: 0x1234 }, 'status-unknown', '(0x1234)', 'log'],
  [
    { kind: 'commitment', failureReason: 0x0110 },
    'commitment-0x0110',
    'could not commit',
    'Send it again: lumbar-node queue retry --peer main.',
  ],
  [
    { kind: 'commitment', failureReason: 0x0112 },
    'commitment-0x0112',
    'does not have the object',
    'Send it again',
  ],
  [{ kind: 'commitment', failureReason: 0x0119 }, 'commitment-0x0119', 'another SOP class', 'dcmdump'],
  [
    { kind: 'commitment', failureReason: 0x0122 },
    'commitment-0x0122',
    'does not commit this kind',
    'storageCommitment to off',
  ],
  [{ kind: 'commitment', failureReason: 0x0131 }, 'commitment-0x0131', 'transaction before', 'Ask it anew'],
  [
    { kind: 'commitment', failureReason: 0x0213 },
    'commitment-0x0213',
    'lack of a resource',
    'Later: lumbar-node queue retry',
  ],
  [{ kind: 'commitment', failureReason: 0x0999 }, 'commitment-0x0999', 'reason 0x0999', 'log'],
];

describe('describeRefusal (PS3.8 9.3.4, 9.3.8, 9.3.3.2; PS3.7 Annex C; PS3.4 B.2.3)', () => {
  test.each(rows)('%j', (refusal, key, sentence, next) => {
    const described = describeRefusal(refusal, peer);
    expect(described.key).toBe(key);
    expect(described.sentence).toContain(sentence);
    expect(described.next).toContain(next);
    expect(described.sentence).toMatch(/^main .*\.$/);
    expect(described.next).toMatch(/\.$/);
    expect(described.sentence + described.next).not.toMatch(/[{}]/);
  });

  test('every reason that PS3.8 Table 9-21 and 9-26 define has a sentence of its own', () => {
    const rejected = [
      [1, 1],
      [1, 2],
      [1, 3],
      [1, 7],
      [2, 1],
      [2, 2],
      [3, 1],
      [3, 2],
    ] as const;
    const sentences = rejected.map(
      ([source, reason]) => describeRefusal({ kind: 'rejected', result: 1, source, reason }, peer).sentence,
    );
    const aborted = [0, 1, 2, 4, 5, 6].map(
      (reason) => describeRefusal({ kind: 'aborted', source: 2, reason }, peer).sentence,
    );
    expect(new Set(sentences).size).toBe(rejected.length);
    expect(new Set(aborted).size).toBe(6);
    for (const sentence of [...sentences, ...aborted])
      expect(sentence).not.toMatch(/does not define|source 2/);
  });

  test('every status row has a test here', () => {
    const tested = new Set(rows.map(([, key]) => key));
    for (let status = 0; status <= 0xffff; status++) {
      expect(tested).toContain(describeRefusal({ kind: 'status', status }, peer).key);
    }
  });

  test('names of the peer cannot smuggle in another placeholder', () => {
    const odd = { ...peer, name: '{host}' };
    expect(describeRefusal({ kind: 'lost' }, odd).sentence).toMatch(/^\{host\} closed/);
  });
});

describe('what a person sent by a command', () => {
  test.each(rows)('%j promises no repetition and names no queue', (refusal, key) => {
    const told = describeRefusalByHand(refusal, peer);
    expect(told.key).toBe(key);
    expect(told.sentence).toBe(describeRefusal(refusal, peer).sentence);
    if (refusal.kind !== 'commitment') expect(told.next).not.toMatch(/by itself|lumbar-node queue/);
  });
});
