import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareModel } from '../../src/app/compare-model.ts';
import { explainFromBooks } from '../../src/app/explain-verb.ts';
import { changeQueue } from '../../src/app/queue-verb.ts';
import type { WrittenTarget } from '../../src/app/reprocess-target.ts';
import { reprocess } from '../../src/app/reprocess-verb.ts';
import { type RunningNode, startNode } from '../../src/app/start.ts';
import { statusFromBooks } from '../../src/app/status-verb.ts';
import { initialiseCodecs } from '../../src/imaging/native-codec.ts';
import { type SimulatedImage, simulateStudy } from '../../src/simulator/study.ts';
import { hostClock, openReadOnlyStore, openStore, type ReadOnlyStore } from '../../src/store/store.ts';
import { sendToNode } from '../support/send-to-node.ts';
import { type NodeFolder, prepareNodeFolder } from '../support/running-node.ts';

let prepared: NodeFolder;
let node: RunningNode;
let store: ReadOnlyStore;
let image: SimulatedImage;

/** A node with three destinations: one gets results, one is only looked at, one is off. */
beforeAll(async () => {
  await initialiseCodecs();
  prepared = await prepareNodeFolder();
  const file = join(prepared.configFolder, 'node.yaml');
  const more = ['looking', 'silent'].map(
    (name) =>
      `  - { name: ${name}, host: 127.0.0.1, port: 9, calledAeTitle: NOBODY, deliver: ${name === 'looking' ? 'shadow' : 'off'} }\n`,
  );
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace(/^( {2}- \{ name: demo.*\n)/m, `$1${more.join('')}`),
  );
  node = await startNode(prepared.configFolder, { logFile: join(prepared.folder, 'node.log') });
  store = openReadOnlyStore({ databasePath: prepared.databasePath, clock: hostClock });
  image = simulateStudy(30_500_031, {
    size: 512,
    views: ['neutral'],
    tags: 'orderly',
    variant: 'reprocess',
  })[0]!;
  await sendToNode(node.port, [image.bytes]);
  await until(() => study()?.state === 'CLOSED' && unsent() === 0);
}, 120_000);

afterAll(async () => {
  store.close();
  await node.stop();
  await prepared.pacs.close();
  rmSync(prepared.folder, { recursive: true, force: true });
}, 60_000);

async function until(condition: () => boolean): Promise<void> {
  const endMs = hostClock.monotonicMs() + 90_000;
  while (!condition()) {
    if (hostClock.monotonicMs() > endMs) throw new Error('not reached in 90 s');
    await delay(50);
  }
}

function study() {
  return store.explain({ sopInstanceUid: image.sopInstanceUid });
}

function deliveries() {
  return [...(study()?.images ?? []), ...(study()?.reports ?? [])]
    .flatMap(({ objects }) => objects)
    .flatMap((one) => one.deliveries);
}

function unsent(): number {
  return deliveries().filter(({ state }) => state === 'WAITING' || state === 'SENDING').length;
}

describe('one node, three destinations', () => {
  test('on gets every result, shadow keeps them here and says so, off has none made', async () => {
    const states = (name: string): string[] =>
      deliveries().flatMap(({ destination, state }) => (destination === name ? [state] : []));
    const results = states('demo').length;
    expect(study()?.images[0]?.instance.disposition).toBe('analysed');
    expect(results).toBe(2);
    expect(new Set(states('demo'))).toEqual(new Set(['STORED']));
    expect(states('looking')).toEqual(Array.from({ length: results }, () => 'CANCELLED'));
    expect(states('silent')).toEqual([]);
    expect(new Set(prepared.received.map(({ sopInstanceUid }) => sopInstanceUid)).size).toBe(results);
    const { text } = await explainFromBooks(prepared.configFolder, image.sopInstanceUid, {
      format: 'text',
      trail: 'none',
    });
    expect(text.replaceAll(/\s+/g, ' ')).toContain('not sent: this destination is in shadow mode');
    expect((await statusFromBooks(prepared.configFolder, 'text')).text).toContain('shadow');
  });

  test('reprocessing with nothing changed sends nothing and makes the same objects', async () => {
    const before = deliveries();
    const arrived = prepared.received.length;
    const ends = (): number =>
      store.auditQuery
        .query({ sopInstanceUid: image.sopInstanceUid, limit: 100 })
        .rows.filter(({ event }) => ['IMAGE_ANALYSED', 'IMAGE_REFUSED'].includes(event)).length;
    const once = ends();
    const { exitCode, text } = await reprocess(
      prepared.configFolder,
      { what: image.sopInstanceUid },
      {
        mode: 'act',
        agree: (announced) => {
          expect(announced.replaceAll(/\s+/g, ' ')).toContain('the results get the same UIDs');
          return Promise.resolve(true);
        },
      },
    );
    expect([exitCode, text]).toEqual([0, expect.stringContaining('1 of 1 images are in the queue')]);
    await until(() => ends() === once + 1 && study()?.state === 'CLOSED' && unsent() === 0);
    expect(deliveries()).toEqual(before);
    expect(prepared.received).toHaveLength(arrived);
    expect(study()?.images[0]?.instance.disposition).toBe('analysed');
  }, 120_000);

  test('a delivery held back and released by the command goes out of the running node', async () => {
    const yes = (): Promise<boolean> => Promise.resolve(true);
    const arrived = prepared.received.length;
    const writable = openStore({ databasePath: prepared.databasePath, clock: hostClock });
    writable.db.sql("UPDATE outbox SET state = 'WAITING', nextAtMs = @later WHERE destination = 'demo'").run({
      later: hostClock.nowMs() + 3_600_000,
    });
    writable.close();
    const selection = { names: [], peer: 'demo' };
    await changeQueue(prepared.configFolder, { action: 'hold', selection, agree: yes });
    expect(new Set(deliveries().map(({ state }) => state))).toEqual(new Set(['PARKED', 'CANCELLED']));
    await changeQueue(prepared.configFolder, { action: 'release', selection, agree: yes });
    await until(() => deliveries().every(({ state }) => state === 'STORED' || state === 'CANCELLED'));
    expect(prepared.received).toHaveLength(arrived + 2);
  }, 120_000);

  test('another look by a model package shows the difference and changes nothing', async () => {
    const head = store.audit.head();
    const { exitCode, text } = await compareModel(
      prepared.configFolder,
      { what: image.sopInstanceUid },
      'lumbar-nano-sim',
      'text',
    );
    expect(exitCode).toBe(0);
    expect(text).toContain('Nothing was sent or changed.');
    expect(text).toContain('0 of 1 image would end otherwise.');
    expect(store.audit.head()).toEqual(head);
  }, 60_000);

  test('a span of time is compared as numbers per pair of outcomes and a list of what changed', async () => {
    const compared = await compareModel(prepared.configFolder, { since: '1d' }, 'lumbar-nano-sim', 'json');
    const outcome = study()?.images[0]?.analysis?.outcome;
    expect(JSON.parse(compared.text)).toMatchObject({
      schema: 1,
      model: { id: 'lumbar-nano-sim' },
      pairs: [{ before: outcome, after: outcome, count: 1 }],
      changed: [],
      images: [{ sopInstanceUid: image.sopInstanceUid }],
      leftOut: 0,
    });
    const earlier = await compareModel(prepared.configFolder, { until: '1d' }, 'lumbar-nano-sim', 'text');
    expect(earlier).toMatchObject({ exitCode: 4 });
  }, 60_000);

  test('a span is reprocessed as one thing is; an unclear command line is wrong usage', async () => {
    const ask = (written: WrittenTarget) =>
      reprocess(prepared.configFolder, written, { mode: 'dry-run', agree: () => Promise.resolve(false) });
    const head = store.audit.head();
    expect(await ask({ since: '1d' })).toMatchObject({
      exitCode: 0,
      text: expect.stringContaining('1 image again through the view filter') as string,
    });
    expect(await ask({ until: '2020-01-01' })).toMatchObject({ exitCode: 4 });
    for (const unclear of [{}, { what: 'last', since: '1d' }, { since: 'yesterday' }])
      expect(await ask(unclear)).toMatchObject({ exitCode: 2 });
    expect(store.audit.head()).toEqual(head);
  });
});
