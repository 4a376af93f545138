import type { ReasonCode } from '../core/reasons.ts';
import type { Refusal } from '../dicom/refusal-sentences.ts';
import { sopClassUid } from '../dicom/sop-class.ts';

/** What came of one attempt to store one object. `unreadable`: our own copy could not be read to its end. */
export type StoreOutcome =
  | { readonly kind: 'response'; readonly status: number; readonly errorComment?: string }
  | { readonly kind: 'unreadable'; readonly detail: string }
  | Exclude<Refusal, { readonly kind: 'status' | 'commitment' }>;

/** What the decision may look at besides the outcome. */
export interface DeliveryCircumstances {
  readonly sopClassUid: string;
  /** Attempts of this object at this destination, this one included (counted at claim). */
  readonly attempt: number;
  /** Failure statuses (or unreadable copies) of this object so far, this one included; network faults do not count. */
  readonly refusals: number;
  /** Since the object was queued for this destination, milliseconds. */
  readonly ageMs: number;
  /** Age at which an object stops waiting for an unreachable destination, milliseconds. */
  readonly deadlineMs: number;
  /** SR SOP Classes that the destination may be offered, best first. */
  readonly srClassUids: readonly string[];
}

/**
 * What becomes of the delivery. `stored`: the destination has it, `verify` asks for a C-FIND where that is possible.
 * `waiting`: tried again after the back-off. `parked`: kept, visible, needs a person. `fallback`: encoded again.
 */
export type DeliveryDecision =
  | {
      readonly state: 'stored';
      readonly warning: boolean;
      readonly verify: 'no' | 'note-absence' | 'park-if-absent';
    }
  | {
      readonly state: 'waiting';
      readonly reason: ReasonCode;
      readonly backoff: 'exponential' | 'long';
      readonly alert: boolean;
    }
  | { readonly state: 'parked'; readonly reason: ReasonCode }
  | { readonly state: 'fallback'; readonly reason: ReasonCode; readonly nextSopClassUid: string };

/** The SR SOP Classes that carry our report's content tree, richest first (PS3.4 B.5, results.md 3.1). */
export const srFallbackChain: readonly string[] = [
  sopClassUid.comprehensive3dSrStorage,
  sopClassUid.comprehensiveSrStorage,
  sopClassUid.enhancedSrStorage,
];

/** How a failure status is treated: for ever, for some attempts, not at all, or as a refused class. */
type StatusPolicy =
  | { readonly kind: 'stored'; readonly verify: 'no' | 'note-absence' | 'park-if-absent' }
  | { readonly kind: 'retry'; readonly maxAttempts: number }
  | { readonly kind: 'park' }
  | { readonly kind: 'class-refused' };

const forEver = Number.POSITIVE_INFINITY;
const park: StatusPolicy = { kind: 'park' };

/**
 * C-STORE statuses (PS3.4 B.2.3, PS3.7 Annex C; design results.md 6.1), first match counts. A permanent code is
 * never retried in a loop, and what no row names is parked: an unknown answer is not a promise.
 */
const statusPolicies: readonly {
  readonly from: number;
  readonly to: number;
  readonly policy: StatusPolicy;
}[] = [
  { from: 0x0000, to: 0x0000, policy: { kind: 'stored', verify: 'no' } },
  { from: 0x0110, to: 0x0110, policy: { kind: 'retry', maxAttempts: 3 } },
  { from: 0x0111, to: 0x0111, policy: { kind: 'stored', verify: 'park-if-absent' } },
  { from: 0x0118, to: 0x0118, policy: { kind: 'class-refused' } },
  { from: 0x0122, to: 0x0122, policy: { kind: 'class-refused' } },
  { from: 0x0213, to: 0x0213, policy: { kind: 'retry', maxAttempts: forEver } },
  { from: 0xa770, to: 0xa779, policy: park },
  { from: 0xa77a, to: 0xa77a, policy: { kind: 'retry', maxAttempts: forEver } },
  { from: 0xa77b, to: 0xa77f, policy: park },
  { from: 0xa700, to: 0xa7ff, policy: { kind: 'retry', maxAttempts: forEver } },
  { from: 0xb000, to: 0xbfff, policy: { kind: 'stored', verify: 'note-absence' } },
  { from: 0xc000, to: 0xcfff, policy: { kind: 'retry', maxAttempts: 2 } },
];

/**
 * The one table from what happened to what becomes of the delivery (results.md 6.1, reliability.md 4.4). Pure.
 * A wrong, second or missing response, an abort and a timeout all mean "outcome unknown": the same UID and bytes are
 * sent again, which is safe because they never change.
 */
export function decideDelivery(outcome: StoreOutcome, about: DeliveryCircumstances): DeliveryDecision {
  switch (outcome.kind) {
    case 'response':
      return decideStatus(outcome.status, about);
    case 'context':
      return classRefused(about, 'D05');
    case 'rejected':
      if (isOverdue(about)) return { state: 'parked', reason: 'D04' };
      // PS3.8 9.3.4: result 2 is transient; anything else only a person can change.
      return outcome.result === 2
        ? { state: 'waiting', reason: 'D04', backoff: 'exponential', alert: false }
        : { state: 'waiting', reason: 'D04', backoff: 'long', alert: true };
    case 'unreadable':
      return about.refusals < 3 ? wait('D01') : { state: 'parked', reason: 'T06' };
    case 'unreachable':
    case 'timeout':
    case 'aborted':
    case 'lost':
    case 'protocol':
      return isOverdue(about) ? { state: 'parked', reason: 'D02' } : wait('D02');
  }
}

/** True when the outcome says something about the whole destination and not about this object. */
export function concernsDestination(outcome: StoreOutcome): boolean {
  if (outcome.kind === 'timeout') return outcome.stage !== 'response';
  return outcome.kind === 'rejected' || outcome.kind === 'unreachable';
}

/** True when nobody knows whether the destination has the object: the association died under the request. */
export function isOutcomeUnknown(outcome: StoreOutcome): boolean {
  return (
    outcome.kind === 'aborted' ||
    outcome.kind === 'lost' ||
    outcome.kind === 'protocol' ||
    outcome.kind === 'timeout'
  );
}

function decideStatus(status: number, about: DeliveryCircumstances): DeliveryDecision {
  const policy = statusPolicies.find((entry) => status >= entry.from && status <= entry.to)?.policy ?? park;
  switch (policy.kind) {
    case 'stored':
      return { state: 'stored', warning: status !== 0, verify: policy.verify };
    case 'retry':
      return about.refusals < policy.maxAttempts ? wait('D03') : { state: 'parked', reason: 'D03' };
    case 'class-refused':
      return classRefused(about, 'D05');
    case 'park':
      return { state: 'parked', reason: 'D03' };
  }
}

function classRefused(about: DeliveryCircumstances, reason: ReasonCode): DeliveryDecision {
  const at = about.srClassUids.indexOf(about.sopClassUid);
  const nextSopClassUid = at < 0 ? undefined : about.srClassUids[at + 1];
  return nextSopClassUid === undefined
    ? { state: 'parked', reason }
    : { state: 'fallback', reason, nextSopClassUid };
}

/** Three attempts at least, so that an old object which an operator sends again is not parked by one hiccup. */
function isOverdue(about: DeliveryCircumstances): boolean {
  return about.ageMs > about.deadlineMs && about.attempt >= 3;
}

function wait(reason: ReasonCode): DeliveryDecision {
  return { state: 'waiting', reason, backoff: 'exponential', alert: false };
}
