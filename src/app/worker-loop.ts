import { asNodeError } from '../core/errors.ts';
import type { ChildChannel } from './child-channel.ts';

/** One thing the worker can do; resolves to false when there was nothing to do now. */
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
  /** How many pieces of work may be in hand at once. */
  readonly lanes: number;
}

/**
 * Claims and runs work until it is drained. Images are inferred one after the other, the session uses all its threads
 * for one; with two lanes the next image is read and decoded, and the last one composed and committed, meanwhile.
 * Sleeping ends early on `wake`, and when another lane ends a piece of work.
 */
export class WorkerLoop {
  readonly #options: WorkerLoopOptions;
  #draining = false;
  #jobs = 0;
  #wakes = 0;
  readonly #sleepers = new Set<() => void>();

  constructor(options: WorkerLoopOptions) {
    this.#options = options;
  }

  wake(): void {
    this.#wakes++;
    for (const rouse of this.#sleepers) rouse();
  }

  drain(): void {
    this.#draining = true;
    this.wake();
  }

  /** Resolves after `drain`, when the work in hand has ended. Rejects with the first fault that a step throws. */
  async run(): Promise<void> {
    await Promise.all(Array.from({ length: this.#options.lanes }, () => this.#lane()));
  }

  async #lane(): Promise<void> {
    while (!this.#draining) {
      const wakesBefore = this.#wakes;
      if (await this.#oneStep()) this.#count();
      else await this.#sleep(wakesBefore);
    }
  }

  #count(): void {
    const { jobsPerLife, rssLimitBytes, channel } = this.#options;
    this.#jobs++;
    if (this.#jobs === jobsPerLife || process.memoryUsage.rss() > rssLimitBytes)
      channel.tell({ kind: 'recycle', why: 'has done its share of work' });
    // What waits for this piece of work to end (a job that must run alone) looks again.
    this.wake();
  }

  async #oneStep(): Promise<boolean> {
    try {
      for (const step of this.#options.steps) {
        if (await step()) return true;
      }
    } catch (error) {
      // A disk that is full, or a backup tool that holds the database, is waited out: nothing was claimed.
      const { code } = asNodeError(error);
      if (code !== 'STORE_FULL' && code !== 'STORE_BUSY') throw error;
    }
    return false;
  }

  /** A wake that came while the steps were looked at counts, too: what it announced may have been looked for too early. */
  async #sleep(wakesBefore: number): Promise<void> {
    if (this.#wakes !== wakesBefore) return;
    await new Promise<void>((resolve) => {
      const rouse = (): void => {
        clearTimeout(timer);
        this.#sleepers.delete(rouse);
        resolve();
      };
      const timer = setTimeout(rouse, this.#options.idleMs());
      this.#sleepers.add(rouse);
    });
  }
}
