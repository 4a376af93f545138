import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { requireConfig } from '../../src/app/checked-config.ts';
import { keepCompanions } from '../../src/app/companions.ts';
import type { CoreProcessName, StartOrder } from '../../src/app/process-messages.ts';
import { foldersOf } from '../../src/app/runtime.ts';
import { runtimeFlags } from '../../src/app/runtime-flags.ts';
import type { AttackedNode } from './attacked-node.ts';
import { within } from './waiting.ts';

/** One of the node's three processes without its supervisor: nothing restarts it, so a fault can be put at one system call. */
export interface PartProcess {
  readonly pid: number;
  /** How it ended: exit code or signal. */
  readonly ended: Promise<number | string>;
  tell(kind: 'drain' | 'wake'): void;
  /** Lets it drain; kills it after 20 s. */
  stop(): Promise<number | string>;
}

/** Starts the process on the node's folders and waits until it says that it is ready. */
export async function startPart(node: AttackedNode, name: CoreProcessName): Promise<PartProcess> {
  const log = openSync(node.logPath, 'a');
  const child: ChildProcess = fork(resolve(import.meta.dirname, `../../src/app/processes/${name}.ts`), {
    execArgv: [...runtimeFlags(name)],
    stdio: ['ignore', log, log, 'ipc'],
    env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
  });
  closeSync(log);
  child.send({ kind: 'start', order: orderFor(node.configFolder) });
  const ended = new Promise<number | string>((done) => {
    child.once('exit', (code, signal) => done(signal ?? code ?? -1));
  });
  const ready = new Promise<boolean>((done) => {
    child.on('message', (message) => {
      if (typeof message === 'object' && 'kind' in message && message.kind === 'ready') done(true);
    });
    void ended.then(() => done(false));
  });
  if ((await within(ready, 120_000)) !== true) {
    child.kill('SIGKILL');
    throw new Error(`the ${name} does not start; the log ends: ${node.log().slice(-400)}`);
  }
  const part: PartProcess = {
    pid: child.pid ?? 0,
    ended,
    tell: (kind) => {
      // A process that has just been killed is told in vain.
      if (child.connected) child.send({ kind }, () => undefined);
    },
    stop: async () => {
      part.tell('drain');
      const how = await within(ended, 20_000);
      if (how !== undefined) return how;
      child.kill('SIGKILL');
      return await ended;
    },
  };
  return part;
}

/** What the supervisor would tell a child first. */
function orderFor(configFolder: string): StartOrder {
  const loaded = requireConfig(configFolder);
  const folders = foldersOf(loaded.config, configFolder);
  mkdirSync(folders.data, { recursive: true, mode: 0o700 });
  const companionFolder = keepCompanions(loaded.config, configFolder, join(folders.data, 'running-config'));
  return { loaded, folders, companionFolder, bootId: 'TORTURE-BOOT', configFolder };
}
