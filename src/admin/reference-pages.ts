import { type ErrorCode, errorCatalogue } from '../core/errors.ts';
import { type EventName, eventCatalogue, eventDefinition } from '../core/events.ts';
import { type ReasonCode, reasonCatalogue } from '../core/reasons.ts';
import { errorAdvice } from './error-advice.ts';
import { eventAdvice } from './event-advice.ts';
import { reasonAdvice } from './reason-advice.ts';

const generated =
  'Generated from the code; do not edit. `UPDATE_DOCS=1 vitest run tests/unit/admin/reference-pages.test.ts` writes it.';

/** docs/events.md: every event with number, level, meaning and what to do. */
export function eventsPage(): string {
  const rows = (Object.keys(eventCatalogue) as EventName[]).map((name) => {
    const { number, level, text, atna } = eventDefinition(name);
    const advice = Object.hasOwn(eventAdvice, name)
      ? eventAdvice[name as keyof typeof eventAdvice]
      : 'Nothing.';
    return `| ${number} | \`${name}\` | ${level} | ${text} | ${advice} | ${atna ?? ''} |`;
  });
  return [
    '# Events',
    '',
    generated,
    '',
    'Each event is a line of the log (`id`, `event`, `level`) and, where it tells of an image, a result, an operator or security, a row of the audit trail. Numbers are never used twice. Log lines carry neither UIDs nor accession numbers nor operators; audit rows do. The last column is the DICOM audit event of PS3.15 A.5 that goes to an audit record repository.',
    '',
    '| number | event | level | meaning | what to do | PS3.15 |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

/** docs/errors.md: every error code, whether it may pass by itself, and what to do. */
export function errorsPage(): string {
  const rows = (Object.keys(errorCatalogue) as ErrorCode[]).map((code) => {
    const { retryable, text } = errorCatalogue[code];
    return `| \`${code}\` | ${text} | ${retryable ? 'yes' : 'no'} | ${errorAdvice[code]} |`;
  });
  return [
    '# Errors',
    '',
    generated,
    '',
    '| code | meaning | may pass by itself | what to do |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

/** docs/reasons.md: every reason code, as it stands in reports, audit, metrics and `explain`. */
export function reasonsPage(): string {
  const rows = (Object.keys(reasonCatalogue) as ReasonCode[]).map((code) => {
    const { name, text } = reasonCatalogue[code];
    const advice = reasonAdvice[code].replaceAll('{uid}', 'UID').replaceAll('{sender}', 'the sender');
    return `| ${code} | ${name} | ${text} | ${advice === '' ? 'Nothing: it is meant to be so.' : advice} |`;
  });
  return [
    '# Reasons',
    '',
    generated,
    '',
    'The same code stands in the report, the audit trail, the metrics and `explain`. S scope, Q quality, T technical, D delivery.',
    '',
    '| code | name | meaning | what to do |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
