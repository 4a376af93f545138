/** Entry of the process that copies or checks the database for another one, and ends. */
import { once } from 'node:events';
import { asNodeError } from '../../core/errors.ts';
import { hostClock, openReadOnlyStore, openStore } from '../../store/store.ts';
import type { StartOrder } from '../process-messages.ts';
import { exitCodes } from '../restart-policy.ts';
import type { DatabaseAnswer, DatabaseAssignment } from './database-work.ts';
import { forgetOldBackups, makeBackup } from './make-backup.ts';

// An orphan ends as soon as SQLite lets it; and a terminal's Ctrl-C, which reaches the whole group, is for who gave the
// order to decide. The sender may have gone while this was loaded: nobody says that twice.
process.once('disconnect', () => process.exit(exitCodes.failed));
if (!process.connected) process.exit(exitCodes.failed);
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);

const [assignment] = (await once(process, 'message')) as [DatabaseAssignment];
const answer = await carryOut(assignment);
process.send?.(answer, () => process.exit(exitCodes.ok));

async function carryOut({ task, order }: DatabaseAssignment): Promise<DatabaseAnswer> {
  try {
    if (task === 'backup') await backUp(order);
    else readThrough(order);
    return { kind: 'done' };
  } catch (error) {
    const { code, message } = asNodeError(error);
    return { kind: 'fault', code, message };
  }
}

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
