import { describe, expect, test } from 'vitest';
import { analysed, boot, claim, image, openFixture } from './store-fixture.ts';

const hourMs = 3_600_000;

describe('Monitor', () => {
  test('names every sender with its last image, and the hours in which it was active', () => {
    const { store, clock } = openFixture();
    const startMs = clock.nowMs();
    store.inbox.admit(image(1, { sender: 'DX_ROOM1', atMs: startMs }));
    store.inbox.admit(image(2, { sender: 'DX_ROOM1', atMs: startMs + 10 }));
    store.inbox.admit(image(3, { sender: 'DX_ROOM1', atMs: startMs + 5 * hourMs }));
    store.inbox.admit(image(4, { sender: 'CR_WARD', atMs: startMs + hourMs }));
    expect(store.monitor.senders()).toEqual([
      { callingAeTitle: 'CR_WARD', lastImageAtMs: startMs + hourMs },
      { callingAeTitle: 'DX_ROOM1', lastImageAtMs: startMs + 5 * hourMs },
    ]);
    expect(store.monitor.activeHours('DX_ROOM1', startMs, startMs + 24 * hourMs)).toEqual([
      startMs,
      startMs + 5 * hourMs,
    ]);
    expect(store.monitor.activeHours('DX_ROOM1', startMs, startMs + hourMs)).toEqual([startMs]);
  });

  test('an empty database has no senders and nothing waiting', () => {
    const { store } = openFixture();
    expect(store.monitor.senders()).toEqual([]);
    expect(store.monitor.activeHours('DX_ROOM1', 0, Date.now())).toEqual([]);
    expect(store.monitor.held()).toEqual({ count: 0, oldestAtMs: null });
    expect(store.monitor.destination('main')).toMatchObject({ waiting: 0, refusingSinceMs: null });
  });

  test('a destination refuses since its first failure after its last success', () => {
    const { store, clock } = openFixture();
    const deliver = (end: 'stored' | 'waiting') => {
      const [delivery] = store.outbox.claimDue({
        destination: 'main',
        limit: 1,
        nowMs: clock.nowMs(),
        bootId: boot,
      });
      if (delivery === undefined) throw new Error('nothing due');
      if (end === 'stored') store.outbox.markStored(delivery, { status: 0 });
      else store.outbox.markWaiting(delivery, { error: 'no answer', nextAtMs: clock.nowMs() + 1000 });
    };
    for (const n of [1, 2]) {
      store.inbox.admit(image(n, { study: n }));
      store.results.commitImageResult(analysed(claim(store)));
    }
    deliver('stored');
    expect(store.monitor.destination('main')).toMatchObject({ waiting: 1, refusingSinceMs: null });
    clock.advance(1000);
    const firstFailureMs = clock.nowMs();
    deliver('waiting');
    clock.advance(5000);
    deliver('waiting');
    expect(store.monitor.destination('main').refusingSinceMs).toBe(firstFailureMs);
    clock.advance(5000);
    deliver('stored');
    expect(store.monitor.destination('main')).toMatchObject({ waiting: 0, refusingSinceMs: null });
  });

  test('knows the figures of an analysis and when the image behind an object came', () => {
    const { store, clock } = openFixture();
    store.inbox.admit(image(1, { atMs: clock.nowMs() - 4000 }));
    store.results.commitImageResult(analysed(claim(store)));
    expect(store.monitor.analysis(image(1).instanceId)?.probabilities).toEqual({ DLS: 0.82 });
    expect(store.monitor.receivedAtMs(`object-sc-${image(1).instanceId}`)).toBe(clock.nowMs() - 4000);
    expect(store.monitor.receivedAtMs('unknown')).toBeUndefined();
  });
});
