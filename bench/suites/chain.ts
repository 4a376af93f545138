import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { foldersOf, readConfig } from '../../src/app/runtime.ts';
import { startNode } from '../../src/app/start.ts';
import { hostClock, openReadOnlyStore } from '../../src/store/store.ts';
import { freePort } from '../../tests/support/ports.ts';
import { writeBenchConfig } from '../bench-config.ts';
import { type BenchContext, type BenchRow, type Suite, summarise } from '../measure.ts';
import { requiredPeer, startNodeProcess, startServer } from '../processes.ts';
import { withOtherUids } from '../result-files.ts';
import { benchModel, simulatedStudy } from '../sample.ts';
import { sendToNode } from '../../tests/support/send-to-node.ts';
import { cpuSecondsOf } from '../../torture/support/process-facts.ts';

const views = ['ap', 'neutral', 'flexion', 'extension'] as const;
const threads = 2;

/**
 * Images analysed a second by the whole node, from a full queue to the last report stored at a DCMTK storescp, against
 * the bare session run of the same network: the ceiling that no chain can pass on these cores.
 */
export const chain: Suite = {
  name: 'chain',
  async run(context) {
    const before = await ceiling(context);
    const sustained = await drain(context);
    const after = await ceiling(context);
    const model = summarise([before, after]);
    const row: BenchRow = {
      work: `whole chain, ${studyCount(context)} studies of 4 images (3 laterals each)`,
      unit: 'images/s',
      ours: summarise([sustained.imagesPerSecond]),
      peer: 'model alone',
      theirs: model,
      ratio: sustained.imagesPerSecond / model.median,
      bar: { sign: '>=', value: 0.9 },
    };
    const core = (work: string, ms: number): BenchRow => ({
      work: `core time per image: ${work}`,
      unit: 'ms',
      ours: summarise([ms]),
      peer: '-',
    });
    const forward = (1000 * threads) / model.median;
    const { worker, ...others } = sustained.coreMs;
    return [
      row,
      core('the network, by the ceiling', forward),
      core('everything else in the worker', worker - forward),
      ...Object.entries(others).map(([process, ms]) => core(process, ms)),
      core('all there is, two cores', (1000 * threads) / sustained.imagesPerSecond),
    ];
  },
};

function studyCount({ quick }: BenchContext): number {
  return quick ? 2 : 200;
}

async function ceiling({ quick }: BenchContext): Promise<number> {
  const model = benchModel(quick);
  const { input, outputs } = model.manifest;
  const session = await InferenceSession.create(model.bytes, {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    extra: { session: { disable_quant_qdq: '1' } },
  });
  const image = new Float32Array(input.size * input.size).fill(0.5);
  const run = () =>
    session.run({ [input.name]: new Tensor('float32', image, [1, 1, input.size, input.size]) }, [
      outputs.logits,
    ]);
  for (let warm = 0; warm < 3; warm++) await run();
  const images = quick ? 5 : 200;
  const start = performance.now();
  for (let at = 0; at < images; at++) await run();
  const perSecond = (images * 1000) / (performance.now() - start);
  await session.release();
  return perSecond;
}

interface Drained {
  readonly imagesPerSecond: number;
  /** Of each process, per analysed image. */
  readonly coreMs: Readonly<
    Record<'worker' | 'sender' | 'listener' | 'archive (storescp)' | 'supervisor and bench', number>
  >;
}

async function drain(context: BenchContext): Promise<Drained> {
  const pacsPort = await freePort();
  const pacs = await startServer(
    requiredPeer('storescp'),
    ['--ignore', '--max-pdu', '131072', `${pacsPort}`],
    pacsPort,
  );
  const folder = join(context.folder, 'chain');
  const model = benchModel(context.quick);
  const configFolder = writeBenchConfig(folder, pacsPort, model.manifest.id);
  const studies = studyCount(context);
  await fillQueue(configFolder, studies);
  const { database } = foldersOf(readConfig(configFolder).config, configFolder);
  const node = await startNode(configFolder, { logFile: join(folder, 'node.log') });
  const store = openReadOnlyStore({ databasePath: database, clock: hostClock });
  try {
    // The first image is analysed when the model is loaded: from then on the chain runs.
    while (delivered(store.db).analysed === 0) await delay(20);
    const start = performance.now();
    const first = delivered(store.db).analysed;
    const { worker = 0, sender = 0, listener = 0 } = node.supervisor.pids();
    const spent = () =>
      [worker, sender, listener, pacs.pid, process.pid].map((pid) => 1000 * cpuSecondsOf(pid));
    const before = spent();
    for (;;) {
      const { analysed, reports } = delivered(store.db);
      if (reports === studies) {
        const images = analysed - first;
        const seconds = (performance.now() - start) / 1000;
        const [ofWorker = 0, ofSender = 0, ofListener = 0, ofPacs = 0, ofBench = 0] = spent().map(
          (ms, index) => (ms - (before[index] ?? 0)) / images,
        );
        return {
          imagesPerSecond: images / seconds,
          coreMs: {
            worker: ofWorker,
            sender: ofSender,
            listener: ofListener,
            'archive (storescp)': ofPacs,
            'supervisor and bench': ofBench,
          },
        };
      }
      await delay(50);
    }
  } finally {
    store.close();
    await node.stop();
    await pacs.stop();
  }
}

async function fillQueue(configFolder: string, studies: number): Promise<void> {
  const bases = [30_000_001, 30_000_002].map((seed) => simulatedStudy(seed, views));
  const listener = await startNodeProcess('listener', configFolder);
  for (let study = 0; study < studies; study++) {
    const base = bases[study % bases.length] ?? [];
    const images = base.map(({ bytes }, index) => withOtherUids(bytes, 4 * study + index, study));
    await sendToNode(listener.port, images);
  }
  await listener.stop();
}

interface Progress {
  readonly analysed: number;
  readonly reports: number;
}

function delivered(db: ReturnType<typeof openReadOnlyStore>['db']): Progress {
  const analysed = db.sql<{ n: number }>('SELECT count(*) AS n FROM analysis').get()?.n ?? 0;
  const reports =
    db
      .sql<{ n: number }>(
        "SELECT count(*) AS n FROM outbox JOIN object USING (objectId) WHERE object.kind = 'SR' AND outbox.state IN ('STORED','COMMITTED')",
      )
      .get()?.n ?? 0;
  return { analysed, reports };
}
