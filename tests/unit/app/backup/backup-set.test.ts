import { describe, expect, test } from 'vitest';
import { setName, setsToDelete } from '../../../../src/app/backup/backup-set.ts';

const hourMs = 3_600_000;
const startMs = Date.UTC(2026, 0, 1, 0, 17);
/** One name an hour. */
const hourly = (hours: number): string[] =>
  Array.from({ length: hours }, (_, hour) => setName(startMs + hour * hourMs));

describe('which backups stay', () => {
  test('a name tells the time in UTC and sorts by it', () => {
    expect(setName(Date.UTC(2026, 0, 5, 2, 47, 9))).toBe('lumbar-node-20260105T024709Z');
  });

  test('the newest, and the last of each of the newest days', () => {
    const names = hourly(24 * 20);
    const gone = new Set(setsToDelete(names, { keep: 24, keepDaily: 14 }));
    const kept = names.filter((name) => !gone.has(name));
    // The newest 24 are those of the last day; thirteen days before it keep their last hour.
    expect(kept).toHaveLength(24 + 13);
    expect(kept.slice(0, 13)).toEqual(
      Array.from({ length: 13 }, (_, day) => setName(startMs + ((7 + day) * 24 - 1) * hourMs)),
    );
    expect(kept.slice(13)).toEqual(names.slice(-24));
  });

  test('without daily ones only the newest, and what is no backup is never named', () => {
    const names = [...hourly(3), 'notes.txt', 'lumbar-node-20260101T011700Z.part'];
    expect(setsToDelete(names, { keep: 2, keepDaily: 0 })).toEqual([hourly(1)[0]]);
  });

  test('the newest always stays', () => {
    expect(setsToDelete(hourly(1), { keep: 1, keepDaily: 0 })).toEqual([]);
  });
});
