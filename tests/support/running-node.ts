import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { demoTitles, writeDemoConfig } from '../../src/app/demo-config.ts';
import { foldersOf, readConfig } from '../../src/app/runtime.ts';
import { type RunningNode, type StartOptions, startNode } from '../../src/app/start.ts';
import { type MiniPacs, type ReceivedObject, startMiniPacs } from '../../src/simulator/mini-pacs.ts';
import { hostClock, openReadOnlyStore, type ReadOnlyStore } from '../../src/store/store.ts';

/** The real node with its three processes, the nano model and a mini PACS, in a temporary folder. */
export interface NodeUnderTest {
  readonly node: RunningNode;
  readonly folder: string;
  readonly configFolder: string;
  readonly received: ReceivedObject[];
  readonly store: ReadOnlyStore;
  /** Asks until the condition holds; throws after `deadlineMs`, so a test fails instead of hanging. */
  until(what: string, condition: () => boolean, deadlineMs: number): Promise<void>;
  stop(): Promise<void>;
}

/** What a node needs before it starts: folder, configuration, mini PACS. */
export interface NodeFolder {
  readonly folder: string;
  readonly configFolder: string;
  readonly databasePath: string;
  readonly received: ReceivedObject[];
  readonly pacs: MiniPacs;
}

export interface NodeFolderOptions {
  /** Where everything goes; absent: a new temporary folder. */
  readonly folder?: string;
  /** Top-level settings that replace those of the demo. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Port of the listener; absent: the system chooses a new one at each start of the listener. */
  readonly port?: number;
}

export async function prepareNodeFolder(options: NodeFolderOptions = {}): Promise<NodeFolder> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'lumbar-node-'));
  const received: ReceivedObject[] = [];
  const pacs: MiniPacs = await startMiniPacs({
    host: '127.0.0.1',
    port: 0,
    aeTitle: demoTitles.pacs,
    folder: join(folder, 'pacs'),
    nowMs: () => hostClock.nowMs(),
    onReceived: (object) => received.push(object),
  });
  const configFolder = join(folder, 'config');
  writeDemoConfig(
    configFolder,
    { pacs: pacs.port, ...(options.port === undefined ? {} : { node: options.port }) },
    { folder: resolve(import.meta.dirname, '../../models'), id: 'lumbar-nano-sim' },
  );
  const file = join(configFolder, 'node.yaml');
  for (const [key, value] of Object.entries(options.settings ?? {})) {
    // The setting goes with its indented lines.
    const others = readFileSync(file, 'utf8').replace(new RegExp(`^${key}:.*\\n([ \\t].*\\n)*`, 'm'), '');
    writeFileSync(file, `${others}${key}: ${JSON.stringify(value)}\n`);
  }
  const { database } = foldersOf(readConfig(configFolder).config, configFolder);
  return { folder, configFolder, databasePath: database, received, pacs };
}

export async function startNodeUnderTest(
  options: NodeFolderOptions & { readonly start?: StartOptions } = {},
): Promise<NodeUnderTest> {
  const { folder, configFolder, databasePath, received, pacs } = await prepareNodeFolder(options);
  const node = await startNode(configFolder, { logFile: join(folder, 'node.log'), ...options.start });
  const store = openReadOnlyStore({ databasePath, clock: hostClock });
  return {
    node,
    folder,
    configFolder,
    received,
    store,
    until: async (what, condition, deadlineMs) => {
      const endMs = hostClock.monotonicMs() + deadlineMs;
      while (!condition()) {
        if (hostClock.monotonicMs() > endMs) throw new Error(`not reached in ${deadlineMs} ms: ${what}`);
        await delay(50);
      }
    },
    stop: async () => {
      store.close();
      await node.stop();
      await pacs.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
