import type { QueueFacts } from '../ports.ts';

/** Which unfinished things an operator means; every member narrows. */
export interface QueueSelection {
  /** Short names as `queue list` prints them, UIDs, or accession numbers. */
  readonly names: readonly string[];
  /** What gave up: parked deliveries, images set aside, reports that failed. */
  readonly failed?: boolean;
  /** What a person holds: held images, deliveries held back. */
  readonly held?: boolean;
  readonly peer?: string;
  readonly reason?: string;
  readonly sender?: string;
  /** Said when nothing else narrows, so that nobody means everything by accident. */
  readonly all?: boolean;
}

/** Short name of an item, stable while it is unfinished: `D17`, `R` or `I` and the last letters of its id. */
export function shortName(item: QueueFacts): string {
  if (item.outboxId !== undefined) return `D${item.outboxId}`;
  if (item.instanceId !== undefined) return `I${item.instanceId.slice(-7)}`;
  return `R${item.studyInstanceUid.replaceAll('.', '').slice(-7)}`;
}

export function selectItems<Item extends QueueFacts>(
  items: readonly Item[],
  selection: QueueSelection,
): Item[] {
  const { names, peer, reason, sender } = selection;
  return items.filter(
    (item) =>
      (names.length === 0 || names.some((name) => isNamed(item, name))) &&
      (selection.failed !== true || ['PARKED', 'SET ASIDE', 'FAILED'].includes(item.state)) &&
      (selection.held !== true || ['HELD', 'HELD BACK'].includes(item.state)) &&
      (peer === undefined || item.destination === peer) &&
      (reason === undefined || item.reason === reason.toUpperCase()) &&
      (sender === undefined || item.callingAeTitle === sender),
  );
}

function isNamed(item: QueueFacts, name: string): boolean {
  return (
    shortName(item).toUpperCase() === name.toUpperCase() ||
    [item.sopInstanceUid, item.studyInstanceUid, item.accessionNumber, item.instanceId].includes(name)
  );
}
