import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { NotInjectable } from '../case.ts';

/** A mounted file system of known size for one case. Needs root. */
export interface Disk {
  readonly folder: string;
  /** The file below a loop device; undefined for tmpfs. */
  readonly backingFile: string | undefined;
  unmount(): void;
  mount(options?: string): void;
}

/** A tmpfs of that many bytes: no space means ENOSPC at once, for data and for names. */
export function tmpfs(folder: string, bytes: number, inodes?: number): Disk {
  mkdirSync(folder, { recursive: true });
  const limits = inodes === undefined ? `size=${bytes}` : `size=${bytes},nr_inodes=${inodes}`;
  const disk: Disk = {
    folder,
    backingFile: undefined,
    unmount: () => run('umount', ['-l', folder]),
    mount: () => run('mount', ['-t', 'tmpfs', '-o', limits, 'tmpfs', folder]),
  };
  disk.mount();
  return disk;
}

/**
 * ext4 on a loop device whose backing file lies on a tmpfs: what the backing file holds is what a disk would hold, and
 * whatever was not synced is only in the page cache of the file system above it.
 */
export function loopDisk(
  folder: string,
  ramFolder: string,
  bytes: number,
  inodes?: number,
): Disk & { readonly backingFile: string } {
  mkdirSync(folder, { recursive: true });
  const backingFile = `${ramFolder}/disk.img`;
  run('truncate', ['-s', String(bytes), backingFile]);
  run('mkfs.ext4', ['-q', '-F', ...(inodes === undefined ? [] : ['-N', String(inodes)]), backingFile]);
  const disk = {
    folder,
    backingFile,
    unmount: () => unmount(folder),
    mount: (options = 'loop') => mountImage(backingFile, folder, options),
  };
  disk.mount();
  return disk;
}

/** A file system that is still used is a failure of the case, not of the machine. */
export function unmount(folder: string): void {
  execFileSync('umount', [folder], { stdio: ['ignore', 'ignore', 'pipe'] });
}

export function mountImage(image: string, folder: string, options = 'loop'): void {
  mkdirSync(folder, { recursive: true });
  run('mount', ['-o', options, image, folder]);
}

export function run(program: string, args: readonly string[]): void {
  try {
    execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    throw new NotInjectable(`${program} ${args.join(' ')}: ${said}`);
  }
}
