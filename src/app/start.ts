import { createWriteStream, mkdirSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { NodeConfig } from '../core/config/index.ts';
import { asNodeError } from '../core/errors.ts';
import { createLog, type Log } from '../core/log.ts';
import { hostClock } from '../store/store.ts';
import { checkConfigFolder, requireConfig } from './checked-config.ts';
import { openControlSocket } from './control-socket.ts';
import { lockDataFolder } from './instance-lock.ts';
import { distrustDatabase, trustDatabase } from './database-trust.ts';
import { controlHandler } from './node-control.ts';
import type { ProcessName } from './process-messages.ts';
import { exitCodes } from './restart-policy.ts';
import { RunningConfig } from './running-config.ts';
import { foldersOf } from './runtime.ts';
import { type ServiceManager, serviceManager } from './service-manager.ts';
import { activatedSocket } from './socket-activation.ts';
import { type Distrust, Supervisor, type SupervisorEvents } from './supervisor.ts';
import { startOrder } from './start-order.ts';
import { startWatchdog } from './watchdog.ts';

const drainMs = 30_000;
const silenceMs = 20_000;

/** A running node: its DICOM port, its configuration, and the way to stop it. */
export interface RunningNode {
  readonly port: number;
  readonly supervisor: Supervisor;
  readonly log: Log;
  readonly config: RunningConfig;
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Where all processes write their log; absent: standard output. */
  readonly logFile?: string;
  /** A listening socket from the service manager; absent: the listener opens its own. */
  readonly listenFd?: number | undefined;
  /** How long associations are rejected after repeated I/O errors before the disk is tried again. */
  readonly refuseMs?: number;
  /** Aborted when somebody asks for the end before everything serves: what has started is drained, `startNode` rejects. */
  readonly stopping?: AbortSignal;
}

/**
 * Starts the processes and resolves when listener, worker and sender serve. Throws CONFIG_INVALID before anything
 * starts.
 */
export async function startNode(
  folder: string,
  { logFile, listenFd, refuseMs, stopping }: StartOptions = {},
): Promise<RunningNode> {
  const configFolder = resolve(folder);
  const loaded = requireConfig(configFolder);
  const { config } = loaded;
  const logFd = logFile === undefined ? undefined : openSync(logFile, 'a');
  const log = createLog({
    level: config.log.level,
    stream: logFd === undefined ? process.stdout : createWriteStream('', { fd: logFd, autoClose: false }),
    clock: hostClock,
    timeZone: config.timeZone,
    processName: 'supervisor',
  });
  const folders = foldersOf(config, configFolder);
  mkdirSync(folders.data, { recursive: true, mode: 0o700 });
  const lock = await lockDataFolder(folders.data);
  const order = startOrder(configFolder, loaded);
  const supervisor = new Supervisor({
    modules: {
      listener: processModule('listener'),
      worker: processModule('worker'),
      sender: processModule('sender'),
      refuser: processModule('refuser'),
      ...(wantsAdmin(config) ? { admin: processModule('admin') } : {}),
    },
    listenFd,
    ...(refuseMs === undefined ? {} : { refuseMs }),
    order,
    clock: hostClock,
    events: supervisorEvents(log, folders.data),
    drainMs,
    silenceMs,
    ...(logFd === undefined ? {} : { outputFd: logFd }),
  });
  const running = new RunningConfig(order, {
    check: () => checkConfigFolder(configFolder),
    apply: (next, concerns) => supervisor.reconfigure(next, concerns),
    record: (event) => supervisor.record(event),
    nowMs: () => hostClock.nowMs(),
  });
  const stop = async (): Promise<void> => {
    await supervisor.drain();
    await lock.release();
  };
  try {
    const control = await openControlSocket(
      folders.data,
      controlHandler({ supervisor, running, configFolder, startedAtMs: hostClock.nowMs() }),
    );
    try {
      const port = await Promise.race([
        supervisor.ready(),
        ...(stopping === undefined ? [] : [aborted(stopping)]),
      ]);
      return {
        port,
        supervisor,
        log,
        config: running,
        stop: async () => {
          await control.close();
          await stop();
        },
      };
    } catch (error) {
      await control.close();
      throw error;
    }
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * `lumbar-node start`: runs until SIGTERM or SIGINT, drains, and resolves with the exit code. A second signal ends
 * everything at once; SIGHUP reads the configuration again, as `lumbar-node reload` does.
 */
export async function runNode(configFolder: string): Promise<number> {
  // Asked to reload before everything serves: the configuration has just been read, and the signal must not end the node.
  process.on('SIGHUP', () => undefined);
  const manager = serviceManager(process.env, process.pid);
  const early = new AbortController();
  const stopEarly = (): void => early.abort();
  process.on('SIGTERM', stopEarly);
  process.on('SIGINT', stopEarly);
  const listenFd = activatedSocket(process.env, process.pid);
  const node = await startNode(configFolder, { listenFd, stopping: early.signal }).catch((error: unknown) => {
    if (early.signal.aborted) return undefined;
    throw error;
  });
  if (node === undefined) return exitCodes.ok;
  process.off('SIGTERM', stopEarly);
  process.off('SIGINT', stopEarly);
  const watchdog = watchOver(node, manager);
  return new Promise((resolve) => {
    let asked = false;
    const stop = (): void => {
      if (asked) {
        node.supervisor.kill();
        resolve(exitCodes.failed);
        return;
      }
      asked = true;
      watchdog.stop();
      void manager?.notify('STOPPING=1');
      void node.stop().then(() => resolve(exitCodes.ok));
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
    process.on('SIGHUP', () => node.config.reloadSoon('SIGHUP'));
    void node.supervisor.gaveUp.then(() => {
      if (!asked) void node.stop().then(() => resolve(exitCodes.ioError));
    });
  });
}

/** Rejects when the signal is given; the listener may serve already, and what it has in hand is to be answered. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = (): void => reject(asNodeError(signal.reason));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

/** Tells the service manager that the node serves, and feeds its watchdog while the node is well. */
function watchOver({ supervisor, log }: RunningNode, manager: ServiceManager | undefined): { stop(): void } {
  void manager?.notify('READY=1');
  if (manager?.watchdogMs === undefined) return { stop: () => undefined };
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  return startWatchdog({
    limitMs: manager.watchdogMs,
    feed: () => void manager.notify('WATCHDOG=1'),
    withheld: (detail) => log.event('WATCHDOG_WITHHELD', { detail }),
    vitals: () => {
      const vitals = supervisor.vitals();
      const supervisorLagMs = delay.max / 1e6;
      delay.reset();
      return { ...vitals, loopLagMs: { ...vitals.loopLagMs, supervisor: supervisorLagMs } };
    },
  });
}

/** Whether anybody wants to look on or be told (docs/adr/0005): otherwise a fourth process would serve nobody. */
function wantsAdmin({ console: { enabled }, alerts }: NodeConfig): boolean {
  return enabled || [alerts.webhook, alerts.mail, alerts.heartbeat].some((one) => one !== undefined);
}

function processModule(name: ProcessName | 'refuser'): string {
  return join(import.meta.dirname, 'processes', `${name}.ts`);
}

function supervisorEvents(log: Log, dataFolder: string): SupervisorEvents {
  return {
    died: (processName: ProcessName, exitCode: number | null, signal: string | null) => {
      log.event('PROCESS_LOST', { processName, detail: signal ?? `exit code ${exitCode ?? 'unknown'}` });
      if (exitCode === exitCodes.ioError || exitCode === exitCodes.dataError) distrustDatabase(dataFolder);
    },
    serving: () => trustDatabase(dataFolder),
    killed: (processName: ProcessName, why: string) =>
      log.event('PROCESS_LOST', { processName, detail: why }),
    gaveUp: (processName: ProcessName) =>
      log.event('ALERT_STARTED', {
        cause: 'process-down',
        detail: `${processName} cannot run and is not restarted`,
      }),
    refusing: (processName: ProcessName, why: Distrust) =>
      log.event('ALERT_STARTED', {
        cause: 'disk-not-trusted',
        detail:
          why === 'io-errors'
            ? `${processName} met one I/O error after another; every association is rejected until the disk answers`
            : `${processName} found the database damaged; every association is rejected until a backup is restored`,
      }),
    tryingAgain: () => log.event('ALERT_RECOVERED', { cause: 'disk-not-trusted' }),
  };
}
