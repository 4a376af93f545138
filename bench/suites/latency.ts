import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { foldersOf, readConfig } from '../../src/app/runtime.ts';
import { startNode } from '../../src/app/start.ts';
import { hostClock, openReadOnlyStore } from '../../src/store/store.ts';
import { freePort } from '../../tests/support/ports.ts';
import { writeBenchConfig } from '../bench-config.ts';
import { type BenchRow, quantile, type Suite } from '../measure.ts';
import { requiredPeer, startServer } from '../processes.ts';
import { withOtherUids } from '../result-files.ts';
import { benchModel, simulatedStudy } from '../sample.ts';
import { sendToNode } from '../../tests/support/send-to-node.ts';

/** Without it DCMTK leaves Nagle's algorithm on, and every response waits 40 ms for a delayed acknowledgement of TCP. */
const archiveEnvironment = { TCP_NODELAY: '1' };

/**
 * From the node's acknowledgement of a 10 MB DX (its last byte came a few milliseconds before) to the acknowledgement
 * of its report by a PACS on loopback, DCMTK's storescp, less the model's own time; studies of one image, one after the
 * other, quiet time 0.
 */
export const latency: Suite = {
  name: 'latency',
  async run(context) {
    const model = benchModel(context.quick);
    const folder = join(context.folder, 'latency');
    const archive = join(folder, 'pacs');
    mkdirSync(archive, { recursive: true });
    const port = await freePort();
    const pacs = await startServer(
      requiredPeer('storescp'),
      ['-od', archive, `${port}`],
      port,
      archiveEnvironment,
    );
    const configFolder = writeBenchConfig(folder, port, model.manifest.id);
    const node = await startNode(configFolder, { logFile: join(folder, 'node.log') });
    const { database } = foldersOf(readConfig(configFolder).config, configFolder);
    const store = openReadOnlyStore({ databasePath: database, clock: hostClock });
    const [source] = simulatedStudy(30_000_001, ['neutral']);
    if (source === undefined) throw new Error('the simulator gave no image');
    const overheads: number[] = [];
    for (let turn = 0; turn < (context.quick ? 2 : 60); turn++) {
      const answeredAtMs = await sendToNode(node.port, [withOtherUids(source.bytes, turn)]);
      const storedAtMs = await reportStored(store.db, turn + 1);
      overheads.push(storedAtMs - answeredAtMs - newestInferenceMs(store.db));
    }
    store.close();
    await node.stop();
    await pacs.stop();
    const sorted = overheads.slice(context.quick ? 0 : 10).toSorted((a, b) => a - b);
    return [row('p50', quantile(sorted, 0.5), sorted, 60), row('p95', quantile(sorted, 0.95), sorted, 150)];
  },
};

/** Waits until this many reports were acknowledged; when the last of them was, as the sender wrote it down. */
async function reportStored(db: ReadDatabase, reports: number): Promise<number> {
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline) {
    const stored = db
      .sql<{ n: number; at: number | null }>(
        "SELECT count(*) AS n, max(outbox.storedAtMs) AS at FROM outbox JOIN object USING (objectId) WHERE object.kind = 'SR' AND outbox.storedAtMs IS NOT NULL",
      )
      .get();
    if (stored !== undefined && stored.at !== null && stored.n >= reports) return stored.at;
    await delay(5);
  }
  throw new Error('no report was stored within a minute');
}

function row(name: string, value: number, sorted: readonly number[], bar: number): BenchRow {
  const ours = {
    median: value,
    least: sorted[0] ?? value,
    most: sorted.at(-1) ?? value,
    runs: sorted.length,
  };
  return {
    work: `acknowledged -> SR acknowledged by the PACS without model time, ${name}`,
    unit: 'ms',
    ours,
    peer: '-',
    bar: { sign: '<=', value: bar },
  };
}

type ReadDatabase = ReturnType<typeof openReadOnlyStore>['db'];

function newestInferenceMs(db: ReadDatabase): number {
  const timings = db
    .sql<{ timingsJson: string }>('SELECT timingsJson FROM analysis ORDER BY rowid DESC LIMIT 1')
    .get();
  const parsed: unknown = JSON.parse(timings?.timingsJson ?? '{}');
  const value =
    typeof parsed === 'object' && parsed !== null && 'inference' in parsed ? parsed.inference : undefined;
  if (typeof value !== 'number') throw new Error('the analysis has no inference time');
  return value;
}
