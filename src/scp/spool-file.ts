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

/** With this many full buffers the sender is stopped until the disk has caught up. */
const mostWaiting = 2;
const headBytes = 64 * 1024;

/** A buffer on its way to the disk, the one being written included. */
interface Batch {
  readonly buffer: Buffer;
  readonly length: number;
}

/**
 * One object on its way to the disk, in the only legal order (ADR 0003, PS3.4 B.2.3): O_EXCL part file, mode 0600,
 * bytes copied into buffers that are written while the next one fills, `sync` (fdatasync), `commit` (rename, then fsync of the folder).
 * Faults: STORE_FULL for lack of space or descriptors, STORE_IO for everything after which the disk cannot be trusted.
 */
export class SpoolFile {
  readonly #options: SpoolFileOptions;
  readonly #partPath: string;
  readonly #objectPath: string;
  readonly #hash: Hash;
  #head = Buffer.alloc(0);
  #filling: Buffer | undefined;
  #filled = 0;
  /** Where the data set begins in the buffer being filled: behind our own header in the first, then at its start. */
  #hashedFrom: number;
  readonly #waiting: Batch[] = [];
  #dataSetBytes = 0;
  #isPaused = false;
  #fault: NodeError | undefined;
  #handle: FileHandle | undefined;
  readonly #opening: Promise<void>;
  #writing: Promise<void> | undefined;
  #isCommitted = false;

  constructor(options: SpoolFileOptions) {
    this.#options = options;
    this.#partPath = options.spool.partPath(options.instanceId);
    this.#objectPath = options.spool.objectPath(options.instanceId);
    this.#hash = createHash('sha256');
    this.#hashedFrom = options.header.length;
    this.#opening = this.#open();
    this.#fill(options.header);
  }

  /** Takes a piece of the data set; never blocks, never throws. After a fault the bytes are dropped. */
  write(bytes: Buffer): void {
    if (this.#fault !== undefined) return;
    this.#dataSetBytes += bytes.length;
    if (this.#dataSetBytes > this.#options.maxDataSetBytes) {
      this.#fail(new NodeError('STORE_FULL', 'the object exceeds the size limit', { retryable: false }));
      return;
    }
    this.#fill(bytes);
    if (!this.#isPaused && this.#waiting.length >= mostWaiting) {
      this.#isPaused = true;
      this.#options.flow.pause();
    }
  }

  /** Writes what is left and makes the bytes durable (fdatasync). Rejects with the first fault. */
  async sync(): Promise<SyncedFile> {
    this.#endBuffer();
    await this.#opening;
    await this.#writing;
    this.#throwFault();
    await this.#io(() => this.#opened().datasync());
    return {
      head: this.#head,
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
    this.#dropBuffer();
    await this.#opening;
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

  #fill(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      this.#filling ??= this.#options.spool.buffers.take();
      const taken = Math.min(bytes.length - at, this.#filling.length - this.#filled);
      this.#filling.set(bytes.subarray(at, at + taken), this.#filled);
      this.#filled += taken;
      at += taken;
      if (this.#filled === this.#filling.length) this.#endBuffer();
    }
  }

  /** What has been filled so far is hashed and goes to the disk. */
  #endBuffer(): void {
    const buffer = this.#filling;
    if (buffer === undefined) return;
    const batch: Batch = { buffer, length: this.#filled };
    const dataSet = buffer.subarray(this.#hashedFrom, this.#filled);
    // The first buffer is longer than what is looked at.
    if (this.#head.length === 0) this.#head = Buffer.from(dataSet.subarray(0, headBytes));
    this.#hash.update(dataSet);
    this.#filling = undefined;
    this.#filled = 0;
    this.#hashedFrom = 0;
    this.#waiting.push(batch);
    this.#writing ??= this.#writeWaiting();
  }

  async #writeWaiting(): Promise<void> {
    await this.#opening;
    for (let batch = this.#waiting[0]; batch !== undefined; batch = this.#waiting[0]) {
      await this.#writeOne(batch);
      this.#waiting.shift();
      this.#options.spool.buffers.give(batch.buffer);
      if (this.#isPaused && this.#waiting.length < mostWaiting) this.#resume();
    }
    this.#writing = undefined;
  }

  /** After a fault nothing more is written. */
  async #writeOne({ buffer, length }: Batch): Promise<void> {
    if (this.#fault !== undefined) return;
    try {
      const { bytesWritten } = await this.#opened().write(buffer, 0, length);
      // libuv reports a disk that fills up in the middle as a short write without an error.
      if (bytesWritten !== length)
        this.#fail(new NodeError('STORE_FULL', 'the disk took only a part of the object'));
    } catch (error) {
      this.#fail(diskFault(error, 'in the spool'));
    }
  }

  #fail(fault: NodeError): void {
    this.#fault ??= fault;
    this.#dropBuffer();
    // The rest of the data set is read and dropped, so that the answer reaches the sender.
    if (this.#isPaused) this.#resume();
  }

  #dropBuffer(): void {
    if (this.#filling !== undefined) this.#options.spool.buffers.give(this.#filling);
    this.#filling = undefined;
    this.#filled = 0;
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
