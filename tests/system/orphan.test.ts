import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { hostClock } from '../../src/store/store.ts';
import { prepareNodeFolder } from '../support/running-node.ts';

/** The children of a process that still runs. */
function childrenOf(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split(' ').filter(Boolean).map(Number) : [];
}

const runs = (pid: number): boolean => existsSync(`/proc/${pid}`);

test('a supervisor that is killed while its children start leaves none behind: two generations would both send', async () => {
  const { folder, configFolder, pacs } = await prepareNodeFolder();
  onTestFinished(async () => {
    await pacs.close();
    rmSync(folder, { recursive: true, force: true });
  });
  let children: number[] = [];
  const until = async (condition: () => boolean) => {
    const endMs = hostClock.monotonicMs() + 90_000;
    while (!condition()) {
      if (hostClock.monotonicMs() > endMs) throw new Error(`children: ${children.join(' ')}`);
      await delay(20);
    }
  };
  const main = resolve(import.meta.dirname, '../../src/main.ts');
  const node = spawn(process.execPath, [main, '--config', configFolder, 'start'], { stdio: 'ignore' });
  const ended = once(node, 'exit');
  onTestFinished(() => void node.kill('SIGKILL'));
  // All three children are there; the worker is still opening its model.
  await until(() => {
    children = childrenOf(node.pid ?? 0);
    return children.length >= 3;
  });
  node.kill('SIGKILL');
  await ended;
  await until(() => !children.some(runs));
  expect(children.filter(runs)).toEqual([]);
}, 200_000);
