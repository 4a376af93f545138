import { expect, onTestFinished, test } from 'vitest';
import { type InboxRequest, writeBatch } from '../../../src/app/inbox-batch.ts';
import { InboxThread } from '../../../src/app/inbox-thread.ts';
import { type Fixture, image, openFixture } from '../store/store-fixture.ts';

const runId = 'RUN';

function admit(n: number): InboxRequest {
  return { kind: 'admit', record: image(n) };
}

function stored({ store }: Fixture): number {
  return store.db.sql<{ n: number }>('SELECT count(*) AS n FROM instance').get()?.n ?? 0;
}

function openThread(fixture: Fixture): { thread: InboxThread; events: string[] } {
  const events: string[] = [];
  const thread = new InboxThread({
    databasePath: fixture.databasePath,
    atna: 'off',
    runId,
    written: () => void events.push('written'),
    failStop: ({ code }) => void events.push(`stop ${code}`),
  });
  onTestFinished(() => thread.close());
  return { thread, events };
}

test('a batch is one transaction, and each request gets its own answer', () => {
  const fixture = openFixture();
  const before = fixture.store.audit.head().seq;
  const answers = writeBatch(fixture.store, runId, [
    admit(1),
    admit(2),
    { kind: 'admit', record: { ...image(1), instanceId: image(3).instanceId, path: image(3).path } },
  ]);
  expect(answers).toEqual([
    { kind: 'done', admission: 'stored' },
    { kind: 'done', admission: 'stored' },
    { kind: 'done', admission: 'duplicate' },
  ]);
  expect(stored(fixture)).toBe(2);
  expect(fixture.store.audit.head().seq).toBeGreaterThan(before);
  expect(fixture.store.audit.verify()).toMatchObject({ intact: true });
});

test('when one request cannot be written none is, and all are told (P1)', () => {
  const fixture = openFixture();
  // Two different images under one id of ours: the database refuses the second.
  const clash: InboxRequest = { kind: 'admit', record: { ...image(2), instanceId: image(1).instanceId } };
  const answers = writeBatch(fixture.store, runId, [admit(3), admit(1), clash]);
  expect(answers.map(({ kind }) => kind)).toEqual(['fault', 'fault', 'fault']);
  expect(stored(fixture)).toBe(0);
});

test('through the thread: written in order, durable for another connection, and the worker is told', async () => {
  const fixture = openFixture();
  const { thread, events } = openThread(fixture);
  const association = {
    associationId: 'A1',
    callingAeTitle: 'XRAY1',
    calledAeTitle: 'LUMBAR',
    peerIp: '10.0.0.1',
  };
  const opened = thread.associationOpened(association);
  const admissions = Promise.all([1, 2, 3].map((n) => thread.admit({ ...image(n), associationId: 'A1' })));
  const closed = thread.associationClosed('A1', 'released');
  await Promise.all([opened, closed]);
  expect(await admissions).toEqual(['stored', 'stored', 'stored']);
  expect(events).toEqual(['written', 'written', 'written', 'written']);
  expect(stored(fixture)).toBe(3);
  const [row] = fixture.store.auditQuery.query({ event: 'ASSOCIATION_CLOSED', limit: 1 }).rows;
  expect(row?.fields).toMatchObject({ associationId: 'A1', count: 3 });
});

test('closing writes what was asked for before', async () => {
  const fixture = openFixture();
  const { thread, events } = openThread(fixture);
  const admission = thread.admit(image(1));
  await thread.close();
  expect(await admission).toBe('stored');
  expect(events).toEqual(['written']);
});

test('a thread that cannot open the database stops the process, and nothing is called written', async () => {
  const fixture = openFixture();
  const events: string[] = [];
  const stopped = Promise.withResolvers<undefined>();
  const thread = new InboxThread({
    databasePath: `${fixture.databasePath}.absent/x.sqlite`,
    atna: 'off',
    runId,
    written: () => void events.push('written'),
    failStop: ({ code }) => {
      events.push(`stop ${code}`);
      stopped.resolve(undefined);
    },
  });
  await expect(thread.admit(image(1))).rejects.toMatchObject({ code: 'BUG_INVARIANT' });
  await stopped.promise;
  expect(events).toEqual(['stop BUG_INVARIANT']);
});
