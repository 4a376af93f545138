import type { DoorFacts, SenderFacts, TimelineRow } from '../ports.ts';
import type { SiteTime } from '../site-time.ts';
import { counted, hang, printable } from '../text-layout.ts';

/** What is known when nothing was found. */
export interface NeverSeenFacts {
  /** `accession number ACC1`, `UID 1.2.3`: as the question was understood. */
  readonly asked: string;
  /** Where the books begin; undefined when nothing was ever received. */
  readonly booksSinceMs: number | undefined;
  readonly senders: readonly SenderFacts[];
  /** Images that are here but whose header was not read yet, so that an accession number cannot find them. */
  readonly pendingImages: number;
  /** What was turned away in the last 24 hours. */
  readonly turnedAway: readonly DoorFacts[];
  /** Rows of the audit trail that name what was asked for although no image is here: refused, or removed long ago. */
  readonly trail: readonly TimelineRow[];
}

export interface NeverSeen {
  readonly sentence: string;
  readonly details: readonly string[];
  readonly next: readonly string[];
}

/** A helpful answer to a question about something that is not here: what did arrive, what was turned away. */
export function neverSeen(facts: NeverSeenFacts, time: SiteTime, nowMs: number): NeverSeen {
  const since =
    facts.booksSinceMs === undefined
      ? 'ever'
      : `since ${time.date(facts.booksSinceMs)}, where the books begin`;
  const trail = facts.trail.map(
    ({ atMs, event, fields }) =>
      `The audit trail names it: ${time.moment(atMs)} ${event}${textOf(fields['detail'])}${textOf(fields['reason'])}.`,
  );
  const senders = facts.senders.map(
    ({ callingAeTitle, lastImageAtMs }) =>
      `Last image from ${printable(callingAeTitle)}: ${dayAndClock(lastImageAtMs, time, nowMs)}.`,
  );
  const pending =
    facts.pendingImages === 0
      ? []
      : [
          `${counted(facts.pendingImages, 'image')} wait to be read; accession numbers are known only after that.`,
        ];
  const door = facts.turnedAway.map(
    ({ callingAeTitle, peerIp, cause, count, lastAtMs }) =>
      `Turned away ${counted(count, 'time')}, last ${dayAndClock(lastAtMs, time, nowMs)}: ${printable(callingAeTitle || 'a caller without AE title')}${peerIp === null ? '' : ` (${peerIp})`}, ${printable(cause)}.`,
  );
  return {
    sentence: `No image with ${printable(facts.asked)} was received ${since}.`,
    details: [
      ...trail,
      ...(senders.length === 0 ? ['No sender has stored any image yet.'] : senders),
      ...pending,
      ...door,
    ],
    next: [
      door.length === 0
        ? "Check the send queue of the modality and that it forwards to this node's AE title and port."
        : 'If one of those turned away is the modality: correct it there or in senders.yaml, then have it send again.',
    ],
  };
}

export function neverSeenText({ sentence, details, next }: NeverSeen): string {
  return [
    hang('', sentence),
    ...details.map((line) => hang('  ', line)),
    ...next.map((line) => hang('  Do: ', line)),
    '',
  ].join('\n');
}

function dayAndClock(epochMs: number, time: SiteTime, nowMs: number): string {
  const clock = time.clock(epochMs).slice(0, 5);
  return time.date(epochMs) === time.date(nowMs) ? `${clock} today` : `${time.date(epochMs)} ${clock}`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' && value !== '' ? `, ${printable(value)}` : '';
}
