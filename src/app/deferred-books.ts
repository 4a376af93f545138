import { asNodeError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Store } from '../store/store.ts';

/** What an entry may write to. */
export type Books = Pick<Store, 'audit' | 'alerts'>;

export interface DeferredBooksOptions {
  readonly store: Books;
  readonly log: Log;
  /** A fault after which the process must stop. */
  readonly failStop: (error: unknown) => void;
  readonly maxEntries?: number;
}

const retryMs = 1000;

/**
 * Entries for the audit trail that the data path must not wait for and must not fail with. An entry that meets a busy
 * database or a full disk waits here, in order, and is tried again every second; the oldest are dropped, and told in
 * the log, when more wait than memory should hold.
 */
export class DeferredBooks {
  readonly #options: DeferredBooksOptions;
  readonly #waiting: ((store: Books) => void)[] = [];
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DeferredBooksOptions) {
    this.#options = options;
  }

  /** Writes now if it can, later if it cannot. Never throws. */
  enter(entry: (store: Books) => void): void {
    this.#waiting.push(entry);
    if (this.#waiting.length > (this.#options.maxEntries ?? 10_000)) {
      this.#waiting.shift();
      this.#dropped += 1;
    }
    if (this.#timer === undefined) this.#write();
  }

  /** A last try on an orderly stop; returns how many entries could not be written. */
  close(): number {
    this.#write();
    clearTimeout(this.#timer);
    return this.#waiting.length;
  }

  #write(): void {
    this.#timer = undefined;
    for (let entry = this.#waiting[0]; entry !== undefined; entry = this.#waiting[0]) {
      try {
        entry(this.#options.store);
      } catch (error) {
        this.#onFault(error);
        return;
      }
      this.#waiting.shift();
    }
    if (this.#dropped === 0) return;
    this.#options.log.event('AUDIT_ROWS_LOST', { count: this.#dropped });
    this.#dropped = 0;
  }

  #onFault(error: unknown): void {
    const { code } = asNodeError(error);
    if (code !== 'STORE_FULL' && code !== 'STORE_BUSY') this.#options.failStop(error);
    this.#timer = setTimeout(() => this.#write(), retryMs);
  }
}
