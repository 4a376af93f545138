/** One hour of the week at the site: weekday 0 (Monday) to 6 times 24 plus the hour. */
export type WeekHour = number;

const hourMs = 3_600_000;
const weekMs = 7 * 24 * hourMs;

/** How the usual hours are learnt. */
export const usualHoursRule = {
  /** So many weeks back. */
  weeks: 8,
  /** With fewer weeks of history nothing is usual yet. */
  minimumWeeks: 3,
  /** An hour is usual when images came in this share of the weeks. */
  share: 0.75,
} as const;

/** The minute of the week of an instant at the site, Monday 00:00 being 0. */
export type MinuteOfWeek = (epochMs: number) => number;

/** `zone` is an IANA name that has passed the configuration's check. */
export function minuteOfWeekIn(zone: string): MinuteOfWeek {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
  return (epochMs) => {
    const parts = new Map(format.formatToParts(epochMs).map(({ type, value }) => [type, value]));
    const hour = days.indexOf(parts.get('weekday') ?? '') * 24 + Number(parts.get('hour') ?? 0);
    return hour * 60 + Number(parts.get('minute') ?? 0);
  };
}

/**
 * The hours of the week in which a sender usually sends, from the hours in which it did. `activeHours` are starts of
 * hours with at least one image, within the last `usualHoursRule.weeks`. Pure.
 */
export function learnUsualHours(
  activeHours: readonly number[],
  nowMs: number,
  minuteOfWeek: MinuteOfWeek,
): ReadonlySet<WeekHour> {
  const first = activeHours[0];
  if (first === undefined) return new Set();
  const weeks = Math.min(usualHoursRule.weeks, Math.floor((nowMs - first) / weekMs));
  if (weeks < usualHoursRule.minimumWeeks) return new Set();
  const fromMs = nowMs - weeks * weekMs;
  const seen = new Map<WeekHour, Set<number>>();
  for (const atMs of activeHours) {
    if (atMs < fromMs) continue;
    const hour = Math.floor(minuteOfWeek(atMs) / 60);
    const inWeeks = seen.get(hour) ?? new Set();
    seen.set(hour, inWeeks.add(Math.floor((atMs - fromMs) / weekMs)));
  }
  return new Set(
    [...seen].filter(([, inWeeks]) => inWeeks.size >= usualHoursRule.share * weeks).map(([hour]) => hour),
  );
}

/**
 * How much usual time has passed since the last image, milliseconds: nights and free days do not count. Looks back two
 * weeks at most.
 */
export function silentUsualMs(
  lastImageAtMs: number,
  nowMs: number,
  isUsual: (epochMs: number) => boolean,
): number {
  let silentMs = 0;
  let atMs = Math.max(lastImageAtMs, nowMs - 2 * weekMs);
  while (atMs < nowMs) {
    const nextMs = Math.min(nowMs, (Math.floor(atMs / stepMs) + 1) * stepMs);
    if (isUsual(atMs)) silentMs += nextMs - atMs;
    atMs = nextMs;
  }
  return silentMs;
}

/** Zones have offsets in quarters of an hour. */
const stepMs = 15 * 60_000;

/** `mon-fri 07-18, sat 08-12`: the usual hours for people; empty when there are none. */
export function usualHoursText(hours: ReadonlySet<WeekHour>): string {
  const names = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
  const days = names.map((_, day) =>
    spans([...hours].filter((hour) => Math.floor(hour / 24) === day).map((hour) => hour % 24)),
  );
  const parts: string[] = [];
  for (let day = 0; day < 7; ) {
    let last = day;
    while (last < 6 && days[last + 1] === days[day]) last += 1;
    if (days[day] !== '')
      parts.push(`${names[day] ?? ''}${last > day ? `-${names[last] ?? ''}` : ''} ${days[day] ?? ''}`);
    day = last + 1;
  }
  return parts.join(', ');
}

function spans(hours: readonly number[]): string {
  const sorted = hours.toSorted((a, b) => a - b);
  const found: [number, number][] = [];
  for (const hour of sorted) {
    const open = found.at(-1);
    if (open?.[1] === hour) open[1] = hour + 1;
    else found.push([hour, hour + 1]);
  }
  return found
    .map(([from, to]) => `${String(from).padStart(2, '0')}-${String(to).padStart(2, '0')}`)
    .join(' ');
}
