import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { diskFault } from '../core/disk-fault.ts';
import { NodeError } from '../core/errors.ts';
import type { Spool } from './spool.ts';

/** Stops and restarts the sender while the disk catches up. */
export interface Flow {
  pause(): void;
  resume(): void;
}

export interface SpoolFileOptions {
  readonly spool: Spool;
  /** ULID made here; nothing a peer sent ever becomes part of a path. */
  readonly instanceId: string;
  /** Our own preamble and File Meta Information (PS3.10 7.1). */
  readonly header: Uint8Array;
  /** Longest data set taken; more is a STORE_FULL fault. */
  readonly maxDataSetBytes: number;
  readonly flow: Flow;
}

/** A file whose bytes are on the disk but whose name is still `in/<instanceId>.part`. */
export interface SyncedFile {
  /** The first bytes of the data set, at most 64 KiB. */
  readonly head: Buffer;
  readonly dataSetBytes: number;
  readonly sizeBytes: number;
  /** Of the data set: the header names this release, and an image sent again after an upgrade is the same image. */
  readonly sha256: string;
}

const batchBytes = 1024 * 1024;
const highWaterBytes = 4 * 1024 * 1024;
const headBytes = 64 * 1024;
/**
 * One object on its way to the disk, in the only legal order (ADR 0003, PS3.4 B.2.3): O_EXCL part file, mode 0600,
 * bytes written in batches while they arrive, `sync` (fdatasync), `commit` (rename, then fsync of the folder).
 * Faults: STORE_FULL for lack of space or descriptors, STORE_IO for everything after which the disk cannot be trusted.
 */
export class SpoolFile {
  readonly #options: SpoolFileOptions;
  readonly #partPath: string;
  readonly #objectPath: string;
  readonly #hash: Hash;
  readonly #head: Buffer[] = [];
  #headFilled = 0;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #inFlightBytes = 0;
  #dataSetBytes = 0;
  #isPaused = false;
  #fault: NodeError | undefined;
  #handle: FileHandle | undefined;
  #writing: Promise<void>;
  #isCommitted = false;

  constructor(options: SpoolFileOptions) {
    this.#options = options;
    this.#partPath = options.spool.partPath(options.instanceId);
    this.#objectPath = options.spool.objectPath(options.instanceId);
    this.#hash = createHash('sha256');
    this.#queue.push(options.header);
    this.#queuedBytes = options.header.length;
    this.#writing = this.#open();
  }

  /** Takes a piece of the data set; never blocks, never throws. After a fault the bytes are dropped. */
  write(bytes: Buffer): void {
    if (this.#fault !== undefined) return;
    this.#dataSetBytes += bytes.length;
    if (this.#dataSetBytes > this.#options.maxDataSetBytes) {
      this.#fail(new NodeError('STORE_FULL', 'the object exceeds the size limit', { retryable: false }));
      return;
    }
    if (this.#headFilled < headBytes) {
      this.#head.push(bytes.subarray(0, headBytes - this.#headFilled));
      this.#headFilled += bytes.length;
    }
    this.#hash.update(bytes);
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    if (this.#queuedBytes >= batchBytes && this.#inFlightBytes === 0)
      this.#writing = this.#writeBatches(this.#writing);
    if (!this.#isPaused && this.#queuedBytes + this.#inFlightBytes > highWaterBytes) {
      this.#isPaused = true;
      this.#options.flow.pause();
    }
  }

  /** Writes what is left and makes the bytes durable (fdatasync). Rejects with the first fault. */
  async sync(): Promise<SyncedFile> {
    await this.#writing;
    this.#writing = this.#writeAll();
    await this.#writing;
    this.#throwFault();
    await this.#io(() => this.#opened().datasync());
    return {
      head: Buffer.concat(this.#head),
      dataSetBytes: this.#dataSetBytes,
      sizeBytes: this.#options.header.length + this.#dataSetBytes,
      sha256: this.#hash.digest('hex'),
    };
  }

  /** Up to `length` bytes from the start of the data set, for a header that is longer than `SyncedFile.head`. */
  async readHead(length: number): Promise<Buffer> {
    const bytes = Buffer.alloc(Math.min(length, this.#dataSetBytes));
    const handle = await this.#io(() => open(this.#partPath, 'r'));
    try {
      const { bytesRead } = await this.#io(() =>
        handle.read(bytes, 0, bytes.length, this.#options.header.length),
      );
      return bytes.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  }

  /** Gives the synced file its name and makes the name durable. Returns its path. */
  async commit(): Promise<string> {
    await this.#io(() => rename(this.#partPath, this.#objectPath));
    this.#isCommitted = true;
    await Promise.all([
      this.#io(() => this.#options.spool.syncFolderOf(this.#options.instanceId)),
      this.#io(() => this.#close()),
    ]);
    return this.#objectPath;
  }

  /** Removes the file, under whichever name it has. Rejects when even that fails. */
  async discard(): Promise<void> {
    this.#fault ??= new NodeError('STORE_IO', 'the file was discarded');
    this.#queue = [];
    await this.#writing;
    await this.#close();
    const path = this.#isCommitted ? this.#objectPath : this.#partPath;
    try {
      await unlink(path);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw diskFault(error, 'in the spool');
    }
  }

  async #open(): Promise<void> {
    try {
      this.#handle = await open(this.#partPath, 'wx', 0o600);
    } catch (error) {
      this.#fail(diskFault(error, 'in the spool'));
    }
  }

  async #writeBatches(before: Promise<void>): Promise<void> {
    this.#takeInFlight();
    await before;
    await this.#writeInFlight();
    while (this.#queuedBytes >= batchBytes && this.#fault === undefined) {
      this.#takeInFlight();
      await this.#writeInFlight();
    }
  }

  async #writeAll(): Promise<void> {
    if (this.#queuedBytes === 0) return;
    this.#takeInFlight();
    await this.#writeInFlight();
  }

  #inFlight: Uint8Array[] = [];

  #takeInFlight(): void {
    this.#inFlight = this.#queue;
    this.#inFlightBytes = this.#queuedBytes;
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  async #writeInFlight(): Promise<void> {
    const expected = this.#inFlightBytes;
    const pieces = this.#inFlight;
    this.#inFlight = [];
    try {
      if (this.#fault === undefined) {
        const { bytesWritten } = await this.#opened().writev(pieces);
        // libuv reports a disk that fills up in the middle as a short write without an error.
        if (bytesWritten !== expected)
          this.#fail(new NodeError('STORE_FULL', 'the disk took only a part of the object'));
      }
    } catch (error) {
      this.#fail(diskFault(error, 'in the spool'));
    }
    this.#inFlightBytes = 0;
    if (this.#isPaused && this.#queuedBytes < highWaterBytes / 2) this.#resume();
  }

  #fail(fault: NodeError): void {
    this.#fault ??= fault;
    this.#queue = [];
    this.#queuedBytes = 0;
    // The rest of the data set is read and dropped, so that the answer reaches the sender.
    if (this.#isPaused) this.#resume();
  }

  #resume(): void {
    this.#isPaused = false;
    this.#options.flow.resume();
  }

  #throwFault(): void {
    if (this.#fault !== undefined) throw this.#fault;
  }

  #opened(): FileHandle {
    if (this.#handle === undefined) throw new NodeError('BUG_INVARIANT', 'the spool file is not open');
    return this.#handle;
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #io<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw diskFault(error, 'in the spool');
    }
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
