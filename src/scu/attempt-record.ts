import { describeRefusal } from '../dicom/refusal-sentences.ts';
import type { DeliveryDecision, StoreOutcome } from './delivery-decision.ts';
import { type Destination, refusalPeer } from './destination.ts';
import type { AttemptRecord } from './ports.ts';
import { refusalOf } from './store-outcome.ts';

/** What the outbox keeps of an outcome: the peer's answer in plain English, and the status and comment as they came. */
export function attemptRecord(
  outcome: StoreOutcome,
  destination: Destination,
  decision: DeliveryDecision,
): AttemptRecord {
  const reason = 'reason' in decision ? { reason: decision.reason } : {};
  if (outcome.kind === 'unreadable')
    return { error: `Our own copy cannot be read: ${outcome.detail}.`, ...reason };
  const refusal = refusalOf(outcome);
  const { sentence } = describeRefusal(refusal, refusalPeer(destination));
  if (outcome.kind !== 'response') return { error: sentence, refusal, ...reason };
  const { status, errorComment } = outcome;
  return {
    error: sentence,
    refusal,
    status,
    ...reason,
    ...(errorComment === undefined ? {} : { comment: errorComment }),
  };
}
