import { html } from 'hono/html';
import type { SiteTime } from '../site-time.ts';
import { counted, printable } from '../text-layout.ts';
import type { StatusFacts } from '../status/status-report.ts';
import { destinationsTable } from './destinations-table.ts';
import type { Page } from './page.ts';
import { mark, moment, nothing, table, uidTail } from './parts.ts';
import type { ConsolePorts, UnfinishedRow } from './ports.ts';

export interface QueuePageInput {
  readonly destinations: StatusFacts['destinations'];
  readonly unfinished: ReturnType<ConsolePorts['unfinished']>;
  readonly time: SiteTime;
  readonly nowMs: number;
}

/** Everything unfinished, oldest first, and how each destination stands. */
export function queuePage({ destinations, unfinished, time, nowMs }: QueuePageInput): Page {
  const { rows, total } = unfinished;
  return {
    title: 'Deliveries',
    section: '/queue',
    refreshSeconds: 60,
    body: html`<h1>${total === 0 ? 'Nothing waits' : `${counted(total, 'thing')} ${total === 1 ? 'is' : 'are'} unfinished`}</h1>
${destinationsTable(destinations, { caption: 'Destinations', time, nowMs })}
${table({
  caption: `Unfinished, oldest first, times ${time.zone}${total > rows.length ? `; the ${rows.length} oldest of ${total}` : ''}`,
  columns: [
    { head: 'Since' },
    { head: 'What' },
    { head: 'To' },
    { head: 'State' },
    { head: 'Attempts', kind: 'number' },
    { head: 'Next attempt' },
    { head: 'Last answer' },
    { head: 'Study' },
  ],
  rows: rows.map((row) => [
    moment(row.sinceMs, time, nowMs),
    row.what,
    row.destination ?? '',
    mark(needsPerson(row) ? 'attention' : 'waiting', row.state.toLowerCase()),
    String(row.attempts),
    row.nextAtMs === null || needsPerson(row)
      ? ''
      : row.nextAtMs <= nowMs
        ? 'now'
        : moment(row.nextAtMs, time, nowMs),
    printable(row.detail ?? ''),
    html`<a href="/find?q=${row.studyInstanceUid}">${uidTail(row.studyInstanceUid)}</a>`,
  ]),
  empty: 'Everything that was made is where it belongs.',
})}
${total === 0 ? nothing : html`<p class="quiet">Retry, hold and cancel are on the terminal: <code>lumbar-node queue list</code>.</p>`}`,
  };
}

function needsPerson({ state }: UnfinishedRow): boolean {
  return ['PARKED', 'HELD', 'SET ASIDE', 'FAILED', 'HELD BACK'].includes(state);
}
