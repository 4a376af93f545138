import { spawn, spawnSync } from 'node:child_process';
import { renameSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openDatabase } from '../../src/store/database.ts';
import { hostClock, openStore } from '../../src/store/store.ts';
import { BytePeer } from '../../tests/support/byte-peer.ts';
import { type Bench, NotInjectable, type TortureCase } from '../case.ts';
import { AttackedNode } from '../support/attacked-node.ts';
import { ImageFactory } from '../support/images.ts';
import { checkInvariants } from '../support/invariants.ts';
import { isAlive } from '../support/process-facts.ts';
import { requestBytes } from '../support/raw-peer.ts';
import { seedRows } from '../support/seeded-rows.ts';
import { reached, within } from '../support/waiting.ts';

const main = resolve(import.meta.dirname, '../../src/main.ts');

/** C11 to C14, O03, O04, R10, L01, L03, L04: starts, stops, clocks, logs, lost databases, many rows. */
export const operationCases: readonly TortureCase[] = [
  {
    id: 'C11',
    title: 'two nodes on one data folder; a new start beside orphans of a killed supervisor',
    injects: 'a second `start`; then kill -9 of the supervisor alone under load and a start at once',
    expects: 'the second exits 1; the new start waits for the orphans, nothing acknowledged is lost',
    run: async (bench) => {
      const node = await bench.node();
      const second = spawnSync(process.execPath, [main, '-c', node.configFolder, 'start'], {
        encoding: 'utf8',
        timeout: 60_000,
      });
      bench.expect(
        second.status === 1,
        `the second node ended with ${second.status ?? second.signal ?? 'nothing'}`,
      );
      const rounds = bench.quick ? 1 : 5;
      const factory = new ImageFactory(`${bench.seed}/C11`, { view: 'ap' });
      let longestOrphanMs = 0;
      for (let round = 0; round < rounds; round++) {
        const orphans = Object.values(node.pids());
        const storing = node.storeUntilAcknowledged(Array.from({ length: 20 }, () => factory.next()));
        await delay(bench.random.between(100, 1500));
        node.signal('SIGKILL');
        await node.exit;
        const startMs = hostClock.monotonicMs();
        node.launch();
        await reached(() => orphans.every((pid) => !isAlive(pid)), 60_000, 5);
        longestOrphanMs = Math.max(longestOrphanMs, hostClock.monotonicMs() - startMs);
        bench.expect(await reached(() => node.isServing(), 120_000, 100), 'the new start does not serve');
        bench.expect(await storing, 'not everything could be stored');
      }
      bench.count('kills of the supervisor alone', rounds);
      bench.count('ms until the last orphan was gone', longestOrphanMs);
    },
  },
  {
    id: 'C12',
    title: 'clock two days ahead, two days back, 1970, ten times as fast',
    injects: 'faketime around the whole node, images before and after',
    expects: 'no lease storm, nothing purged, order kept, everything delivered',
    run: clocks,
  },
  {
    id: 'C13',
    title: 'SIGTERM under load, twice; SIGHUP storm; SIGSTOP of each process',
    injects: 'signals while four modalities store',
    expects:
      'drained within 40 s with exit code 0, a second SIGTERM ends at once, SIGHUPs change nothing, a stopped process is replaced',
    run: signals,
  },
  {
    id: 'C14',
    title: 'schema upgrade killed in the middle; a newer schema',
    injects:
      'kill -9 of a process that opens a fresh database, at random moments; user_version of the future',
    expects: 'old or new, never half; a newer schema is refused',
    run: schema,
  },
  {
    id: 'O03',
    title: 'log target full, reader gone',
    injects: 'standard output into a full tmpfs file; into a pipe whose reader was killed',
    expects: 'the data path goes on',
    run: logTargets,
  },
  {
    id: 'O04',
    title: 'log flood by broken files and strangers',
    injects: '2,000 refused requests and broken streams as fast as the node answers',
    expects: 'counters right, bytes of log per event bounded, the node serves',
    run: async (bench) => {
      const node = await bench.node();
      const total = bench.quick ? 100 : 2000;
      const before = statSync(node.logPath).size;
      for (let n = 0; n < total; n++) {
        const peer = await BytePeer.connect(node.port);
        peer.send(
          n % 2 === 0 ? requestBytes({ callingAeTitle: 'STRANGER' }) : Buffer.from('ffffffffffff', 'hex'),
        );
        await Promise.race([peer.closed, delay(3000)]);
        peer.destroy();
      }
      // Repeated events of one address are counted and written once a minute: the counts must add up.
      const audited = (): number =>
        node.one(
          `SELECT sum(coalesce(json_extract(fieldsJson, '$.count'), 1)) AS n FROM audit
           WHERE event IN ('ASSOCIATION_REJECTED', 'PROTOCOL_VIOLATION')`,
        );
      await reached(() => audited() >= total, 150_000, 1000);
      bench.count('events', total);
      bench.count('events in the audit', audited());
      bench.count('log bytes an event', Math.round((statSync(node.logPath).size - before) / total));
      bench.expect(audited() >= total, 'not every event was counted');
      bench.expect((statSync(node.logPath).size - before) / total < 1000, 'more than 1 kB of log an event');
    },
  },
  {
    id: 'R10',
    title: 'database lost; start again with the spool alone',
    injects: 'the database files removed while the node is down, everything else kept',
    expects: 'every acknowledged image is taken up again; no result under a new UID at the archive',
    run: lostDatabase,
  },
  {
    id: 'L01',
    title: '32 parallel associations store large images',
    injects: '32 associations with images of 8 MB each',
    expects: '0 lost',
    run: async (bench) => {
      const node = await bench.node({ config: { maxAssociations: 64 } });
      const { storingAssociations } = bench.size;
      const each = Math.ceil(bench.size.imagesPerAssociation / 10);
      const startMs = hostClock.monotonicMs();
      const waits: number[] = [];
      await Promise.all(
        Array.from({ length: storingAssociations }, async (_, number) => {
          const factory = new ImageFactory(`${bench.seed}/L01/${number}`, { view: 'ap', size: 2000 });
          let last = hostClock.monotonicMs();
          await node.store(
            Array.from({ length: each }, () => factory.next(`study-${number}`)),
            () => {
              waits.push(hostClock.monotonicMs() - last);
              last = hostClock.monotonicMs();
            },
            { timeoutMs: 300_000 },
          );
        }),
      );
      const seconds = (hostClock.monotonicMs() - startMs) / 1000;
      const sorted = waits.toSorted((a, b) => a - b);
      bench.count('stored', node.acknowledged.size);
      bench.count('images a second', (node.acknowledged.size / seconds).toFixed(1));
      bench.count(
        'ms per image p50/p95',
        `${sorted[Math.floor(sorted.length / 2)] ?? 0}/${sorted[Math.floor(sorted.length * 0.95)] ?? 0}`,
      );
      bench.expect(node.acknowledged.size === storingAssociations * each, 'not everything was stored');
    },
  },
  {
    id: 'L03',
    title: 'start with a backlog of 50,000 jobs',
    injects: 'store-level seeding of 50,000 queued images, then a start',
    expects: 'serves within 10 s of an idle machine; a claim stays cheap',
    run: async (bench) => {
      const archive = await bench.archive();
      const node = await AttackedNode.prepare(join(bench.folder, 'backlog'), archive);
      bench.defer(async () => {
        await node.crash();
      });
      seedRows(node, bench.size.backlog, 'queued');
      const startMs = hostClock.monotonicMs();
      node.launch();
      bench.expect(await reached(() => node.echoes(), 180_000, 50), 'the node does not serve');
      bench.count('jobs', bench.size.backlog);
      bench.count('s until C-ECHO', ((hostClock.monotonicMs() - startMs) / 1000).toFixed(1));
      const image = new ImageFactory(`${bench.seed}/L03`).next();
      bench.expect(
        await node.storeUntilAcknowledged([image]),
        'an image could not be stored beside the backlog',
      );
      const left = (): number => node.one("SELECT count(*) AS n FROM job WHERE state = 'QUEUED'");
      const before = left();
      await delay(5000);
      bench.count('jobs ended a second', ((before - left()) / 5).toFixed(1));
      bench.expect(left() < before, 'no job was claimed');
    },
  },
  {
    id: 'L04',
    title: 'retention over a million rows beside receiving',
    injects: 'store-level seeding of old delivered images, retention in batches while a modality stores',
    expects: 'rows go, every batch is short, everything is stored',
    run: retentionUnderLoad,
  },
];

async function clocks(bench: Bench): Promise<void> {
  if (spawnSync('faketime', ['--version']).status !== 0) throw new NotInjectable('faketime is not installed');
  const archive = await bench.archive();
  const folder = join(bench.folder, 'clock');
  const factory = new ImageFactory(`${bench.seed}/C12`);
  const shifts = bench.quick ? ['+2d'] : ['+0d', '+2d', '-2d', '@1970-01-02 00:00:00', '+0 x10'];
  const acknowledged = new Map<string, ReturnType<ImageFactory['next']>>();
  for (const shift of shifts) {
    // The same data folder, each time under another clock; CLOCK_MONOTONIC stays that of the machine.
    const node = await AttackedNode.prepare(folder, archive, {
      prefix: ['faketime', '-f', shift],
      env: { FAKETIME_DONT_FAKE_MONOTONIC: '1', DONT_FAKE_MONOTONIC: '1' },
    });
    bench.defer(async () => {
      await node.crash();
    });
    for (const [uid, image] of acknowledged) node.acknowledged.set(uid, image);
    await node.start(180_000);
    const images = [factory.next(), factory.next()];
    bench.expect(await node.storeUntilAcknowledged(images), `under ${shift} images could not be stored`);
    bench.expect(await node.isSettled(180_000), `under ${shift} still open: ${node.unsettled()}`);
    for (const { invariant, text } of await checkInvariants(node, { archiveIsGood: true, echoes: true }))
      bench.expect(false, `${shift}: ${invariant}: ${text}`);
    for (const [uid, image] of node.acknowledged) acknowledged.set(uid, image);
    bench.expect(
      node.one("SELECT count(*) AS n FROM instance WHERE spoolState <> 'present'") === 0,
      `under ${shift} an image was purged`,
    );
    bench.expect(node.auditCount('JOB_RETRY') === 0, `under ${shift} a job was taken for a lost one`);
    await node.stop();
  }
  bench.count('clocks', shifts.join(', '));
  bench.count('images', acknowledged.size);
}

async function signals(bench: Bench): Promise<void> {
  const node = await bench.node();
  const factory = new ImageFactory(`${bench.seed}/C13`, { view: 'ap' });
  const load = (): Promise<boolean> =>
    node.storeUntilAcknowledged(
      Array.from({ length: 40 }, () => factory.next()),
      300_000,
    );
  let storing = load();
  await delay(500);
  const startMs = hostClock.monotonicMs();
  const exit = await node.stop(60_000);
  bench.count('s to drain', ((hostClock.monotonicMs() - startMs) / 1000).toFixed(1));
  bench.expect(exit === 0, `SIGTERM ended with ${exit}`);
  await node.start(120_000);
  bench.expect(await storing, 'after the restart not everything could be stored');
  storing = load();
  for (let n = 0; n < 50; n++) {
    node.signal('SIGHUP');
    await delay(20);
  }
  bench.expect(await storing, 'under the SIGHUP storm not everything could be stored');
  bench.expect(
    await reached(() => node.isServing(), 120_000, 200),
    'after the SIGHUP storm the node does not serve',
  );
  for (const name of bench.quick ? (['sender'] as const) : (['listener', 'worker', 'sender'] as const)) {
    const pid = node.pids()[name];
    bench.expect(pid !== undefined && node.kill(name, 'SIGSTOP'), `there is no ${name}`);
    bench.expect(
      await reached(() => node.pids()[name] !== pid, 60_000, 200),
      `a stopped ${name} was not replaced`,
    );
    bench.expect(
      await reached(() => node.isServing(), 120_000, 200),
      `after a stopped ${name} the node does not serve`,
    );
  }
  node.signal('SIGTERM');
  node.signal('SIGTERM');
  const twice = await within(node.exit, 20_000);
  bench.count('exit after two SIGTERM', twice ?? 'none');
  await node.crash();
  await node.start(120_000);
}

async function schema(bench: Bench): Promise<void> {
  let killed = 0;
  const rounds = bench.quick ? 5 : 40;
  const script = `const { openDatabase } = await import(${JSON.stringify(resolve(import.meta.dirname, '../../src/store/database.ts'))}); process.stdout.write('x'); openDatabase(process.argv[1]).close();`;
  for (let round = 0; round < rounds; round++) {
    const path = join(bench.folder, `schema-${round}.sqlite`);
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, path], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const exit = new Promise<string | null>((done) => child.once('exit', (_code, signal) => done(signal)));
    await new Promise((begun) => child.stdout.once('data', begun));
    await delay(bench.random.between(0, 25));
    child.kill('SIGKILL');
    if ((await exit) === 'SIGKILL') killed++;
    const database = openDatabase(path);
    database.check('full');
    const tables =
      database.sql<{ n: number }>("SELECT count(*) AS n FROM sqlite_schema WHERE type = 'table'").get()?.n ??
      0;
    bench.expect(tables > 15, `after a kill there are ${tables} tables`);
    database.close();
  }
  bench.count('opens killed', killed);
  const future = join(bench.folder, 'future.sqlite');
  openDatabase(future).close();
  spawnSync('sqlite3', [future, 'PRAGMA user_version = 99']);
  try {
    openDatabase(future).close();
    bench.expect(false, 'a newer schema was opened');
  } catch (error) {
    bench.expect(String(error).includes('schema 99'), `refused with ${String(error)}`);
  }
}

async function logTargets(bench: Bench): Promise<void> {
  const archive = await bench.archive();
  const factory = new ImageFactory(`${bench.seed}/O03`);
  const full = await AttackedNode.prepare(join(bench.folder, 'full'), archive, {
    prefix: ['/bin/sh', '-c', 'exec "$0" "$@" > /dev/full 2>&1'],
  });
  const noReader = await AttackedNode.prepare(join(bench.folder, 'pipe'), archive, {
    prefix: [
      '/bin/bash',
      '-c',
      '"$0" "$@" > >(head -c 300 > /dev/null) 2>&1 & child=$!; trap "kill $child" TERM; wait $child; wait $child',
    ],
  });
  for (const [name, node] of [
    ['/dev/full', full],
    ['a pipe without a reader', noReader],
  ] as const) {
    bench.defer(async () => {
      await node.crash();
    });
    node.launch();
    const serves = await reached(() => node.echoes(), 120_000, 200);
    bench.expect(serves, `with ${name} as log the node does not serve`);
    if (!serves) continue;
    const images = [factory.next(), factory.next()];
    bench.expect(
      await node.storeUntilAcknowledged(images, 60_000),
      `with ${name} as log images could not be stored`,
    );
    bench.expect(await node.isSettled(120_000), `with ${name} as log: ${node.unsettled()}`);
    await node.stop(40_000);
  }
  bench.count('targets', 2);
}

async function lostDatabase(bench: Bench): Promise<void> {
  const archive = await bench.archive();
  const node = await bench.node({ archive, judgedByCase: true });
  const factory = new ImageFactory(`${bench.seed}/R10`);
  const images = Array.from({ length: bench.quick ? 4 : 12 }, () => factory.next());
  await node.storeUntilAcknowledged(images);
  await node.isSettled(300_000);
  await node.stop();
  const before = new Set(archive.received.map(({ sopInstanceUid }) => sopInstanceUid));
  const lost = join(bench.folder, 'lost.sqlite');
  renameSync(node.databasePath, lost);
  for (const suffix of ['-wal', '-shm']) rmSync(`${node.databasePath}${suffix}`, { force: true });
  const startMs = hostClock.monotonicMs();
  await node.start(180_000);
  bench.count('s until it serves', ((hostClock.monotonicMs() - startMs) / 1000).toFixed(1));
  bench.expect(await node.isSettled(300_000), `still open: ${node.unsettled()}`);
  bench.count('images taken up', node.one('SELECT count(*) AS n FROM instance'));
  // The archive keeps the first bytes it saw under a UID; the repeated objects differ in their times.
  const after = new Set(archive.received.map(({ sopInstanceUid }) => sopInstanceUid));
  bench.count('results under new UIDs', after.size - before.size);
  bench.expect(after.size === before.size, 'the archive got results under new UIDs');
  for (const { invariant, text } of await checkInvariants(node, { archiveIsGood: false, echoes: true }))
    bench.expect(false, `${invariant}: ${text}`);
  bench.expect(node.auditCount('REBUILT_FROM_SPOOL') === 1, 'I7: the rebuilding is not in the audit');
  await node.stop();
}

async function retentionUnderLoad(bench: Bench): Promise<void> {
  const archive = await bench.archive();
  const node = await AttackedNode.prepare(join(bench.folder, 'retention'), archive);
  bench.defer(async () => {
    await node.crash();
  });
  seedRows(node, bench.size.retentionRows, 'delivered');
  await node.start(180_000);
  const factory = new ImageFactory(`${bench.seed}/L04`, { view: 'ap' });
  const over = new AbortController();
  let slowestEcho = 0;
  const storing = (async (): Promise<void> => {
    while (!over.signal.aborted) {
      await node.store([factory.next()], undefined, { timeoutMs: 30_000 });
      const startMs = hostClock.monotonicMs();
      await node.echoes();
      slowestEcho = Math.max(slowestEcho, hostClock.monotonicMs() - startMs);
    }
  })();
  const store = openStore({ databasePath: node.databasePath, clock: hostClock });
  const steps: number[] = [];
  const rules = {
    spoolAfterMs: 1,
    resultsAfterMs: 1,
    auditAfterMs: 10 * 365 * 86_400_000,
    committedDestinations: [],
  };
  let rows = 0;
  for (let step = 0; step < 200; step++) {
    const startMs = performance.now();
    const { spool, results } = store.retention.step(rules, hostClock.nowMs() - 86_400_000);
    steps.push(performance.now() - startMs);
    rows += spool.images + results.images;
    if (spool.images + results.images === 0) break;
    await delay(20);
  }
  store.close();
  over.abort();
  await storing;
  const sorted = steps.toSorted((a, b) => a - b);
  bench.count('rows seeded', bench.size.retentionRows);
  bench.count('rows handled', rows);
  bench.count(
    'ms a step p50/p99',
    `${Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0)}/${Math.round(sorted[Math.floor(sorted.length * 0.99)] ?? 0)}`,
  );
  bench.count('stored meanwhile', node.acknowledged.size);
  bench.count('slowest C-ECHO ms', slowestEcho);
  bench.expect(rows > 0, 'nothing was removed');
  bench.expect(node.acknowledged.size > 0, 'nothing was stored meanwhile');
}
