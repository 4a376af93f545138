import type { ChildChannel } from './child-channel.ts';

/** One thing the worker can do; resolves to false when there was nothing to do. */
export type WorkStep = () => Promise<boolean>;

export interface WorkerLoopOptions {
  readonly channel: ChildChannel;
  /** Tried in this order; after each success it starts again at the first. */
  readonly steps: readonly WorkStep[];
  /** How long to sleep when nothing is due, ms; asked each time. */
  readonly idleMs: () => number;
  /** Jobs after which the process asks to be replaced: native memory never shrinks. */
  readonly jobsPerLife: number;
  readonly rssLimitBytes: number;
}

/**
 * Claims and runs work until it is drained. One job at a time: the session uses all its threads for one image.
 * Sleeping ends early on `wake`.
 */
export class WorkerLoop {
  readonly #options: WorkerLoopOptions;
  #draining = false;
  #wakeUp: (() => void) | undefined;
  #pendingWake = false;

  constructor(options: WorkerLoopOptions) {
    this.#options = options;
  }

  wake(): void {
    this.#pendingWake = true;
    this.#wakeUp?.();
  }

  drain(): void {
    this.#draining = true;
    this.wake();
  }

  /** Resolves after `drain`, when the job at hand has ended. */
  async run(): Promise<void> {
    let jobs = 0;
    while (!this.#draining) {
      if (await this.#oneStep()) {
        jobs++;
        if (jobs === this.#options.jobsPerLife || process.memoryUsage.rss() > this.#options.rssLimitBytes) {
          this.#options.channel.tell({ kind: 'recycle' });
        }
        continue;
      }
      await this.#sleep(this.#options.idleMs());
    }
  }

  async #oneStep(): Promise<boolean> {
    for (const step of this.#options.steps) {
      if (await step()) return true;
    }
    return false;
  }

  async #sleep(ms: number): Promise<void> {
    if (this.#pendingWake) {
      this.#pendingWake = false;
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wakeUp = undefined;
    this.#pendingWake = false;
  }
}
