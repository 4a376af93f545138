import { execFile, execFileSync } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { hostClock } from '../../src/store/store.ts';
import type { Bench, TortureCase } from '../case.ts';
import type { AttackedNode } from '../support/attacked-node.ts';
import { type Disk, loopDisk, run, tmpfs } from '../support/disks.ts';
import { checkInvariants } from '../support/invariants.ts';
import { ImageFactory, type TestImage } from '../support/images.ts';
import { isAlive } from '../support/process-facts.ts';
import { traceProcess } from '../support/strace.ts';
import { reached } from '../support/waiting.ts';

/** C04 to C10: disks that fail, fill up and forget. */
export const diskCases: readonly TortureCase[] = [
  {
    id: 'C04',
    title: 'fsync, fdatasync and rename fail with EIO',
    injects: 'strace inject on the running listener, the first and the third call, of each',
    expects:
      'no 0000H for that object; the listener stops with exit code 74 and comes back; what was acknowledged is safe',
    quick: true,
    run: async (bench) => {
      const node = await bench.node();
      const factory = new ImageFactory(`${bench.seed}/C04`, { view: 'ap' });
      const faults = bench.quick
        ? ['fdatasync:error=EIO:when=1']
        : ['fdatasync:error=EIO:when=1', 'fsync:error=EIO:when=1', 'rename:error=EIO:when=1'];
      let stops = 0;
      for (const fault of faults) {
        const pid = node.pids().listener ?? 0;
        const call = fault.split(':')[0] ?? '';
        const trace = await traceProcess(
          pid,
          [`trace=${call}`, `inject=${fault}`],
          join(bench.folder, 'strace.txt'),
        );
        const images = Array.from({ length: 4 }, () => factory.next());
        for (const image of images) await node.store([image], undefined, { timeoutMs: 20_000 });
        if (await reached(() => !isAlive(pid), 20_000)) stops++;
        await trace.stop();
        bench.expect(
          await reached(() => node.isServing(), 120_000, 200),
          `after ${fault} the node does not serve again`,
        );
        bench.expect(
          await node.storeUntilAcknowledged(images),
          `after ${fault} not everything could be stored`,
        );
      }
      bench.count('faults', faults.length);
      bench.count('stops of the listener', stops);
      bench.expect(stops === faults.length, 'the listener went on after an I/O error');
      bench.count('exit code 74 in the log', (node.log().match(/exit code 74/g) ?? []).length);
    },
  },
  {
    id: 'C05',
    title: 'short writes, EINTR, ENOSPC, EMFILE, ENOMEM',
    injects: 'strace inject on write, openat and accept4 of the listener; prlimit --nofile',
    expects: 'A700H or a rejection, no crash loop, no half file',
    run: async (bench) => {
      const node = await bench.node();
      const factory = new ImageFactory(`${bench.seed}/C05`, { view: 'ap' });
      await node.storeUntilAcknowledged([factory.next()]);
      const answers: string[] = [];
      for (const fault of [
        'write,writev,pwritev,pwrite64:error=ENOSPC:when=2',
        'openat:error=EMFILE:when=1',
        'openat:error=ENOMEM:when=1',
        'write,writev:error=EINTR:when=1',
        'accept4:error=EMFILE:when=1',
      ]) {
        const pid = node.pids().listener ?? 0;
        const calls = fault.split(':')[0] ?? '';
        const trace = await traceProcess(
          pid,
          [`trace=${calls}`, `inject=${fault}`],
          join(bench.folder, 'strace.txt'),
        );
        const image = factory.next();
        let answer = 'no answer';
        await node.store(
          [image],
          ({ status }) => (answer = status?.toString(16).padStart(4, '0') ?? answer),
          {
            timeoutMs: 20_000,
          },
        );
        await trace.stop();
        answers.push(`${fault.split(':')[1] ?? ''} on ${calls.split(',')[0] ?? ''}: ${answer}`);
        bench.expect(
          await reached(() => node.isServing(), 120_000, 200),
          `after ${fault} the node does not serve`,
        );
        bench.expect(
          await node.storeUntilAcknowledged([image]),
          `after ${fault} the image could not be stored`,
        );
      }
      bench.count('answers', answers.join('; '));
      const pid = node.pids().listener ?? 0;
      const limit = readdirSync(`/proc/${pid}/fd`).length + 20;
      run('prlimit', ['--pid', String(pid), `--nofile=${limit}:20000`]);
      const crowd = Array.from({ length: 80 }, () => node.echoes(5000));
      const served = (await Promise.all(crowd)).filter(Boolean).length;
      run('prlimit', ['--pid', String(pid), '--nofile=20000:20000']);
      bench.count('C-ECHO of 80 at once with 20 descriptors left', served);
      bench.expect(served > 0, 'with 20 descriptors left nobody was served');
      bench.expect(
        await reached(() => node.isServing(), 60_000, 200),
        'after EMFILE the node does not serve',
      );
    },
  },
  {
    id: 'C06',
    title: 'disk full while receiving, in the WAL, in results',
    injects: 'data folder on a small tmpfs, filled by other files while images arrive',
    expects: 'A700H or a transient rejection, never 0000H; by itself well again when there is space',
    run: async (bench) => {
      const disk = tmpfs(join(bench.folder, 'disk'), 128 * 1024 * 1024);
      bench.defer(() => disk.unmount());
      const node = await bench.node({
        config: { dataFolder: join(disk.folder, 'data'), watermark: '16MiB', maxObjectSize: '4MiB' },
      });
      await fillAndRecover(bench, node, disk.folder, 'spool');
      await fillAndRecover(bench, node, disk.folder, 'to the last byte');
    },
  },
  {
    id: 'C07',
    title: 'file system goes read-only, then is mounted anew',
    injects:
      'an ext4 error (trigger_fs_error, errors=remount-ro) on the loop device below the data folder while images arrive; e2fsck and mount',
    expects: 'no acknowledgement while read-only; everything acknowledged is there afterwards',
    run: async (bench) => {
      const ram = tmpfs(join(bench.folder, 'ram'), 300 * 1024 * 1024);
      bench.defer(() => ram.unmount());
      const disk = loopDisk(join(bench.folder, 'disk'), ram.folder, 256 * 1024 * 1024);
      bench.defer(() => void isUnmounted(disk));
      run('mount', ['-o', 'remount,errors=remount-ro', disk.folder]);
      const archive = await bench.archive();
      const node = await bench.node({
        archive,
        judgedByCase: true,
        config: { dataFolder: join(disk.folder, 'data') },
      });
      const factory = new ImageFactory(`${bench.seed}/C07`, { view: 'ap' });
      await node.storeUntilAcknowledged([factory.next(), factory.next()]);
      writeFileSync(`/sys/fs/ext4/${loopDeviceOf(disk.folder)}/trigger_fs_error`, '1');
      const images = [factory.next(), factory.next(), factory.next()];
      const before = node.acknowledged.size;
      for (const image of images) await node.store([image], undefined, { timeoutMs: 20_000 });
      bench.expect(node.acknowledged.size === before, 'an image was acknowledged on a read-only disk');
      bench.count('acknowledged while read-only', node.acknowledged.size - before);
      bench.count('exit code 74 in the log', (node.log().match(/exit code 74/g) ?? []).length);
      await node.stop();
      // ext4 stays read-only after an error until it is checked and mounted anew, as an administrator would.
      bench.expect(
        await reached(() => isUnmounted(disk), 30_000, 200),
        'something still uses the disk after the stop',
      );
      try {
        run('e2fsck', ['-fy', disk.backingFile]);
      } catch {
        // Exit code 1: errors were corrected.
      }
      disk.mount();
      await node.start(180_000);
      bench.expect(
        await node.storeUntilAcknowledged(images, 180_000),
        'images could not be stored afterwards',
      );
      for (const { invariant, text } of await checkInvariants(node, { archiveIsGood: true, echoes: true }))
        bench.expect(false, `${invariant}: ${text}`);
      await node.stop();
    },
  },
  {
    id: 'C08',
    title: 'no inodes left',
    injects: 'data folder on a tmpfs with few inodes, used up by empty files',
    expects: 'as C06',
    run: async (bench) => {
      const disk = tmpfs(join(bench.folder, 'disk'), 256 * 1024 * 1024, 400);
      bench.defer(() => disk.unmount());
      const node = await bench.node({ config: { dataFolder: join(disk.folder, 'data') } });
      const factory = new ImageFactory(`${bench.seed}/C08`, { view: 'ap' });
      await node.storeUntilAcknowledged([factory.next()]);
      const fillers: string[] = [];
      for (let n = 0; n < 1000; n++) {
        const path = join(disk.folder, `filler-${n}`);
        try {
          closeSync(openSync(path, 'w'));
          fillers.push(path);
        } catch {
          break;
        }
      }
      const images = [factory.next(), factory.next()];
      const statuses: string[] = [];
      for (const image of images)
        await node.store([image], ({ status }) => statuses.push(status?.toString(16) ?? 'no answer'), {
          timeoutMs: 20_000,
        });
      bench.count('answers without inodes', statuses.join(' '));
      bench.expect(!statuses.includes('0'), '0000H without an inode for the file');
      for (const path of fillers) rmSync(path);
      const startMs = hostClock.monotonicMs();
      bench.expect(
        await node.storeUntilAcknowledged(images, 180_000),
        'images could not be stored afterwards',
      );
      bench.count('s until well again', Math.round((hostClock.monotonicMs() - startMs) / 1000));
    },
  },
  {
    id: 'C09',
    title: 'database page overwritten, WAL cut, -shm removed',
    injects:
      'a node killed with a WAL, then dd over a page; the WAL cut at 4 KiB steps; -shm and WAL deleted',
    expects: 'damage is found at start and not served; a cut WAL opens with what it has',
    run: corrupt,
  },
  {
    id: 'C10',
    title: 'database locked by another program',
    injects: 'BEGIN IMMEDIATE by another program for 12 s while images arrive',
    expects: 'A700H after 5 s or later success, no crash, recovery',
    run: async (bench) => {
      const node = await bench.node();
      const factory = new ImageFactory(`${bench.seed}/C10`, { view: 'ap' });
      await node.storeUntilAcknowledged([factory.next()]);
      const locker = lockFor(node.databasePath, 12);
      await delay(1000);
      const image = factory.next();
      let answer = 'no answer';
      await node.store([image], ({ status }) => (answer = status?.toString(16) ?? answer), {
        timeoutMs: 30_000,
      });
      bench.count('answer while locked', answer);
      await locker;
      bench.expect(await node.storeUntilAcknowledged([image]), 'the image could not be stored afterwards');
    },
  },
];

async function fillAndRecover(
  bench: Bench,
  node: AttackedNode,
  folder: string,
  how: 'spool' | 'to the last byte',
): Promise<void> {
  const factory = new ImageFactory(`${bench.seed}/C06/${how}`, { size: 512 });
  await node.storeUntilAcknowledged([factory.next(), factory.next()]);
  const filler = join(folder, 'filler');
  fill(filler);
  const statuses = new Map<string, number>();
  const images: TestImage[] = [];
  for (let n = 0; n < 5; n++) {
    const image = factory.next();
    images.push(image);
    await node.store(
      [image],
      ({ status }) => {
        const key = status?.toString(16) ?? 'no answer';
        statuses.set(key, (statuses.get(key) ?? 0) + 1);
      },
      { timeoutMs: 20_000 },
    );
  }
  bench.count(
    `answers when full (${how})`,
    [...statuses].map(([status, n]) => `${n} x ${status}`).join(', '),
  );
  const open = openSync(filler, 'r+');
  ftruncateSync(open, 0);
  closeSync(open);
  rmSync(filler);
  const startMs = hostClock.monotonicMs();
  bench.expect(await reached(() => node.isServing(), 120_000, 200), `${how}: the node does not serve again`);
  bench.expect(
    await node.storeUntilAcknowledged(images, 180_000),
    `${how}: images could not be stored afterwards`,
  );
  bench.count(`s until well again (${how})`, Math.round((hostClock.monotonicMs() - startMs) / 1000));
}

function fill(path: string): void {
  const file = openSync(path, 'w');
  const block = Buffer.alloc(64 * 1024);
  for (let size = block.length; size >= 512; size = size >> 3) {
    try {
      for (;;) if (writeSync(file, block, 0, size) < size) break;
    } catch {
      // The disk is full for pieces of this size; smaller ones may still fit.
    }
  }
  closeSync(file);
}

/** False while a process that was told to stop still has a file open there. */
function isUnmounted(disk: Disk): boolean {
  try {
    disk.unmount();
    return true;
  } catch {
    return false;
  }
}

/** Name of the device below a mount, such as loop3. */
function loopDeviceOf(folder: string): string {
  const source = execFileSync('findmnt', ['-n', '-o', 'SOURCE', folder]).toString().trim();
  return source.replace('/dev/', '');
}

async function corrupt(bench: Bench): Promise<void> {
  const archive = await bench.archive();
  const node = await bench.node({ archive, judgedByCase: true });
  const factory = new ImageFactory(`${bench.seed}/C09`, { view: 'ap' });
  await node.storeUntilAcknowledged(Array.from({ length: 8 }, () => factory.next()));
  await node.isSettled();
  await node.crash();
  const wal = `${node.databasePath}-wal`;
  const keep = (name: string): void =>
    void execFileSync('cp', ['-a', node.dataFolder, join(bench.folder, name)]);
  let used = 0;
  const back = (name: string): void => {
    renameSync(node.dataFolder, join(bench.folder, `used-${++used}`));
    execFileSync('cp', ['-a', join(bench.folder, name), node.dataFolder]);
  };
  keep('sound');
  rmSync(`${node.databasePath}-shm`, { force: true });
  await node.start(120_000);
  bench.expect(node.one('SELECT count(*) AS n FROM instance') === 8, 'without -shm images are missing');
  await node.stop();
  back('sound');
  const walBytes = statSync(wal).size;
  bench.count('WAL bytes', walBytes);
  let opened = 0;
  const cuts = 6;
  for (let cut = 0; cut < cuts; cut++) {
    back('sound');
    const file = openSync(wal, 'r+');
    ftruncateSync(file, Math.floor((walBytes * cut) / cuts / 4096) * 4096);
    closeSync(file);
    node.launch();
    if (await reached(() => node.isServing(), 60_000, 200)) opened++;
    await node.stop();
  }
  bench.count('starts with a cut WAL', `${opened} of ${cuts}`);
  bench.expect(opened === cuts, 'a cut WAL kept the node from starting');
  back('sound');
  // All of it into the database file first, so that the page that is overwritten is the one that is read.
  execFileSync('sqlite3', [node.databasePath, 'PRAGMA wal_checkpoint(TRUNCATE)'], { stdio: 'ignore' });
  const file = openSync(node.databasePath, 'r+');
  for (const page of [4, 9, 15, 22]) writeSync(file, Buffer.alloc(4096, 0xa5), 0, 4096, page * 4096);
  closeSync(file);
  const mark = node.log().length;
  node.launch();
  await reached(() => node.log().slice(mark).includes('STORE_CORRUPT'), 60_000, 200);
  bench.expect(node.log().slice(mark).includes('STORE_CORRUPT'), 'the damage was not found at start');
  const stored = new Map(node.acknowledged).size;
  await node.store([factory.next()], undefined, { timeoutMs: 10_000 });
  bench.expect(node.acknowledged.size === stored, 'an image was acknowledged into a damaged database');
  await node.crash();
}

function lockFor(path: string, seconds: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = join(path, '..', '..', 'lock.py');
    writeFileSync(
      script,
      `import sqlite3,time\nc=sqlite3.connect(${JSON.stringify(path)},isolation_level=None,timeout=5)\nc.execute('BEGIN IMMEDIATE')\ntime.sleep(${seconds})\nc.execute('ROLLBACK')\n`,
    );
    execFile('/usr/bin/python3', [script], (error) =>
      error === null ? resolve() : reject(new Error(error.message)),
    );
  });
}
