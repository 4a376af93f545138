import { setTimeout as delay } from 'node:timers/promises';
import { type CoreProcessName, coreProcessNames } from '../../src/app/process-messages.ts';
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
      'SIGKILL to a random one of the three every 100 to 1,500 ms while four modalities store without pause',
    expects: '0 acknowledged images lost, 0 duplicate results at the archive, every image with an end',
    run: (bench) => randomKills(bench, bench.size.kills),
  },
  {
    id: 'K02',
    title: '100 random kill -9 (the variant of issue 2)',
    injects: 'as K01, one tenth as often',
    expects: 'as K01',
    run: (bench) => randomKills(bench, Math.ceil(bench.size.kills / 10)),
  },
];

const modalities = 4;
/** A worker takes longest to start: it is killed half as often, so that work gets done between the kills. */
const victims = ['listener', 'listener', 'sender', 'sender', 'worker'] as const;
/** The supervisor waits longer after every death; a new one, after a kill of all four, waits less and tests a whole crash. */
const killsPerLife = 24;

/** So that kills meet start, idling and work alike on a slow and on a fast machine, age is counted in CPU seconds. */
async function untilItWorked(node: AttackedNode, victim: CoreProcessName, cpuSeconds: number): Promise<void> {
  await reached(() => cpuSecondsOf(node.pids()[victim] ?? 0) > cpuSeconds, 40_000, 20);
}

async function randomKills(bench: Bench, wanted: number): Promise<void> {
  const node = await bench.node();
  const kills = { listener: 0, worker: 0, sender: 0 };
  let done = false;
  let unanswered = 0;
  const modality = async (number: number): Promise<void> => {
    const view = number % 2 === 0 ? 'neutral' : 'ap';
    const factory = new ImageFactory(`${bench.seed}/kills/${number}`, { view });
    let open: TestImage[] = [];
    while (!done || open.length > 0) {
      if (!done)
        while (open.length < 4) open.push(factory.next(`study-${Math.floor(node.acknowledged.size / 12)}`));
      await node.store(
        open,
        ({ status }) => {
          if (status !== 0) unanswered++;
        },
        { timeoutMs: 60_000 },
      );
      open = open.filter(({ sopInstanceUid }) => !node.acknowledged.has(sopInstanceUid));
      // The node analyses about as fast as it is asked to; a backlog of hours would test nothing more.
      while (!done && node.one("SELECT count(*) AS n FROM job WHERE state IN ('QUEUED','WAITING')") > 300)
        await delay(500);
      await delay(100);
    }
  };
  const storing = Array.from({ length: modalities }, (_, number) => modality(number));
  const startMs = hostClock.monotonicMs();
  let lives = 1;
  let inThisLife = 0;
  let total = 0;
  while (total < wanted && !bench.timeIsUp()) {
    const victim = bench.random.pick(victims);
    await untilItWorked(node, victim, bench.random.between(0.05, victim === 'worker' ? 4 : 0.4));
    // Often alone, sometimes two or three in the same moment.
    for (const one of coreProcessNames) {
      if ((one !== victim && !bench.random.chance(0.15)) || total >= wanted || !node.kill(one)) continue;
      kills[one]++;
      total++;
    }
    if (total - inThisLife >= killsPerLife) {
      inThisLife = total;
      await node.crash();
      await node.start(300_000);
      lives++;
    }
    if (total % 10 === 0)
      bench.progress(
        `${total} kills in ${Math.round((hostClock.monotonicMs() - startMs) / 1000)} s, ${node.acknowledged.size} acknowledged`,
      );
  }
  done = true;
  await Promise.all(storing);
  bench.expect(await node.isSettled(1_200_000), `after twenty minutes still open: ${node.unsettled()}`);
  bench.count('kills', total);
  bench.count('kills of all four at once', lives - 1);
  bench.count('of listener/worker/sender', `${kills.listener}/${kills.worker}/${kills.sender}`);
  bench.count('acknowledged', node.acknowledged.size);
  bench.count('not acknowledged and sent again', unanswered);
  bench.count('analysed', node.one("SELECT count(*) AS n FROM instance WHERE disposition = 'analysed'"));
  bench.count(
    'quarantined',
    node.one("SELECT count(*) AS n FROM instance WHERE disposition = 'quarantined'"),
  );
  bench.count(
    'objects at the archive',
    new Set(node.archive.received.map(({ sopInstanceUid }) => sopInstanceUid)).size,
  );
  bench.count(
    'sent twice with equal bytes',
    node.archive.received.length -
      new Set(node.archive.received.map(({ sopInstanceUid }) => sopInstanceUid)).size,
  );
}
