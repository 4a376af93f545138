/** Long enough that the cost of a system call does not count, short enough that 32 senders hold little. */
export const writeBufferBytes = 128 * 1024;

/** Kept for reuse, 12 MiB: what 32 senders need at once, so that none is made anew while they send. */
const kept = 96;

/**
 * The buffers in which objects wait for the disk, used again and again. The sockets hand out a new piece of memory for
 * every 64 KiB: kept until they are written, those pieces grow old in the garbage collector's eyes, and a busy listener
 * carries tens of megabytes of them that nobody needs any more. Copied here they die young.
 */
export class WriteBuffers {
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(writeBufferBytes);
  }

  /** The caller must not touch it any more, and no write on it may be under way. */
  give(buffer: Buffer): void {
    if (this.#free.length < kept) this.#free.push(buffer);
  }
}
