import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { carriedFault, NodeError } from '../core/errors.ts';

/** Worker threads of one kind, each with one job at a time; a job waits until a thread is free. */
export interface ThreadPool<Facts, Job, Answer> {
  /** What the first thread said about itself when it was ready. */
  readonly facts: Facts;
  run(job: Job): Promise<Answer>;
  close(): Promise<void>;
}

export interface ThreadPoolOptions {
  /** Module that calls `serveThread`. */
  readonly module: URL;
  /** Given to every thread as `workerData`. */
  readonly data: unknown;
  readonly threads: number;
}

/** What a thread sends: once that it is ready (or not), then one answer for each job. */
export type ThreadMessage =
  | { readonly kind: 'ready'; readonly facts: unknown }
  | { readonly kind: 'answer'; readonly answer: unknown }
  | { readonly kind: 'fault'; readonly code: string; readonly message: string };

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (reason: NodeError) => void;
}

/**
 * Starts the threads and waits until all are ready; a thread that cannot start ends them all and throws its fault.
 * The answers of a pool are as typed as the module that serves it: both sides name the same types.
 */
export async function openThreadPool<Facts, Job, Answer>(
  options: ThreadPoolOptions,
): Promise<ThreadPool<Facts, Job, Answer>> {
  const threads = Array.from({ length: options.threads }, () => new Thread(options));
  try {
    const facts = await Promise.all(threads.map((thread) => thread.ready()));
    const free = [...threads];
    const queue: ((thread: Thread) => void)[] = [];
    const release = (thread: Thread): void => {
      const next = queue.shift();
      if (next === undefined) free.push(thread);
      else next(thread);
    };
    return {
      facts: facts[0] as Facts,
      run: async (job) => {
        const thread = free.pop() ?? (await new Promise<Thread>((resolve) => queue.push(resolve)));
        try {
          return (await thread.ask(job)) as Answer;
        } finally {
          release(thread);
        }
      },
      close: async () => {
        await Promise.all(threads.map((thread) => thread.close()));
      },
    };
  } catch (error) {
    await Promise.all(threads.map((thread) => thread.close()));
    throw error;
  }
}

/** One worker thread. A dead thread fails what waits for it, with the runtime's own words. */
class Thread {
  readonly #worker: Worker;
  #waiting: Waiting | undefined;
  #dead: NodeError | undefined;

  constructor({ module, data }: ThreadPoolOptions) {
    this.#worker = new Worker(module, { workerData: data });
    this.#worker.on('message', (message: ThreadMessage) => this.#hear(message));
    this.#worker.on('error', (cause) => this.#bury(new NodeError('WORKER_LOST', String(cause), { cause })));
    this.#worker.on('exit', (code) =>
      this.#bury(new NodeError('WORKER_LOST', `a thread ended with code ${code}`)),
    );
  }

  ready(): Promise<unknown> {
    return this.#next();
  }

  ask(job: unknown): Promise<unknown> {
    const answer = this.#next();
    if (this.#dead === undefined) this.#worker.postMessage(job);
    return answer;
  }

  async close(): Promise<void> {
    if (this.#dead !== undefined) return;
    const gone = once(this.#worker, 'exit');
    await this.#worker.terminate();
    await gone;
  }

  #next(): Promise<unknown> {
    const dead = this.#dead;
    if (dead !== undefined) return Promise.reject(dead);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  #hear(message: ThreadMessage): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (message.kind === 'fault') waiting?.reject(carriedFault(message));
    else waiting?.resolve((message.kind === 'ready' ? message.facts : message.answer) as never);
  }

  #bury(fault: NodeError): void {
    this.#dead ??= fault;
    this.#waiting?.reject(this.#dead);
    this.#waiting = undefined;
  }
}
