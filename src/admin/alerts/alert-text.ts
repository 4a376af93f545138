import { formatInstant } from '../../core/log.ts';
import type { AlertMessage, AlertSource } from './message.ts';

/** The subject of a mail and the headline of a chat: kind, what, where. */
export function alertSubject(message: AlertMessage, { aeTitle }: AlertSource): string {
  const words = { started: 'ALERT', recovered: 'RECOVERED', test: 'TEST' } as const;
  return `[${aeTitle}] ${words[message.kind]}: ${message.cause}`;
}

/** The body of a mail, plain text. */
export function alertBody(message: AlertMessage, source: AlertSource): string {
  const at = (epochMs: number): string => formatInstant(epochMs, source.timeZone);
  const { recoveredAtMs } = message;
  return [
    message.summary,
    ...(message.advice === '' ? [] : ['', message.advice]),
    '',
    `Cause:     ${message.cause}`,
    `Began:     ${at(message.startedAtMs)}`,
    ...(recoveredAtMs === undefined
      ? []
      : [`Over:      ${at(recoveredAtMs)}, after ${durationText(recoveredAtMs - message.startedAtMs)}`]),
    `Node:      ${source.aeTitle}${source.stationName === '' ? '' : ` at ${source.stationName}`}, lumbar-node ${source.version}`,
    '',
    'This message holds no patient data.',
    '',
  ].join('\n');
}

/** A span of time for people: the two largest units. */
export function durationText(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  if (minutes < 1) return 'less than a minute';
  const parts = [
    [Math.floor(minutes / 1440), 'd'],
    [Math.floor((minutes % 1440) / 60), 'h'],
    [minutes % 60, 'min'],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}
