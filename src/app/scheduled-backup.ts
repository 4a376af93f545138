import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { asNodeError } from '../core/errors.ts';
import { backupDatabase } from '../store/backup.ts';
import type { Runtime } from './runtime.ts';

/** The file of a backup made at this time. */
export function backupFile(folder: string, nowMs: number): string {
  const time = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return join(folder, `lumbar-node-${time}.sqlite`);
}

export function isBackupFile(name: string): boolean {
  return /^lumbar-node-\d{8}T\d{6}Z\.sqlite$/.test(name);
}

/**
 * Writes and checks one backup of the database and removes the oldest beyond `backup.keep`. A failure is audited,
 * raises the alert `backup-failed` and leaves the earlier backups alone; the next success lifts it. Never throws.
 */
export async function makeBackup({ config, store, log, folders }: Runtime, nowMs: number): Promise<void> {
  try {
    mkdirSync(folders.backups, { recursive: true, mode: 0o700 });
    await backupDatabase(store.db, store.audit, backupFile(folders.backups, nowMs));
    const kept = readdirSync(folders.backups).filter(isBackupFile).sort();
    for (const name of kept.slice(0, -config.backup.keep)) rmSync(join(folders.backups, name));
    if (store.alerts.recover('backup-failed')) log.event('ALERT_RECOVERED', { cause: 'backup-failed' });
  } catch (error) {
    const detail = asNodeError(error).message;
    if (store.alerts.start('backup-failed', detail))
      log.event('ALERT_STARTED', { cause: 'backup-failed', detail });
  }
}
