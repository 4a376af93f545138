import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { type CoreProcessName, coreProcessNames } from '../../src/app/process-messages.ts';
import { hostClock, openReadOnlyStore, type ReadOnlyStore } from '../../src/store/store.ts';
import { freePort, isOpen } from '../../tests/support/ports.ts';
import type { Archive } from './archive.ts';
import type { TestImage } from './images.ts';
import { type ConfigChanges, titles, writeNodeConfig } from './node-config.ts';
import { childrenOf, descriptorsOf, isAlive, rssOf } from './process-facts.ts';
import { echo, type StoreAnswer, type StoringTarget, storeImages } from './storing-client.ts';
import { reached } from './waiting.ts';

export interface NodeOptions {
  readonly config?: ConfigChanges;
  /** Where the results go; absent: a good archive of the node's own. */
  readonly archive?: Archive;
  readonly env?: Readonly<Record<string, string>>;
  /** Words before `node src/main.ts`, such as `faketime`. */
  readonly prefix?: readonly string[];
  /** Its configuration does not let this machine in: it serves when its port is open. */
  readonly isClosedToUs?: true;
  /** The case itself holds it to the invariants, because it does not live to the end of the case. */
  readonly judgedByCase?: true;
}

export interface Footprint {
  readonly rssBytes: number;
  readonly descriptors: number;
}

const compileCache = join(tmpdir(), 'lumbar-torture-compile-cache');
const main = resolve(import.meta.dirname, '../../src/main.ts');

/** The real node, `lumbar-node start` in a process of its own, with what its client was promised. */
export class AttackedNode {
  readonly folder: string;
  readonly archive: Archive;
  readonly port: number;
  readonly logPath: string;
  /** Images that were answered 0000H, by SOP Instance UID. */
  readonly acknowledged = new Map<string, TestImage>();
  readonly #options: NodeOptions;
  #process: ChildProcess | undefined;
  #exit: Promise<number | string> = Promise.resolve(0);

  private constructor(folder: string, port: number, archive: Archive, options: NodeOptions) {
    this.folder = folder;
    this.port = port;
    this.archive = archive;
    this.logPath = join(folder, 'node.log');
    this.#options = options;
  }

  /** Writes the configuration; `start` runs it. */
  static async prepare(folder: string, archive: Archive, options: NodeOptions = {}): Promise<AttackedNode> {
    mkdirSync(folder, { recursive: true });
    const node = new AttackedNode(folder, options.config?.port ?? (await freePort()), archive, options);
    node.configure({});
    return node;
  }

  get configFolder(): string {
    return join(this.folder, 'config');
  }

  get dataFolder(): string {
    const chosen = this.#options.config?.dataFolder ?? '../data';
    return isAbsolute(chosen) ? chosen : resolve(this.configFolder, chosen);
  }

  get databasePath(): string {
    return join(this.dataFolder, 'lumbar-node.sqlite');
  }

  get target(): StoringTarget {
    return { port: this.port, callingAeTitle: titles.modality, calledAeTitle: titles.node };
  }

  /** How the last run ended: exit code or signal. */
  get exit(): Promise<number | string> {
    return this.#exit;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  configure(changes: ConfigChanges): void {
    writeNodeConfig(this.configFolder, {
      pacsPort: this.archive.port,
      ...this.#options.config,
      port: this.port,
      ...changes,
    });
  }

  /** Runs the node without waiting for it. */
  launch(): void {
    const log = openSync(this.logPath, 'a');
    const [program = process.execPath, ...before] = this.#options.prefix ?? [];
    const own = this.#options.prefix === undefined ? [] : [process.execPath];
    const child = spawn(program, [...before, ...own, main, '-c', this.configFolder, 'start'], {
      stdio: ['ignore', log, log],
      // Hundreds of starts: the compile cache halves what each costs and changes nothing else.
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache, ...this.#options.env },
    });
    closeSync(log);
    this.#process = child;
    this.#exit = new Promise((done) => {
      child.once('exit', (code, signal) => done(signal ?? code ?? -1));
    });
  }

  /** Runs the node and waits until it serves. Throws with the end of its log when it does not within a minute. */
  async start(deadlineMs = 60_000): Promise<void> {
    this.launch();
    if (await reached(() => this.isServing(), deadlineMs, 100)) return;
    throw new Error(`the node does not serve; its log ends: ${this.log().slice(-600)}`);
  }

  /** All three processes run and a C-ECHO is answered. */
  async isServing(timeoutMs = 10_000): Promise<boolean> {
    const pids = this.pids();
    if (coreProcessNames.some((name) => pids[name] === undefined)) return false;
    if (this.#options.isClosedToUs !== undefined) return await isOpen(this.port);
    return await this.echoes(timeoutMs);
  }

  echoes(timeoutMs = 10_000): Promise<boolean> {
    return echo({ ...this.target, timeoutMs });
  }

  pids(): Partial<Record<CoreProcessName, number>> {
    const pids: Partial<Record<CoreProcessName, number>> = {};
    for (const { pid, command } of childrenOf(this.#supervisorPid())) {
      const name = coreProcessNames.find((one) => command.includes(`processes/${one}.ts`));
      if (name !== undefined) pids[name] = pid;
    }
    return pids;
  }

  /** With a prefix such as faketime the supervisor may be a child of what was started. */
  #supervisorPid(): number {
    const below = childrenOf(this.pid).find(({ command }) => command.includes('src/main.ts'));
    return below?.pid ?? this.pid;
  }

  /** False when there is no such process, or it ended just now by itself. */
  kill(name: CoreProcessName, signal: NodeJS.Signals = 'SIGKILL'): boolean {
    const pid = this.pids()[name];
    if (pid === undefined) return false;
    try {
      return process.kill(pid, signal);
    } catch {
      return false;
    }
  }

  signal(signal: NodeJS.Signals): void {
    const pid = this.#supervisorPid();
    if (pid > 0 && isAlive(pid)) process.kill(pid, signal);
  }

  /** SIGTERM, and how it ended; after `deadlineMs` everything is killed and the answer is `hung`. */
  async stop(deadlineMs = 60_000): Promise<number | string> {
    if (this.#process === undefined || this.#process.exitCode !== null || this.#process.signalCode !== null)
      return await this.#exit;
    this.signal('SIGTERM');
    let ended: number | string | undefined;
    void this.#exit.then((how) => (ended = how));
    if (await reached(() => ended !== undefined, deadlineMs)) return ended ?? 0;
    await this.crash();
    return 'hung';
  }

  /** The whole node disappears at once: the supervisor and what it started, by SIGKILL. */
  async crash(): Promise<void> {
    // The supervisor stands still first, so that it neither replaces a child nor lets one notice that it is alone.
    this.signal('SIGSTOP');
    const pids = Object.values(this.pids());
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It had ended already.
      }
    }
    this.signal('SIGKILL');
    this.#process?.kill('SIGKILL');
    await this.#exit;
    await reached(() => pids.every((pid) => !isAlive(pid)), 10_000);
  }

  /** Stores the images over one association and keeps what was promised. */
  async store(
    images: readonly TestImage[],
    onAnswer: (answer: StoreAnswer) => void = () => undefined,
    target: Partial<StoringTarget> = {},
  ): Promise<void> {
    await storeImages(images, { ...this.target, ...target }, (answer) => {
      if (answer.status === 0) this.acknowledge(answer.image);
      onAnswer(answer);
    });
  }

  /** Sends again and again what is not acknowledged yet, as a modality does. False when the time is over. */
  async storeUntilAcknowledged(images: readonly TestImage[], deadlineMs = 120_000): Promise<boolean> {
    return await reached(
      async () => {
        const open = images.filter(({ sopInstanceUid }) => !this.acknowledged.has(sopInstanceUid));
        if (open.length > 0) await this.store(open, undefined, { timeoutMs: 20_000 });
        return images.every(({ sopInstanceUid }) => this.acknowledged.has(sopInstanceUid));
      },
      deadlineMs,
      200,
    );
  }

  acknowledge(image: TestImage): void {
    this.acknowledged.set(image.sopInstanceUid, image);
    appendFileSync(join(this.folder, 'acknowledged.log'), `${image.sopInstanceUid} ${image.dataSetSha256}\n`);
  }

  /** Looks into the books. The database may be in use. */
  books<T>(look: (store: ReadOnlyStore) => T): T {
    const store = openReadOnlyStore({ databasePath: this.databasePath, clock: hostClock });
    try {
      return look(store);
    } finally {
      store.close();
    }
  }

  auditCount(event: string): number {
    return this.one('SELECT count(*) AS n FROM audit WHERE event = @event', { event });
  }

  /** A query that gives one number called n. */
  one(sql: string, parameters: Readonly<Record<string, string | number>> = {}): number {
    return this.books((store) => store.db.sql<{ n: number }>(sql).get(parameters)?.n ?? 0);
  }

  /** True when every image has its end, every study is closed and nothing waits to be sent. */
  async isSettled(deadlineMs = 120_000): Promise<boolean> {
    return await reached(() => this.unsettled() === '', deadlineMs, 200);
  }

  /** What is still open; empty when nothing is. */
  unsettled(): string {
    const open = {
      images: this.one("SELECT count(*) AS n FROM instance WHERE disposition = 'pending'"),
      jobs: this.one("SELECT count(*) AS n FROM job WHERE state IN ('QUEUED','WAITING','RUNNING')"),
      studies: this.one("SELECT count(*) AS n FROM study WHERE state IN ('OPEN','REPORTING')"),
      deliveries: this.one("SELECT count(*) AS n FROM outbox WHERE state IN ('WAITING','SENDING')"),
    };
    return Object.entries(open)
      .filter(([, n]) => n > 0)
      .map(([name, n]) => `${n} ${name}`)
      .join(', ');
  }

  log(): string {
    return existsSync(this.logPath) ? readFileSync(this.logPath, 'utf8') : '';
  }

  footprint(name: CoreProcessName): Footprint {
    const pid = this.pids()[name] ?? 0;
    return { rssBytes: rssOf(pid), descriptors: descriptorsOf(pid) };
  }
}
