import { createHash } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  createReadStream,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { asNodeError, NodeError } from '../core/errors.ts';
import { AuditLog, type AuditVerdict } from './audit-log.ts';
import { type Database, openReadOnlyDatabase, sealDatabaseCopy } from './database.ts';

/** What a backup holds, found by opening and reading it. */
export interface BackupReport {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly images: number;
  readonly unfinishedJobs: number;
  readonly undelivered: number;
  readonly newestAuditAtMs: number | null;
  readonly audit: AuditVerdict;
}

/**
 * Writes a consistent copy of the live database to `targetPath`, checks it by reading it, and only then puts it
 * in the place of the one before. The running service is not stopped. The result is audited either way.
 */
export async function backupDatabase(
  db: Database,
  audit: AuditLog,
  targetPath: string,
): Promise<BackupReport> {
  const part = `${targetPath}.part`;
  try {
    rmSync(part, { force: true });
    await db.backupTo(part);
    sealDatabaseCopy(part);
    sync(part);
    const report = { ...(await checkBackup(part)), path: targetPath };
    if (!report.audit.intact)
      throw new NodeError('STORE_CORRUPT', `the copy's audit chain is broken: ${report.audit.finding}`);
    renameSync(part, targetPath);
    sync(dirname(targetPath));
    audit.append('BACKUP_MADE', { sizeBytes: report.sizeBytes, sha256: report.sha256, path: targetPath });
    return report;
  } catch (error) {
    rmSync(part, { force: true });
    audit.append('BACKUP_FAILED', { detail: asNodeError(error).message, path: targetPath });
    throw error;
  }
}

/** Opens a backup, runs the full integrity check, verifies its audit chain and counts. Changes nothing. */
export async function checkBackup(path: string): Promise<BackupReport> {
  const db = openReadOnlyDatabase(path);
  try {
    db.check('full');
    const count = (sql: string): number => db.sql<{ n: number }>(sql).get()?.n ?? 0;
    const newest = db.sql<{ atMs: number }>('SELECT atMs FROM audit ORDER BY seq DESC LIMIT 1').get();
    return {
      path,
      sizeBytes: statSync(path).size,
      sha256: await fileSha256(path),
      images: count('SELECT count(*) AS n FROM instance'),
      unfinishedJobs: count("SELECT count(*) AS n FROM job WHERE state IN ('QUEUED','WAITING','RUNNING')"),
      undelivered: count("SELECT count(*) AS n FROM outbox WHERE state IN ('WAITING','SENDING')"),
      newestAuditAtMs: newest?.atMs ?? null,
      audit: new AuditLog(db, { nowMs: Date.now, monotonicMs: Date.now }).verify(),
    };
  } finally {
    db.close();
  }
}

/**
 * Puts a checked backup in the place of the database. The service must be stopped. What was there is kept beside
 * it under `<name>.replaced-<time>`. Afterwards `rebuildFromSpool` takes up images that are newer than the backup.
 */
export async function restoreDatabase(
  backupPath: string,
  databasePath: string,
  nowMs: number,
): Promise<BackupReport> {
  const report = await checkBackup(backupPath);
  if (!report.audit.intact)
    throw new NodeError('STORE_CORRUPT', `the backup's audit chain is broken: ${report.audit.finding}`);
  const part = `${databasePath}.part`;
  copyFileSync(backupPath, part);
  sync(part);
  for (const suffix of ['', '-wal', '-shm']) {
    const old = `${databasePath}${suffix}`;
    if (existsSync(old)) renameSync(old, `${databasePath}.replaced-${nowMs}${suffix}`);
  }
  renameSync(part, databasePath);
  sync(dirname(databasePath));
  return report;
}

async function fileSha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
