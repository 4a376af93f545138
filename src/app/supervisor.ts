import { type ChildProcess, fork } from 'node:child_process';
import type { Clock } from '../core/clock.ts';
import {
  type ChildMessage,
  isChildMessage,
  type ProcessName,
  processNames,
  type SupervisorMessage,
} from './process-messages.ts';
import { type Death, exitCodes, restartDecision } from './restart-policy.ts';

export interface SupervisorEvents {
  died(process: ProcessName, exitCode: number | null, signal: string | null): void;
  killed(process: ProcessName, why: string): void;
  gaveUp(process: ProcessName): void;
}

export interface SupervisorOptions {
  readonly modules: Readonly<Record<ProcessName, string>>;
  /** What each child is started with: configuration folder and boot id. */
  readonly childArguments: readonly string[];
  /** File descriptor for the children's output; absent: that of this process. */
  readonly outputFd?: number;
  readonly clock: Clock;
  readonly events: SupervisorEvents;
  /** Time a child gets to finish its work on drain before it is killed. */
  readonly drainMs: number;
  /** Silence after which a child that is not busy is considered hung. */
  readonly silenceMs: number;
}

const watchMs = 500;

interface Child {
  process: ChildProcess | undefined;
  deaths: Death[];
  lastAliveMs: number;
  busyUntilMs: number | undefined;
  ready: boolean;
  port: number | undefined;
  restart: NodeJS.Timeout | undefined;
}

/**
 * Starts the three processes, passes wake-ups between them, replaces the dead and the hung, and drains them in the
 * order listener, worker, sender on shutdown. It opens neither the database nor a socket, so little can kill it.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #children = new Map<ProcessName, Child>();
  readonly #watch: NodeJS.Timeout;
  #stopping = false;
  #lastLookMs: number;
  #readyWaiters: (() => void)[] = [];
  readonly #gaveUp = Promise.withResolvers<ProcessName>();

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#lastLookMs = options.clock.monotonicMs();
    for (const name of processNames) this.#start(name);
    this.#watch = setInterval(() => this.#lookForHung(), watchMs);
  }

  /** Resolves with the listener's port when all three serve; rejects when one had to be given up. */
  ready(): Promise<number> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const all = processNames.every((name) => this.#children.get(name)?.ready === true);
        if (all) resolve(this.#children.get('listener')?.port ?? 0);
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

  /** True when every child is up and serving. */
  get serving(): boolean {
    return processNames.every((name) => this.#children.get(name)?.ready === true);
  }

  broadcast(message: SupervisorMessage): void {
    for (const name of processNames) this.#send(name, message);
  }

  /** Lets each process finish what it holds, listener first, and kills what does not end in time. */
  async drain(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#watch);
    for (const name of processNames) {
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
  }

  #start(name: ProcessName): void {
    const child = fork(this.#options.modules[name], this.#options.childArguments, {
      serialization: 'json',
      stdio: ['ignore', this.#options.outputFd ?? 'inherit', this.#options.outputFd ?? 'inherit', 'ipc'],
    });
    const deaths = this.#children.get(name)?.deaths ?? [];
    const state: Child = {
      process: child,
      deaths,
      lastAliveMs: this.#options.clock.monotonicMs(),
      busyUntilMs: undefined,
      ready: false,
      port: undefined,
      restart: undefined,
    };
    this.#children.set(name, state);
    child.on('message', (message) => {
      if (isChildMessage(message)) this.#hear(name, state, message);
    });
    child.once('exit', (exitCode, signal) => this.#buried(name, state, exitCode, signal));
  }

  #hear(name: ProcessName, child: Child, message: ChildMessage): void {
    child.lastAliveMs = this.#options.clock.monotonicMs();
    switch (message.kind) {
      case 'ready': {
        child.ready = true;
        child.port = message.port;
        const waiting = this.#readyWaiters;
        this.#readyWaiters = [];
        for (const waiter of waiting) waiter();
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
        this.#options.events.killed(name, 'recycled after its share of work');
        this.#send(name, { kind: 'drain' });
        break;
      case 'alive':
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
    if (this.#stopping) return;
    const nowMs = this.#options.clock.monotonicMs();
    child.deaths.push({ atMs: nowMs, exitCode });
    this.#options.events.died(name, exitCode, signal);
    const decision =
      exitCode === exitCodes.ok
        ? { kind: 'restart' as const, delayMs: 0 }
        : restartDecision(child.deaths, nowMs);
    if (decision.kind === 'give-up') {
      this.#options.events.gaveUp(name);
      this.#gaveUp.resolve(name);
      return;
    }
    child.restart = setTimeout(() => this.#start(name), decision.delayMs);
  }

  #lookForHung(): void {
    const nowMs = this.#options.clock.monotonicMs();
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
      this.#send(name, { kind: 'drain' });
    });
  }
}
