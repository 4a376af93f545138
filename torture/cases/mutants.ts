import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readPart10 } from '../../src/dicom/part10-reader.ts';
import { uuidV5Uid } from '../../src/dicom/uid.ts';
import { simulateStudy } from '../../src/simulator/study.ts';
import { sharedDataPath } from '../../tests/support/shared-data.ts';
import type { Bench, TortureCase } from '../case.ts';
import { type TestImage, testImage, withElements } from '../support/images.ts';
import { mutate } from '../support/mutator.ts';
import { dxUid } from '../support/raw-peer.ts';

/** F03: damaged images through the whole node. */
export const mutantCases: readonly TortureCase[] = [
  {
    id: 'F03',
    title: 'mutated data sets through the whole node',
    injects:
      'mutations of simulated laterals in six transfer syntaxes and of the files of shared/data fuzz, malformed and radiograph, stored over sockets; one in three also in its first 2,000 bytes',
    expects:
      'each refused at the door or with an end and a reason; 0 listener restarts, RSS and descriptors as before',
    quick: true,
    run: mutants,
  },
];

const namespace = '0f5d8f7c-21f5-4f0c-9a0e-5b5b7d7f3d10';
const syntaxes = [
  '1.2.840.10008.1.2.1',
  '1.2.840.10008.1.2.5',
  '1.2.840.10008.1.2.4.57',
  '1.2.840.10008.1.2.4.70',
  '1.2.840.10008.1.2.4.80',
  '1.2.840.10008.1.2.4.90',
];

async function mutants(bench: Bench): Promise<void> {
  const node = await bench.shared();
  const pid = node.pids().listener;
  const rowsBefore = node.one('SELECT count(*) AS n FROM instance');
  const seeds = [...simulated(), ...foreign()];
  const bodies = seeds.map(({ dataSet }) => dataSet);
  const statuses = new Map<string, number>();
  let made = 0;
  const send = async (): Promise<void> => {
    while (made < bench.size.mutants && !bench.timeIsUp()) {
      const batch = Array.from({ length: 10 }, () => mutant(bench, bench.random.pick(seeds), bodies, made++));
      for (let rest = batch; rest.length > 0; ) {
        let answered = 0;
        await node.store(rest, ({ status }) => {
          if (status === undefined && answered > 0) return;
          answered++;
          const key = status?.toString(16).padStart(4, '0') ?? 'no answer';
          statuses.set(key, (statuses.get(key) ?? 0) + 1);
        });
        rest = rest.slice(Math.max(1, answered));
      }
      if (made % 1000 < 10) bench.progress(`${made} sent, ${node.unsettled() || 'nothing open'}`);
      while (node.one("SELECT count(*) AS n FROM job WHERE state IN ('QUEUED','WAITING')") > 400)
        await delay(500);
    }
  };
  await Promise.all([send(), send(), send()]);
  bench.count('mutants', made);
  bench.count(
    'answers',
    [...statuses]
      .toSorted()
      .map(([status, n]) => `${status}: ${n}`)
      .join(' '),
  );
  bench.expect(await node.isSettled(1_200_000), `still open: ${node.unsettled()}`);
  const ends = node.books(({ db }) =>
    db
      .sql<{ disposition: string; n: number; silent: number }>(
        `SELECT disposition, count(*) AS n, sum(reasonsJson = '[]' AND disposition <> 'analysed') AS silent FROM instance
         GROUP BY disposition`,
      )
      .all(),
  );
  bench.count('ends', ends.map(({ disposition, n }) => `${disposition} ${n}`).join(', '));
  bench.count('rows made', node.one('SELECT count(*) AS n FROM instance') - rowsBefore);
  for (const { disposition, silent } of ends)
    bench.expect(silent === 0, `${silent} images ended ${disposition} without a reason`);
  bench.count('worker deaths', node.log().split('"PROCESS_LOST"').length - 1);
  bench.expect(node.pids().listener === pid, 'the listener was restarted');
}

function mutant(bench: Bench, seed: TestImage, others: readonly Buffer[], number: number): TestImage {
  const uid = uuidV5Uid(namespace, bench.seed, String(number));
  const named = withElements(seed.dataSet, [
    [0x00080018, 'UI', uid],
    [0x0020000d, 'UI', uuidV5Uid(namespace, bench.seed, 'study', String(number))],
  ]);
  const from = bench.random.chance(0.33) ? 0 : Math.min(2000, named.length >> 1);
  const dataSet = mutate(named, others, bench.random, from);
  return testImage(dataSet, { ...seed, sopInstanceUid: uid });
}

function simulated(): TestImage[] {
  return syntaxes.flatMap((transferSyntaxUid) => {
    const [image] = simulateStudy(30_500_200, {
      size: 256,
      views: ['neutral'],
      tags: 'orderly',
      variant: 'mutants',
      transferSyntaxUid,
    });
    return image === undefined ? [] : asSeed(image.bytes);
  });
}

function foreign(): TestImage[] {
  return ['fuzz', 'malformed', 'radiograph'].flatMap((name) => {
    const folder = sharedDataPath(name);
    if (!existsSync(folder)) return [];
    return readdirSync(folder).flatMap((file) => asSeed(readFileSync(join(folder, file))));
  });
}

/** Files whose header is Explicit VR Little Endian and has the identifiers; they are offered as DX, whatever they are. */
function asSeed(bytes: Buffer | Uint8Array): TestImage[] {
  const file = readPart10(bytes);
  if (!file.ok || bytes.length > 1_500_000) return [];
  const { source, dataSetOffset, transferSyntax } = file.value;
  if (!syntaxes.includes(transferSyntax.uid) && transferSyntax.uid !== '1.2.840.10008.1.2.4.50') return [];
  try {
    const dataSet = withElements(Buffer.from(source.subarray(dataSetOffset)), [
      [0x00080016, 'UI', dxUid],
      [0x00080018, 'UI', '1.2.3'],
      [0x0020000d, 'UI', '1.2.3.1'],
    ]);
    return [
      testImage(dataSet, {
        sopClassUid: dxUid,
        sopInstanceUid: '1.2.3',
        studyInstanceUid: '1.2.3.1',
        transferSyntax: transferSyntax.uid,
      }),
    ];
  } catch {
    return [];
  }
}
