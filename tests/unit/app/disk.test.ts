import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Ballast } from '../../../src/app/ballast.ts';
import { DeferredBooks } from '../../../src/app/deferred-books.ts';
import { diskDecision } from '../../../src/app/disk-decision.ts';
import { NodeError } from '../../../src/core/errors.ts';
import { openFixture } from '../store/store-fixture.ts';

const MiB = 1024 * 1024;
const limits = { watermark: 1000 * MiB, ballast: 64 * MiB };

describe('diskDecision (reliability 4.5, C06)', () => {
  test.each([
    ['plenty', { isLow: false, hasBallast: true }, 5000, {}],
    ['just above the watermark', { isLow: false, hasBallast: true }, 1000, {}],
    ['below the watermark', { isLow: false, hasBallast: true }, 999, { announce: 'low' }],
    ['still below', { isLow: true, hasBallast: true }, 500, {}],
    ['nearly full', { isLow: true, hasBallast: true }, 15, { ballast: 'drop' }],
    ['nearly full at once', { isLow: false, hasBallast: true }, 1, { announce: 'low', ballast: 'drop' }],
    ['nearly full without ballast', { isLow: true, hasBallast: false }, 1, {}],
    ['a little above the watermark again', { isLow: true, hasBallast: false }, 1010, {}],
    ['well above it, no room for ballast', { isLow: true, hasBallast: false }, 1060, { announce: 'ok' }],
    ['room for ballast too', { isLow: true, hasBallast: false }, 1114, { announce: 'ok', ballast: 'make' }],
    ['first start', { isLow: false, hasBallast: false }, 5000, { ballast: 'make' }],
  ] as const)('%s', (_name, state, freeMiB, decision) => {
    expect(diskDecision(state, freeMiB * MiB, limits)).toEqual(decision);
  });

  test('a site that wants no ballast gets none', () => {
    expect(diskDecision({ isLow: false, hasBallast: false }, 5000 * MiB, { ...limits, ballast: 0 })).toEqual(
      {},
    );
  });
});

describe('Ballast', () => {
  test('takes its size on the disk, gives it back at once, and is made anew when the setting changed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lumbar-ballast-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const ballast = new Ballast(folder, 3 * MiB);
    await ballast.make();
    expect(statSync(join(folder, 'ballast')).blocks * 512).toBeGreaterThanOrEqual(3 * MiB);
    expect(new Ballast(folder, 3 * MiB).exists).toBe(true);
    expect(new Ballast(folder, 2 * MiB).exists).toBe(false);
    await ballast.make();
    ballast.drop();
    expect(existsSync(join(folder, 'ballast'))).toBe(false);
  });
});

describe('Ballast on a disk that has faults', () => {
  test('a fault that is not lack of space is not kept quiet', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lumbar-ballast-'));
    const ballast = new Ballast(folder, 3 * MiB);
    rmSync(folder, { recursive: true });
    await expect(ballast.make()).rejects.toMatchObject({ code: 'STORE_IO' });
  });
});

describe('DeferredBooks', () => {
  const silent = { event: () => undefined, close: () => Promise.resolve() };

  test('an entry that meets a full disk is written later, in order, and nothing is thrown', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { store } = openFixture();
    let isFull = true;
    const failStops: unknown[] = [];
    const books = new DeferredBooks({ store, log: silent, failStop: (error) => failStops.push(error) });
    const enter = (destination: string) =>
      books.enter(({ audit }) => {
        if (isFull) throw new NodeError('STORE_FULL', 'no space');
        audit.append('DESTINATION_UP', { destination });
      });
    enter('first');
    enter('second');
    vi.advanceTimersByTime(3000);
    expect(store.audit.head().seq).toBe(0);
    isFull = false;
    vi.advanceTimersByTime(1000);
    expect(store.audit.rowsAfter(0, 10).map(({ fields }) => fields['destination'])).toEqual([
      'first',
      'second',
    ]);
    expect(failStops).toEqual([]);
  });

  test('too many waiting entries lose the oldest, and the log says how many', () => {
    const events: unknown[] = [];
    const log = { ...silent, event: (name: string, fields: unknown) => void events.push([name, fields]) };
    const { store } = openFixture();
    let isFull = true;
    const books = new DeferredBooks({ store, log, failStop: () => undefined, maxEntries: 2 });
    for (const destination of ['a', 'b', 'c'])
      books.enter(({ audit }) => {
        if (isFull) throw new NodeError('STORE_FULL', 'no space');
        audit.append('DESTINATION_UP', { destination });
      });
    isFull = false;
    expect(books.close()).toBe(0);
    expect(store.audit.rowsAfter(0, 10).map(({ fields }) => fields['destination'])).toEqual(['b', 'c']);
    expect(events).toEqual([['AUDIT_ROWS_LOST', { count: 1 }]]);
  });

  test('an I/O error of the database stops the process', () => {
    const failStops: unknown[] = [];
    const { store } = openFixture();
    const books = new DeferredBooks({ store, log: silent, failStop: (error) => failStops.push(error) });
    books.enter(() => {
      throw new NodeError('STORE_IO', 'disk');
    });
    expect(failStops).toHaveLength(1);
    books.close();
  });
});
