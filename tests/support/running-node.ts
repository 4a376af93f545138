import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { demoTitles, writeDemoConfig } from '../../src/app/demo-config.ts';
import { foldersOf, readConfig } from '../../src/app/runtime.ts';
import { type RunningNode, startNode } from '../../src/app/start.ts';
import { type MiniPacs, type ReceivedObject, startMiniPacs } from '../../src/simulator/mini-pacs.ts';
import { hostClock, openReadOnlyStore, type ReadOnlyStore } from '../../src/store/store.ts';

/** The real node with its three processes, the nano model and a mini PACS, in a temporary folder. */
export interface NodeUnderTest {
  readonly node: RunningNode;
  readonly folder: string;
  readonly received: ReceivedObject[];
  readonly store: ReadOnlyStore;
  /** Asks until the condition holds; throws after `deadlineMs`, so a test fails instead of hanging. */
  until(what: string, condition: () => boolean, deadlineMs: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startNodeUnderTest(): Promise<NodeUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), 'lumbar-node-'));
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
    { pacs: pacs.port },
    { folder: resolve(import.meta.dirname, '../../models'), id: 'lumbar-nano-sim' },
  );
  const node = await startNode(configFolder, { logFile: join(folder, 'node.log') });
  const { database } = foldersOf(readConfig(configFolder).config, configFolder);
  const store = openReadOnlyStore({ databasePath: database, clock: hostClock });
  return {
    node,
    folder,
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
