/** Entry of the thread that copies and checks the database: SQLite holds its thread while it reads a gigabyte. */
import { workerData } from 'node:worker_threads';
import { hostClock, openReadOnlyStore, openStore } from '../../store/store.ts';
import type { StartOrder } from '../process-messages.ts';
import { serveThread } from '../serve-thread.ts';
import { forgetOldBackups, makeBackup } from './make-backup.ts';

export type DatabaseTask = 'backup' | 'check';

await serveThread(() => {
  const order = workerData as StartOrder;
  const tasks = { backup: () => backUp(order), check: () => readThrough(order) };
  const answer = (task: DatabaseTask): Promise<void> => Promise.resolve().then(() => tasks[task]());
  return Promise.resolve({ facts: undefined, answer });
});

async function backUp(order: StartOrder): Promise<void> {
  const store = openStore({
    databasePath: order.folders.database,
    clock: hostClock,
    integrity: 'trusted',
    atna: order.loaded.config.audit.syslog === undefined ? 'off' : 'queue',
  });
  try {
    const source = { ...order, store };
    await makeBackup(source, hostClock.nowMs());
    forgetOldBackups(source);
  } finally {
    store.close();
  }
}

function readThrough({ folders }: StartOrder): void {
  const store = openReadOnlyStore({ databasePath: folders.database, clock: hostClock });
  try {
    store.db.check('quick');
  } finally {
    store.close();
  }
}
