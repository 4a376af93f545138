import { createHash } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  createReadStream,
  existsSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { NodeError } from '../core/errors.ts';
import { AuditLog, type AuditVerdict } from './audit-log.ts';
import { type Database, openDatabaseCopy, sealDatabaseCopy } from './database.ts';
import { syncPath } from './sync-path.ts';

/** What a copy of the database holds, found by opening and reading it. */
export interface CopyReport {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** An older one is brought up to date when the copy is put in place. */
  readonly schemaVersion: number;
  readonly images: number;
  readonly unfinishedJobs: number;
  readonly undelivered: number;
  readonly newestAuditAtMs: number | null;
  readonly audit: AuditVerdict;
}

/**
 * Writes a consistent copy of the live database to `targetPath`, which must not exist, and checks it by reading it.
 * The running service is not stopped. Throws STORE_CORRUPT for a copy that is not whole, and leaves nothing then.
 */
export async function copyDatabase(db: Database, targetPath: string): Promise<CopyReport> {
  // Made here, because SQLite would let everybody read it.
  closeSync(openSync(targetPath, 'wx', 0o600));
  try {
    await db.backupTo(targetPath);
    sealDatabaseCopy(targetPath);
    syncPath(targetPath);
    return requireIntact(await checkCopy(targetPath));
  } catch (error) {
    rmSync(targetPath, { force: true });
    throw error;
  }
}

/**
 * Opens a copy, runs the full integrity check, verifies its audit chain and counts. Changes nothing. Takes one of an
 * older release as well; throws STORE_NEWER_SCHEMA for one of a newer release, NOT_FOUND and STORE_CORRUPT.
 */
export async function checkCopy(path: string): Promise<CopyReport> {
  const { db, schemaVersion } = openDatabaseCopy(path);
  try {
    db.check('full');
    const count = (sql: string): number => db.sql<{ n: number }>(sql).get()?.n ?? 0;
    const newest = db.sql<{ atMs: number }>('SELECT atMs FROM audit ORDER BY seq DESC LIMIT 1').get();
    return {
      path,
      sizeBytes: statSync(path).size,
      sha256: await fileSha256(path),
      schemaVersion,
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
 * Puts a checked copy in the place of the database. The service must be stopped. What was there is kept beside
 * it under `<name>.replaced-<time>`. Afterwards `rebuildFromSpool` takes up images that are newer than the copy.
 */
export async function restoreDatabase(
  copyPath: string,
  databasePath: string,
  nowMs: number,
): Promise<CopyReport> {
  const report = requireIntact(await checkCopy(copyPath));
  const part = `${databasePath}.part`;
  copyFileSync(copyPath, part);
  syncPath(part);
  for (const suffix of ['', '-wal', '-shm']) {
    const old = `${databasePath}${suffix}`;
    if (existsSync(old)) renameSync(old, `${databasePath}.replaced-${nowMs}${suffix}`);
  }
  renameSync(part, databasePath);
  syncPath(dirname(databasePath));
  return report;
}

function requireIntact(report: CopyReport): CopyReport {
  if (report.audit.intact) return report;
  throw new NodeError('STORE_CORRUPT', `the copy's audit chain is broken: ${report.audit.finding}`);
}

async function fileSha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
