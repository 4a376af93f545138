import { createWriteStream, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { newUlid } from '../core/identifiers.ts';
import { createLog, type Log } from '../core/log.ts';
import { hostClock } from '../store/store.ts';
import { lockDataFolder } from './instance-lock.ts';
import type { ProcessName } from './process-messages.ts';
import { exitCodes } from './restart-policy.ts';
import { foldersOf, readConfig } from './runtime.ts';
import { Supervisor } from './supervisor.ts';

const drainMs = 30_000;
const silenceMs = 20_000;

/** A running node: its DICOM port and the way to stop it. */
export interface RunningNode {
  readonly port: number;
  readonly supervisor: Supervisor;
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Where all four processes write their log; absent: standard output. */
  readonly logFile?: string;
}

/** Starts the three processes and resolves when all of them serve. Throws CONFIG_INVALID before anything starts. */
export async function startNode(configFolder: string, { logFile }: StartOptions = {}): Promise<RunningNode> {
  const { config } = readConfig(configFolder);
  const logFd = logFile === undefined ? undefined : openSync(logFile, 'a');
  const log = createLog({
    level: config.log.level,
    stream: logFd === undefined ? process.stdout : createWriteStream('', { fd: logFd, autoClose: false }),
    clock: hostClock,
    timeZone: config.timeZone,
    processName: 'supervisor',
  });
  const { data } = foldersOf(config, configFolder);
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const lock = await lockDataFolder(data);
  const supervisor = new Supervisor({
    modules: {
      listener: processModule('listener'),
      worker: processModule('worker'),
      sender: processModule('sender'),
    },
    childArguments: [configFolder, newUlid(hostClock.nowMs())],
    clock: hostClock,
    events: supervisorEvents(log),
    drainMs,
    silenceMs,
    ...(logFd === undefined ? {} : { outputFd: logFd }),
  });
  try {
    const port = await supervisor.ready();
    return {
      port,
      supervisor,
      stop: async () => {
        await supervisor.drain();
        await lock.release();
      },
    };
  } catch (error) {
    await supervisor.drain();
    await lock.release();
    throw error;
  }
}

/**
 * `lumbar-node start`: runs until SIGTERM or SIGINT, drains, and resolves with the exit code. A second signal ends
 * everything at once; SIGHUP makes the children read the configuration again.
 */
export async function runNode(configFolder: string): Promise<number> {
  const node = await startNode(configFolder);
  return new Promise((resolve) => {
    let asked = false;
    const stop = (): void => {
      if (asked) {
        node.supervisor.kill();
        resolve(exitCodes.failed);
        return;
      }
      asked = true;
      void node.stop().then(() => resolve(exitCodes.ok));
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
    process.on('SIGHUP', () => node.supervisor.broadcast({ kind: 'reload' }));
    void node.supervisor.gaveUp.then(() => {
      if (!asked) void node.stop().then(() => resolve(exitCodes.ioError));
    });
  });
}

function processModule(name: ProcessName): string {
  return join(import.meta.dirname, 'processes', `${name}.ts`);
}

function supervisorEvents(log: Log) {
  return {
    died: (processName: ProcessName, exitCode: number | null, signal: string | null) =>
      log.event('PROCESS_LOST', { processName, detail: signal ?? `exit code ${exitCode ?? 'unknown'}` }),
    killed: (processName: ProcessName, why: string) =>
      log.event('PROCESS_LOST', { processName, detail: why }),
    gaveUp: (processName: ProcessName) =>
      log.event('ALERT_STARTED', {
        cause: 'process-down',
        detail: `${processName} cannot run and is not restarted`,
      }),
  };
}
