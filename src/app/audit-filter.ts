import type { SiteTime } from '../admin/site-time.ts';
import { type EventName, eventCatalogue } from '../core/events.ts';
import { type Outcome, outcomes } from '../core/outcome.ts';
import { type ReasonCode, reasonCatalogue } from '../core/reasons.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { AuditFilter } from '../store/audit-query.ts';
import { readMoment } from './written-moment.ts';

/** The filters of `audit` as they are typed. */
export interface WrittenAuditFilter {
  readonly accession?: string;
  readonly since?: string;
  readonly until?: string;
  readonly sender?: string;
  readonly outcome?: string;
  readonly reason?: string;
  readonly peer?: string;
  readonly event?: string;
  readonly uid?: string;
}

/** The store's filter, or a sentence that says which value cannot be and what could. */
export function parseAuditFilter(
  written: WrittenAuditFilter,
  time: SiteTime,
  nowMs: number,
): Result<Omit<AuditFilter, 'limit'>, string> {
  const faults: string[] = [];
  const moment = (name: string, text: string | undefined): number | undefined => {
    if (text === undefined) return undefined;
    const at = readMoment(name, text, time, nowMs);
    if (at.ok) return at.value;
    faults.push(at.error);
    return undefined;
  };
  const oneOf = <T extends string>(
    name: string,
    text: string | undefined,
    known: readonly T[],
  ): T | undefined => {
    if (text === undefined) return undefined;
    const wanted = text.toUpperCase().replaceAll(' ', '_');
    const found = known.find((one) => one === wanted);
    if (found === undefined) faults.push(`--${name} ${text}: it is one of ${known.join(', ')}`);
    return found;
  };
  const sinceMs = moment('since', written.since);
  const untilMs = moment('until', written.until);
  const outcome = oneOf<Outcome>('outcome', written.outcome, outcomes);
  const reason = oneOf<ReasonCode>('reason', written.reason, Object.keys(reasonCatalogue) as ReasonCode[]);
  const event = oneOf<EventName>('event', written.event, Object.keys(eventCatalogue) as EventName[]);
  if (faults.length > 0) return err(faults.join('\n'));
  return ok({
    ...given('accessionNumber', written.accession),
    ...given('sinceMs', sinceMs),
    ...given('untilMs', untilMs),
    ...given('callingAeTitle', written.sender),
    ...given('outcome', outcome),
    ...given('reason', reason),
    ...given('destination', written.peer),
    ...given('event', event),
    ...given('sopInstanceUid', written.uid),
  });
}

/** What was asked, for the audit row about the reading itself. */
export function describeFilter(written: WrittenAuditFilter): string {
  const parts = Object.entries(written).map(([name, value]) => `${name}=${String(value)}`);
  return parts.length === 0 ? 'everything' : parts.join(' ');
}

function given<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, V>);
}
