import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { reached } from './waiting.ts';

/** For the environment of a node whose processes shall be asked to collect: each inspector takes a port of its own. */
export const inspectable = { NODE_OPTIONS: '--inspect-port=0' } as const;

/**
 * Makes a Node process collect the heaps of all its threads, as it is, without a flag in its code: SIGUSR1 opens the
 * inspector, which prints its address on standard error, its NodeWorker domain passes messages on to the threads, and
 * each thread's HeapProfiler collects. What is resident afterwards is what the process still holds; between
 * collections a resident set only tells when the last one was.
 */
export class Collector {
  readonly #socket: WebSocket;
  readonly #threads = new Set<string>();
  readonly #waiting = new Map<number, () => void>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#hear(JSON.parse(String(data)) as Heard));
    socket.addEventListener('close', () => this.#giveUp());
  }

  /** `logPath` is where the process's standard error goes. */
  static async attach(pid: number, logPath: string): Promise<Collector> {
    const addresses = (): string[] =>
      readFileSync(logPath, 'latin1').match(/(?<=Debugger listening on )ws:\S+/g) ?? [];
    const before = addresses().length;
    process.kill(pid, 'SIGUSR1');
    if (!(await reached(() => addresses().length > before, 10_000, 50)))
      throw new Error(`process ${pid} opened no inspector`);
    const socket = new WebSocket(addresses().at(-1) ?? '');
    await once(socket, 'open');
    const collector = new Collector(socket);
    await collector.#ask('NodeRuntime.notifyWhenWaitingForDisconnect', { enabled: true });
    await collector.#ask('NodeWorker.enable', { waitForDebuggerOnStart: false });
    return collector;
  }

  async collect(): Promise<void> {
    await Promise.all([undefined, ...this.#threads].map((thread) => this.#collectIn(thread)));
  }

  close(): void {
    this.#socket.close();
  }

  /** Collects in the main thread, or in the one that has this session. */
  #collectIn(thread: string | undefined): Promise<void> {
    const method = 'HeapProfiler.collectGarbage';
    if (thread === undefined) return this.#ask(method);
    const id = ++this.#lastId;
    const answer = this.#answerTo(id);
    const message = JSON.stringify({ id, method });
    void this.#ask('NodeWorker.sendMessageToWorker', { sessionId: thread, message });
    return answer;
  }

  #ask(method: string, parameters: object = {}): Promise<void> {
    const id = ++this.#lastId;
    const answer = this.#answerTo(id);
    this.#socket.send(JSON.stringify({ id, method, params: parameters }));
    return answer;
  }

  #answerTo(id: number): Promise<void> {
    if (this.#socket.readyState !== WebSocket.OPEN) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
    });
  }

  /** Whoever was asked may have ended: nobody waits any longer. */
  #giveUp(): void {
    for (const answered of this.#waiting.values()) answered();
    this.#waiting.clear();
  }

  #hear({ id, method, params }: Heard): void {
    if (id !== undefined) {
      this.#waiting.get(id)?.();
      this.#waiting.delete(id);
    } else if (method === 'NodeRuntime.waitingForDisconnect') {
      // A process that has nothing left to do ends once the inspector has been let go.
      this.close();
    } else if (method === 'NodeWorker.attachedToWorker') {
      this.#threads.add(params?.sessionId ?? '');
    } else if (method === 'NodeWorker.detachedFromWorker') {
      this.#threads.delete(params?.sessionId ?? '');
      this.#giveUp();
    } else if (method === 'NodeWorker.receivedMessageFromWorker') {
      this.#hear(JSON.parse(params?.message ?? '{}') as Heard);
    }
  }
}

/** An answer (with `id`) or an event of the inspector; a thread's own come as the text of an event. */
interface Heard {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly sessionId?: string; readonly message?: string };
}
