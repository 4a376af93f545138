import { statfsSync } from 'node:fs';

/** Free bytes for an ordinary user on the file system of `folder`, asked at most once a second: statfs blocks. */
export function freeSpaceOf(folder: string, monotonicMs: () => number): { bytes(): number } {
  let known = 0;
  let askedAtMs = Number.NEGATIVE_INFINITY;
  return {
    bytes: () => {
      const nowMs = monotonicMs();
      if (nowMs - askedAtMs >= 1000) {
        const { bavail, bsize } = statfsSync(folder);
        known = bavail * bsize;
        askedAtMs = nowMs;
      }
      return known;
    },
  };
}
