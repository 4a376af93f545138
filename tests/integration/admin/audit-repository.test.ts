import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { RepositorySender } from '../../../src/admin/atna/repository-sender.ts';
import type { Store } from '../../../src/store/store.ts';
import { hostClock } from '../../../src/store/store.ts';
import { type FakeRepository, startFakeRepository } from '../../support/audit-repository.ts';
import { peer } from '../../support/peer.ts';
import { makePki, type Pki } from '../../support/pki.ts';
import { image, openFixture } from '../../unit/store/store-fixture.ts';

const openssl = peer('openssl');
let pki: Pki | undefined;

beforeAll(() => {
  if (openssl === undefined) return;
  const made = makePki(openssl);
  pki = made;
  made.authority('ca');
  made.authority('stranger-ca');
  for (const name of ['repository', 'node']) made.issue(name);
  made.issue('stranger', { authority: 'stranger-ca' });
});
afterAll(() => pki?.remove());

function repository(port = 0, name = 'repository'): Promise<FakeRepository> {
  return startFakeRepository(
    { cert: pki!.read(`${name}.pem`), key: pki!.read(`${name}.key`), ca: pki!.read('ca.pem') },
    port,
  );
}

interface Running {
  readonly lost: string[];
  readonly reached: () => number;
  stop(): Promise<void>;
}

function send(store: Store, port: number, certificate = 'node', writeMs = 30_000): Running {
  const stopping = new AbortController();
  const lost: string[] = [];
  let reached = 0;
  const sender = new RepositorySender({
    host: 'localhost',
    port,
    credentials: () => ({
      ca: pki!.read('ca.pem'),
      cert: pki!.read(`${certificate}.pem`),
      key: pki!.read(`${certificate}.key`),
    }),
    origin: { hostName: 'node1', processId: 42 },
    source: { aeTitle: 'LUMBAR', hostName: 'node1', destinations: new Map() },
    queue: {
      // The fixture's clock stands still; rows are old enough to go without their patient.
      unsent: (limit) => store.auditOutbox.unsent(limit, hostClock.nowMs()),
      markSent: (seqs, nowMs) => store.auditOutbox.markSent(seqs, nowMs),
      resendLast: (windowMs) => store.auditOutbox.resendLast(windowMs),
      prune: (beforeMs) => store.auditOutbox.prune(beforeMs),
      head: () => store.audit.head(),
    },
    clock: hostClock,
    events: {
      lost: (why) => void lost.push(why),
      reached: () => {
        reached++;
      },
    },
    timing: { pollMs: 20, firstRetryMs: 20, longestRetryMs: 100, writeMs },
  });
  const running = sender.run(stopping.signal);
  const stop = async () => {
    stopping.abort();
    await running;
  };
  onTestFinished(stop);
  return { lost, reached: () => reached, stop };
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const endMs = hostClock.monotonicMs() + 20_000;
  while (!condition()) {
    if (hostClock.monotonicMs() > endMs) throw new Error(`not reached: ${what}`);
    await delay(10);
  }
}

const studyOf = (text: string) => /ParticipantObjectID="(1\.2\.3\.\d+)"/.exec(text)?.[1];
const studies = ({ records }: FakeRepository) =>
  records.filter(({ messageId }) => messageId === 'DICOM+RFC3881').map(({ text }) => studyOf(text));

function admit(store: Store, ...numbers: readonly number[]): void {
  for (const n of numbers) store.inbox.admit(image(n, { study: n }));
}

describe.skipIf(openssl === undefined)('RepositorySender (RFC 5425, PS3.15 A.6; O02)', () => {
  test('messages arrive framed, in order, over mutual TLS, with the head of the chain as an anchor', async () => {
    const { store } = openFixture('queue');
    const fake = await repository();
    onTestFinished(() => fake.close());
    admit(store, 1, 2, 3);
    const running = send(store, fake.port);
    await until('three messages', () => studies(fake).length === 3);
    expect(studies(fake)).toEqual(['1.2.3.1', '1.2.3.2', '1.2.3.3']);
    const { seq, sha256 } = store.audit.head();
    expect(
      fake.records.filter(({ messageId }) => messageId === 'AUDIT-ANCHOR').map(({ text }) => text),
    ).toEqual([`audit chain head seq=${seq} sha256=${sha256}`]);
    await until('nothing waits', () => store.auditOutbox.unsent(10, hostClock.nowMs()).length === 0);
    await until('reached is told', () => running.reached() === 1);
    expect(running.lost).toEqual([]);
    expect(fake.faults).toEqual([]);
  });

  test('a repository that is away gets everything later, in order', async () => {
    const { store } = openFixture('queue');
    const first = await repository();
    const { port } = first;
    await first.close();
    admit(store, 1, 2);
    const running = send(store, port);
    await until('several tries', () => running.lost.length >= 3);
    expect(running.lost[0]).toContain('ECONNREFUSED');
    admit(store, 3);
    const back = await repository(port);
    onTestFinished(() => back.close());
    await until('everything arrived', () => studies(back).length >= 3);
    expect(studies(back)).toEqual(['1.2.3.1', '1.2.3.2', '1.2.3.3']);
  });

  test('what was written before a connection broke is written again: at least once', async () => {
    const { store } = openFixture('queue');
    const fake = await repository();
    onTestFinished(() => fake.close());
    admit(store, 1);
    const running = send(store, fake.port);
    await until('the first message', () => studies(fake).length === 1);
    fake.freeze();
    admit(store, 2);
    await until('it counts as sent', () => store.auditOutbox.unsent(10, hostClock.nowMs()).length === 0);
    fake.breakOff();
    await until('both came again', () => studies(fake).length >= 3);
    expect(studies(fake)).toEqual(['1.2.3.1', '1.2.3.1', '1.2.3.2']);
    expect(running.lost).toHaveLength(1);
  });

  test('a repository that takes nothing more is given up after a while, and the queue keeps everything', async () => {
    const { store } = openFixture('queue');
    const fake = await repository();
    onTestFinished(() => fake.close());
    admit(store, 1);
    const running = send(store, fake.port, 'node', 300);
    await until('the first message', () => studies(fake).length === 1);
    fake.freeze();
    store.db.transaction(() => {
      for (let n = 0; n < 5000; n++)
        store.audit.append('PROTOCOL_VIOLATION', { peerIp: '10.0.0.66', detail: 'x'.repeat(2000) });
    });
    await until('given up', () => running.lost.some((why) => why.includes('took nothing')));
    await until('the rest arrived on the next connection', () => fake.records.length > 5001);
    expect(fake.faults).toEqual([]);
  }, 60_000);

  test('an idle connection that the repository closes is opened again without sending anything twice', async () => {
    const { store } = openFixture('queue');
    const fake = await repository();
    onTestFinished(() => fake.close());
    const running = send(store, fake.port);
    await until('reached', () => running.reached() === 1);
    fake.hangUp();
    await until('reached again', () => running.reached() === 2);
    admit(store, 1);
    await until('the message', () => studies(fake).length === 1);
    fake.hangUp();
    await until('reached a third time', () => running.reached() >= 3);
    expect(fake.connections).toBeGreaterThanOrEqual(3);
  });

  test.each([
    ['the repository shows a certificate of another authority', 'stranger', 'node'],
    ['our certificate is not one that the repository knows', 'repository', 'stranger'],
  ])('%s: nothing counts as sent for good', async (_name, theirs, ours) => {
    const { store } = openFixture('queue');
    const fake = await repository(0, theirs);
    admit(store, 1);
    const running = send(store, fake.port, ours);
    await until('refused several times', () => running.lost.length >= 3);
    expect(fake.records).toEqual([]);
    expect(running.reached()).toBe(0);
    await running.stop();
    const { port } = fake;
    await fake.close();
    // The certificates are put right much later: the message is still there.
    const right = await repository(port);
    onTestFinished(() => right.close());
    send(store, port);
    await until('the message', () => studies(right).length === 1);
  });
});
