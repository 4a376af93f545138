import { describe, expect, test } from 'vitest';
import { noonOf, parseMoment, siteTime } from '../../../src/admin/site-time.ts';

const berlin = siteTime('Europe/Berlin');
const nowMs = Date.UTC(2026, 10, 23, 14, 0, 0);
const hour = 3_600_000;

describe('a day of the site', () => {
  test.each([
    ['Europe/Berlin', '2026-11-23', 24],
    ['Europe/Berlin', '2026-03-29', 23],
    ['Europe/Berlin', '2026-10-25', 25],
    ['Asia/Kolkata', '2026-10-25', 24],
    ['Pacific/Kiritimati', '2026-01-01', 24],
    ['Pacific/Pago_Pago', '2026-01-01', 24],
    ['America/Sao_Paulo', '2018-11-04', 23],
  ])('in %s %s has %i hours and begins at its own midnight', (zone, day, hours) => {
    const time = siteTime(zone);
    const { fromMs, toMs } = time.day(noonOf(day, time)!);
    expect((toMs - fromMs) / hour).toBe(hours);
    expect([time.date(fromMs - 1) < day, time.date(fromMs), time.date(toMs - 1)]).toEqual([true, day, day]);
  });

  test('a day that is none is refused', () => {
    for (const text of ['2026-02-30', '2026-13-01', 'today', ''])
      expect(noonOf(text, berlin)).toBeUndefined();
  });
});

describe('a moment as people type it', () => {
  test.each([
    ['2026-11-23', '2026-11-22T23:00:00Z'],
    ['2026-11-23 14:05', '2026-11-23T13:05:00Z'],
    ['2026-07-01T14:05:30', '2026-07-01T12:05:30Z'],
    ['9:30', '2026-11-23T08:30:00Z'],
    ['2h', '2026-11-23T12:00:00Z'],
    ['3d', '2026-11-20T14:00:00Z'],
    ['30m', '2026-11-23T13:30:00Z'],
    ['2026-03-29 02:30', '2026-03-29T01:00:00Z'],
    ['2026-10-25 02:30', '2026-10-25T00:30:00Z'],
    ['2026-10-25 03:30', '2026-10-25T02:30:00Z'],
    ['2026-03-29 12:00', '2026-03-29T10:00:00Z'],
  ])('%s', (text, expected) => {
    const at = parseMoment(text, berlin, nowMs);
    expect(at).toBeDefined();
    // In the hour that the clock skips, any moment at its edge will do.
    if (text.endsWith('03-29 02:30')) expect(Math.abs(at! - Date.parse(expected))).toBeLessThanOrEqual(hour);
    else expect(new Date(at!).toISOString()).toBe(new Date(expected).toISOString());
  });

  test.each(['yesterday', '25:00', '14:60', '2026-02-30', '2026-11-23 14', '', 'h', '-2h'])(
    '%j is none',
    (text) => {
      expect(parseMoment(text, berlin, nowMs)).toBeUndefined();
    },
  );
});
