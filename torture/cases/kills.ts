import { setTimeout as delay } from 'node:timers/promises';
import { type CoreProcessName, coreProcessNames } from '../../src/app/process-messages.ts';
import { type RandomStream, randomStream } from '../../src/simulator/random.ts';
import { hostClock } from '../../src/store/store.ts';
import type { Bench, TortureCase } from '../case.ts';
import type { AttackedNode } from '../support/attacked-node.ts';
import { ImageFactory, type TestImage } from '../support/images.ts';
import { cpuSecondsOf } from '../support/process-facts.ts';
import { reached } from '../support/waiting.ts';

/** Random kill -9 over listener, worker and sender while modalities store. */
export const killCases: readonly TortureCase[] = [
  {
    id: 'K01',
    title: 'random kill -9 over listener, worker, sender under load',
    injects:
      'three nodes side by side, each with two modalities that store without pause: SIGKILL to a random one of its three processes as soon as that has worked for a random time, often to two or three at once; every 15 kills the whole node',
    expects: '0 acknowledged images lost, 0 duplicate results at the archive, every image with an end',
    run: (bench) => randomKills(bench, bench.size.kills),
  },
  {
    id: 'K02',
    title: '100 random kill -9 (a variant of K01)',
    injects: 'as K01, one tenth as often',
    expects: 'as K01',
    run: (bench) => randomKills(bench, Math.ceil(bench.size.kills / 10)),
  },
];

/** So that the waits before restarts of one node are used by the others. */
const nodes = 3;
const modalities = 2;
/** A worker takes longest to start: it is killed half as often, so that work gets done between the kills. */
const victims = ['listener', 'listener', 'sender', 'sender', 'worker'] as const;
/** The supervisor waits longer after every death; a new one, after a kill of all four, waits less and tests a whole crash. */
const killsPerLife = 15;

interface Tally {
  readonly kills: Record<CoreProcessName, number>;
  total: number;
  crashes: number;
  unanswered: number;
}

async function randomKills(bench: Bench, wanted: number): Promise<void> {
  const tally: Tally = { kills: { listener: 0, worker: 0, sender: 0 }, total: 0, crashes: 0, unanswered: 0 };
  const startMs = hostClock.monotonicMs();
  const attacked: AttackedNode[] = [];
  for (let number = 0; number < (bench.quick ? 1 : nodes); number++) attacked.push(await bench.node());
  const tell = (): void =>
    bench.progress(
      `${tally.total} kills in ${Math.round((hostClock.monotonicMs() - startMs) / 1000)} s, ${sumOf(attacked, (node) => node.acknowledged.size)} acknowledged`,
    );
  await Promise.all(
    attacked.map((node, number) =>
      killOneNode(node, tally, {
        bench,
        name: `${bench.seed}/kills/${number}`,
        isEnough: () => tally.total >= wanted || bench.timeIsUp(),
        tell,
      }),
    ),
  );
  for (const node of attacked)
    bench.expect(await node.isSettled(1_200_000), `after twenty minutes still open: ${node.unsettled()}`);
  const { kills } = tally;
  const ends = (disposition: string): number =>
    sumOf(attacked, (node) =>
      node.one('SELECT count(*) AS n FROM instance WHERE disposition = @disposition', { disposition }),
    );
  const received = sumOf(attacked, ({ archive }) => archive.received.length);
  const different = sumOf(
    attacked,
    ({ archive }) => new Set(archive.received.map(({ sopInstanceUid }) => sopInstanceUid)).size,
  );
  bench.count('kills', tally.total);
  bench.count('kills of all four at once', tally.crashes);
  bench.count('of listener/worker/sender', `${kills.listener}/${kills.worker}/${kills.sender}`);
  bench.count(
    'acknowledged',
    sumOf(attacked, (node) => node.acknowledged.size),
  );
  bench.count('not acknowledged and sent again', tally.unanswered);
  bench.count('analysed', ends('analysed'));
  bench.count('quarantined', ends('quarantined'));
  bench.count('objects at the archive', different);
  bench.count('sent twice with equal bytes', received - different);
}

interface Attack {
  readonly bench: Bench;
  readonly name: string;
  isEnough(): boolean;
  tell(): void;
}

/** Kills one node again and again while modalities store into it; returns when everything they have is acknowledged. */
async function killOneNode(node: AttackedNode, tally: Tally, attack: Attack): Promise<void> {
  const { bench, name } = attack;
  const random = randomStream(name);
  let done = false;
  const storing = Array.from({ length: modalities }, (_, number) => {
    const view = number % 2 === 0 ? 'neutral' : 'ap';
    return storeUntil(node, new ImageFactory(`${name}/${number}`, { view }), tally, () => done);
  });
  let inThisLife = 0;
  while (!attack.isEnough()) {
    const victim = random.pick(victims);
    await untilItWorked(node, victim, random.between(0.05, victim === 'worker' ? 3 : 0.4));
    inThisLife += killSome(node, victim, random, tally, attack);
    if (inThisLife < killsPerLife) continue;
    inThisLife = 0;
    await node.crash();
    await node.start(300_000);
    tally.crashes++;
    attack.tell();
  }
  done = true;
  bench.expect(await reached(() => node.isServing(), 300_000), 'a node does not come back');
  await Promise.all(storing);
}

/** Often alone, sometimes two or three in the same moment. Returns how many were killed. */
function killSome(
  node: AttackedNode,
  victim: CoreProcessName,
  random: RandomStream,
  tally: Tally,
  attack: Attack,
): number {
  let killed = 0;
  for (const one of coreProcessNames) {
    if ((one !== victim && !random.chance(0.15)) || attack.isEnough() || !node.kill(one)) continue;
    tally.kills[one]++;
    tally.total++;
    killed++;
  }
  return killed;
}

/** A modality: four images at a time, sent again until they are acknowledged. */
async function storeUntil(
  node: AttackedNode,
  factory: ImageFactory,
  tally: Tally,
  isDone: () => boolean,
): Promise<void> {
  let open: TestImage[] = [];
  while (!isDone() || open.length > 0) {
    if (!isDone())
      while (open.length < 4) open.push(factory.next(`study-${Math.floor(node.acknowledged.size / 12)}`));
    await node.store(
      open,
      ({ status }) => {
        if (status !== 0) tally.unanswered++;
      },
      { timeoutMs: 60_000 },
    );
    open = open.filter(({ sopInstanceUid }) => !node.acknowledged.has(sopInstanceUid));
    // The node analyses about as fast as it is asked to; a backlog of hours would test nothing more.
    while (!isDone() && node.one("SELECT count(*) AS n FROM job WHERE state IN ('QUEUED','WAITING')") > 60)
      await delay(500);
    await delay(100);
  }
}

/** So that kills meet start, idling and work alike on a slow and on a fast machine, age is counted in CPU seconds. */
async function untilItWorked(node: AttackedNode, victim: CoreProcessName, cpuSeconds: number): Promise<void> {
  await reached(() => cpuSecondsOf(node.pids()[victim] ?? 0) > cpuSeconds, 40_000, 20);
}

function sumOf(nodes: readonly AttackedNode[], count: (node: AttackedNode) => number): number {
  return nodes.reduce((sum, node) => sum + count(node), 0);
}
