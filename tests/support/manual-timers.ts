import type { Timer, Timers } from '../../src/upper-layer/timers.ts';

interface Entry {
  dueMs: number;
  readonly delayMs: number;
  readonly callback: () => void;
}

/** Timers that stand still until a test advances them. */
export class ManualTimers implements Timers {
  #nowMs = 0;
  readonly #entries = new Set<Entry>();
  readonly #waiters: { readonly delayMs: number; readonly resolve: () => void }[] = [];

  after(delayMs: number, callback: () => void): Timer {
    const entry: Entry = { dueMs: this.#nowMs + delayMs, delayMs, callback };
    this.#entries.add(entry);
    for (const waiter of this.#waiters) if (waiter.delayMs === delayMs) waiter.resolve();
    return {
      restart: () => {
        entry.dueMs = this.#nowMs + delayMs;
      },
      cancel: () => {
        this.#entries.delete(entry);
      },
    };
  }

  /** Delays of the timers that run now. */
  get running(): readonly number[] {
    return [...this.#entries].map((entry) => entry.delayMs);
  }

  /** Resolves when a timer with this delay runs, at once if one does. */
  async started(delayMs: number): Promise<void> {
    if (this.running.includes(delayMs)) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#waiters.push({ delayMs, resolve: () => resolve(undefined) });
    await promise;
  }

  advance(byMs: number): void {
    this.#nowMs += byMs;
    for (const entry of [...this.#entries]) {
      if (entry.dueMs > this.#nowMs) continue;
      this.#entries.delete(entry);
      entry.callback();
    }
  }
}
