import { html } from 'hono/html';
import { eventCatalogue, eventDefinition } from '../../core/events.ts';
import { outcomes } from '../../core/outcome.ts';
import { reasonCatalogue } from '../../core/reasons.ts';
import type { SiteTime } from '../site-time.ts';
import { printable } from '../text-layout.ts';
import type { Page } from './page.ts';
import { choices, type Html, nothing, outcomeWords, table, uidTail } from './parts.ts';
import type { AuditRows } from './ports.ts';
import { type AuditForm, auditLink } from './query-forms.ts';

export interface AuditPageInput {
  readonly form: AuditForm;
  readonly faults: readonly string[];
  readonly found: AuditRows;
  readonly senders: readonly string[];
  readonly destinations: readonly string[];
  readonly time: SiteTime;
}

/** Search of the audit trail, newest first. Who looks is itself audited. */
export function auditPage({ form, faults, found, senders, destinations, time }: AuditPageInput): Page {
  const { rows, next } = found;
  const asPairs = (values: readonly string[]) => values.map((one) => [one, printable(one)] as const);
  return {
    title: 'Audit',
    section: '/audit',
    body: html`<h1>Audit trail</h1>
<form class="filter" action="/audit" method="get" aria-label="Search">
<p><label for="accession">Accession number</label><input id="accession" name="accession" value="${form.accession ?? ''}" maxlength="64" autocomplete="off"></p>
<p><label for="event">Event</label><select id="event" name="event">${choices(asPairs(Object.keys(eventCatalogue)), form.event, 'any')}</select></p>
<p><label for="sender">Sender</label><select id="sender" name="sender">${choices(asPairs(senders), form.sender, 'anybody')}</select></p>
<p><label for="destination">Destination</label><select id="destination" name="destination">${choices(asPairs(destinations), form.destination, 'any')}</select></p>
<p><label for="outcome">Result</label><select id="outcome" name="outcome">${choices(
      outcomes.map((one) => [one, outcomeWords(one)] as const),
      form.outcome,
      'any',
    )}</select></p>
<p><label for="reason">Reason</label><select id="reason" name="reason">${choices(
      Object.entries(reasonCatalogue).map(([code, { text }]) => [code, `${code} ${text}`] as const),
      form.reason,
      'any',
    )}</select></p>
<p><label for="from">From</label><input id="from" name="from" type="date" value="${form.from ?? ''}"></p>
<p><label for="to">To</label><input id="to" name="to" type="date" value="${form.to ?? ''}"></p>
<p class="buttons"><button type="submit">Search</button> <a href="/audit">Everything</a></p>
</form>
${faults.length === 0 ? nothing : html`<ul class="faults" role="alert">${faults.map((fault) => html`<li>${fault}</li>`)}</ul>`}
${table({
  caption: `Audit rows, newest first, times ${time.zone}`,
  columns: [{ head: 'Row', kind: 'number' }, { head: 'Time' }, { head: 'Event' }, { head: 'Details' }],
  rows: rows.map(({ seq, atMs, event, fields }) => [
    String(seq),
    html`<time datetime="${new Date(atMs).toISOString()}">${time.moment(atMs)}</time>`,
    html`${event}<span class="event">${Object.hasOwn(eventCatalogue, event) ? eventDefinition(event).text : ''}</span>`,
    fieldList(fields, form.accession),
  ]),
  empty: 'No row matches.',
})}
<nav class="pages" aria-label="Pages">${form.before === undefined ? nothing : html`<a href="${auditLink({ ...form, before: undefined })}">Newest</a>`}
${next === undefined ? nothing : html`<a rel="next" href="${auditLink({ ...form, before: next })}">Older</a>`}</nav>`,
  };
}

const identifiers = new Set(['sopInstanceUid', 'studyInstanceUid', 'transactionUid']);
/** Keys for machines, which a reader follows by links instead. */
const left = new Set([
  'sha256',
  'configSha256',
  'instanceId',
  'jobId',
  'objectId',
  'associationId',
  'bootId',
  'path',
]);

/** The fields of a row in words; UIDs by their end, the accession number only for who asked for it. */
function fieldList(fields: AuditRows['rows'][number]['fields'], accession: string | undefined): Html {
  const { instanceId } = fields;
  const parts = Object.entries(fields).flatMap(([name, value]): [string, string][] => {
    if (left.has(name) || (Array.isArray(value) && value.length === 0)) return [];
    const text = printable(typeof value === 'string' ? value : JSON.stringify(value));
    if (name === 'accessionNumber') return text === accession ? [[name, text]] : [];
    return [[name, identifiers.has(name) ? uidTail(text) : shortened(text)]];
  });
  return html`<span class="fields">${parts.map(([name, text]) => html`<span><i>${words(name)}</i> ${text}</span> `)}${
    typeof instanceId === 'string' ? html`<a href="/images/${instanceId}">image</a>` : nothing
  }</span>`;
}

/** `callingAeTitle` as people say it: `calling AE title`. */
function words(name: string): string {
  return name
    .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .replace(/\b(ae|ip|uid|sop)\b/g, (word) => word.toUpperCase())
    .replace(/\bsha256\b/, 'SHA-256');
}

function shortened(text: string): string {
  return /^[0-9a-f]{64}$/.test(text) ? text.slice(0, 8) : text;
}
