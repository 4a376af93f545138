import { NodeError } from '../core/errors.ts';
import type { StudyContext, Timing } from './result-input.ts';

/** The moment of the analysis in the local time that the object's other dates are in (PS3.3 C.12.1.1.8). */
export interface LocalTime {
  /** DA. */
  readonly date: string;
  /** TM without fraction. */
  readonly time: string;
  /** `&ZZXX`, e.g. `+0100`. */
  readonly offset: string;
  /** DT with offset. */
  readonly dateTime: string;
  /** `2026-11-23 14:05 +01:00` for people. */
  readonly readable: string;
  /** Timezone Offset From UTC to write, or undefined: adding one would assert the zone of the source's times. */
  readonly declaredOffset: string | undefined;
}

/**
 * Local time with offset, never UTC written as local. The source's own offset wins; otherwise the site's zone is
 * used and declared only when the site vouches that the source times are in it (Timing.offset).
 */
export function localTime(timing: Timing, study: Pick<StudyContext, 'timezoneOffsetFromUtc'>): LocalTime {
  const stated = study.timezoneOffsetFromUtc;
  const fromSource = stated !== undefined && /^[+-](0\d|1[0-4])[0-5]\d$/.test(stated) ? stated : undefined;
  const offset = fromSource ?? zoneOffset(timing.analysisStartedAtMs, timing.timeZone);
  const shifted = new Date(timing.analysisStartedAtMs + offsetMinutes(offset) * 60_000).toISOString();
  const date = shifted.slice(0, 10);
  const time = shifted.slice(11, 19);
  const declaredOffset = fromSource ?? (timing.offset === 'declare' ? offset : undefined);
  return {
    date: date.replaceAll('-', ''),
    time: time.replaceAll(':', ''),
    offset,
    dateTime: `${date.replaceAll('-', '')}${time.replaceAll(':', '')}${offset}`,
    readable: `${date} ${time.slice(0, 5)} ${offset.slice(0, 3)}:${offset.slice(3)}`,
    declaredOffset,
  };
}

/** Kept, because making one takes longer than a report's whole text; a site has one zone. */
const zoneFormats = new Map<string, Intl.DateTimeFormat>();

function zoneFormat(timeZone: string): Intl.DateTimeFormat {
  const known = zoneFormats.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  zoneFormats.set(timeZone, made);
  return made;
}

function zoneOffset(epochMs: number, timeZone: string): string {
  const parts = zoneFormat(timeZone).formatToParts(epochMs);
  const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
  if (name === 'GMT') return '+0000';
  const match = /^GMT([+-])(\d\d):(\d\d)/.exec(name);
  if (match === null) throw new NodeError('BUG_INVARIANT', `no UTC offset for time zone ${timeZone}`);
  return `${match[1] ?? '+'}${match[2] ?? '00'}${match[3] ?? '00'}`;
}

function offsetMinutes(offset: string): number {
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(3, 5));
  return offset.startsWith('-') ? -minutes : minutes;
}
