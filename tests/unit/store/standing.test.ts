import { describe, expect, test } from 'vitest';
import { sendersByLastImage } from '../../../src/store/arrivals.ts';
import { destinationStandings } from '../../../src/store/outbox.ts';
import { analysed, boot, claim, image, openFixture } from './store-fixture.ts';

const dayMs = 86_400_000;

describe('where everything stands, whatever the history', () => {
  test('senders are found by jumping along an index, each with its last image', () => {
    const { store, clock } = openFixture();
    for (const [n, sender] of ['B', 'A', 'B'].entries()) {
      clock.advance(1000);
      store.inbox.admit(image(n + 1, { sender, atMs: clock.nowMs() }));
    }
    expect(store.arrivals.senders(clock.nowMs())).toEqual([
      { callingAeTitle: 'A', lastImageAtMs: clock.nowMs() - 1000, images24h: 1 },
      { callingAeTitle: 'B', lastImageAtMs: clock.nowMs(), images24h: 2 },
    ]);
    const plan = store.db.queryPlan(sendersByLastImage, { sinceMs: 0 }).join('\n');
    expect(plan).not.toMatch(/SCAN (i|instance)\b(?! USING)/);
  });

  test('a destination stands by what is unsent and what is recent; the newest answer is told', () => {
    const { store, clock } = openFixture();
    for (const n of [1, 2, 3]) {
      store.inbox.admit(image(n, { study: n, atMs: clock.nowMs() }));
      store.results.commitImageResult(analysed(claim(store)));
    }
    const [first, second] = store.outbox.claimDue({
      destination: 'main',
      limit: 2,
      nowMs: clock.nowMs(),
      bootId: boot,
    });
    store.outbox.markStored(first!, { status: 0 });
    store.outbox.park(second!, { error: 'main refused it.', reason: 'D03' });
    expect(store.outbox.standing(clock.nowMs() - dayMs)).toEqual([
      {
        destination: 'main',
        waiting: 1,
        parked: 1,
        oldestWaitingAtMs: clock.nowMs(),
        stored: 1,
        lastError: 'main refused it.',
      },
    ]);
    const plan = store.db.queryPlan(destinationStandings, { sinceMs: 0 }).join('\n');
    expect(plan).not.toMatch(/SCAN (x|o|object|outbox)\b(?! USING)/);
  });

  test('latency is from the durable image to the answer for its capture', () => {
    const { store, clock } = openFixture();
    store.inbox.admit(image(1, { atMs: clock.nowMs() }));
    store.results.commitImageResult(analysed(claim(store)));
    clock.advance(4200);
    const [due] = store.outbox.claimDue({
      destination: 'main',
      limit: 1,
      nowMs: clock.nowMs(),
      bootId: boot,
    });
    store.outbox.markStored(due!, { status: 0 });
    expect(store.serviceLevel.latencies(clock.nowMs() - dayMs)).toEqual({ captureMs: [4200], reportMs: [] });
  });

  test('a configuration that was refused after the one in force was read is told', () => {
    const { store, clock } = openFixture();
    expect(store.serviceLevel.facts()).toEqual({
      configuration: undefined,
      refusedAtMs: undefined,
      startedAtMs: undefined,
      model: undefined,
    });
    store.audit.append('NODE_STARTED', { version: '1', bootId: 'b', configSha256: 'c1' });
    clock.advance(1000);
    store.audit.append('CONFIG_REFUSED', { detail: 'node.yaml:3:1' });
    expect(store.serviceLevel.facts()).toMatchObject({
      configuration: { sha256: 'c1' },
      refusedAtMs: clock.nowMs(),
    });
    clock.advance(1000);
    store.audit.append('CONFIG_RELOADED', { configSha256: 'c2' });
    expect(store.serviceLevel.facts()).toMatchObject({
      configuration: { sha256: 'c2', atMs: clock.nowMs() },
      refusedAtMs: undefined,
    });
  });
});
