import { join } from 'node:path';
import type { Bench, TortureCase } from '../case.ts';
import { AttackedNode } from '../support/attacked-node.ts';
import { ImageFactory } from '../support/images.ts';
import { checkInvariants } from '../support/invariants.ts';
import { type PartProcess, startPart } from '../support/part-process.ts';
import { traceProcess } from '../support/strace.ts';
import { reached, within } from '../support/waiting.ts';

/** C01, C02, P03: death at every system call of the two paths that promise something. */
export const crashPointCases: readonly TortureCase[] = [
  {
    id: 'C01',
    title: 'kill -9 of the listener at every system call of the acknowledgement path',
    injects:
      'strace inject=<call>:signal=SIGKILL:when=k on a listener of its own while one image is stored; k = 1 until it survives',
    expects: 'I1 to I3: sent again until acknowledged, every acknowledged image safe, one effect',
    quick: true,
    run: (bench) =>
      everyCall(
        bench,
        'listener',
        [
          'openat',
          'pwritev',
          'pwrite64',
          'write',
          'writev',
          'fdatasync',
          'fsync',
          'rename',
          'close',
          'fcntl',
        ],
        storeOne,
      ),
  },
  {
    id: 'C02',
    title: 'kill -9 of worker and sender at every system call between claim and SENT',
    injects: 'as C01 on a worker and on a sender, each with one image or one result in hand',
    expects: 'I2: after a new start exactly one capture and one report at the archive',
    run: async (bench) => {
      await everyCall(
        bench,
        'worker',
        ['openat', 'pwrite64', 'write', 'fdatasync', 'fsync', 'rename', 'read', 'fcntl'],
        analyseOne,
      );
      await everyCall(
        bench,
        'sender',
        ['pwrite64', 'fdatasync', 'fsync', 'writev', 'write', 'read', 'fcntl', 'connect'],
        sendOne,
      );
    },
  },
];

type Act = (rig: Rig, part: PartProcess) => Promise<boolean>;

interface Rig {
  readonly bench: Bench;
  readonly node: AttackedNode;
  readonly factory: ImageFactory;
}

/**
 * For each system call: the process is started, traced, given its work, and dies at the k-th such call; then a whole
 * process does the work. k grows until the process survives. At the end the real node is held to the invariants.
 */
async function everyCall(
  bench: Bench,
  name: 'listener' | 'worker' | 'sender',
  calls: readonly string[],
  act: Act,
): Promise<void> {
  const archive = await bench.archive();
  const node = await AttackedNode.prepare(join(bench.folder, `points-${name}`), archive);
  bench.defer(async () => {
    await node.stop();
  });
  const rig: Rig = { bench, node, factory: new ImageFactory(`${bench.seed}/${name}`) };
  const chosen = bench.quick
    ? [bench.random.pick(calls), 'fdatasync', 'rename'].slice(0, name === 'listener' ? 3 : 1)
    : calls;
  let deaths = 0;
  const points: string[] = [];
  for (const call of chosen) {
    let when = 1;
    for (; when <= (bench.quick ? 2 : 60) && !bench.timeIsUp(); when++) {
      if (!(await diesAt(rig, name, call, when, act))) break;
      deaths++;
    }
    points.push(`${call} ${when - 1}`);
  }
  bench.count(`${name}: deaths`, deaths);
  bench.count(`${name}: calls`, points.join(' '));
  await node.start(180_000);
  for (const { invariant, text } of await checkInvariants(node, { archiveIsGood: true, echoes: true }))
    bench.expect(false, `${invariant}: ${text}`);
  await node.stop();
}

/** True when the process died there. */
async function diesAt(
  rig: Rig,
  name: 'listener' | 'worker' | 'sender',
  call: string,
  when: number,
  act: Act,
): Promise<boolean> {
  if (name !== 'listener') await prepareWork(rig, name);
  const part = await startPart(rig.node, name);
  const trace = await traceProcess(
    part.pid,
    [`trace=${call}`, `inject=${call}:signal=SIGKILL:when=${when}`],
    join(rig.bench.folder, 'strace.txt'),
  );
  const isDone = await act(rig, part);
  const how = isDone ? await Promise.resolve('alive') : await within(part.ended, 1000);
  await trace.stop();
  if (how === 'alive') await part.stop();
  else await part.ended;
  return !isDone;
}

/** The listener's work: one image, stored by a client that notes its acknowledgement. */
async function storeOne({ node, factory }: Rig): Promise<boolean> {
  const image = factory.next();
  await node.store([image], undefined, { timeoutMs: 10_000 });
  return node.acknowledged.has(image.sopInstanceUid);
}

/** Puts one image into the books by a whole listener, and for the sender analyses it by a whole worker. */
async function prepareWork(rig: Rig, name: 'worker' | 'sender'): Promise<void> {
  const listener = await startPart(rig.node, 'listener');
  await rig.node.store([rig.factory.next()]);
  await listener.stop();
  if (name === 'worker') return;
  const worker = await startPart(rig.node, 'worker');
  await reached(() => isAnalysed(rig.node), 60_000);
  await worker.stop();
}

async function analyseOne({ node }: Rig, part: PartProcess): Promise<boolean> {
  part.tell('wake');
  return await untilDoneOrDead(() => isAnalysed(node), part);
}

async function sendOne({ node }: Rig, part: PartProcess): Promise<boolean> {
  part.tell('wake');
  return await untilDoneOrDead(
    () => node.one("SELECT count(*) AS n FROM outbox WHERE state IN ('WAITING','SENDING')") === 0,
    part,
  );
}

function isAnalysed(node: AttackedNode): boolean {
  return (
    node.one("SELECT count(*) AS n FROM job WHERE state IN ('QUEUED','WAITING','RUNNING')") === 0 &&
    node.one("SELECT count(*) AS n FROM study WHERE state IN ('OPEN','REPORTING')") === 0
  );
}

/** False when the process died first, or did not get on within a minute. */
async function untilDoneOrDead(isDone: () => boolean, part: PartProcess): Promise<boolean> {
  const done = reached(isDone, 60_000);
  return await Promise.race([done, part.ended.then(() => false)]);
}
