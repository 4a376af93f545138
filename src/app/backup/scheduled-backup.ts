import { asNodeError } from '../../core/errors.ts';
import type { Runtime } from '../runtime.ts';
import type { DatabaseWork } from './database-work.ts';

/**
 * One scheduled backup. A failure raises the alert `backup-failed` and leaves the earlier backups alone; the next
 * success lifts it. When the copy is not whole the database itself is read: STORE_CORRUPT when it is damaged, and
 * nothing else is ever thrown.
 */
export async function scheduledBackup(
  { store, log }: Pick<Runtime, 'store' | 'log'>,
  work: Pick<DatabaseWork, 'backup' | 'check'>,
): Promise<void> {
  try {
    await work.backup();
    if (store.alerts.recover('backup-failed')) log.event('ALERT_RECOVERED', { cause: 'backup-failed' });
  } catch (error) {
    const { code, message: detail } = asNodeError(error);
    if (store.alerts.start('backup-failed', detail))
      log.event('ALERT_STARTED', { cause: 'backup-failed', detail });
    if (code === 'STORE_CORRUPT') await requireWhole(work);
  }
}

/**
 * Reads the database through. Throws STORE_CORRUPT when it is damaged; that it could not be read now is no damage, and
 * false.
 */
export async function requireWhole(work: Pick<DatabaseWork, 'check'>): Promise<boolean> {
  try {
    await work.check();
    return true;
  } catch (error) {
    if (asNodeError(error).code === 'STORE_CORRUPT') throw error;
    return false;
  }
}
