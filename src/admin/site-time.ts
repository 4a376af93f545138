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
