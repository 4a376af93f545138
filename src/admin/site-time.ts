/** Times as the site reads them: stored as UTC, shown in the configured zone, whose name stands beside them. */
export interface SiteTime {
  /** IANA name of the zone. */
  readonly zone: string;
  /** `14:05:02` */
  clock(epochMs: number): string;
  /** `14:05:02.114` */
  exactClock(epochMs: number): string;
  /** `2026-11-23` */
  date(epochMs: number): string;
  /** `2026-11-23 14:05:02` */
  moment(epochMs: number): string;
  /** The clock alone on the day of `nowMs`, else date and clock without seconds. */
  near(epochMs: number, nowMs: number): string;
  /** The calendar day that holds `epochMs`, [from, to) in epoch milliseconds; 23 or 25 hours when the clock changes. */
  day(epochMs: number): { readonly fromMs: number; readonly toMs: number };
}

/** `zone` is an IANA name that has passed the configuration's check. */
export function siteTime(zone: string): SiteTime {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  const parts = (epochMs: number): Readonly<Record<string, string>> =>
    Object.fromEntries(format.formatToParts(epochMs).map(({ type, value }) => [type, value]));
  const date = (epochMs: number): string => {
    const { year, month, day } = parts(epochMs);
    return `${year ?? ''}-${month ?? ''}-${day ?? ''}`;
  };
  const clock = (epochMs: number): string => {
    const { hour, minute, second } = parts(epochMs);
    return `${hour ?? ''}:${minute ?? ''}:${second ?? ''}`;
  };
  return {
    zone,
    clock,
    date,
    exactClock: (epochMs) => `${clock(epochMs)}.${String(((epochMs % 1000) + 1000) % 1000).padStart(3, '0')}`,
    moment: (epochMs) => `${date(epochMs)} ${clock(epochMs)}`,
    near: (epochMs, nowMs) =>
      date(epochMs) === date(nowMs) ? clock(epochMs) : `${date(epochMs)} ${clock(epochMs).slice(0, 5)}`,
    day: (epochMs) => {
      const today = date(epochMs);
      return { fromMs: startOfDay(today, epochMs, date), toMs: startOfDay(nextDay(today), epochMs, date) };
    },
  };
}

/** Noon of a calendar day `YYYY-MM-DD` in a zone, epoch milliseconds; undefined when there is no such day. */
export function noonOf(day: string, time: SiteTime): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined;
  const noonUtc = Date.parse(`${day}T12:00:00Z`);
  if (Number.isNaN(noonUtc) || new Date(noonUtc).toISOString().slice(0, 10) !== day) return undefined;
  // Zones lie between UTC-12 and UTC+14: one of these instants is inside the day wherever it is.
  return [noonUtc, noonUtc - 12 * 3_600_000, noonUtc + 11 * 3_600_000].find((at) => time.date(at) === day);
}

/** First millisecond whose date is `day` or later: a binary search, because zones have no arithmetic of their own. */
function startOfDay(day: string, nearMs: number, date: (epochMs: number) => string): number {
  let before = nearMs - 3 * 86_400_000;
  let after = nearMs + 3 * 86_400_000;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (date(middle) >= day) after = middle;
    else before = middle;
  }
  return after;
}

function nextDay(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}

/**
 * A moment as people type it, in the zone: `2026-11-23`, `2026-11-23 14:05`, `2026-11-23T14:05:30`, `14:05` (today), or
 * how long ago: `30m`, `2h`, `3d`. Undefined when it is none of these. An hour that the clock skips or repeats is taken
 * as the earlier one.
 */
export function parseMoment(text: string, time: SiteTime, nowMs: number): number | undefined {
  const ago = /^(\d{1,5})([mhd])$/.exec(text);
  if (ago !== null) {
    const unit = { m: 60_000, h: 3_600_000, d: 86_400_000 }[ago[2] ?? ''] ?? 0;
    return nowMs - Number(ago[1]) * unit;
  }
  const written = /^(?:(\d{4}-\d{2}-\d{2})(?:[ T]|$))?(?:(\d{1,2}:\d{2})(?::(\d{2}))?)?$/.exec(text);
  if (written === null || text === '') return undefined;
  const [, day = time.date(nowMs), clock = '00:00', seconds = '00'] = written;
  const noon = noonOf(day, time);
  const [hour = 0, minute = 0] = clock.split(':').map(Number);
  if (noon === undefined || hour > 23 || minute > 59 || Number(seconds) > 59) return undefined;
  const wanted = `${day} ${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}:${seconds}`;
  return firstMoment(wanted, time, noon);
}

/** The first second of the day around `noonMs` whose written time is `wanted` or, in a gap of the clock, later. */
function firstMoment(wanted: string, time: SiteTime, noonMs: number): number {
  const { fromMs, toMs } = time.day(noonMs);
  const wallMs = Date.parse(`${wanted.replace(' ', 'T')}Z`);
  const startWallMs = Date.parse(`${time.moment(fromMs).replace(' ', 'T')}Z`);
  // The clock may change once in a day: one of these three readings is right, the earliest one is taken.
  const guess = fromMs + (wallMs - startWallMs);
  const candidates = [guess - 3_600_000, guess, guess + 3_600_000].filter((at) => at >= fromMs && at < toMs);
  return candidates.find((at) => time.moment(at) >= wanted) ?? guess;
}
