import { parentPort } from 'node:worker_threads';
import { asNodeError, NodeError } from '../core/errors.ts';
import type { ThreadMessage } from './thread-pool.ts';

/** What a thread does. `answer` gets what the pool's `run` was given. */
export interface ThreadService {
  readonly facts: unknown;
  readonly answer: (job: never) => Promise<unknown>;
}

/** The other end of a thread pool: prepares once, says what it found, then answers one job after the other. */
export async function serveThread(prepare: () => Promise<ThreadService>): Promise<void> {
  const port = parentPort;
  if (port === null) throw new NodeError('BUG_INVARIANT', 'this module runs as a worker thread only');
  const tell = (message: ThreadMessage): void => port.postMessage(message);
  const tellFault = (error: unknown): void => {
    const { code, message } = asNodeError(error);
    tell({ kind: 'fault', code, message });
  };
  try {
    const { facts, answer } = await prepare();
    port.on('message', (job: unknown) => {
      void answer(job as never).then((value) => tell({ kind: 'answer', answer: value }), tellFault);
    });
    tell({ kind: 'ready', facts });
  } catch (error) {
    tellFault(error);
  }
}
