import { type ReasonCode, reasonCatalogue } from '../../core/reasons.ts';
import { textTable } from '../../core/text-table.ts';
import type { QueueFacts } from '../ports.ts';
import { adviceFor } from '../reason-advice.ts';
import type { SiteTime } from '../site-time.ts';
import { counted, hang, printable } from '../text-layout.ts';
import { shortName } from './selection.ts';

export type QueueAct = 'retry' | 'cancel' | 'hold' | 'release' | 'dismiss';

/** `queue list`: one line an item, oldest first, and how many there are in all. */
export function queueListText(
  items: readonly QueueFacts[],
  limit: number,
  time: SiteTime,
  nowMs: number,
): string {
  if (items.length === 0) return 'Nothing unfinished matches.\n';
  const table = textTable(
    ['name', 'what', 'state', 'why', `since ${time.zone}`.slice(0, 22), 'from', 'to', 'accession'],
    items
      .slice(0, limit)
      .map((item) => [
        shortName(item),
        item.objectKind ?? item.kind,
        item.state,
        item.reason === null ? '-' : item.reason.slice(0, 8),
        time.near(item.sinceMs, nowMs),
        short(item.callingAeTitle, 12),
        short(item.destination ?? null, 10),
        short(item.accessionNumber, 16),
      ]),
  );
  const more = items.length > limit ? ` The ${limit} oldest are shown; more with --limit.` : '';
  return `${table}\n${counted(items.length, 'item')}.${more} One of them: lumbar-node queue show NAME\n`;
}

/** `queue show`: everything about one item, and what to do. */
export function queueItemText(item: QueueFacts, time: SiteTime, nowMs: number): string {
  const { reason, detail, nextAtMs } = item;
  const code = reason !== null && Object.hasOwn(reasonCatalogue, reason) ? (reason as ReasonCode) : undefined;
  const why = code === undefined ? (reason ?? '-') : `${code} ${reasonCatalogue[code].text}`;
  const rows: readonly (readonly [string, string | null | undefined])[] = [
    [
      'what',
      item.kind === 'delivery' ? `${item.objectKind ?? 'object'} for ${item.destination ?? '?'}` : item.kind,
    ],
    ['state', item.state],
    ['why', why],
    ['detail', detail],
    ['since', `${time.moment(item.sinceMs)} ${time.zone}`],
    ['attempts', String(item.attempts)],
    [
      'next attempt',
      item.state !== 'WAITING' || nextAtMs === null
        ? undefined
        : nextAtMs <= nowMs
          ? 'now'
          : time.near(nextAtMs, nowMs),
    ],
    ['sender', item.callingAeTitle],
    ['accession', item.accessionNumber],
    ['study', item.studyInstanceUid],
    ['object', item.sopInstanceUid],
  ];
  const advice =
    code === undefined || item.kind !== 'image'
      ? undefined
      : adviceFor(code, {
          sopInstanceUid: item.sopInstanceUid ?? '',
          callingAeTitle: item.callingAeTitle ?? '',
        });
  return [
    shortName(item),
    ...rows.flatMap(([name, text]) =>
      text === null || text === undefined || text === ''
        ? []
        : [hang(`  ${name.padEnd(13)} `, printable(text))],
    ),
    ...(advice === undefined ? [] : [hang('  Do: ', advice)]),
    hang('  Do: ', `The whole story: lumbar-node explain ${item.sopInstanceUid ?? item.studyInstanceUid}`),
    '',
  ].join('\n');
}

/** What is about to happen, with the numbers, for the question before it. */
export function announcement(action: QueueAct, items: readonly QueueFacts[]): string {
  const groups = new Map<string, number>();
  for (const item of items) {
    const name = groupName(item);
    groups.set(name, (groups.get(name) ?? 0) + 1);
  }
  const parts = [...groups].map(([name, count]) => `${count} ${name}`);
  const studies = new Set(items.map(({ studyInstanceUid }) => studyInstanceUid)).size;
  return `${parts.join(', ')} of ${counted(studies, 'study', 'studies')}: ${effects[action]}`;
}

const effects: Readonly<Record<QueueAct, string>> = {
  retry: 'deliveries are sent again now, images analysed again, reports built again.',
  cancel: 'these deliveries are given up; the objects stay here and are not sent.',
  hold: 'these deliveries are held back until they are released.',
  release: 'held images are analysed although their view could not be told; held deliveries are sent.',
  dismiss: 'held images end as skipped (S16), images set aside as failed, failed reports are not built.',
};

/** Which items an action can touch at all; the others are counted and left alone. */
export function allows(action: QueueAct, { kind, state }: QueueFacts): boolean {
  switch (action) {
    case 'retry':
      return ['WAITING', 'PARKED', 'SET ASIDE', 'FAILED'].includes(state);
    case 'cancel':
      return kind === 'delivery' && state !== 'SENDING';
    case 'hold':
      return kind === 'delivery' && state === 'WAITING';
    case 'release':
      return state === 'HELD' || state === 'HELD BACK';
    case 'dismiss':
      return ['HELD', 'SET ASIDE', 'FAILED'].includes(state);
  }
}

function groupName({ kind, state, objectKind, destination }: QueueFacts): string {
  const lower = state.toLowerCase();
  return kind === 'delivery'
    ? `${lower} ${objectKind ?? 'object'} for ${destination ?? '?'}`
    : `${lower} ${kind}`;
}

function short(text: string | null, columns: number): string {
  const clean = printable(text ?? '-');
  return clean.length <= columns ? clean : `${clean.slice(0, columns - 1)}~`;
}
