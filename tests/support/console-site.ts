import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Writable } from 'node:stream';
import type { Readings } from '../../src/admin/readings.ts';
import { startConsole } from '../../src/app/admin-console.ts';
import { DriftWatch } from '../../src/app/drift-watch.ts';
import { readNode } from '../../src/app/node-readings.ts';
import type { ProcessState } from '../../src/app/process-messages.ts';
import { foldersOf, readConfig } from '../../src/app/runtime.ts';
import { SenderWatch } from '../../src/app/sender-watch.ts';
import { createLog } from '../../src/core/log.ts';
import { hostClock, openStore, type Store } from '../../src/store/store.ts';

/** The console on a port of its own over a store that the test fills; no other process runs. */
export interface ConsoleSite {
  readonly origin: string;
  readonly store: Store;
  readonly folder: string;
  readonly resultsFolder: string;
  readonly log: string[];
  close(): Promise<void>;
}

export interface ConsoleSiteOptions {
  /** YAML of the console settings. */
  readonly console?: string;
  readonly processes?: readonly ProcessState[];
  /** YAML lines that are added to the configuration. */
  readonly more?: string;
  /** Fills the store and the folder before the console starts. */
  readonly before?: (site: {
    readonly store: Store;
    readonly folder: string;
    readonly resultsFolder: string;
  }) => void;
}

const serving: readonly ProcessState[] = (['listener', 'worker', 'sender', 'admin'] as const).map((name) => ({
  name,
  state: 'serving',
  deaths: 0,
  rssBytes: 120 * 1024 ** 2,
  loopLagMs: 2,
}));

export async function openConsoleSite(options: ConsoleSiteOptions = {}): Promise<ConsoleSite> {
  const folder = mkdtempSync(join(tmpdir(), 'lumbar-console-'));
  const configFolder = join(folder, 'config');
  mkdirSync(configFolder);
  writeFileSync(
    join(configFolder, 'node.yaml'),
    `aeTitle: LUMBAR
timeZone: Europe/Zurich
storage: { directory: ../data, watermark: 16MiB }
console: ${options.console ?? '{ port: 0 }'}
model: { folder: ${resolve(import.meta.dirname, '../../models')}, id: lumbar-nano-sim }
senders:
  - { aeTitle: DX_ROOM1, cidr: [10.0.0.0/24], name: X-ray room 1 }
  - { aeTitle: CR_WARD, cidr: [10.0.0.0/24], name: Ward }
pacs:
  - { name: main, host: 10.0.0.5, calledAeTitle: ARCHIVE }
${options.more ?? ''}`,
  );
  const loaded = readConfig(configFolder);
  const { config } = loaded;
  const folders = foldersOf(config, configFolder);
  for (const each of [folders.data, folders.spool, folders.results]) mkdirSync(each, { recursive: true });
  const store = openStore({ databasePath: folders.database, clock: hostClock });
  options.before?.({ store, folder, resultsFolder: folders.results });
  const lines: string[] = [];
  const log = createLog({
    level: 'info',
    stream: new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        lines.push(chunk.toString());
        done();
      },
    }),
    clock: hostClock,
    timeZone: config.timeZone,
    processName: 'admin',
  });
  const readings = (): Readings =>
    readNode({
      store,
      config,
      freeSpace: { bytes: () => 50 * 1024 ** 3 },
      configFiles: { valid: () => true },
      processes: () => options.processes ?? serving,
    });
  const web = await startConsole(
    { config, loaded, folders, store, log },
    { readings, senders: new SenderWatch(config, store), drift: new DriftWatch(store) },
  );
  return {
    origin: `${config.console.tls === undefined ? 'http' : 'https'}://127.0.0.1:${web.port}`,
    store,
    folder,
    resultsFolder: folders.results,
    log: lines,
    close: async () => {
      await web.close();
      store.close();
      await log.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
