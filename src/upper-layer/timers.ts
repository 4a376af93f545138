/** A running timer. `restart` starts the same delay anew; after `cancel` it never fires. */
export interface Timer {
  restart(): void;
  cancel(): void;
}

/** Timers as a dependency, so that tests move time themselves. Delays are milliseconds of monotonic time. */
export interface Timers {
  after(delayMs: number, callback: () => void): Timer;
}

export const systemTimers: Timers = {
  after(delayMs, callback) {
    const timeout = setTimeout(callback, delayMs);
    return {
      restart: () => {
        timeout.refresh();
      },
      cancel: () => {
        clearTimeout(timeout);
      },
    };
  },
};
