import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

export interface ModelWatchOptions {
  readonly path: string;
  /** Of the bytes that the session was made from. */
  readonly sha256: string;
  readonly monotonicMs: () => number;
  readonly events: { changed(detail: string): void; restored(): void };
}

const intervalMs = 60_000;
const rehashMs = 60 * 60_000;

/**
 * Looks every minute whether the model file is still the one in use, by inode, size and time of change, and reads it
 * whole whenever one of these changed and once an hour. The session goes on with the bytes that were verified; what
 * lies on the disk matters at the next start, and somebody should know before that.
 */
export class ModelWatch {
  readonly #options: ModelWatchOptions;
  #mark = '';
  #hashedAtMs = Number.NEGATIVE_INFINITY;
  #fault: string | undefined;

  constructor(options: ModelWatchOptions) {
    this.#options = options;
  }

  start(): { stop(): void } {
    const timer = setInterval(() => void this.look(), intervalMs);
    timer.unref();
    return { stop: () => clearInterval(timer) };
  }

  /** One look; never rejects. */
  async look(): Promise<void> {
    const fault = await this.#findFault();
    if (fault === this.#fault) return;
    const { events } = this.#options;
    this.#fault = fault;
    if (fault === undefined) events.restored();
    else events.changed(fault);
  }

  async #findFault(): Promise<string | undefined> {
    const { path, sha256, monotonicMs } = this.#options;
    try {
      const { ino, size, mtimeMs, ctimeMs } = await stat(path);
      const mark = `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
      if (mark === this.#mark && monotonicMs() - this.#hashedAtMs < rehashMs) return this.#fault;
      const hash = createHash('sha256');
      await pipeline(createReadStream(path), hash);
      this.#mark = mark;
      this.#hashedAtMs = monotonicMs();
      const actual = hash.digest('hex');
      return actual === sha256
        ? undefined
        : `the model file has SHA-256 ${actual} now, the model in use ${sha256}`;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      return `the model file cannot be read any more (${code})`;
    }
  }
}
