import { setTimeout as delay } from 'node:timers/promises';
import { hostClock } from '../../src/store/store.ts';

/** Asks until the condition holds. False after `deadlineMs`: a shared machine decides how fast, not whether. */
export async function reached(
  condition: () => boolean | Promise<boolean>,
  deadlineMs: number,
  everyMs = 50,
): Promise<boolean> {
  const endMs = hostClock.monotonicMs() + deadlineMs;
  for (;;) {
    if (await condition()) return true;
    if (hostClock.monotonicMs() > endMs) return false;
    await delay(everyMs);
  }
}

/** The value, or undefined when it does not come within `deadlineMs`. */
export async function within<T>(work: Promise<T>, deadlineMs: number): Promise<T | undefined> {
  const stop = new AbortController();
  const late = delay(deadlineMs, undefined, { signal: stop.signal }).catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    stop.abort();
  }
}
