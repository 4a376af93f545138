import { type ChildProcess, fork, type StdioOptions } from 'node:child_process';
import type { Clock } from '../core/clock.ts';
import {
  type ChildMessage,
  type CoreProcessName,
  coreProcessNames,
  type EventRecord,
  isChildMessage,
  type ProcessName,
  type ProcessState,
  processNames,
  type StartOrder,
  type SupervisorMessage,
} from './process-messages.ts';
import { adminRestartDecision, type Death, exitCodes, restartDecision } from './restart-policy.ts';
import { runtimeEnvironment, runtimeFlags } from './runtime-flags.ts';
import type { Vitals } from './watchdog.ts';

export interface SupervisorEvents {
  died(process: ProcessName, exitCode: number | null, signal: string | null): void;
  killed(process: ProcessName, why: string): void;
  gaveUp(process: ProcessName): void;
  /** Disk or database cannot be trusted: everything rests and every association is rejected transiently. */
  refusing(process: ProcessName, why: Distrust): void;
  /** The processes were started again to see whether the disk answers. */
  tryingAgain(): void;
  /** Listener, worker and sender serve, all of them. */
  serving(): void;
}

/** Why a node that has served takes nothing more. */
export type Distrust = 'io-errors' | 'damaged-database';

export interface SupervisorOptions {
  /** Entry of each process; without one for `admin` nobody looks on. */
  readonly modules: Readonly<Record<CoreProcessName | 'refuser', string>> & { readonly admin?: string };
  /** What the children work by, until `reconfigure`. */
  readonly order: StartOrder;
  /** File descriptor for the children's output; absent: that of this process. */
  readonly outputFd?: number;
  readonly clock: Clock;
  readonly events: SupervisorEvents;
  /** Time a child gets to finish its work on drain before it is killed. */
  readonly drainMs: number;
  /** Silence after which a child that is not busy is considered hung. */
  readonly silenceMs: number;
  /** Listening socket from the service manager, handed on to the listener. */
  readonly listenFd?: number | undefined;
  /** How long associations are rejected before the disk is tried again. */
  readonly refuseMs?: number;
}

const watchMs = 500;
/** Where a child finds the inherited socket: behind standard streams and the channel. */
const childListenFd = 4;
const defaultRefuseMs = 60_000;
const tellAdminEveryMs = 5000;
const reloadAnswerMs = 10_000;
/** Events kept for a listener that is being replaced; more than this many reloads in that time are not worth memory. */
const maxUnheard = 100;

interface Child {
  process: ChildProcess | undefined;
  deaths: Death[];
  lastAliveMs: number;
  busyUntilMs: number | undefined;
  ready: boolean;
  port: number | undefined;
  restart: NodeJS.Timeout | undefined;
  state: ProcessState['state'];
  deathCount: number;
  rssBytes: number;
  loopLagMs: number;
}

/**
 * Starts the processes, passes wake-ups between them, replaces the dead and the hung, and drains them in the order
 * listener, worker, sender, admin on shutdown. It opens neither the database nor a socket, so little can kill it.
 * The node stands or falls with the first three; `admin` is started again for ever, slower each time.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #children = new Map<ProcessName, Child>();
  readonly #watch: NodeJS.Timeout;
  #stopping = false;
  #lastLookMs: number;
  #toldAdminAtMs = 0;
  #readyWaiters: (() => void)[] = [];
  #hasServed = false;
  #refuser: ChildProcess | undefined;
  #refuseTimer: NodeJS.Timeout | undefined;
  #isRefusing = false;
  readonly #healthyAtMs: Record<'database' | 'echo', number>;
  readonly #gaveUp = Promise.withResolvers<ProcessName>();
  readonly #unheard: EventRecord[] = [];
  #order: StartOrder;
  #reloaded: ((refused: string | undefined) => void) | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#order = options.order;
    this.#lastLookMs = options.clock.monotonicMs();
    this.#healthyAtMs = { database: this.#lastLookMs, echo: this.#lastLookMs };
    for (const name of this.#names()) this.#start(name);
    this.#watch = setInterval(() => this.#lookForHung(), watchMs);
  }

  /** Resolves with the listener's port when all that matter serve; rejects when one had to be given up. */
  ready(): Promise<number> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (this.serving) resolve(this.portOf('listener') ?? 0);
        else this.#readyWaiters.push(check);
      };
      void this.#gaveUp.promise.then((name) =>
        reject(new Error(`the ${name} process cannot run; its log says why`)),
      );
      check();
    });
  }

  /** Resolves when a process died too often to be started again. */
  get gaveUp(): Promise<ProcessName> {
    return this.#gaveUp.promise;
  }

  /** Process ids, for tests that kill them and for `status`. */
  pids(): Readonly<Partial<Record<ProcessName, number>>> {
    const pids: Partial<Record<ProcessName, number>> = {};
    for (const [name, child] of this.#children)
      if (child.process?.pid !== undefined) pids[name] = child.process.pid;
    return pids;
  }

  /** True when listener, worker and sender are up and serving. */
  get serving(): boolean {
    return coreProcessNames.every((name) => this.#children.get(name)?.ready === true);
  }

  /** The port that a serving process has opened: DICOM for the listener, HTTP for admin. */
  portOf(name: ProcessName): number | undefined {
    return this.#children.get(name)?.port;
  }

  /** What the watchdog looks at. */
  vitals(): Omit<Vitals, 'loopLagMs'> & { readonly loopLagMs: Partial<Record<ProcessName, number>> } {
    const nowMs = this.#options.clock.monotonicMs();
    const loopLagMs: Partial<Record<ProcessName, number>> = {};
    for (const name of ['listener', 'sender'] as const) {
      const child = this.#children.get(name);
      if (child?.ready === true) loopLagMs[name] = child.loopLagMs;
    }
    return {
      loopLagMs,
      databaseAgeMs: nowMs - this.#healthyAtMs.database,
      echoAgeMs: nowMs - this.#healthyAtMs.echo,
      isRefusing: this.#isRefusing,
    };
  }

  /** Process id and TCP port of each process, as far as it has one now. */
  processes(): Readonly<Record<ProcessName, { readonly pid: number | null; readonly port: number | null }>> {
    const entries = processNames.map((name) => {
      const child = this.#children.get(name);
      return [name, { pid: child?.process?.pid ?? null, port: child?.port ?? null }] as const;
    });
    return Object.fromEntries(entries) as ReturnType<Supervisor['processes']>;
  }

  /** Wakes every process: there may be work that another program queued. */
  wake(): void {
    for (const name of this.#names()) this.#send(name, { kind: 'wake' });
  }

  /** Lets one process finish what it holds and starts it anew, by the order in force. */
  recycle(name: ProcessName): void {
    this.#send(name, { kind: 'drain', why: 'replacement' });
  }

  /** Has the listener write an event to log and audit; one that is being replaced hears it when it serves again. */
  record(event: EventRecord): void {
    if (this.#children.get('listener')?.ready === true) this.#send('listener', { kind: 'record', event });
    else if (this.#unheard.length < maxUnheard) this.#unheard.push(event);
  }

  /**
   * Puts a new order in force: the listener first, because it alone goes on without a restart; when it refuses,
   * nothing changed and the reason comes back. The others that the change `concerns` finish what they hold and start
   * anew. One call at a time.
   */
  async reconfigure(order: StartOrder, concerns: readonly ProcessName[]): Promise<string | undefined> {
    const listener = this.#children.get('listener');
    if (listener?.ready === true) {
      const refused = await this.#reloadListener(order);
      if (refused !== undefined) return refused;
    }
    this.#order = order;
    for (const name of concerns) if (name !== 'listener') this.#send(name, { kind: 'reload', order });
    return undefined;
  }

  #reloadListener(order: StartOrder): Promise<string | undefined> {
    return new Promise((resolve) => {
      const late = setTimeout(() => settle('the listener did not answer in time'), reloadAnswerMs);
      const settle = (refused: string | undefined): void => {
        clearTimeout(late);
        this.#reloaded = undefined;
        resolve(refused);
      };
      this.#reloaded = settle;
      this.#send('listener', { kind: 'reload', order });
    });
  }

  /** Lets each process finish what it holds, listener first, and kills what does not end in time. */
  async drain(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#watch);
    clearTimeout(this.#refuseTimer);
    await this.#stopAll(this.#names());
    this.#refuser?.kill('SIGKILL');
  }

  async #stopAll(names: readonly ProcessName[]): Promise<void> {
    for (const name of names) {
      const child = this.#children.get(name);
      if (child === undefined) continue;
      clearTimeout(child.restart);
      await this.#stop(name, child);
    }
  }

  /** Second signal: nobody wants to wait any more. */
  kill(): void {
    this.#stopping = true;
    for (const { process } of this.#children.values()) process?.kill('SIGKILL');
    this.#refuser?.kill('SIGKILL');
  }

  #names(): readonly ProcessName[] {
    return this.#options.modules.admin === undefined ? coreProcessNames : processNames;
  }

  #start(name: ProcessName): void {
    const module = this.#options.modules[name];
    if (module === undefined) return;
    const child = this.#fork(name, module);
    const before = this.#children.get(name);
    const state: Child = {
      process: child,
      deaths: before?.deaths ?? [],
      lastAliveMs: this.#options.clock.monotonicMs(),
      busyUntilMs: undefined,
      ready: false,
      port: undefined,
      restart: undefined,
      state: 'starting',
      deathCount: before?.deathCount ?? 0,
      rssBytes: 0,
      loopLagMs: 0,
    };
    this.#children.set(name, state);
    child.on('message', (message) => {
      if (isChildMessage(message)) this.#hear(name, state, message);
    });
    child.once('exit', (exitCode, signal) => this.#buried(name, state, exitCode, signal));
  }

  #fork(name: ProcessName | 'refuser', module: string): ChildProcess {
    const { outputFd, listenFd } = this.#options;
    const output = outputFd ?? 'inherit';
    const streams = ['ignore', output, output, 'ipc'] as const;
    const inherits = listenFd !== undefined && (name === 'listener' || name === 'refuser');
    const child = fork(module, inherits ? [String(childListenFd)] : [], {
      serialization: 'json',
      execArgv: [...process.execArgv, ...runtimeFlags(name)],
      env: runtimeEnvironment(name, this.#order),
      stdio: (inherits ? [...streams, listenFd] : [...streams]) satisfies StdioOptions,
    });
    child.send({ kind: 'start', order: this.#order } satisfies SupervisorMessage, () => undefined);
    return child;
  }

  #hear(name: ProcessName, child: Child, message: ChildMessage): void {
    child.lastAliveMs = this.#options.clock.monotonicMs();
    switch (message.kind) {
      case 'ready': {
        child.ready = true;
        child.state = 'serving';
        child.port = message.port;
        if (this.serving) {
          this.#hasServed = true;
          this.#options.events.serving();
        }
        this.#tellAdmin();
        const waiting = this.#readyWaiters;
        this.#readyWaiters = [];
        for (const waiter of waiting) waiter();
        if (name === 'listener') for (const event of this.#unheard.splice(0)) this.record(event);
        break;
      }
      case 'wake':
        this.#send(message.target, { kind: 'wake' });
        break;
      case 'busy':
        child.busyUntilMs = child.lastAliveMs + message.timeoutMs;
        break;
      case 'idle':
        child.busyUntilMs = undefined;
        break;
      case 'recycle':
        this.recycle(name);
        break;
      case 'reloaded':
        this.#reloaded?.(message.refused);
        break;
      case 'alive':
        child.rssBytes = message.rssBytes;
        child.loopLagMs = message.loopLagMs;
        break;
      case 'healthy':
        this.#healthyAtMs[message.check] = child.lastAliveMs;
        break;
    }
  }

  #send(name: ProcessName, message: SupervisorMessage): void {
    const child = this.#children.get(name)?.process;
    // A dying child may have closed its channel already; what it would have done is in the database.
    if (child?.connected === true) child.send(message, () => undefined);
  }

  #buried(name: ProcessName, child: Child, exitCode: number | null, signal: string | null): void {
    child.process = undefined;
    child.ready = false;
    child.port = undefined;
    child.state = 'down';
    if (this.#stopping || (this.#isRefusing && name !== 'admin')) return;
    const nowMs = this.#options.clock.monotonicMs();
    // A listener that died while it was asked starts by the order in force; the asker tries again.
    if (name === 'listener') this.#reloaded?.('the listener was replaced in this moment; reload again');
    if (exitCode === exitCodes.ok) {
      child.restart = setTimeout(() => this.#start(name), 0);
      return;
    }
    child.deaths.push({ atMs: nowMs, exitCode });
    child.deathCount += 1;
    this.#options.events.died(name, exitCode, signal);
    const decide = name === 'admin' ? adminRestartDecision : restartDecision;
    const decision = decide(child.deaths, nowMs);
    if (decision.kind === 'give-up') child.state = 'given-up';
    this.#tellAdmin();
    if (decision.kind === 'give-up') {
      const distrust = distrustAfter(exitCode);
      if (this.#hasServed && distrust !== undefined) {
        void this.#refuseForAWhile(name, distrust);
        return;
      }
      this.#options.events.gaveUp(name);
      this.#gaveUp.resolve(name);
      return;
    }
    child.restart = setTimeout(() => this.#start(name), decision.delayMs);
  }

  /**
   * A node that has served and now meets one I/O error after another, or a damaged database, stays up but takes
   * nothing: all but `admin` rest, a stand-in rejects every association transiently, and after a while disk and
   * database are tried again.
   */
  async #refuseForAWhile(name: ProcessName, why: Distrust): Promise<void> {
    this.#isRefusing = true;
    this.#options.events.refusing(name, why);
    await this.#stopAll(coreProcessNames);
    if (this.#stopping) return;
    this.#refuser = this.#fork('refuser', this.#options.modules.refuser);
    this.#refuseTimer = setTimeout(() => this.#tryAgain(), this.#options.refuseMs ?? defaultRefuseMs);
  }

  #tryAgain(): void {
    const refuser = this.#refuser;
    const start = (): void => {
      this.#refuser = undefined;
      this.#isRefusing = false;
      if (this.#stopping) return;
      const nowMs = this.#options.clock.monotonicMs();
      this.#healthyAtMs.database = nowMs;
      this.#healthyAtMs.echo = nowMs;
      this.#options.events.tryingAgain();
      for (const name of coreProcessNames) {
        this.#children.delete(name);
        this.#start(name);
      }
    };
    if (refuser === undefined || refuser.exitCode !== null || refuser.signalCode !== null) {
      start();
      return;
    }
    const late = setTimeout(() => refuser.kill('SIGKILL'), this.#options.drainMs);
    refuser.once('exit', () => {
      clearTimeout(late);
      start();
    });
    if (refuser.connected)
      refuser.send({ kind: 'drain', why: 'replacement' } satisfies SupervisorMessage, () => undefined);
    else refuser.kill('SIGKILL');
  }

  #tellAdmin(): void {
    if (this.#options.modules.admin === undefined) return;
    this.#toldAdminAtMs = this.#options.clock.monotonicMs();
    const processes = [...this.#children].map(([name, child]) => ({
      name,
      state: child.state,
      deaths: child.deathCount,
      rssBytes: child.rssBytes,
      loopLagMs: child.loopLagMs,
    }));
    this.#send('admin', { kind: 'processes', processes });
  }

  #lookForHung(): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#toldAdminAtMs >= tellAdminEveryMs) this.#tellAdmin();
    const late = nowMs - this.#lastLookMs > watchMs * 4;
    this.#lastLookMs = nowMs;
    if (late) {
      // This process itself stood still: the signs of life are waiting in its queue and will be heard before the next look.
      for (const child of this.#children.values()) child.lastAliveMs = nowMs;
      return;
    }
    for (const [name, child] of this.#children) {
      if (child.process === undefined) continue;
      const overtime = child.busyUntilMs !== undefined && nowMs > child.busyUntilMs;
      const silent =
        child.busyUntilMs === undefined && child.ready && nowMs - child.lastAliveMs > this.#options.silenceMs;
      if (!overtime && !silent) continue;
      this.#options.events.killed(name, overtime ? 'job ran out of time' : 'no sign of life');
      child.process.kill('SIGKILL');
    }
  }

  #stop(name: ProcessName, child: Child): Promise<void> {
    const running = child.process;
    if (running === undefined || running.exitCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      const late = setTimeout(() => running.kill('SIGKILL'), this.#options.drainMs);
      running.once('exit', () => {
        clearTimeout(late);
        resolve();
      });
      this.#send(name, { kind: 'drain', why: this.#stopping ? 'shutdown' : 'replacement' });
    });
  }
}

function distrustAfter(exitCode: number | null): Distrust | undefined {
  if (exitCode === exitCodes.ioError) return 'io-errors';
  return exitCode === exitCodes.dataError ? 'damaged-database' : undefined;
}
