import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bench, TortureCase } from '../case.ts';
import type { AttackedNode } from '../support/attacked-node.ts';
import { type Disk, loopDisk, mountImage, tmpfs, unmount } from '../support/disks.ts';
import { ImageFactory } from '../support/images.ts';
import { reached } from '../support/waiting.ts';
import { booksOfCopy, type CopyVerdict } from '../support/cut-copy.ts';

/** C03: the mains fail. */
export const powerCases: readonly TortureCase[] = [
  {
    id: 'C03',
    title: 'power cuts at random times under 8 senders',
    injects:
      'data folder on ext4 on a loop device on a tmpfs; all processes SIGSTOPped, the backing file copied, the copy mounted and its journal replayed; every tenth copy is also started and must settle',
    expects: '0 acknowledged images lost, every file whole, the database and the audit chain intact',
    quick: true,
    run: powerCuts,
  },
];

const cutsPerDisk = 20;
const diskBytes = 192 * 1024 * 1024;

async function powerCuts(bench: Bench): Promise<void> {
  const ram = tmpfs(join(bench.folder, 'ram'), 4 * diskBytes);
  bench.defer(() => ram.unmount());
  const sum = { acknowledged: 0, rows: 0, uncommitted: 0, started: 0 };
  let done = 0;
  while (done < bench.size.powerCuts && !bench.timeIsUp()) {
    const disk = loopDisk(join(bench.folder, 'disk'), ram.folder, diskBytes);
    let isMounted = true;
    bench.defer(() => {
      if (isMounted) disk.unmount();
    });
    const cuts = Math.min(cutsPerDisk, bench.size.powerCuts - done);
    const last = await cutOneDisk(bench, disk, ram.folder, done, cuts, sum);
    done += cuts;
    await free(() => disk.unmount());
    isMounted = false;
    bench.expect(await startsFromCopy(bench, last), `cut ${done}: the node does not settle from the copy`);
    sum.started++;
    bench.progress(`${done} cuts, ${sum.acknowledged} acknowledged`);
  }
  bench.count('cuts', done);
  bench.count('acknowledged images checked', sum.acknowledged);
  bench.count('rows found', sum.rows);
  bench.count('rows of images not yet acknowledged', sum.uncommitted);
  bench.count('copies started as a node', sum.started);
}

interface LastCopy {
  readonly node: AttackedNode;
  readonly image: string;
  readonly mountFolder: string;
}

async function cutOneDisk(
  bench: Bench,
  disk: Disk & { readonly backingFile: string },
  ram: string,
  already: number,
  cuts: number,
  sum: { acknowledged: number; rows: number; uncommitted: number },
): Promise<LastCopy> {
  const archive = await bench.archive({ isAway: true });
  const node = await bench.node({
    archive,
    config: { dataFolder: join(disk.folder, 'data') },
    judgedByCase: true,
  });
  let isOver = false;
  const storing = Array.from({ length: 8 }, async (_, number) => {
    const factory = new ImageFactory(`${bench.seed}/C03/${already}/${number}`, { size: 64, view: 'ap' });
    while (!isOver) {
      await node.store(
        Array.from({ length: 5 }, () => factory.next(`${number}`)),
        undefined,
        { timeoutMs: 60_000 },
      );
      // A full disk would stop the senders; this run is about what was promised before.
      await delay(bench.random.between(0, 60));
    }
  });
  const copy = join(ram, 'copy.img');
  const mountFolder = join(bench.folder, 'copy');
  mkdirSync(mountFolder, { recursive: true });
  for (let cut = 0; cut < cuts; cut++) {
    await delay(bench.random.between(50, 700));
    // What was promised before the cut; answers still on their way to the client count as not promised.
    const promised = new Map(node.acknowledged);
    const pids = [node.pid, ...Object.values(node.pids())];
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    copyFileSync(disk.backingFile, copy);
    for (const pid of pids) process.kill(pid, 'SIGCONT');
    mountImage(copy, mountFolder);
    try {
      const verdict: CopyVerdict = booksOfCopy(join(mountFolder, 'data'), node.dataFolder, promised);
      sum.acknowledged += promised.size;
      sum.rows += verdict.rows;
      sum.uncommitted += verdict.rows - promised.size;
      for (const fault of verdict.faults) bench.expect(false, `cut ${already + cut + 1}: ${fault}`);
    } finally {
      await free(() => unmount(mountFolder));
    }
  }
  isOver = true;
  await Promise.all(storing);
  const promised = new Map(node.acknowledged);
  const pids = [node.pid, ...Object.values(node.pids())];
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  copyFileSync(disk.backingFile, copy);
  await node.crash();
  node.acknowledged.clear();
  for (const [uid, image] of promised) node.acknowledged.set(uid, image);
  await archive.comeBack();
  return { node, image: copy, mountFolder: disk.folder };
}

/** The copy in the place of the disk, as after a cold start: the node must serve, keep its word and come to an end. */
async function startsFromCopy(bench: Bench, { node, image, mountFolder }: LastCopy): Promise<boolean> {
  mountImage(image, mountFolder);
  try {
    await node.start(180_000);
    const settled = await node.isSettled(300_000);
    const faults = booksOfCopy(node.dataFolder, node.dataFolder, node.acknowledged).faults;
    for (const fault of faults) bench.expect(false, `after the cold start: ${fault}`);
    await node.stop();
    return settled;
  } finally {
    await node.crash();
    await free(() => unmount(mountFolder));
  }
}

/** A killed process gives its files back a moment later. */
async function free(unmounting: () => void): Promise<void> {
  const isFree = await reached(
    () => {
      try {
        unmounting();
        return true;
      } catch {
        return false;
      }
    },
    60_000,
    200,
  );
  if (!isFree) throw new Error('a process still uses the disk a minute after it was killed');
}
