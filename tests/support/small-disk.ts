import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of its own that a test may fill or make read-only. */
export interface SmallDisk {
  readonly path: string;
  remount(access: 'ro' | 'rw'): void;
  remove(): void;
}

/** Mounts a tmpfs of this size, or gives undefined where mounting is not allowed (no root, no CAP_SYS_ADMIN). */
export function smallDisk(mebibytes: number): SmallDisk | undefined {
  const path = mkdtempSync(join(tmpdir(), 'lumbar-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    rmSync(path, { recursive: true });
    return undefined;
  }
  return {
    path,
    remount: (access) => void execFileSync('mount', ['-o', `remount,${access}`, path]),
    remove: () => {
      execFileSync('umount', ['-l', path]);
      rmSync(path, { recursive: true });
    },
  };
}
