import { Worker } from 'node:worker_threads';
import { NodeError } from '../core/errors.ts';
import type { Inbox, ReceivedInstance } from '../scp/ports.ts';
import type { Admission, InboxAnswer, InboxRequest } from './inbox-batch.ts';

/** What the thread is started with. */
export interface InboxThreadData {
  readonly databasePath: string;
  readonly atna: 'queue' | 'off';
  /** Of this listener; associations of another are over. */
  readonly runId: string;
}

export type ToInboxThread = { readonly id: number; readonly request: InboxRequest } | 'close';
export type FromInboxThread = readonly { readonly id: number; readonly answer: InboxAnswer }[];

export interface InboxThreadOptions extends InboxThreadData {
  /** Something was written that the worker may want to know of. */
  readonly written: () => void;
  /** The thread is gone: nothing can be acknowledged any more. */
  readonly failStop: (fault: NodeError) => void;
}

/** Its garbage is small and short-lived as well (runtime-flags.ts). */
const resourceLimits = { maxYoungGenerationSizeMb: 2 };

/**
 * The listener's books in a thread of their own. A commit waits for the disk; made where the sockets are served, 32
 * modalities that store made each turn of the event loop as long as 32 commits, and a turn accepts one connection only
 * (libuv 1.52): a C-ECHO beside them waited for seconds. Requests are carried out in the order of the calls.
 */
export class InboxThread implements Inbox {
  readonly #worker: Worker;
  readonly #options: InboxThreadOptions;
  readonly #waiting = new Map<number, PromiseWithResolvers<Admission | undefined>>();
  #lastId = 0;
  #end: NodeError | undefined;
  #isClosing = false;

  constructor(options: InboxThreadOptions) {
    this.#options = options;
    const { databasePath, atna, runId } = options;
    const workerData: InboxThreadData = { databasePath, atna, runId };
    this.#worker = new Worker(new URL('./inbox-thread-entry.ts', import.meta.url), {
      workerData,
      resourceLimits,
    });
    this.#worker.on('message', (answers: FromInboxThread) => this.#hear(answers));
    this.#worker.on('error', (cause) => this.#lost(cause));
    this.#worker.on('exit', () => this.#lost(undefined));
  }

  async associationOpened(association: Parameters<Inbox['associationOpened']>[0]): Promise<void> {
    await this.#ask({ kind: 'opened', association });
  }

  async admit(record: ReceivedInstance): Promise<Admission> {
    const admission = await this.#ask({ kind: 'admit', record });
    if (admission === undefined)
      throw new NodeError('BUG_INVARIANT', 'an admission was answered without its kind');
    this.#options.written();
    return admission;
  }

  async associationClosed(associationId: string, ending: string): Promise<void> {
    await this.#ask({ kind: 'closed', associationId, ending });
    this.#options.written();
  }

  /** Writes what was asked for before, then ends the thread. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const gone = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    if (this.#end !== undefined) return;
    this.#worker.postMessage('close' satisfies ToInboxThread);
    await gone;
  }

  #ask(request: InboxRequest): Promise<Admission | undefined> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<Admission | undefined>();
    this.#waiting.set(id, answer);
    this.#worker.postMessage({ id, request } satisfies ToInboxThread);
    return answer.promise;
  }

  #hear(answers: FromInboxThread): void {
    for (const { id, answer } of answers) {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (answer.kind === 'done') waiting?.resolve(answer.admission);
      else waiting?.reject(new NodeError(answer.code, answer.message));
    }
  }

  #lost(cause: unknown): void {
    if (this.#end !== undefined) return;
    this.#end = new NodeError('BUG_INVARIANT', 'the thread that writes the books has ended', { cause });
    for (const waiting of this.#waiting.values()) waiting.reject(this.#end);
    this.#waiting.clear();
    if (!this.#isClosing) this.#options.failStop(this.#end);
  }
}
