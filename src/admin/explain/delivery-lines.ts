import { reasonCatalogue } from '../../core/reasons.ts';
import { describeRefusal, type Refusal } from '../../dicom/refusal-sentences.ts';
import type { DeliveryFacts, DestinationFacts, ObjectFacts, StudyFacts, TimelineRow } from '../ports.ts';
import { faultySetting } from '../faulty-setting.ts';
import { printable } from '../text-layout.ts';
import { asObject, parseJson } from './evidence.ts';
import type { ExplainContext, ExplainedLine, Standing } from './explanation.ts';

export interface ToldDelivery {
  readonly line: ExplainedLine;
  readonly standing: Standing;
  readonly next: string | undefined;
}

/** What became of one object at every destination, in plain words. */
export function tellDeliveries(
  { object, deliveries }: ObjectFacts,
  study: StudyFacts,
  context: ExplainContext,
): ToldDelivery[] {
  return deliveries.map((delivery) => {
    const told = tell(object, delivery, study, context);
    return {
      line: {
        atMs: delivery.storedAtMs ?? delivery.changedAtMs,
        topic: delivery.destination,
        text: `${object.kind} ${told.text}`,
      },
      standing: told.standing,
      next: told.next,
    };
  });
}

interface Told {
  readonly text: string;
  readonly standing: Standing;
  readonly next?: string | undefined;
}

function tell(
  object: ObjectFacts['object'],
  delivery: DeliveryFacts,
  study: StudyFacts,
  context: ExplainContext,
): Told {
  const peer = context.destinations.find(({ name }) => name === delivery.destination);
  switch (delivery.state) {
    case 'STORED':
      return { text: `${stored(delivery)}${commitmentOutlook(peer)}`, standing: 'done' };
    case 'COMMITTED':
      return {
        text: `${stored(delivery)}, committed ${context.time.near(delivery.committedAtMs ?? 0, delivery.storedAtMs ?? 0)}`,
        standing: 'done',
      };
    case 'SENDING':
      return { text: `is being sent, attempt ${delivery.attempts}`, standing: 'waiting' };
    case 'WAITING':
      return waiting(delivery, study, peer, context);
    case 'PARKED':
      return parked(delivery, peer, context);
    case 'CANCELLED':
      return cancelled(object, delivery, study.timeline);
  }
}

function stored({ lastStatus, attempts, errorComment }: DeliveryFacts): string {
  const tries = attempts > 1 ? ` at attempt ${attempts}` : '';
  const status = lastStatus ?? 0;
  if (status === 0) return `stored (0x0000)${tries}`;
  const { sentence } = describeRefusal({ kind: 'status', status }, placeholderPeer);
  return `stored${tries} with a warning: it ${sentence.slice(placeholderPeer.name.length + 1, -1)}${comment(errorComment)}`;
}

function commitmentOutlook(peer: DestinationFacts | undefined): string {
  return peer?.storageCommitment === 'on' ? ', commitment not confirmed yet' : '';
}

function waiting(
  delivery: DeliveryFacts,
  study: StudyFacts,
  peer: DestinationFacts | undefined,
  context: ExplainContext,
): Told {
  const { time, nowMs } = context;
  if (delivery.lastError === null) {
    if (isBehind(delivery, study))
      return { text: 'waits for the objects of this study that go before it', standing: 'waiting' };
    return delivery.attempts === 0
      ? { text: 'waits to be sent', standing: 'waiting' }
      : { text: `waits to be sent again, attempt ${delivery.attempts + 1}`, standing: 'waiting' };
  }
  const when = delivery.nextAtMs <= nowMs ? 'now' : `at ${time.near(delivery.nextAtMs, nowMs)}`;
  const answer = answered(delivery, peer, context);
  return {
    text: `WAITING ${reasonText(delivery)}: ${answer.sentence} Attempt ${delivery.attempts + 1} ${when}.`,
    standing: answer.isForPerson ? 'attention' : 'waiting',
    next: answer.next,
  };
}

/** Order is kept inside a study: a report is sent after its captures. */
function isBehind({ destination, outboxId }: DeliveryFacts, { images, reports }: StudyFacts): boolean {
  return [...images, ...reports]
    .flatMap(({ objects }) => objects)
    .flatMap(({ deliveries }) => deliveries)
    .some(
      (other) =>
        other.destination === destination &&
        other.outboxId < outboxId &&
        (other.state === 'WAITING' || other.state === 'SENDING'),
    );
}

function parked(delivery: DeliveryFacts, peer: DestinationFacts | undefined, context: ExplainContext): Told {
  const answer = answered(delivery, peer, context);
  if (delivery.lastReason === 'D06') {
    return {
      text: `HELD BACK D06: ${answer.sentence}`,
      standing: 'attention',
      next: `Send it: lumbar-node queue release --peer ${delivery.destination}. Or give it up: lumbar-node queue cancel --peer ${delivery.destination}.`,
    };
  }
  return {
    text: `PARKED ${reasonText(delivery)}: ${answer.sentence} It is kept here and not sent again by itself.`,
    standing: 'attention',
    next: answer.next ?? `When the cause is gone: lumbar-node queue retry --peer ${delivery.destination}.`,
  };
}

function cancelled(
  object: ObjectFacts['object'],
  delivery: DeliveryFacts,
  timeline: readonly TimelineRow[],
): Told {
  const row = timeline.findLast(
    ({ event, fields }) =>
      event === 'DELIVERY_CANCELLED' &&
      fields['objectId'] === object.objectId &&
      fields['destination'] === delivery.destination,
  );
  const operator = typeof row?.fields['operator'] === 'string' ? row.fields['operator'] : undefined;
  if (operator === 'shadow-mode') {
    return {
      text: 'made and kept here, not sent: this destination is in shadow mode (deliver: shadow)',
      standing: 'done',
    };
  }
  if (operator !== undefined) return { text: `given up by ${printable(operator)}`, standing: 'done' };
  return {
    text: `replaced by another kind of report: ${printable(delivery.lastError ?? 'no reason kept')}`,
    standing: 'done',
  };
}

interface Answer {
  readonly sentence: string;
  readonly next: string | undefined;
  /** True when no repetition helps without somebody changing something. */
  readonly isForPerson: boolean;
}

/** The answer worded by the table with the destination as it is configured now, and the line to correct. */
function answered(
  { lastRefusalJson, lastError, errorComment, destination }: DeliveryFacts,
  peer: DestinationFacts | undefined,
  { destinations, placeOf }: ExplainContext,
): Answer {
  const refusal = lastRefusalJson === null ? undefined : readRefusal(lastRefusalJson);
  const kept = `${printable(lastError ?? 'no answer was kept')}${comment(errorComment)}`;
  if (peer === undefined) {
    return {
      sentence: kept,
      next: `${destination} is not in pacs.yaml any more: put it back, or give up with lumbar-node queue cancel --peer ${destination}.`,
      isForPerson: true,
    };
  }
  if (refusal === undefined) return { sentence: kept, next: undefined, isForPerson: false };
  const { sentence, next } = describeRefusal(refusal, peer);
  const place = faultySetting(refusal, peer, { index: destinations.indexOf(peer), placeOf });
  return {
    sentence: `${sentence}${comment(errorComment)}`,
    next: place === undefined ? next : `${next} Setting: ${place}.`,
    isForPerson: refusal.kind === 'rejected' && refusal.result !== 2,
  };
}

function readRefusal(json: string): Refusal | undefined {
  const value = parseJson(json);
  return typeof asObject(value)['kind'] === 'string' ? (value as Refusal) : undefined;
}

function reasonText({ lastReason }: DeliveryFacts): string {
  if (lastReason === null || !Object.hasOwn(reasonCatalogue, lastReason)) return 'D01';
  return lastReason;
}

/** Error Comment (0000,0902) of the peer: its own words, quoted. */
function comment(text: string | null): string {
  return text === null || text === '' ? '' : ` It said: "${printable(text)}".`;
}

const placeholderPeer = { name: 'it', host: '', port: 0, calledAe: '', callingAe: '' };
