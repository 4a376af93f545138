import type { Log } from '../core/log.ts';
import type { Ballast } from './ballast.ts';
import type { DeferredBooks } from './deferred-books.ts';
import { type DiskLimits, diskDecision } from './disk-decision.ts';

export interface DiskWatchOptions {
  readonly freeBytes: () => number;
  readonly limits: () => DiskLimits;
  readonly ballast: Pick<Ballast, 'exists' | 'drop' | 'make'>;
  readonly log: Log;
  readonly books: DeferredBooks;
  /** The alert of an earlier listener still stands. */
  readonly wasLow: boolean;
  /** A fault other than lack of space: the disk cannot be trusted. */
  readonly failStop: (error: unknown) => void;
}

export const diskAlertCause = 'disk-low';
const intervalMs = 1000;

/** Looks at the free space every second, tells when it gets low and when it is well again, and minds the ballast. */
export function startDiskWatch(options: DiskWatchOptions): { stop(): void } {
  let isLow = options.wasLow;
  const look = (): void => {
    const { limits, ballast } = options;
    const freeBytes = options.freeBytes();
    const decision = diskDecision({ isLow, hasBallast: ballast.exists }, freeBytes, limits());
    // The ballast first: what is told goes into the database, which may need that space.
    if (decision.ballast === 'drop') ballast.drop();
    if (decision.ballast === 'make') void ballast.make().catch(options.failStop);
    if (decision.announce === undefined) return;
    isLow = decision.announce === 'low';
    announce(decision.announce, freeBytes, options);
  };
  look();
  const timer = setInterval(look, intervalMs);
  return { stop: () => clearInterval(timer) };
}

function announce(what: 'low' | 'ok', sizeBytes: number, { log, books }: DiskWatchOptions): void {
  if (what === 'low') {
    log.event('DISK_LOW', { sizeBytes });
    books.enter((store) => {
      store.audit.append('DISK_LOW', { sizeBytes });
      store.alerts.start(
        diskAlertCause,
        'Free space is below storage.watermark: new images are refused and modalities try again. Free space, or let retention remove delivered images sooner.',
      );
    });
    return;
  }
  log.event('DISK_OK', { sizeBytes });
  books.enter((store) => {
    store.audit.append('DISK_OK', { sizeBytes });
    store.alerts.recover(diskAlertCause);
  });
}
