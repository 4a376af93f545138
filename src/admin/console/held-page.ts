import { html } from 'hono/html';
import type { SiteTime } from '../site-time.ts';
import { counted, printable } from '../text-layout.ts';
import { decisionFields } from './forms.ts';
import { imageAnchor } from './images-page.ts';
import type { Page } from './page.ts';
import { moment, nothing, reasonWords, table } from './parts.ts';
import type { ConsolePorts } from './ports.ts';
import { placeText } from './query-forms.ts';

export interface HeldPageInput {
  readonly held: ReturnType<ConsolePorts['held']>;
  readonly time: SiteTime;
  readonly nowMs: number;
  readonly token: string;
  readonly said: string;
}

/** Images that wait for a person, oldest first, with one decision for all that are ticked. */
export function heldPage({ held, time, nowMs, token, said }: HeldPageInput): Page {
  const { rows, total, next } = held;
  return {
    title: counted(total, 'held image'),
    section: '/held',
    body: html`${said === '' ? nothing : html`<p class="said" role="status">${said}</p>`}
<h1>${total === 0 ? 'No image is held' : `${counted(total, 'image')} ${total === 1 ? 'waits' : 'wait'} for a person`}</h1>
<p class="quiet">An image is held when its header does not tell the region or the view. Look at it, then release it for analysis or dismiss it.
When a room always writes it so, teach it in rules.yaml (dictionary).</p>
${
  rows.length === 0
    ? nothing
    : html`<form class="act" method="post" action="/held/release">
${table({
  caption: `Held images, oldest first, times ${time.zone}`,
  columns: [
    { head: 'Choose' },
    { head: 'Received' },
    { head: 'Sender' },
    { head: 'Reason' },
    { head: 'What was seen' },
    { head: 'Image' },
  ],
  rows: rows.map((row) => [
    html`<input type="checkbox" name="id" value="${row.instanceId}" aria-label="Choose image ${row.sopInstanceUid.slice(-8)}">`,
    moment(row.receivedAtMs, time, nowMs),
    printable(row.callingAeTitle),
    reasonWords(row.reasons),
    printable(row.reasons[0]?.detail ?? ''),
    imageAnchor(row),
  ]),
  empty: '',
})}
<nav class="pages" aria-label="Pages"><a href="/held">Oldest</a> ${next === undefined ? nothing : html`<a rel="next" href="/held?after=${placeText(next)}">Newer</a>`}</nav>
${decisionFields({ token, back: 'held' })}
</form>`
}`,
  };
}
