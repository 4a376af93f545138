import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from '../../src/core/identifiers.ts';
import { hostClock } from '../../src/store/store.ts';
import type { TortureCase } from '../case.ts';
import type { AttackedNode } from '../support/attacked-node.ts';
import { ImageFactory, testImage, type TestImage, withElements } from '../support/images.ts';
import { cpuSecondsOf } from '../support/process-facts.ts';
import { explicitElement, nestedSequences } from '../support/hostile-headers.ts';
import { reached } from '../support/waiting.ts';

/** D03, D04, D07, G01, S02, U01, U02: what reaches the worker. */
export const workerFaultCases: readonly TortureCase[] = [
  {
    id: 'D03',
    title: 'nested sequences, 500,000 elements, 2,000,000 values',
    injects:
      '40,000 levels of sequences (1.3 MB), half a million empty elements, one DS of 4 MB, before the pixel data',
    expects: 'refused at the door or by the worker with a reason; the listener is not held up',
    run: async (bench) => {
      const node = await bench.node();
      const factory = new ImageFactory(`${bench.seed}/D03`);
      const bombs: readonly (readonly [string, Buffer])[] = [
        ['40,000 sequences', nestedSequences(40_000)],
        [
          '500,000 elements',
          Buffer.concat(
            Array.from({ length: 500_000 }, (_, n) =>
              explicitElement(0x0019, 0x1000 + (n % 0xef00), 'LO', Buffer.alloc(0)),
            ),
          ),
        ],
        ['2,000,000 values', explicitElement(0x0019, 0x1001, 'UT', Buffer.from('1\\'.repeat(2_000_000)))],
      ];
      const answers: string[] = [];
      for (const [name, bytes] of bombs) {
        const image = before(factory.next(), bytes);
        const listener = node.pids().listener ?? 0;
        const cpu = cpuSecondsOf(listener);
        let slowest = 0;
        const watch = (async (): Promise<void> => {
          for (let round = 0; round < 3; round++) {
            const startMs = hostClock.monotonicMs();
            await node.echoes(20_000);
            slowest = Math.max(slowest, hostClock.monotonicMs() - startMs);
          }
        })();
        await node.store([image], (answer) =>
          answers.push(`${name}: ${answer.status?.toString(16) ?? 'no answer'}`),
        );
        await watch;
        bench.count(`${name}: listener CPU s`, (cpuSecondsOf(listener) - cpu).toFixed(2));
        bench.expect(
          cpuSecondsOf(listener) - cpu < 3,
          `${name} cost the listener ${(cpuSecondsOf(listener) - cpu).toFixed(1)} s of CPU`,
        );
        bench.expect(await node.isSettled(), `${name}: ${node.unsettled()}`);
      }
      bench.count('answers', answers.join(', '));
      bench.count('ends', endings(node));
    },
  },
  {
    id: 'D04',
    title: 'worker dies in a job: SIGSEGV, SIGABRT, SIGKILL; always on the same image',
    injects: 'signals to the worker as soon as it has claimed; one image whose worker dies every time',
    expects: 'attempts count, other images go on, the poison one is quarantined after three',
    quick: true,
    run: async (bench) => {
      const node = await bench.node();
      const factory = new ImageFactory(`${bench.seed}/D04`);
      await node.storeUntilAcknowledged([factory.next()]);
      await node.isSettled();
      const poison = factory.next();
      const others = bench.quick ? [factory.next()] : Array.from({ length: 4 }, () => factory.next());
      let deaths = 0;
      await node.storeUntilAcknowledged([poison]);
      // Only a claim counts: what a dead worker left RUNNING says nothing about the one that is starting.
      const claimed = `SELECT count(*) AS n FROM job j JOIN instance i USING (instanceId)
        WHERE j.state = 'RUNNING' AND i.sopInstanceUid = @uid AND j.attempts = @attempt`;
      const isOver = (): boolean =>
        node.one(
          "SELECT count(*) AS n FROM instance WHERE disposition <> 'pending' AND sopInstanceUid = @uid",
          {
            uid: poison.sopInstanceUid,
          },
        ) === 1;
      const signals = ['SIGSEGV', 'SIGABRT', 'SIGKILL'] as const;
      const startMs = hostClock.monotonicMs();
      while (!isOver() && hostClock.monotonicMs() - startMs < 180_000) {
        const worker = node.pids().worker;
        const isClaimed = (): boolean =>
          node.one(claimed, { uid: poison.sopInstanceUid, attempt: deaths + 1 }) === 1;
        await reached(() => isOver() || isClaimed(), 60_000, 1);
        if (!isClaimed() || !node.kill('worker', signals[deaths % 3] ?? 'SIGKILL')) continue;
        deaths++;
        await reached(() => node.pids().worker !== worker, 10_000, 10);
      }
      await node.storeUntilAcknowledged(others);
      bench.expect(await node.isSettled(), `still open: ${node.unsettled()}`);
      bench.count('deaths', deaths);
      bench.count('ends', endings(node));
      const ended = (disposition: string): number =>
        node.one('SELECT count(*) AS n FROM instance WHERE disposition = @disposition', { disposition });
      bench.expect(ended('analysed') >= others.length + 1, 'the others were not analysed');
      bench.expect(deaths < 3 || ended('quarantined') === 1, 'three deaths and no quarantine');
    },
  },
  {
    id: 'D07',
    title: 'files that we write: preamble, mode',
    injects: 'every file of the spool and of the results after a run',
    expects: '128 zero bytes, mode 0600, folders 0700',
    run: async (bench) => {
      const node = await bench.shared();
      await node.storeUntilAcknowledged([new ImageFactory(`${bench.seed}/D07`).next()]);
      await node.isSettled();
      let files = 0;
      for (const entry of readdirSync(node.dataFolder, { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name);
        const mode = statSync(path).mode & 0o777;
        if (entry.isDirectory()) bench.expect((mode & 0o077) === 0, `${path} has mode ${mode.toString(8)}`);
        if (!entry.name.endsWith('.dcm')) continue;
        files++;
        bench.expect(mode === 0o600, `${path} has mode ${mode.toString(8)}`);
        bench.expect(
          readFileSync(path)
            .subarray(0, 128)
            .every((byte) => byte === 0),
          `${path} has a preamble`,
        );
      }
      bench.count('files', files);
    },
  },
  {
    id: 'G01',
    title: 'no GPU, provider library missing',
    injects:
      'providers [cuda, webgpu, cpu] on a machine without them (losing a GPU at run time is not injectable here)',
    expects: 'falls back to the CPU, says so, and records the provider that ran',
    run: async (bench) => {
      const node = await bench.node({ config: { providers: '[cuda, webgpu, cpu]' } });
      await node.storeUntilAcknowledged([new ImageFactory(`${bench.seed}/G01`).next()]);
      bench.expect(await node.isSettled(), `still open: ${node.unsettled()}`);
      bench.count('PROVIDER_FAILED in the log', node.log().split('PROVIDER_FAILED').length - 1);
      bench.expect(node.log().includes('PROVIDER_FAILED'), 'the missing providers were not reported');
      bench.expect(
        node.one("SELECT count(*) AS n FROM analysis WHERE provider = 'cpu'") === 1,
        'the provider is not recorded as cpu',
      );
    },
  },
  {
    id: 'S02',
    title: 'byte-equal results of the same job after a crash',
    injects: 'kill -9 of the worker between claim and commit, six images; the archive keeps what it gets',
    expects: 'one version of every object (I2 compares what the archive got)',
    run: async (bench) => {
      const node = await bench.node();
      const factory = new ImageFactory(`${bench.seed}/S02`);
      const images = Array.from({ length: 6 }, () => factory.next());
      await node.storeUntilAcknowledged(images);
      let deaths = 0;
      for (let round = 0; round < 4; round++) {
        await reached(() => node.one("SELECT count(*) AS n FROM job WHERE state = 'RUNNING'") > 0, 60_000, 2);
        const worker = node.pids().worker;
        if (node.kill('worker')) deaths++;
        await reached(() => node.pids().worker !== worker && node.pids().worker !== undefined, 30_000);
      }
      bench.count('deaths', deaths);
      bench.expect(await node.isSettled(), `still open: ${node.unsettled()}`);
      const kept = node.books(({ db }) =>
        db
          .sql<{ sopInstanceUid: string; path: string; sha256: string }>(
            'SELECT sopInstanceUid, path, sha256 FROM object',
          )
          .all(),
      );
      for (const { path, sha256 } of kept)
        bench.expect(sha256Hex(readFileSync(path)) === sha256, `${path} is not what its row says`);
      bench.count('objects', kept.length);
    },
  },
  {
    id: 'U01',
    title: 'the same image 100 times from 10 modalities at once; the same UID with other pixels',
    injects: 'parallel associations under ten AE titles',
    expects: 'one job; for the other pixels a second one, and the change in the audit',
    run: async (bench) => {
      const senders = Array.from({ length: 10 }, (_, n) => `DX_ROOM${n}`);
      const node = await bench.node({
        config: {
          senders: [...senders, 'TORTURE_DX'].map((title) => `{ aeTitle: ${title}, cidr: [127.0.0.0/8] }`),
        },
      });
      const image = new ImageFactory(`${bench.seed}/U01`).next();
      await Promise.all(
        senders.map((callingAeTitle) =>
          node.store(
            Array.from({ length: 10 }, () => image),
            undefined,
            { callingAeTitle },
          ),
        ),
      );
      const count = (sql: string): number => node.one(`SELECT count(*) AS n FROM ${sql}`);
      bench.count('rows', count('instance'));
      bench.count('duplicates', node.one('SELECT sum(duplicateCount) AS n FROM instance'));
      bench.expect(count('job') === 1 && count('instance') === 1, 'not one job and one row');
      bench.expect(node.one('SELECT sum(duplicateCount) AS n FROM instance') === 99, 'not 99 duplicates');
      const pixels = Buffer.from(image.dataSet);
      pixels[pixels.length - 5] = (pixels[pixels.length - 5] ?? 0) ^ 0xff;
      await node.store([testImage(pixels, image)]);
      bench.expect(count('job') === 2, 'other pixels made no second job');
      bench.expect(node.auditCount('INSTANCE_CONTENT_CHANGED') === 1, 'I7: the change is not in the audit');
      // Both versions were promised; the node keeps both, the map of promises only the newest.
    },
  },
  {
    id: 'U02',
    title: 'CT flood, other anatomy, missing and wrong body part',
    injects:
      'storescu with CT files (refused contexts) in a row; AP, chest and headers without region beside it',
    expects: 'CT is refused at the context, the rest ends with a rule and a reason, the listener stays cheap',
    run: async (bench) => {
      const node = await bench.node();
      const listener = node.pids().listener ?? 0;
      const cpu = cpuSecondsOf(listener);
      const ct = { ...new ImageFactory(`${bench.seed}/CT`).next(), sopClassUid: '1.2.840.10008.5.1.4.1.1.2' };
      const flood = bench.quick ? 20 : 300;
      let refused = 0;
      for (let n = 0; n < flood; n++)
        await node.store([ct], (answer) => {
          if (answer.status === undefined) refused++;
        });
      bench.count('CT refused', refused);
      bench.count('listener CPU ms each', Math.round((1000 * (cpuSecondsOf(listener) - cpu)) / flood));
      bench.expect(refused === flood, 'a CT image was taken');
      const ap = new ImageFactory(`${bench.seed}/U02/ap`, { view: 'ap' });
      const lateral = new ImageFactory(`${bench.seed}/U02`);
      const other = (image: TestImage, bodyPart: string): TestImage =>
        testImage(withElements(image.dataSet, [[0x00180015, 'CS', bodyPart]]), image);
      await node.storeUntilAcknowledged([
        ap.next(),
        lateral.next(),
        other(lateral.next(), 'CHEST'),
        other(lateral.next(), ''),
        other(ap.next(), 'KNEE'),
      ]);
      bench.expect(await node.isSettled(), `still open: ${node.unsettled()}`);
      bench.count('ends', endings(node));
      const silent = node.one(
        "SELECT count(*) AS n FROM instance WHERE reasonsJson = '[]' AND disposition <> 'analysed'",
      );
      bench.expect(silent === 0, `${silent} without a reason`);
    },
  },
];

function endings(node: AttackedNode): string {
  return node.books(({ db }) =>
    db
      .sql<{ disposition: string; n: number }>(
        'SELECT disposition, count(*) AS n FROM instance GROUP BY disposition',
      )
      .all()
      .map(({ disposition, n }) => `${disposition} ${n}`)
      .join(', '),
  );
}

/** Puts elements where group 0019 belongs, before the study's identifiers. */
function before(image: TestImage, elements: Buffer): TestImage {
  const at = image.dataSet.indexOf(Buffer.from([0x20, 0x00, 0x0d, 0x00, 0x55, 0x49]));
  return testImage(
    Buffer.concat([image.dataSet.subarray(0, at), elements, image.dataSet.subarray(at)]),
    image,
  );
}
