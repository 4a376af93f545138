import { closeSync, fdatasyncSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { newUlid, sha256Hex } from '../core/identifiers.ts';

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
 */
export function writeResultFile(folder: string, bytes: Uint8Array, nowMs: number): StoredResultFile {
  const objectId = newUlid(nowMs);
  const path = join(folder, objectId.slice(-2), `${objectId}.dcm`);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const part = `${path}.part`;
  const file = openSync(part, 'wx', 0o600);
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
    fdatasyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(part, path);
  syncFolder(dirname(path));
  return { objectId, path, sha256: sha256Hex(bytes), sizeBytes: bytes.length };
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
