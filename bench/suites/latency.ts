import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { demoTitles } from '../../src/app/demo-config.ts';
import { foldersOf, readConfig } from '../../src/app/runtime.ts';
import { startNode } from '../../src/app/start.ts';
import { sopClassUid } from '../../src/dicom/sop-class.ts';
import { startMiniPacs } from '../../src/simulator/mini-pacs.ts';
import { hostClock, openReadOnlyStore } from '../../src/store/store.ts';
import { writeBenchConfig } from '../bench-config.ts';
import { type BenchRow, quantile, type Suite } from '../measure.ts';
import { withOtherUids } from '../result-files.ts';
import { benchModel, simulatedStudy } from '../sample.ts';
import { sendToNode } from '../send-to-node.ts';

/**
 * From the node's acknowledgement of a 10 MB DX (its last byte came a few milliseconds before) to the report at a
 * loopback PACS, less the model's own time; studies of one image, one after the other, quiet time 0.
 */
export const latency: Suite = {
  name: 'latency',
  async run(context) {
    const model = benchModel(context.quick);
    const folder = join(context.folder, 'latency');
    let reportAt: PromiseWithResolvers<number> = Promise.withResolvers();
    const pacs = await startMiniPacs({
      host: '127.0.0.1',
      port: 0,
      aeTitle: demoTitles.pacs,
      folder: join(folder, 'pacs'),
      nowMs: () => hostClock.nowMs(),
      onReceived: (object) => {
        if (object.sopClassUid === sopClassUid.comprehensive3dSrStorage)
          reportAt.resolve(object.receivedAtMs);
      },
    });
    const configFolder = writeBenchConfig(folder, pacs.port, model.manifest.id);
    const node = await startNode(configFolder, { logFile: join(folder, 'node.log') });
    const { database } = foldersOf(readConfig(configFolder).config, configFolder);
    const store = openReadOnlyStore({ databasePath: database, clock: hostClock });
    const [source] = simulatedStudy(30_000_001, ['neutral']);
    if (source === undefined) throw new Error('the simulator gave no image');
    const overheads: number[] = [];
    for (let turn = 0; turn < (context.quick ? 2 : 60); turn++) {
      reportAt = Promise.withResolvers();
      const answeredAtMs = await sendToNode(node.port, [withOtherUids(source.bytes, turn)]);
      const arrived = await Promise.race([reportAt.promise, delay(60_000, 0)]);
      if (arrived === 0) throw new Error('no report came within a minute');
      overheads.push(arrived - answeredAtMs - newestInferenceMs(store.db));
    }
    store.close();
    await node.stop();
    await pacs.close();
    const sorted = overheads.slice(context.quick ? 0 : 10).toSorted((a, b) => a - b);
    return [row('p50', quantile(sorted, 0.5), sorted, 60), row('p95', quantile(sorted, 0.95), sorted, 150)];
  },
};

function row(name: string, value: number, sorted: readonly number[], bar: number): BenchRow {
  const ours = {
    median: value,
    least: sorted[0] ?? value,
    most: sorted.at(-1) ?? value,
    runs: sorted.length,
  };
  return {
    work: `acknowledged -> SR at the PACS without model time, ${name}`,
    unit: 'ms',
    ours,
    peer: '-',
    bar: { sign: '<=', value: bar },
  };
}

function newestInferenceMs(db: ReturnType<typeof openReadOnlyStore>['db']): number {
  const timings = db
    .sql<{ timingsJson: string }>('SELECT timingsJson FROM analysis ORDER BY rowid DESC LIMIT 1')
    .get();
  const parsed: unknown = JSON.parse(timings?.timingsJson ?? '{}');
  const value =
    typeof parsed === 'object' && parsed !== null && 'inference' in parsed ? parsed.inference : undefined;
  if (typeof value !== 'number') throw new Error('the analysis has no inference time');
  return value;
}
