import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { reached } from './waiting.ts';

/** For the environment of a node whose processes shall be asked to collect: each inspector takes a port of its own. */
export const inspectable = { NODE_OPTIONS: '--inspect-port=0' } as const;

/**
 * Makes a Node process collect its whole heap, as it is, without a flag in its code: SIGUSR1 opens the inspector, which
 * prints its address on standard error, and the inspector's HeapProfiler collects. What is resident afterwards is what
 * the process still holds; between collections a resident set only tells when the last one was.
 */
export class Collector {
  readonly #socket: WebSocket;
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
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
    return new Collector(socket);
  }

  async collect(): Promise<void> {
    const id = ++this.#lastId;
    const answered = Promise.withResolvers<undefined>();
    const hear = (event: MessageEvent | CloseEvent): void => {
      const isAnswer = 'data' in event && (JSON.parse(String(event.data)) as { id?: number }).id === id;
      if (isAnswer || event.type === 'close') answered.resolve(undefined);
    };
    this.#socket.addEventListener('message', hear);
    this.#socket.addEventListener('close', hear);
    this.#socket.send(JSON.stringify({ id, method: 'HeapProfiler.collectGarbage' }));
    await answered.promise;
    this.#socket.removeEventListener('message', hear);
    this.#socket.removeEventListener('close', hear);
  }

  close(): void {
    this.#socket.close();
  }
}
