import { join } from 'node:path';
import type { Bench, TortureCase } from '../case.ts';
import { AttackedNode } from '../support/attacked-node.ts';
import { callsOfTrace, pointsOf } from '../support/crash-plan.ts';
import { ImageFactory } from '../support/images.ts';
import { checkInvariants } from '../support/invariants.ts';
import { type PartProcess, startPart } from '../support/part-process.ts';
import { type Tracer, traceProcess } from '../support/strace.ts';
import { reached, within } from '../support/waiting.ts';

type Victim = 'listener' | 'worker' | 'sender';

/** C01, C02: death at every system call of the two paths that promise something. */
export const crashPointCases: readonly TortureCase[] = [
  {
    id: 'C01',
    title: 'kill -9 of the listener at every system call of the acknowledgement path',
    injects:
      'strace inject=<call>:signal=SIGKILL:when=k on a listener of its own while one image is stored; k over all calls that an undisturbed image makes',
    expects: 'I1 to I3: sent again until acknowledged, every acknowledged image safe, one effect',
    quick: true,
    run: (bench) => everyCall(bench, 'listener'),
  },
  {
    id: 'C02',
    title: 'kill -9 of worker and sender at every system call between claim and SENT',
    injects: 'as C01 on a worker and on a sender, each with one image or one study in hand',
    expects: 'I2: after a new start exactly one capture and one report at the archive',
    run: async (bench) => {
      await Promise.all([everyCall(bench, 'worker'), everyCall(bench, 'sender')]);
    },
  },
];

const calls: Readonly<Record<Victim, readonly string[]>> = {
  listener: [
    ...['openat', 'pwritev', 'pwrite64', 'write', 'writev', 'fdatasync', 'fsync', 'rename', 'close'],
    ...['unlink', 'ftruncate', 'fcntl', 'accept4', 'read'],
  ],
  worker: [
    ...['openat', 'pwrite64', 'write', 'writev', 'pwritev', 'fdatasync', 'fsync', 'rename', 'unlink'],
    ...['ftruncate', 'close', 'fcntl', 'read', 'pread64'],
  ],
  sender: [
    ...['openat', 'pwrite64', 'write', 'writev', 'fdatasync', 'fsync', 'connect', 'unlink', 'ftruncate'],
    ...['close', 'fcntl', 'read', 'pread64'],
  ],
};

/** At most this many points of one system call; of more, they are spread evenly. */
const mostPoints = 60;

/** What continuous integration can afford: first and last of the calls that make something durable. */
const quickCalls = ['pwrite64', 'fdatasync', 'fsync', 'rename'];
const quickPoints = 2;

interface Rig {
  readonly bench: Bench;
  readonly node: AttackedNode;
  readonly factory: ImageFactory;
  readonly victim: Victim;
  /** The processes that bring the victim its work; they live through the whole case. */
  readonly others: PartProcess[];
}

/**
 * One undisturbed piece of work is traced and its calls are counted. Then, for each system call and each k up to that
 * number: the victim gets a piece of work, dies at its k-th such call, and the next one first has to bring what it
 * left behind to its end. At the end the real node is held to the invariants.
 */
async function everyCall(bench: Bench, victim: Victim): Promise<void> {
  const archive = await bench.archive();
  const node = await AttackedNode.prepare(join(bench.folder, `points-${victim}`), archive, {
    config: { quietTime: '50ms' },
  });
  bench.defer(async () => {
    await node.stop();
  });
  const factory = new ImageFactory(`${bench.seed}/${victim}`);
  const rig: Rig = { bench, node, factory, victim, others: [] };
  bench.defer(async () => {
    for (const other of rig.others) await other.stop();
  });
  if (victim !== 'listener') rig.others.push(await startPart(node, 'listener'));
  if (victim === 'sender') rig.others.push(await startPart(node, 'worker'));
  const counted = await countCalls(rig);
  const plan = pointsOf(counted, bench.quick ? quickPoints : mostPoints);
  let part: PartProcess | undefined;
  const reachedPoints = new Map<string, number>();
  let deaths = 0;
  for (const [number, { call, when }] of plan.entries()) {
    if (bench.timeIsUp()) break;
    if (number % 25 === 0) bench.progress(`${victim}: ${number} of ${plan.length} points, ${deaths} deaths`);
    part ??= await settledPart(rig);
    const isAlive = await survives(rig, part, call, when);
    reachedPoints.set(call, (reachedPoints.get(call) ?? 0) + 1);
    if (isAlive) continue;
    deaths++;
    part = undefined;
  }
  await part?.stop();
  for (const other of rig.others.splice(0)) await other.stop();
  bench.count(
    `${victim}: points`,
    `${[...reachedPoints.values()].reduce((a, b) => a + b, 0)} of ${plan.length}`,
  );
  bench.count(`${victim}: deaths`, deaths);
  bench.count(`${victim}: calls`, [...reachedPoints].map(([call, n]) => `${call} ${n}`).join(' '));
  bench.expect(reachedPoints.size > 0 && deaths > 0, `${victim}: nothing was killed`);
  await node.start(180_000);
  for (const { invariant, text } of await checkInvariants(node, { archiveIsGood: true, echoes: true }))
    bench.expect(false, `${victim}: ${invariant}: ${text}`);
  await node.stop();
}

/** How often an undisturbed piece of work makes each call, in the thread that makes it most often. */
async function countCalls(rig: Rig): Promise<ReadonlyMap<string, number>> {
  const part = await settledPart(rig);
  const path = join(rig.bench.folder, `${rig.victim}-calls.txt`);
  const trace = await traceProcess(
    part.pid,
    [`trace=${(rig.bench.quick ? quickCalls : calls[rig.victim]).join(',')}`],
    path,
  );
  const isDone = await work(rig, part);
  await trace.stop();
  await part.stop();
  if (!isDone) throw new Error(`an undisturbed ${rig.victim} does not do its work`);
  return callsOfTrace(trace.text());
}

/** A victim that has brought everything to its end that an earlier one left; its code is loaded and warm. */
async function settledPart(rig: Rig): Promise<PartProcess> {
  const part = await startPart(rig.node, rig.victim);
  const isDone = await work(rig, part);
  if (!isDone) throw new Error(`a new ${rig.victim} does not finish what was left: ${rig.node.unsettled()}`);
  return part;
}

/** True when the victim lives on: its calls came in another order this time, or there were fewer of them. */
async function survives(rig: Rig, part: PartProcess, call: string, when: number): Promise<boolean> {
  let trace: Tracer;
  try {
    trace = await traceProcess(
      part.pid,
      [`trace=${call}`, `inject=${call}:signal=SIGKILL:when=${when}`],
      join(rig.bench.folder, `${rig.victim}-strace.txt`),
    );
  } catch (error) {
    // The call of the point before came late: this one is dead already.
    if ((await within(part.ended, 1000)) !== undefined) return false;
    throw error;
  }
  const isDone = await work(rig, part);
  // Killed behind its answer it has done its work and is dead all the same.
  const early = await within(part.ended, isDone ? 30 : 1000);
  await trace.stop();
  const end = early ?? (isDone ? undefined : await within(part.ended, 1000));
  if (!isDone && end === undefined) throw new Error(`the ${rig.victim} hangs at ${call} ${when}`);
  return end === undefined;
}

/** Gives the victim one piece of work; true when it is done, false when the victim died first. */
async function work(rig: Rig, part: PartProcess): Promise<boolean> {
  const { node, factory, victim } = rig;
  const image = factory.next();
  await node.store([image], undefined, { timeoutMs: 10_000 });
  if (victim === 'listener') return node.acknowledged.has(image.sopInstanceUid);
  // Without a supervisor nobody passes wake-ups on.
  const isDone = (): boolean => {
    for (const one of [...rig.others, part]) one.tell('wake');
    return isAnalysed(node) && (victim === 'worker' || isSent(node));
  };
  return await Promise.race([reached(isDone, 60_000, 30), part.ended.then(() => false)]);
}

function isSent(node: AttackedNode): boolean {
  return node.one("SELECT count(*) AS n FROM outbox WHERE state IN ('WAITING','SENDING')") === 0;
}

function isAnalysed(node: AttackedNode): boolean {
  return (
    node.one("SELECT count(*) AS n FROM job WHERE state IN ('QUEUED','WAITING','RUNNING')") === 0 &&
    node.one("SELECT count(*) AS n FROM study WHERE state IN ('OPEN','REPORTING')") === 0
  );
}
