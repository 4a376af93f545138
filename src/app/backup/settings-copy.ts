import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { NodeError } from '../../core/errors.ts';
import { sha256Hex } from '../../core/identifiers.ts';
import type { BackupManifest } from './backup-set.ts';

const maxFileBytes = 8 * 1024 ** 2;
const maxFiles = 1000;
/** Written by the program itself, or put aside by an earlier restore. */
const leftAlone = /^(schema|replaced-.*)$/;

export type SettingsCopy = Pick<BackupManifest['settings'], 'files' | 'leftOut'>;

/**
 * Copies the configuration folder, keys and secrets in it too, readable by the owner alone. `without` are folders that
 * may lie inside it and are none of its files. A file that cannot be read is named, and hinders nothing.
 */
export function copySettings(from: string, to: string, without: readonly string[]): SettingsCopy {
  const files: { path: string; sha256: string }[] = [];
  const leftOut: { path: string; why: string }[] = [];
  for (const source of filesBelow(from, new Set(without.map((path) => resolve(path))))) {
    const path = relative(from, source);
    const why = files.length >= maxFiles ? `more than ${maxFiles} files` : sizeFault(source);
    if (why !== undefined) {
      leftOut.push({ path, why });
      continue;
    }
    try {
      const bytes = readFileSync(source);
      writeDurably(join(to, path), bytes, 0o600);
      files.push({ path, sha256: sha256Hex(bytes) });
    } catch (error) {
      leftOut.push({ path, why: codeOf(error) });
    }
  }
  return { files, leftOut };
}

/** Where what was there before has gone; absent when nothing was replaced. */
export interface PutBack {
  readonly written: readonly string[];
  readonly asideFolder: string | undefined;
}

/**
 * Puts the files of a backup into the configuration folder; those that differ go aside into `replaced-<time>` in it,
 * all others stay. Owner and group are the folder's. STORE_CORRUPT when a file is not the one that was copied.
 */
export function putSettingsBack(
  from: string,
  files: BackupManifest['settings']['files'],
  to: string,
  nowMs: number,
): PutBack {
  const contents = files.map(({ path, sha256 }) => {
    const bytes = readFileSync(join(from, path));
    if (sha256Hex(bytes) !== sha256)
      throw new NodeError('STORE_CORRUPT', `${join(from, path)} is not what was copied`);
    return { path, bytes };
  });
  mkdirSync(to, { recursive: true, mode: 0o750 });
  const asideFolder = join(to, `replaced-${nowMs}`);
  const written: string[] = [];
  let replaced = 0;
  for (const { path, bytes } of contents) {
    const target = join(to, path);
    if (existsSync(target)) {
      if (readFileSync(target).equals(bytes)) continue;
      mkdirSync(dirname(join(asideFolder, path)), { recursive: true, mode: 0o700 });
      renameSync(target, join(asideFolder, path));
      replaced++;
    }
    // The service reads them by its group; a key that it owned alone before is then still closed to all others.
    writeDurably(target, bytes, 0o640);
    giveToOwnerOf(to, target);
    written.push(path);
  }
  return { written, asideFolder: replaced === 0 ? undefined : asideFolder };
}

function* filesBelow(folder: string, without: ReadonlySet<string>): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true }).toSorted((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    const path = join(folder, entry.name);
    if (without.has(resolve(path)) || leftAlone.test(entry.name)) continue;
    if (entry.isDirectory()) yield* filesBelow(path, without);
    else yield path;
  }
}

function sizeFault(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || !found.isFile()) return 'not a file';
  return found.size > maxFileBytes ? `larger than ${maxFileBytes} bytes` : undefined;
}

function writeDurably(path: string, bytes: Uint8Array, mode: number): void {
  mkdirSync(dirname(path), { recursive: true, mode: mode === 0o600 ? 0o700 : 0o750 });
  writeFileSync(path, bytes, { flag: 'wx', mode, flush: true });
}

function giveToOwnerOf(folder: string, path: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(folder);
  chownSync(path, uid, gid);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
