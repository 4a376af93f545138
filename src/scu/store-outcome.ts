import type { Refusal } from '../dicom/refusal-sentences.ts';
import type { AssociationFailure } from '../upper-layer/ending.ts';
import type { StoreOutcome } from './delivery-decision.ts';

/** Which step of an association failed; the same failure reads differently in each. */
export type Step = 'associate' | 'request';

/**
 * What the upper layer reports, as the outcome that the delivery table and the refusal sentences speak of.
 * Every failure maps to "not stored" or "unknown", never to success.
 */
export function outcomeOfFailure(failure: AssociationFailure, step: Step): StoreOutcome {
  switch (failure.kind) {
    case 'connect-timeout':
      return { kind: 'timeout', stage: 'connect' };
    case 'connect-failed':
      return { kind: 'unreachable', code: connectCode(failure.detail) };
    case 'rejected':
      return { kind: 'rejected', result: failure.result, source: failure.source, reason: failure.reason };
    case 'response-timeout':
    case 'timeout':
      return { kind: 'timeout', stage: step === 'associate' ? 'associate' : 'response' };
    case 'aborted':
      return { kind: 'aborted', source: failure.source, reason: failure.reason };
    case 'protocol-violation':
      return {
        kind: 'protocol',
        fault: /no outstanding request/.test(failure.detail) ? 'unasked-response' : 'bad-pdu',
      };
    case 'lost':
      return lostOutcome(failure.detail, step);
    case 'context-not-accepted':
      return { kind: 'context', result: -1 };
    case 'send-failed':
      return { kind: 'unreadable', detail: failure.detail };
    case 'internal':
      return { kind: 'lost' };
  }
}

/** A connection that dies before the association stands is a refusal of the connection (firewall, TLS port). */
function lostOutcome(detail: string, step: Step): StoreOutcome {
  if (step === 'associate') return { kind: 'unreachable', code: 'ECONNRESET' };
  return /released/.test(detail) ? { kind: 'protocol', fault: 'no-response' } : { kind: 'lost' };
}

/** The operating system's code inside a socket error message, or the kind of TLS trouble. */
function connectCode(detail: string): string {
  const code = /\b(E[A-Z_]{3,})\b/.exec(detail)?.[1];
  if (code !== undefined && code !== 'EPROTO') return code;
  if (/certificate|altnames|self[- ]signed|CERT_/i.test(detail)) return 'TLS_CERTIFICATE';
  if (/SSL|TLS|EPROTO|handshake/i.test(detail)) return 'TLS_HANDSHAKE';
  return 'ECONNRESET';
}

/** An outcome of the peer in the terms of the refusal sentences. */
export function refusalOf(outcome: Exclude<StoreOutcome, { kind: 'unreadable' }>): Refusal {
  return outcome.kind === 'response' ? { kind: 'status', status: outcome.status } : outcome;
}
