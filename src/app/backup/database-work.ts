import { fork } from 'node:child_process';
import { asNodeError, carriedFault, NodeError } from '../../core/errors.ts';
import type { StartOrder } from '../process-messages.ts';

/** What is done to the whole database beside the work of a process. Each rejects with the NodeError of its process. */
export interface DatabaseWork {
  /** One backup, and the deletion of those that are not kept. */
  backup(): Promise<void>;
  /** Reads the database through; STORE_CORRUPT when it is damaged. */
  check(): Promise<void>;
}

export type DatabaseTask = keyof DatabaseWork;

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
 * what a thread has used for its pages (up to 16 MB for a copy) would stay with the process for good.
 */
export function databaseWork(order: StartOrder): DatabaseWork {
  return { backup: () => run({ task: 'backup', order }), check: () => run({ task: 'check', order }) };
}

function run(assignment: DatabaseAssignment): Promise<void> {
  const child = fork(new URL('database-process.ts', import.meta.url));
  return new Promise((resolve, reject) => {
    let answer: DatabaseAnswer | undefined;
    child.once('message', (message) => {
      answer = message as DatabaseAnswer;
    });
    child.once('error', (error) => reject(asNodeError(error)));
    child.once('exit', (exitCode, signal) => {
      if (answer?.kind === 'done') resolve();
      else if (answer === undefined)
        reject(
          new NodeError(
            'WORKER_LOST',
            `the process at the database ended with ${signal ?? `code ${exitCode}`}`,
          ),
        );
      else reject(carriedFault(answer));
    });
    // A process that died at once breaks the pipe; its exit says so.
    child.send(assignment, () => undefined);
  });
}
