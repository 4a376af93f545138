import { describe, expect, test } from 'vitest';
import {
  learnUsualHours,
  minuteOfWeekIn,
  silentUsualMs,
  usualHoursText,
} from '../../../src/admin/alerts/usual-hours.ts';

const hour = 3_600_000;
const day = 24 * hour;
const week = 7 * day;
/** Monday, 15 June 2026, 00:00 in Zurich (UTC+2), with no change of the clock near. */
const monday = Date.UTC(2026, 5, 14, 22);
const zurich = minuteOfWeekIn('Europe/Zurich');

/** Hours 7 to 17 of the working days of some weeks. */
function workingWeeks(weeks: number): number[] {
  return Array.from({ length: weeks }, (_, w) =>
    Array.from({ length: 5 }, (_unused, d) =>
      Array.from({ length: 11 }, (_hour, h) => monday - (weeks - w) * week + d * day + (7 + h) * hour),
    ),
  ).flat(2);
}

describe('usual hours, learnt from the history of a sender', () => {
  test('are the hours of the week in which images came in three of four weeks', () => {
    const hours = learnUsualHours(workingWeeks(8), monday, zurich);
    expect(usualHoursText(hours)).toBe('Mon-Fri 07-18');
  });

  test('one night call does not make the night usual, one holiday does not make a day unusual', () => {
    const night = monday - 3 * week + 2 * hour;
    const active = workingWeeks(8).filter(
      (atMs) => atMs < monday - 2 * week || atMs >= monday - 2 * week + day,
    );
    const hours = learnUsualHours(
      [...active, night].toSorted((a, b) => a - b),
      monday,
      zurich,
    );
    expect(usualHoursText(hours)).toBe('Mon-Fri 07-18');
  });

  test('nothing is usual before three weeks have been seen, nor without images', () => {
    expect(learnUsualHours(workingWeeks(2), monday, zurich).size).toBe(0);
    expect(learnUsualHours([], monday, zurich).size).toBe(0);
  });

  test('follow the clock of the site when summer time begins or ends', () => {
    // From 25 October 2026 on Zurich is one hour behind its summer time; rooms open at eight all the same.
    const days = Array.from({ length: 8 }, (_, w) => Date.UTC(2026, 8, 14 + w * 7, w < 6 ? 6 : 7));
    const hours = learnUsualHours(days, Date.UTC(2026, 10, 9), zurich);
    expect(usualHoursText(hours)).toBe('Mon 08-09');
  });
});

describe('silence in usual hours', () => {
  const open = (atMs: number): boolean => {
    const minute = zurich(atMs);
    return minute < 5 * 1440 && minute % 1440 >= 420 && minute % 1440 < 1080;
  };

  test('a night and a weekend are no silence', () => {
    const friday = monday + 4 * day;
    expect(silentUsualMs(friday + 18 * hour, monday + week + 7 * hour, open)).toBe(0);
  });

  test('counts the usual time only: an hour on Friday and one on Monday are two', () => {
    const friday = monday + 4 * day;
    expect(silentUsualMs(friday + 17 * hour, monday + week + 8 * hour, open)).toBe(2 * hour);
  });

  test('counts to the minute and never below zero', () => {
    expect(silentUsualMs(monday + 9 * hour, monday + 9 * hour + 100_000, open)).toBe(100_000);
    expect(silentUsualMs(monday + 9 * hour, monday + 8 * hour, open)).toBe(0);
  });
});
