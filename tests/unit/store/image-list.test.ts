import { describe, expect, test } from 'vitest';
import { fillDay } from '../../support/console-day.ts';
import type { ImageListFilter, ImagePlace } from '../../../src/store/image-list.ts';
import { openFixture } from './store-fixture.ts';

const limit = 10;

function day() {
  const fixture = openFixture();
  fillDay(fixture.store, {
    shape: { analysed: 15, skipped: 30, held: 8, refused: 2 },
    senders: ['DX_ROOM1', 'CR_WARD'],
    nowMs: fixture.clock.nowMs(),
    destinations: [],
  });
  return fixture;
}

describe('ImageList', () => {
  test.each(['newest-first', 'oldest-first'] as const)(
    'pages %s meet every image once, in order',
    (order) => {
      const { store } = day();
      const seen: ImagePlace[] = [];
      let after: ImagePlace | undefined;
      do {
        const page = store.imageList.page({ limit, ...(after === undefined ? {} : { after }) }, order);
        seen.push(...page.rows);
        after = page.next;
      } while (after !== undefined);
      expect(new Set(seen.map(({ instanceId }) => instanceId)).size).toBe(55);
      const times = seen.map(({ receivedAtMs }) => receivedAtMs);
      expect(times).toEqual(times.toSorted((a, b) => (order === 'newest-first' ? b - a : a - b)));
    },
  );

  test('narrows by every member and all together', () => {
    const { store } = day();
    const count = (filter: Partial<ImageListFilter>) =>
      store.imageList.page({ ...filter, limit: 100 }).rows.length;
    expect(count({ disposition: 'held' })).toBe(8);
    expect(count({ outcome: 'SUSPECTED' })).toBe(3);
    expect(count({ reason: 'S02' })).toBeGreaterThan(count({ reason: 'S02', callingAeTitle: 'CR_WARD' }));
    expect(count({ disposition: 'held', reason: 'S02' })).toBe(0);
    expect(count({ callingAeTitle: 'NOBODY' })).toBe(0);
  });

  const filters: readonly Partial<ImageListFilter>[] = [
    {},
    { disposition: 'held' },
    { outcome: 'SUSPECTED' },
    { callingAeTitle: 'CR_WARD' },
    { reason: 'S02' },
    { disposition: 'skipped', callingAeTitle: 'CR_WARD', reason: 'S04' },
    { disposition: 'held', after: { receivedAtMs: 1, instanceId: 'A' } },
  ];
  test.each(filters)(
    '%j is answered from an index in its order, without sorting all that match',
    (filter) => {
      const { store } = day();
      for (const order of ['newest-first', 'oldest-first'] as const) {
        const { sql, parameters } = store.imageList.statement({ ...filter, limit }, order);
        const plan = store.db.queryPlan(sql, parameters).join('; ');
        expect(plan).toMatch(/(SEARCH|SCAN) i USING INDEX instanceBy/);
        expect(plan).not.toMatch(/USE TEMP B-TREE FOR ORDER BY/);
      }
    },
  );
});
