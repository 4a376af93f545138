import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { hostClock } from '../../src/store/store.ts';
import { prepareNodeFolder } from '../support/running-node.ts';

/** Processes that were started with this configuration folder. */
function processesOf(configFolder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const path = `/proc/${pid}/cmdline`;
      try {
        return existsSync(path) && readFileSync(path, 'utf8').includes(configFolder);
      } catch {
        return false;
      }
    });
}

test('a supervisor that is killed while its children start leaves none behind: two generations would both send', async () => {
  const { folder, configFolder, pacs } = await prepareNodeFolder();
  onTestFinished(async () => {
    await pacs.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const until = async (condition: () => boolean) => {
    const endMs = hostClock.monotonicMs() + 90_000;
    while (!condition()) {
      if (hostClock.monotonicMs() > endMs)
        throw new Error(`still there: ${processesOf(configFolder).join(' ')}`);
      await delay(20);
    }
  };
  const main = resolve(import.meta.dirname, '../../src/main.ts');
  const node = spawn(process.execPath, [main, '--config', configFolder, 'start'], { stdio: 'ignore' });
  const ended = once(node, 'exit');
  // The supervisor and three children: the worker is still opening its model.
  await until(() => processesOf(configFolder).length >= 4);
  node.kill('SIGKILL');
  await ended;
  await until(() => processesOf(configFolder).length === 0);
  expect(processesOf(configFolder)).toEqual([]);
}, 200_000);
