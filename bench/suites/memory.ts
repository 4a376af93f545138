import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { demoTitles } from '../../src/app/demo-config.ts';
import { startNode } from '../../src/app/start.ts';
import { writeBenchConfig } from '../bench-config.ts';
import { transportImage } from '../images.ts';
import { type BenchContext, type BenchRow, type Suite } from '../measure.ts';
import { memoryOf, requiredPeer, run, type RunningServer, startNodeProcess } from '../processes.ts';
import { withOtherUids } from '../result-files.ts';
import { benchModel, simulatedStudy } from '../sample.ts';
import { sendToNode } from '../../tests/support/send-to-node.ts';

/** Resident memory: the listener under eight storing associations and over many images, the worker with its model. */
export const memory: Suite = {
  name: 'memory',
  run: async (context) => [...(await listenerRows(context)), ...(await workerRows(context))],
};

async function listenerRows(context: BenchContext): Promise<BenchRow[]> {
  const configFolder = writeBenchConfig(join(context.folder, 'listener'), 9, 'lumbar-nano-sim');
  const listener = await startNodeProcess('listener', configFolder);
  const large = join(context.folder, 'large.dcm');
  const small = join(context.folder, 'small.dcm');
  writeFileSync(large, transportImage('DX', 2048, 2560, '2.25.1001'));
  writeFileSync(small, transportImage('CR', 64, 64, '2.25.1002'));
  try {
    await store(listener, large, 8, context.quick ? 1 : 10);
    const underLoad = memoryOf(listener.pid).peakMb;
    const rounds = context.quick ? 2 : 10;
    const readings: number[] = [];
    for (let round = 0; round < rounds; round++) {
      await store(listener, small, 2, context.quick ? 5 : 500);
      readings.push(memoryOf(listener.pid).nowMb);
    }
    const images = rounds * 2 * (context.quick ? 5 : 500);
    const growth = (readings.at(-1) ?? 0) - (readings[1] ?? 0);
    return [
      megabytes('listener, 8 associations x 10 MB DX, highest RSS', underLoad, 150),
      megabytes(`listener, growth of RSS over ${images} images`, growth, 10),
    ];
  } finally {
    await listener.stop();
  }
}

async function store(server: RunningServer, file: string, parallel: number, each: number): Promise<void> {
  const target = [
    '-aet',
    demoTitles.modality,
    '-aec',
    demoTitles.node,
    '--repeat',
    `${each}`,
    '+II',
    '127.0.0.1',
    `${server.port}`,
    file,
  ];
  await Promise.all(Array.from({ length: parallel }, () => run(requiredPeer('storescu'), target)));
}

async function workerRows(context: BenchContext): Promise<BenchRow[]> {
  const model = benchModel(context.quick);
  const folder = join(context.folder, 'worker');
  const node = await startNode(writeBenchConfig(folder, 9, model.manifest.id), {
    logFile: join(folder, 'node.log'),
  });
  try {
    const [source] = simulatedStudy(30_000_001, ['neutral']);
    if (source === undefined) throw new Error('the simulator gave no image');
    for (let turn = 0; turn < (context.quick ? 2 : 40); turn++) {
      await sendToNode(node.port, [withOtherUids(source.bytes, turn)]);
    }
    const { nowMb, peakMb } = memoryOf(node.supervisor.pids().worker ?? 0);
    const file = model.bytes.length / 1024 ** 2;
    return [
      megabytes('worker at work, RSS above the model file', nowMb - file, 400),
      megabytes('worker, highest RSS above the model file (while the model is loaded)', peakMb - file, 400),
    ];
  } finally {
    await node.stop();
  }
}

function megabytes(work: string, value: number, bar: number): BenchRow {
  return {
    work,
    unit: 'MB',
    ours: { median: value, least: value, most: value, runs: 1 },
    peer: '-',
    bar: { sign: '<=', value: bar },
  };
}
