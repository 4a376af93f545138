import type { StartOrder } from '../process-messages.ts';
import { openThreadPool } from '../thread-pool.ts';
import type { DatabaseTask } from './database-thread.ts';

/** What is done to the whole database beside the work of a process. Each rejects with the NodeError of its thread. */
export interface DatabaseWork {
  /** One backup, and the deletion of those that are not kept. */
  backup(): Promise<void>;
  /** Reads the database through; STORE_CORRUPT when it is damaged. */
  check(): Promise<void>;
}

/** Runs each task in a thread of its own, which ends with it. */
export function databaseWork(order: StartOrder): DatabaseWork {
  const run = async (task: DatabaseTask): Promise<void> => {
    const thread = await openThreadPool<undefined, DatabaseTask, undefined>({
      module: new URL('database-thread.ts', import.meta.url),
      data: order,
      threads: 1,
    });
    try {
      await thread.run(task);
    } finally {
      await thread.close();
    }
  };
  return { backup: () => run('backup'), check: () => run('check') };
}
