import { setTimeout as delay } from 'node:timers/promises';
import { hostClock } from '../../src/store/store.ts';
import type { Bench, TortureCase } from '../case.ts';
import type { AttackedNode } from '../support/attacked-node.ts';
import { startCrowd } from '../support/crowd.ts';
import { ImageFactory } from '../support/images.ts';
import { descriptorsOf, rssOf } from '../support/process-facts.ts';

/** N13: many who want nothing beside many who want much. */
export const crowdCases: readonly TortureCase[] = [
  {
    id: 'N13',
    title: '2,000 idle and half-open sockets that never close, 32 modalities store',
    injects:
      'TCP connections from another process that send nothing or half a request and come again a second after they are dropped; storing associations beside them',
    expects:
      'capped; C-ECHO within 1 s; all stored; RSS growth below 100 MB; SIGTERM ends the node within 5 s',
    run: crowd,
  },
];

async function crowd(bench: Bench): Promise<void> {
  const node = await bench.node({ config: { maxAssociations: 64 } });
  const listener = node.pids().listener ?? 0;
  await warmUp(bench, node);
  const rss = rssOf(listener);
  const idle = startCrowd(node.port, bench.size.idleSockets);
  bench.defer(() => idle.stop());
  const storing = Array.from({ length: bench.size.storingAssociations }, (_, number) => {
    const factory = new ImageFactory(`${bench.seed}/N13/${number}`, { view: 'ap', size: 512 });
    const images = Array.from({ length: bench.size.imagesPerAssociation }, () =>
      factory.next(`study-${number}`),
    );
    return node.store(images, undefined, { timeoutMs: 120_000 });
  });
  const stored = Promise.all(storing).then(() => true);
  const echoes: number[] = [];
  let worstRss = 0;
  let worstDescriptors = 0;
  let open = 0;
  const begin = hostClock.monotonicMs();
  const isCrowded = (): boolean =>
    open > bench.size.idleSockets * 0.9 || hostClock.monotonicMs() - begin > 60_000;
  while (echoes.length < 40 || !isCrowded() || !(await isDone(stored))) {
    const startMs = hostClock.monotonicMs();
    if (!(await node.echoes(20_000))) bench.expect(false, 'a C-ECHO was not answered');
    echoes.push(hostClock.monotonicMs() - startMs);
    worstRss = Math.max(worstRss, rssOf(listener));
    worstDescriptors = Math.max(worstDescriptors, descriptorsOf(listener));
    open = Math.max(open, idle.facts.open);
    await delay(100);
  }
  const sorted = echoes.toSorted((a, b) => a - b);
  const worst = sorted.at(-1) ?? 0;
  const wanted = bench.size.storingAssociations * bench.size.imagesPerAssociation;
  bench.count('idle sockets opened', idle.facts.opened);
  bench.count('most open at once on the client', open);
  bench.count('descriptors of the listener at most', worstDescriptors);
  bench.count('stored', node.acknowledged.size);
  bench.count('C-ECHO asked', echoes.length);
  bench.count('C-ECHO ms median/worst', `${sorted[Math.floor(sorted.length / 2)] ?? 0}/${worst}`);
  bench.count('RSS MB before/most', `${Math.round(rss / 1e6)}/${Math.round(worstRss / 1e6)}`);
  bench.expect(node.acknowledged.size === wanted, `${node.acknowledged.size} of ${wanted} were stored`);
  bench.expect(worst < 1000, `a C-ECHO took ${worst} ms`);
  bench.expect(worstRss - rss < 100e6, 'RSS grew by more than 100 MB');
  await node.isSettled(600_000);
  const startMs = hostClock.monotonicMs();
  const exit = await node.stop(60_000);
  bench.count('s from SIGTERM to the end', ((hostClock.monotonicMs() - startMs) / 1000).toFixed(1));
  bench.expect(exit === 0, `the node ended with ${exit}`);
  idle.stop();
  await node.start();
}

function isDone(work: Promise<boolean>): Promise<boolean> {
  return Promise.race([work, delay(0).then(() => false)]);
}

/** A first image and a first echo load code that is not loaded at start. */
async function warmUp(bench: Bench, node: AttackedNode): Promise<void> {
  const factory = new ImageFactory(`${bench.seed}/warm`, { view: 'ap', size: 512 });
  await node.store(Array.from({ length: 10 }, () => factory.next('warm')));
  for (let round = 0; round < 10; round++) await node.echoes();
  node.acknowledged.clear();
}
