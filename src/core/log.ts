import type { Writable } from 'node:stream';
import winston from 'winston';
import type { Clock } from './clock.ts';
import { NodeError } from './errors.ts';
import { type EventFields, type EventName, eventDefinition, logFields } from './events.ts';

/**
 * The operational log. Only events of the catalogue can be written, with only their typed fields, so that a patient
 * identifier has no way in; fields that lead to a patient through another system are left out (`logFields`).
 */
export interface Log {
  /** Writes one event; `cause` adds what went wrong without the text of foreign errors, which may quote data. */
  event<N extends EventName>(name: N, fields: EventFields<N>, cause?: unknown): void;
  /** Resolves when everything written so far has been handed to the stream. */
  close(): Promise<void>;
}

export interface LogOptions {
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  /** Where the JSON lines go, one per event. */
  readonly stream: Writable;
  readonly clock: Clock;
  /** IANA zone whose offset the time stamps carry. */
  readonly timeZone: string;
  /** Which of the node's processes writes. */
  readonly processName: string;
}

const levels = { error: 0, warn: 1, info: 2, debug: 3 };

/** The one door to winston: JSON lines with time (RFC 3339 with offset), level, event name and number, msg, fields. */
export function createLog(options: LogOptions): Log {
  const logger = winston.createLogger({
    levels,
    level: options.level,
    format: winston.format.printf((info) => String(info.message)),
    // winston types this constructor as an interface, which the rule cannot follow.
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
    transports: [new winston.transports.Stream({ stream: options.stream, eol: '\n' })],
  });
  // A full or closed log target must not end the process: lines are lost, images are not.
  options.stream.on('error', () => undefined);
  return {
    event: (name, fields, cause) => {
      const { number, level, text } = eventDefinition(name);
      const line = {
        time: formatInstant(options.clock.nowMs(), options.timeZone),
        level,
        event: name,
        id: number,
        msg: text,
        process: options.processName,
        ...logFields(name, fields),
        ...(cause === undefined ? {} : { fault: describeFault(cause) }),
      };
      logger.log({ level, message: JSON.stringify(line) });
    },
    close: () =>
      new Promise((resolve) => {
        logger.once('finish', () => resolve());
        logger.end();
      }),
  };
}

interface Fault {
  readonly name: string;
  readonly code?: string;
  readonly message?: string;
  readonly frames: readonly string[];
  readonly cause?: Fault;
}

/** An error for the log: our own messages are kept (they never quote data), foreign ones give name, code and frames. */
function describeFault(error: unknown, depth = 0): Fault {
  if (!(error instanceof Error)) return { name: typeof error, frames: [] };
  const code: unknown = 'code' in error ? error.code : undefined;
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    name: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    ...(error instanceof NodeError ? { message: error.message } : {}),
    frames: frames.slice(0, 8).map((line) => line.trim()),
    ...(error.cause === undefined || depth >= 4 ? {} : { cause: describeFault(error.cause, depth + 1) }),
  };
}

/** UTC epoch milliseconds as RFC 3339 in a zone: `2026-11-23T14:05:02.114+01:00`. */
export function formatInstant(epochMs: number, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'longOffset',
  }).formatToParts(epochMs);
  const part = (type: Intl.DateTimeFormatPartTypes): string =>
    parts.find((one) => one.type === type)?.value ?? '';
  const milliseconds = String(((epochMs % 1000) + 1000) % 1000).padStart(3, '0');
  const offset = part('timeZoneName').replace('GMT', '');
  return `${part('year')}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}:${part('second')}.${milliseconds}${offset === '' ? '+00:00' : offset}`;
}
