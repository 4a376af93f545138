import { describe, expect, test } from 'vitest';
import { sopClassUid } from '../../../src/dicom/sop-class.ts';
import {
  concernsDestination,
  type DeliveryCircumstances,
  type DeliveryDecision,
  decideDelivery,
  isOutcomeUnknown,
  type StoreOutcome,
  srFallbackChain,
} from '../../../src/scu/delivery-decision.ts';

const report: DeliveryCircumstances = {
  sopClassUid: sopClassUid.comprehensive3dSrStorage,
  attempt: 1,
  refusals: 1,
  ageMs: 0,
  deadlineMs: 14 * 86_400_000,
  srClassUids: srFallbackChain,
};
const capture = { ...report, sopClassUid: sopClassUid.secondaryCaptureImageStorage };
const response = (status: number): StoreOutcome => ({ kind: 'response', status });
const parked = { state: 'parked', reason: 'D03' } as const;
const retryRefused = { state: 'waiting', reason: 'D03', backoff: 'exponential', alert: false } as const;

describe('C-STORE statuses, row by row (PS3.4 B.2.3, PS3.7 Annex C; design results.md 6.1)', () => {
  const rows: readonly (readonly [status: number, decision: DeliveryDecision])[] = [
    [0x0000, { state: 'stored', warning: false, verify: 'no' }],
    [0xb000, { state: 'stored', warning: true, verify: 'note-absence' }],
    [0xb006, { state: 'stored', warning: true, verify: 'note-absence' }],
    [0xb007, { state: 'stored', warning: true, verify: 'note-absence' }],
    [0xb111, { state: 'stored', warning: true, verify: 'note-absence' }],
    [0xa700, retryRefused],
    [0xa702, retryRefused],
    [0xa770, parked],
    [0xa771, parked],
    [0xa772, parked],
    [0xa776, parked],
    [0xa777, parked],
    [0xa778, parked],
    [0xa779, parked],
    [0xa77a, retryRefused],
    [0xa77b, parked],
    [0xa900, parked],
    [0xa9ff, parked],
    [0xa800, parked],
    [0xc000, retryRefused],
    [0xc0ff, retryRefused],
    [0x0110, retryRefused],
    [0x0111, { state: 'stored', warning: true, verify: 'park-if-absent' }],
    [0x0105, parked],
    [0x0106, parked],
    [0x0107, parked],
    [0x0112, parked],
    [0x0114, parked],
    [0x0115, parked],
    [0x0116, parked],
    [0x0117, parked],
    [0x0119, parked],
    [0x0120, parked],
    [0x0121, parked],
    [0x0124, parked],
    [0x0210, parked],
    [0x0211, parked],
    [0x0212, parked],
    [0x0213, retryRefused],
    [0x0001, parked],
    [0xff00, parked],
    [0xfe00, parked],
    [0x1234, parked],
  ];
  test.each(rows)('0x%s', (status, decision) => {
    expect(decideDelivery(response(status), report)).toEqual(decision);
  });

  test('success is given by 0000H, Bxxx and 0111H and by no other of the 65536 statuses', () => {
    for (let status = 0; status <= 0xffff; status++) {
      const isStored = decideDelivery(response(status), report).state === 'stored';
      expect(isStored, status.toString(16)).toBe(status === 0 || status >> 12 === 0xb || status === 0x0111);
    }
  });

  test('Cxxx is tried once more, 0110H three times in all, A700H and 0213H for ever', () => {
    const at = (status: number, refusals: number) =>
      decideDelivery(response(status), { ...report, refusals, attempt: 900 }).state;
    expect([1, 2].map((refusals) => at(0xc000, refusals))).toEqual(['waiting', 'parked']);
    expect([1, 2, 3].map((refusals) => at(0x0110, refusals))).toEqual(['waiting', 'waiting', 'parked']);
    expect([at(0xa700, 100_000), at(0x0213, 100_000)]).toEqual(['waiting', 'waiting']);
  });
});

describe('a class that the destination does not take', () => {
  const refusals: readonly StoreOutcome[] = [
    response(0x0118),
    response(0x0122),
    { kind: 'context', result: 3 },
    { kind: 'context', result: -1 },
  ];

  test.each(refusals)('%j: the report is encoded again, class by class', (outcome) => {
    const next = (uid: string) => decideDelivery(outcome, { ...report, sopClassUid: uid });
    expect(next(sopClassUid.comprehensive3dSrStorage)).toMatchObject({
      state: 'fallback',
      nextSopClassUid: sopClassUid.comprehensiveSrStorage,
    });
    expect(next(sopClassUid.comprehensiveSrStorage)).toMatchObject({
      state: 'fallback',
      nextSopClassUid: sopClassUid.enhancedSrStorage,
    });
    expect(next(sopClassUid.enhancedSrStorage)).toEqual({ state: 'parked', reason: 'D05' });
  });

  test.each(refusals)('%j: a capture has no other class and is parked, never skipped', (outcome) => {
    expect(decideDelivery(outcome, capture)).toEqual({ state: 'parked', reason: 'D05' });
  });

  test('the order of classes is the one of the destination', () => {
    const srClassUids = [sopClassUid.comprehensive3dSrStorage, sopClassUid.enhancedSrStorage];
    expect(decideDelivery(response(0x0122), { ...report, srClassUids })).toMatchObject({
      nextSopClassUid: sopClassUid.enhancedSrStorage,
    });
  });
});

describe('outcomes of the association', () => {
  const unknown: readonly StoreOutcome[] = [
    { kind: 'aborted', source: 0, reason: 0 },
    { kind: 'timeout', stage: 'response' },
    { kind: 'lost' },
    { kind: 'protocol', fault: 'unasked-response' },
    { kind: 'protocol', fault: 'wrong-instance' },
    { kind: 'protocol', fault: 'no-response' },
    { kind: 'protocol', fault: 'bad-pdu' },
  ];
  test.each(unknown)('%j never counts as sent: the same UID and bytes go again', (outcome) => {
    expect(decideDelivery(outcome, report)).toEqual({
      state: 'waiting',
      reason: 'D02',
      backoff: 'exponential',
      alert: false,
    });
    expect(isOutcomeUnknown(outcome)).toBe(true);
    expect(concernsDestination(outcome)).toBe(false);
  });

  const down: readonly StoreOutcome[] = [
    { kind: 'unreachable', code: 'ECONNREFUSED' },
    { kind: 'timeout', stage: 'connect' },
    { kind: 'timeout', stage: 'associate' },
  ];
  test.each(down)('%j waits and concerns the whole destination', (outcome) => {
    expect(decideDelivery(outcome, report)).toMatchObject({ state: 'waiting', reason: 'D02' });
    expect(concernsDestination(outcome)).toBe(true);
  });

  test('A-ASSOCIATE-RJ: transient backs off, permanent waits long and alerts', () => {
    const rejected = (result: number) =>
      decideDelivery({ kind: 'rejected', result, source: 1, reason: 7 }, report);
    expect(rejected(2)).toEqual({ state: 'waiting', reason: 'D04', backoff: 'exponential', alert: false });
    expect(rejected(1)).toEqual({ state: 'waiting', reason: 'D04', backoff: 'long', alert: true });
    // A result that PS3.8 does not define is not taken for a passing one.
    expect(rejected(0)).toMatchObject({ backoff: 'long', alert: true });
  });

  test('after the deadline of days an operator is asked, but a full archive is waited for without end', () => {
    const late = { ...report, attempt: 3, ageMs: report.deadlineMs + 1 };
    expect(decideDelivery({ kind: 'lost' }, late)).toEqual({ state: 'parked', reason: 'D02' });
    expect(decideDelivery({ kind: 'rejected', result: 2, source: 3, reason: 1 }, late)).toEqual({
      state: 'parked',
      reason: 'D04',
    });
    expect(decideDelivery(response(0xa700), late).state).toBe('waiting');
  });

  test('an old object that an operator sends again is not parked by the first hiccup', () => {
    const resent = { ...report, attempt: 1, ageMs: report.deadlineMs + 1 };
    expect(decideDelivery({ kind: 'lost' }, resent).state).toBe('waiting');
  });

  test('a copy of ours that cannot be read is tried three times, then shown', () => {
    const unreadable = (refusals: number) =>
      decideDelivery({ kind: 'unreadable', detail: 'EIO' }, { ...report, refusals });
    expect([1, 2, 3].map((refusals) => unreadable(refusals).state)).toEqual(['waiting', 'waiting', 'parked']);
    expect(unreadable(3)).toEqual({ state: 'parked', reason: 'T06' });
  });
});
