import { closeSync, fdatasyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { diskFault } from '../core/disk-fault.ts';
import { newUlid, sha256Hex } from '../core/identifiers.ts';
import { syncPath } from './sync-path.ts';

/** Where an encoded object lies and what it is, ready for the object table. */
export interface StoredResultFile {
  readonly objectId: string;
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/**
 * Writes an encoded result so that it survives a power cut before any row refers to it: temporary file, fdatasync,
 * rename, fsync of the folder. The name is our own ULID. A file without a row is removed by the sweep at start.
 * Throws STORE_FULL for lack of space or descriptors (nothing is left behind) and STORE_IO for everything after which
 * the disk cannot be trusted.
 */
export function writeResultFile(folder: string, bytes: Uint8Array, nowMs: number): StoredResultFile {
  const objectId = newUlid(nowMs);
  const path = join(folder, objectId.slice(-2), `${objectId}.dcm`);
  const part = `${path}.part`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeDurably(part, bytes);
    renameSync(part, path);
    syncPath(dirname(path));
  } catch (error) {
    const fault = diskFault(error, 'of a result file');
    if (fault.code === 'STORE_FULL') rmSync(part, { force: true });
    throw fault;
  }
  return { objectId, path, sha256: sha256Hex(bytes), sizeBytes: bytes.length };
}

function writeDurably(path: string, bytes: Uint8Array): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
    fdatasyncSync(file);
  } finally {
    closeSync(file);
  }
}
