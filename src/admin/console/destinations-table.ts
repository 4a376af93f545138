import { html } from 'hono/html';
import type { SiteTime } from '../site-time.ts';
import type { StatusFacts } from '../status/status-report.ts';
import { printable } from '../text-layout.ts';
import { type Html, mark, moment, table } from './parts.ts';

/** How each destination stands; `page` is where its name leads, when that is not the page the table is on. */
export function destinationsTable(
  destinations: StatusFacts['destinations'],
  options: {
    readonly caption: string;
    readonly captionLook?: 'unseen';
    readonly page?: string;
    readonly time: SiteTime;
    readonly nowMs: number;
  },
): Html {
  const { caption, captionLook, page, time, nowMs } = options;
  return table({
    caption,
    ...(captionLook === undefined ? {} : { captionLook }),
    columns: [
      { head: 'Name' },
      { head: 'State' },
      { head: 'Stored in 24 h', kind: 'number' },
      { head: 'Waiting', kind: 'number' },
      { head: 'Oldest' },
      { head: 'Need a person', kind: 'number' },
      { head: 'Last answer' },
    ],
    rows: destinations.map(({ name, deliver, stored24h, waiting, oldestWaitingAtMs, parked, lastError }) => [
      page === undefined ? name : html`<a href="${page}">${name}</a>`,
      deliver === 'on' ? state(waiting, parked, lastError) : mark('plain', deliver),
      String(stored24h),
      String(waiting),
      oldestWaitingAtMs === undefined ? '' : moment(oldestWaitingAtMs, time, nowMs),
      String(parked),
      waiting + parked > 0 && lastError !== undefined ? printable(lastError) : '',
    ]),
    empty: 'No destination is configured.',
  });
}

function state(waiting: number, parked: number, lastError: string | undefined): Html {
  if (parked > 0) return mark('attention', 'needs a person');
  if (waiting > 0) return mark('waiting', lastError === undefined ? 'sending' : 'trying again');
  return mark('well', 'delivered');
}
