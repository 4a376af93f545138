import { setTimeout as delay } from 'node:timers/promises';
import { type CoreProcessName, coreProcessNames } from '../../src/app/process-messages.ts';
import { hostClock } from '../../src/store/store.ts';
import type { Bench, TortureCase } from '../case.ts';
import type { AttackedNode } from '../support/attacked-node.ts';
import { Collector, inspectable } from '../support/collector.ts';
import { ImageFactory } from '../support/images.ts';
import { mutate } from '../support/mutator.ts';
import { associatedWith, connectTo, requestBytes, storeBytes } from '../support/raw-peer.ts';
import { slopeWithInterval } from '../support/slope.ts';
import { watchStandstill } from '../support/standstill.ts';

/** L02: the long run. */
export const soakCases: readonly TortureCase[] = [
  {
    id: 'L02',
    title: 'soak at 5,000 images an hour with 1 % faults',
    injects:
      'warm-up of 10 minutes at twice the rate, then 30 minutes of one image every 0.72 s (half laterals, half AP), a backup every five minutes; instead of 1 % of the images a cut transfer, a mutated data set, random bytes, a stranger or an archive that is away for 10 s',
    expects:
      'invariants; in the 30 minutes what is resident after a full collection grows by less than 1 MB/h, descriptors within 5; 0 lost, 0 duplicate, no process replaced',
    run: soak,
  },
];

interface SoakPlan {
  readonly warmMs: number;
  readonly endMs: number;
  readonly dueMs: (index: number) => number;
}

interface Sample {
  /** Since the end of the warm-up. */
  readonly hours: number;
  readonly megabytes: number;
  readonly descriptors: number;
}

async function soak(bench: Bench): Promise<void> {
  const node = await bench.node({
    env: inspectable,
    config: { extra: [`backup: { schedule: '*/5 * * * *' }`] },
  });
  const laterals = new ImageFactory(`${bench.seed}/soak/lateral`);
  const others = new ImageFactory(`${bench.seed}/soak/ap`, { view: 'ap' });
  const samples = new Map<CoreProcessName, Sample[]>(coreProcessNames.map((name) => [name, []]));
  const pids = JSON.stringify(node.pids());
  const collectors = new Map<CoreProcessName, Collector>();
  for (const name of coreProcessNames)
    collectors.set(name, await Collector.attach(node.pids()[name] ?? 0, node.logPath));
  bench.defer(() => {
    for (const collector of collectors.values()) collector.close();
  });
  const standstill = watchStandstill();
  bench.defer(() => standstill.end());
  const ownMs = (): number => hostClock.monotonicMs() - standstill.lostMs;
  const startMs = ownMs();
  const plan = soakPlan(bench.size);
  let sent = 0;
  let faults = 0;
  let archiveBack: Promise<void> | undefined;
  const inFlight = new Set<Promise<void>>();
  let sampledMs = startMs;
  while (ownMs() - startMs < plan.endMs) {
    const nowMs = ownMs();
    if (nowMs - sampledMs >= 5000) {
      sampledMs = nowMs;
      for (const name of coreProcessNames) await collectors.get(name)?.collect();
      // V8 gives the pages that a collection has emptied back a little later.
      await delay(300);
      for (const name of coreProcessNames) {
        const { rssBytes, descriptors } = node.footprint(name);
        const hours = (nowMs - startMs - plan.warmMs) / 3_600_000;
        if (hours >= 0) samples.get(name)?.push({ hours, megabytes: rssBytes / 1e6, descriptors });
      }
    }
    const waitMs = plan.dueMs(sent) - (nowMs - startMs);
    if (waitMs > 0) {
      await delay(Math.min(500, waitMs));
      continue;
    }
    sent++;
    if (sent % 500 === 0) bench.progress(`${sent} images, ${node.unsettled() || 'nothing open'}`);
    if (bench.random.chance(0.01)) {
      faults++;
      const kind = bench.random.pick(['cut', 'mutated', 'bytes', 'stranger', 'archive'] as const);
      // A disturber who is not let in because the machine is busy has done its part.
      if (kind === 'archive') archiveBack ??= archiveGoesAway(node).finally(() => (archiveBack = undefined));
      else await disturb(kind, bench, node, laterals).catch(() => undefined);
      continue;
    }
    const image = (sent % 2 === 0 ? laterals : others).next(`study-${Math.floor(sent / 4)}`);
    const storing = node.storeUntilAcknowledged([image]).then(() => void inFlight.delete(storing));
    inFlight.add(storing);
  }
  await Promise.all([...inFlight, archiveBack]);
  bench.count('minutes of warm-up', bench.size.soakWarmUpMinutes);
  bench.count('minutes', bench.size.soakMinutes);
  if (standstill.lostMs > 0)
    bench.count('s stopped from outside, not counted', Math.round(standstill.lostMs / 1000));
  bench.count('images', sent - faults);
  bench.count('faults', faults);
  bench.count('acknowledged', node.acknowledged.size);
  bench.expect(await node.isSettled(600_000), `still open: ${node.unsettled()}`);
  bench.expect(JSON.stringify(node.pids()) === pids, 'a process was restarted');
  for (const [name, series] of samples) judge(bench, name, series);
}

/**
 * When each image is due, ms after the start. V8 goes on compiling what is seldom run for some thousand images; the
 * warm-up is twice as dense to have this behind it before the growth is measured.
 */
function soakPlan({ soakWarmUpMinutes, soakMinutes, soakPerHour }: Bench['size']): SoakPlan {
  const warmMs = soakWarmUpMinutes * 60_000;
  const gapMs = 3_600_000 / soakPerHour;
  const warmImages = Math.floor((2 * warmMs) / gapMs);
  return {
    warmMs,
    endMs: warmMs + soakMinutes * 60_000,
    dueMs: (index) => (index < warmImages ? (index * gapMs) / 2 : warmMs + (index - warmImages) * gapMs),
  };
}

function judge(bench: Bench, name: CoreProcessName, warm: readonly Sample[]): void {
  // Work in hand holds memory, a sender two pictures of 6 MB; and associations hold descriptors. What must not grow is
  // the floor below them: the least of each minute.
  const minutes = Map.groupBy(warm, ({ hours }) => Math.floor(hours * 60));
  const { slope, halfWidth } = slopeWithInterval(
    [...minutes].map(([minute, part]) => [minute / 60, Math.min(...part.map((sample) => sample.megabytes))]),
  );
  const third = Math.floor(warm.length / 3);
  const floor = (part: readonly Sample[]): number => Math.min(...part.map((sample) => sample.descriptors));
  const [early, late] = [floor(warm.slice(0, third)), floor(warm.slice(-third))];
  bench.count(
    `${name} RSS MB first/last`,
    `${Math.round(warm[0]?.megabytes ?? 0)}/${Math.round(warm.at(-1)?.megabytes ?? 0)}`,
  );
  bench.count(`${name} MB/h`, `${slope.toFixed(1)} +- ${halfWidth.toFixed(1)}`);
  bench.count(`${name} descriptors first/last`, `${early}/${late}`);
  bench.expect(
    slope < 1,
    `${name}: slope of RSS after a collection ${slope.toFixed(1)} MB/h (95 % interval +- ${halfWidth.toFixed(1)})`,
  );
  bench.expect(late - early <= 5, `${name}: descriptors rose from ${early} to ${late}`);
}

async function disturb(
  kind: 'cut' | 'mutated' | 'bytes' | 'stranger',
  bench: Bench,
  node: AttackedNode,
  factory: ImageFactory,
): Promise<void> {
  const image = factory.next();
  switch (kind) {
    case 'cut': {
      const peer = await associatedWith(node);
      peer.send(storeBytes(image).subarray(0, bench.random.between(100, image.dataSet.length)));
      peer.socket.resetAndDestroy();
      return;
    }
    case 'mutated': {
      const dataSet = mutate(image.dataSet, [image.dataSet], bench.random, 2000);
      await node.store([{ ...image, dataSet }], () => undefined);
      // Whatever was promised for it counts with the bytes that were sent.
      node.acknowledged.delete(image.sopInstanceUid);
      return;
    }
    case 'bytes': {
      const peer = await connectTo(node);
      peer.send(Buffer.from(Array.from({ length: 500 }, () => Math.floor(bench.random.uniform() * 256))));
      await Promise.race([peer.closed, delay(2000)]);
      peer.destroy();
      return;
    }
    case 'stranger': {
      const peer = await connectTo(node);
      peer.send(requestBytes({ callingAeTitle: 'STRANGER' }));
      await Promise.race([peer.closed, delay(2000)]);
      peer.destroy();
    }
  }
}

async function archiveGoesAway(node: AttackedNode): Promise<void> {
  await node.archive.leave();
  await delay(10_000);
  await node.archive.comeBack();
}
