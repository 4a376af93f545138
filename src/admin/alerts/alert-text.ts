import { formatInstant } from '../../core/log.ts';
import { duration } from '../text-layout.ts';
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
      : [`Over:      ${at(recoveredAtMs)}, after ${duration(recoveredAtMs - message.startedAtMs)}`]),
    `Node:      ${source.aeTitle}${source.stationName === '' ? '' : ` at ${source.stationName}`}, lumbar-node ${source.version}`,
    '',
    'This message holds no patient data.',
    '',
  ].join('\n');
}
