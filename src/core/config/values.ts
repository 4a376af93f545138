import { isIP } from 'node:net';
import { z } from 'zod';
import { isTimeZone } from '../time-zone.ts';

/** Milliseconds. Configuration files write durations with a unit (`60s`); the loaded value is milliseconds. */
export type Milliseconds = number;
/** Bytes. Configuration files write sizes with a unit (`20GiB`); the loaded value is bytes. */
export type Bytes = number;

const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  y: 365 * 86_400_000,
};
const sizeUnits: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
  KB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  TB: 1000 ** 4,
};

/** Range of a quantity, written the way the administrator writes it (`1s`, `10MiB`), both ends included. */
export interface Range {
  readonly min: string;
  readonly max: string;
}

function amount(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)$/.exec(text.trim());
  const unit = match?.[2] === undefined ? undefined : units[match[2]];
  return match?.[1] === undefined || unit === undefined ? undefined : Number(match[1]) * unit;
}

/** `60s`, `10m`, `500ms` … as milliseconds; undefined when it is not a duration. */
export function parseDuration(text: string): Milliseconds | undefined {
  return amount(text, durationUnits);
}

/** `20GiB`, `64MiB`, `512KiB` … as bytes; undefined when it is not a size. */
export function parseSize(text: string): Bytes | undefined {
  return amount(text, sizeUnits);
}

function quantity(kind: string, parse: (text: string) => number | undefined, range: Range, example: string) {
  const low = parse(range.min) ?? 0;
  const high = parse(range.max) ?? Number.POSITIVE_INFINITY;
  return z.string().transform((text, context) => {
    const value = parse(text);
    if (value === undefined) {
      context.addIssue({
        code: 'custom',
        message: `"${text}" is not a ${kind}; write a number and a unit, such as ${example}`,
      });
      return z.NEVER;
    }
    if (value < low || value > high) {
      context.addIssue({
        code: 'custom',
        message: `${text} is out of range; allowed are ${range.min} to ${range.max}`,
      });
      return z.NEVER;
    }
    return value;
  });
}

/** A duration setting: text with a unit in, milliseconds out. */
export function duration(description: string, range: Range) {
  return quantity('duration', parseDuration, range, '60s').meta({
    description,
    'x-unit': 'duration (ms, s, m, h, d, y)',
    'x-range': `${range.min} to ${range.max}`,
  });
}

/** A size setting: text with a unit in, bytes out. */
export function size(description: string, range: Range) {
  return quantity('size', parseSize, range, '20GiB').meta({
    description,
    'x-unit': 'size (B, KiB, MiB, GiB, TiB)',
    'x-range': `${range.min} to ${range.max}`,
  });
}

/** VR AE (PS3.5 6.2): 1 to 16 characters of the default repertoire, no backslash, no control characters, no spaces around. */
export function aeTitle(description: string) {
  return z
    .string()
    .transform((text, context) => {
      const fault = aeTitleFault(text);
      if (fault === undefined) return text;
      context.addIssue({ code: 'custom', message: fault });
      return z.NEVER;
    })
    .meta({ description, 'x-unit': 'AE title, 1 to 16 characters', 'x-quote': 'AE title' });
}

function aeTitleFault(text: string): string | undefined {
  if (text.trim() === '') return 'an AE title must not be blank';
  if (text !== text.trim()) return 'an AE title must not begin or end with a space';
  if (text.length > 16) return `an AE title has at most 16 characters, this one has ${text.length}`;
  if (!/^[\x20-\x5b\x5d-\x7e]+$/.test(text))
    return 'an AE title holds only ASCII characters, no backslash and no control characters';
  return undefined;
}

/** A host name or address as it is typed; it is resolved when it is used. */
export function host(description: string) {
  return z
    .string()
    .transform((text, context) => {
      if (
        isIP(text) !== 0 ||
        /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*$/.test(
          text,
        )
      ) {
        if (!/^[0-9.]+$/.test(text) || isIP(text) !== 0) return text;
      }
      context.addIssue({ code: 'custom', message: `"${text}" is neither a host name nor an IP address` });
      return z.NEVER;
    })
    .meta({ description, 'x-unit': 'host name or IP address' });
}

/** A TCP port. */
export function port(description: string) {
  return z.int().min(0).max(65_535).meta({ description, 'x-unit': 'TCP port' });
}

/** A network in CIDR notation; a bare address means that one host. */
export function cidr(description: string) {
  return z
    .string()
    .transform((text, context) => {
      const [address = '', bits, ...rest] = text.split('/');
      const family = isIP(address);
      const widest = family === 6 ? 128 : 32;
      const prefix = bits === undefined ? widest : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
      if (family === 0 || rest.length > 0 || !(prefix >= 0 && prefix <= widest)) {
        context.addIssue({
          code: 'custom',
          message: `"${text}" is not a network; write it like 10.0.0.0/24 or 10.0.0.31`,
        });
        return z.NEVER;
      }
      return `${address}/${prefix}`;
    })
    .meta({ description, 'x-unit': 'network (CIDR)' });
}

/** A path of a file or folder; relative paths are relative to the working directory of the service. */
export function path(description: string) {
  return z
    .string()
    .min(1)
    .refine((text) => !text.includes('\0'), 'a path must not hold a NUL character')
    .meta({ description, 'x-unit': 'path' });
}

/** A secret: masked wherever the configuration is shown and left out of its hash. */
export function secret(description: string) {
  return z
    .string()
    .min(1)
    .meta({ description, 'x-secret': true, 'x-unit': 'secret, better as ${file:/path} or ${env:NAME}' });
}

/** A JavaScript regular expression with the `u` flag. */
export function pattern(description: string) {
  return z
    .string()
    .refine((text) => regExpFault(text) === undefined, {
      error: (issue) => `not a regular expression: ${regExpFault(String(issue.input)) ?? ''}`,
    })
    .meta({ description, 'x-unit': 'regular expression' });
}

function regExpFault(text: string): string | undefined {
  try {
    new RegExp(text, 'u');
    return undefined;
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}

/** An IANA time zone name. */
export function timeZone(description: string) {
  return z
    .string()
    .refine(isTimeZone, {
      error: (issue) =>
        `"${String(issue.input)}" is not an IANA time zone; write it like Europe/Zurich or UTC`,
    })
    .meta({ description, 'x-unit': 'IANA time zone' });
}

const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

/** Weekdays (0 = Sunday) and minutes of the local day, end excluded. */
export interface WeeklyHours {
  readonly days: readonly number[];
  readonly fromMinute: number;
  readonly toMinute: number;
}

/** `mon-fri 07:00-18:00` as days and minutes; undefined when it is not of that form. */
export function parseWeeklyHours(text: string): WeeklyHours | undefined {
  const match = /^([a-z]{3})(?:-([a-z]{3}))? (\d{2}):(\d{2})-(\d{2}):(\d{2})$/.exec(
    text.trim().toLowerCase(),
  );
  if (match === null) return undefined;
  const [, first = '', last = first, ...clock] = match;
  const [fromHour = 0, fromMinutes = 0, toHour = 0, toMinutes = 0] = clock.map(Number);
  const from = weekdays.findIndex((day) => day === first);
  const to = weekdays.findIndex((day) => day === last);
  const fromMinute = fromHour * 60 + fromMinutes;
  const toMinute = toHour * 60 + toMinutes;
  if (from < 0 || to < 0 || fromMinutes > 59 || toMinutes > 59 || toMinute > 1440 || fromMinute >= toMinute)
    return undefined;
  const count = ((to - from + 7) % 7) + 1;
  return { days: Array.from({ length: count }, (_, offset) => (from + offset) % 7), fromMinute, toMinute };
}

/** Usual hours of a sender, in the node's time zone. */
export function weeklyHours(description: string) {
  return z
    .string()
    .transform((text, context) => {
      const hours = parseWeeklyHours(text);
      if (hours !== undefined) return hours;
      context.addIssue({
        code: 'custom',
        message: `"${text}" is not a weekly span; write it like "mon-fri 07:00-18:00"`,
      });
      return z.NEVER;
    })
    .meta({ description, 'x-unit': 'days and local time, "mon-fri 07:00-18:00"' });
}
