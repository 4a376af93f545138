import { type EventName, eventCatalogue } from '../../core/events.ts';
import { dispositions, outcomes } from '../../core/outcome.ts';
import { type ReasonCode, reasonCatalogue } from '../../core/reasons.ts';
import { noonOf, type SiteTime } from '../site-time.ts';
import type { AuditPlace, AuditQuery, ImagePlace, ImageQuery } from './ports.ts';

/** The filter of the image list as it stands in the address. */
export interface ImageForm {
  readonly end?: string | undefined;
  readonly sender?: string | undefined;
  readonly reason?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly after?: ImagePlace | undefined;
}

const reasonCodes = Object.keys(reasonCatalogue) as ReasonCode[];
const eventNames = Object.keys(eventCatalogue) as EventName[];

type Ask = (name: string) => string | undefined;

/** Reads the filter; what makes no sense is left out and named in `faults`. */
export function readImageForm(
  ask: Ask,
  time: SiteTime,
  limit: number,
): { readonly form: ImageForm; readonly query: ImageQuery; readonly faults: readonly string[] } {
  const faults: string[] = [];
  const form: ImageForm = {
    end: filled(ask('end')),
    sender: filled(ask('sender')),
    reason: filled(ask('reason')),
    from: filled(ask('from')),
    to: filled(ask('to')),
    after: readPlace(ask('after')),
  };
  const disposition = one(dispositions, form.end);
  const outcome = one(outcomes, form.end);
  if (form.end !== undefined && disposition === undefined && outcome === undefined)
    faults.push('There is no such ending.');
  const reason = one(reasonCodes, form.reason);
  if (form.reason !== undefined && reason === undefined) faults.push('There is no such reason.');
  const query: ImageQuery = {
    limit,
    ...(disposition === undefined ? {} : { disposition }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(reason === undefined ? {} : { reason }),
    ...(form.sender === undefined ? {} : { callingAeTitle: form.sender.slice(0, 64) }),
    ...days(form, time, faults),
    ...(form.after === undefined ? {} : { after: form.after }),
  };
  return { form, query, faults };
}

export function imageLink(form: ImageForm): string {
  const { after, ...rest } = form;
  return link('/images', { ...rest, after: after === undefined ? undefined : placeText(after) });
}

/** The filter of the audit search as it stands in the address. */
export interface AuditForm {
  readonly accession?: string | undefined;
  readonly event?: string | undefined;
  readonly sender?: string | undefined;
  readonly destination?: string | undefined;
  readonly outcome?: string | undefined;
  readonly reason?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly before?: AuditPlace | undefined;
}

export function readAuditForm(
  ask: Ask,
  time: SiteTime,
  limit: number,
): { readonly form: AuditForm; readonly query: AuditQuery; readonly faults: readonly string[] } {
  const faults: string[] = [];
  const form: AuditForm = {
    accession: filled(ask('accession')),
    event: filled(ask('event')),
    sender: filled(ask('sender')),
    destination: filled(ask('destination')),
    outcome: filled(ask('outcome')),
    reason: filled(ask('reason')),
    from: filled(ask('from')),
    to: filled(ask('to')),
    before: readAuditPlace(ask('before')),
  };
  const event = one(eventNames, form.event);
  const outcome = one(outcomes, form.outcome);
  const reason = one(reasonCodes, form.reason);
  if (form.event !== undefined && event === undefined) faults.push('There is no such event.');
  if (form.outcome !== undefined && outcome === undefined) faults.push('There is no such result.');
  if (form.reason !== undefined && reason === undefined) faults.push('There is no such reason.');
  const query: AuditQuery = {
    limit,
    ...(event === undefined ? {} : { event }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(reason === undefined ? {} : { reason }),
    ...(form.accession === undefined ? {} : { accessionNumber: form.accession.slice(0, 64) }),
    ...(form.sender === undefined ? {} : { callingAeTitle: form.sender.slice(0, 64) }),
    ...(form.destination === undefined ? {} : { destination: form.destination.slice(0, 64) }),
    ...days(form, time, faults),
    ...(form.before === undefined ? {} : { before: form.before }),
  };
  return { form, query, faults };
}

export function auditLink(form: AuditForm): string {
  const { before, ...rest } = form;
  return link('/audit', {
    ...rest,
    before: before === undefined ? undefined : `${before.atMs}.${before.seq}`,
  });
}

/** `1764165600000.01JIMAGE...`: where a page of images goes on. */
export function placeText({ receivedAtMs, instanceId }: ImagePlace): string {
  return `${receivedAtMs}.${instanceId}`;
}

export function readPlace(text: string | undefined): ImagePlace | undefined {
  const parts = /^(\d{1,15})\.([0-9A-Z]{26})$/.exec(text ?? '');
  return parts === null ? undefined : { receivedAtMs: Number(parts[1]), instanceId: parts[2] ?? '' };
}

function readAuditPlace(text: string | undefined): AuditPlace | undefined {
  const parts = /^(\d{1,15})\.(\d{1,15})$/.exec(text ?? '');
  return parts === null ? undefined : { atMs: Number(parts[1]), seq: Number(parts[2]) };
}

/** Calendar days of the site, both inclusive, as a span of instants. */
function days(
  { from, to }: { readonly from?: string | undefined; readonly to?: string | undefined },
  time: SiteTime,
  faults: string[],
): { sinceMs?: number; untilMs?: number } {
  const first = from === undefined ? undefined : noonOf(from, time);
  const last = to === undefined ? undefined : noonOf(to, time);
  if ((from !== undefined && first === undefined) || (to !== undefined && last === undefined))
    faults.push('A day is written like 2026-11-23.');
  return {
    ...(first === undefined ? {} : { sinceMs: time.day(first).fromMs }),
    ...(last === undefined ? {} : { untilMs: time.day(last).toMs }),
  };
}

function filled(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === undefined || trimmed === '' ? undefined : trimmed;
}

function one<T extends string>(values: readonly T[], text: string | undefined): T | undefined {
  return values.find((value) => value === text);
}

function link(path: string, values: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) query.set(name, value);
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}
