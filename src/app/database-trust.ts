import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessName } from './process-messages.ts';

/** Read through in two or three seconds; what is larger is read behind the running node. */
const readBeforeServingBytes = 128 * 1024 ** 2;

const mark = (dataFolder: string): string => join(dataFolder, 'database-suspect');

/**
 * Remembers, over restarts of the node too, that a process met an I/O error or damage: until all serve again every
 * process reads the database through before it works with it. On a disk that takes no file it is not remembered;
 * that disk then stops the node by itself.
 */
export function distrustDatabase(dataFolder: string): void {
  try {
    writeFileSync(mark(dataFolder), '', { flush: true, mode: 0o600 });
  } catch {
    // Nothing to add: the fault that led here is in the log, and the same disk will show it again.
  }
}

/** Every process has opened the database and serves, so the distrust has been answered. */
export function trustDatabase(dataFolder: string): void {
  try {
    rmSync(mark(dataFolder), { force: true });
  } catch {
    // A disk that has just become read-only: the mark stays, and the next start looks more closely.
  }
}

/**
 * Whether a process reads the whole database before it works with it. The listener, which acknowledges, does for a small
 * one; a large one would keep modalities waiting for half a minute a gigabyte and is read behind the running node.
 */
export function integrityAtStart(
  processName: ProcessName,
  { data, database }: { readonly data: string; readonly database: string },
): 'checked' | 'trusted' {
  if (existsSync(mark(data))) return 'checked';
  return processName === 'listener' && !isReadBehind(database) ? 'checked' : 'trusted';
}

/** Whether the database is too large to be read before the node serves. */
export function isReadBehind(database: string): boolean {
  return (statSync(database, { throwIfNoEntry: false })?.size ?? 0) > readBeforeServingBytes;
}
