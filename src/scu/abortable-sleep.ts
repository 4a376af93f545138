import { setTimeout as after } from 'node:timers/promises';

/** Resolves after the delay or as soon as the signal aborts; never rejects. The process may end meanwhile. */
export async function abortableSleep(delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  // setTimeout overflows above 2^31 - 1 ms and then fires at once.
  const boundedMs = Math.min(Math.max(0, delayMs), 2 ** 31 - 1);
  await after(boundedMs, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
