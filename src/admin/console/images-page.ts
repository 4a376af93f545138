import { html } from 'hono/html';
import { dispositions, outcomes } from '../../core/outcome.ts';
import { reasonCatalogue } from '../../core/reasons.ts';
import type { SiteTime } from '../site-time.ts';
import { printable } from '../text-layout.ts';
import type { Page } from './page.ts';
import {
  choices,
  endMark,
  type Html,
  moment,
  nothing,
  outcomeWords,
  reasonWords,
  table,
  uidTail,
} from './parts.ts';
import type { ImageRow, ImageRows } from './ports.ts';
import { type ImageForm, imageLink } from './query-forms.ts';

export interface ImagesPageInput {
  readonly form: ImageForm;
  readonly faults: readonly string[];
  readonly found: ImageRows;
  readonly senders: readonly string[];
  readonly time: SiteTime;
  readonly nowMs: number;
}

/** Images, newest first, narrowed by how they ended, sender, reason and day. */
export function imagesPage({ form, faults, found, senders, time, nowMs }: ImagesPageInput): Page {
  const { rows, next } = found;
  return {
    title: 'Images',
    section: '/images',
    body: html`<h1>Images</h1>
<form class="filter" action="/images" method="get" aria-label="Filter">
<p><label for="end">Ended as</label><select id="end" name="end">${choices(
      [
        ...dispositions.map((one) => [one, one] as const),
        ...outcomes.map((one) => [one, outcomeWords(one)] as const),
      ],
      form.end,
      'anything',
    )}</select></p>
<p><label for="sender">Sender</label><select id="sender" name="sender">${choices(
      senders.map((one) => [one, printable(one)] as const),
      form.sender,
      'anybody',
    )}</select></p>
<p><label for="reason">First reason</label><select id="reason" name="reason">${choices(
      Object.entries(reasonCatalogue).map(([code, { text }]) => [code, `${code} ${text}`] as const),
      form.reason,
      'any or none',
    )}</select></p>
<p><label for="from">From</label><input id="from" name="from" type="date" value="${form.from ?? ''}"></p>
<p><label for="to">To</label><input id="to" name="to" type="date" value="${form.to ?? ''}"></p>
<p class="buttons"><button type="submit">Show</button> <a href="/images">Everything</a></p>
</form>
${faults.length === 0 ? nothing : html`<ul class="faults" role="alert">${faults.map((fault) => html`<li>${fault}</li>`)}</ul>`}
${table({
  caption: `Images, newest first, times ${time.zone}`,
  columns: [
    { head: 'Received' },
    { head: 'Sender' },
    { head: 'View' },
    { head: 'Ended as' },
    { head: 'Reason' },
    { head: 'Image' },
  ],
  rows: rows.map((row) => [
    moment(row.receivedAtMs, time, nowMs),
    printable(row.callingAeTitle),
    viewWords(row),
    endMark(row.disposition, row.outcome),
    reasonWords(row.reasons),
    imageAnchor(row),
  ]),
  empty: 'No image matches.',
})}
<nav class="pages" aria-label="Pages">${form.after === undefined ? nothing : html`<a href="${imageLink({ ...form, after: undefined })}">Newest</a>`}
${next === undefined ? nothing : html`<a rel="next" href="${imageLink({ ...form, after: next })}">Older</a>`}</nav>`,
  };
}

/** The way to an image, named by the end of its UID. */
export function imageAnchor({
  instanceId,
  sopInstanceUid,
}: Pick<ImageRow, 'instanceId' | 'sopInstanceUid'>): Html {
  return html`<a href="/images/${instanceId}">${uidTail(sopInstanceUid)}</a>`;
}

const dynamics = {
  FLEXION: 'lateral, flexion',
  EXTENSION: 'lateral, extension',
  NEUTRAL: 'lateral',
} as const;

export function viewWords({ verdict, dynamic }: Pick<ImageRow, 'verdict' | 'dynamic'>): string {
  if (verdict === 'include') return dynamics[dynamic ?? 'NEUTRAL'];
  return verdict === 'unknown' ? 'not known' : '';
}
