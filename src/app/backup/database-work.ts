import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { carriedFault, NodeError } from '../../core/errors.ts';
import type { StartOrder } from '../process-messages.ts';

/** What is done to the whole database beside the work of a process. Each rejects with the NodeError of its process. */
export interface DatabaseWork {
  /** One backup, and the deletion of those that are not kept. */
  backup(): Promise<void>;
  /** Reads the database through; STORE_CORRUPT when it is damaged. */
  check(): Promise<void>;
  /** Ends what runs, and resolves when it is gone. Whoever waits for it hears nothing more: this process leaves. */
  stop(): Promise<void>;
}

export type DatabaseTask = 'backup' | 'check';

/** What the process is told, once. */
export interface DatabaseAssignment {
  readonly task: DatabaseTask;
  readonly order: StartOrder;
}

/** What it answers, once; then it ends. */
export type DatabaseAnswer =
  | { readonly kind: 'done' }
  | { readonly kind: 'fault'; readonly code: string; readonly message: string };

/**
 * Runs each task in a process of its own, which ends with it: SQLite holds its thread while it reads a gigabyte, and
 * what a thread has used for its pages would stay with the process for good.
 */
export function databaseWork(order: StartOrder): DatabaseWork {
  const running = new Set<ChildProcess>();
  const run = async (task: DatabaseTask): Promise<void> => {
    const child = fork(new URL('database-process.ts', import.meta.url));
    running.add(child);
    try {
      await carriedOut(child, { task, order });
    } finally {
      // One that `stop` took away ends nowhere: a stop is no failed backup.
      if (!running.delete(child)) await new Promise(() => undefined);
    }
  };
  return {
    backup: () => run('backup'),
    check: () => run('check'),
    stop: async () => {
      const left = [...running];
      running.clear();
      const gone = left.map((child) => once(child, 'exit'));
      for (const child of left) child.kill('SIGKILL');
      await Promise.all(gone);
    },
  };
}

function carriedOut(child: ChildProcess, assignment: DatabaseAssignment): Promise<void> {
  return new Promise((resolve, reject) => {
    let answer: DatabaseAnswer | undefined;
    child.once('message', (message) => {
      answer = message as DatabaseAnswer;
    });
    child.once('error', (cause) => reject(new NodeError('WORKER_LOST', String(cause), { cause })));
    child.once('exit', (exitCode, signal) => {
      if (answer?.kind === 'done') resolve();
      else if (answer?.kind === 'fault') reject(carriedFault(answer));
      else
        reject(
          new NodeError(
            'WORKER_LOST',
            `the process at the database ended with ${signal ?? `code ${exitCode}`}`,
          ),
        );
    });
    // A process that died at once breaks the pipe; its exit says so.
    child.send(assignment, () => undefined);
  });
}
