import { randomFillSync } from 'node:crypto';
import { existsSync, rmSync, statSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { diskFault } from '../core/disk-fault.ts';

const pieceBytes = 1024 * 1024;

/**
 * A file that only takes up space. On a full disk SQLite can not even delete, because a delete is first written to
 * its log; removing this file gives that space back at once. Its content is random, so that no file system compresses
 * it away.
 */
export class Ballast {
  readonly #path: string;
  readonly #bytes: number;
  #making: Promise<void> | undefined;

  constructor(dataFolder: string, bytes: number) {
    this.#path = join(dataFolder, 'ballast');
    this.#bytes = bytes;
    rmSync(`${this.#path}.part`, { force: true });
    if (existsSync(this.#path) && statSync(this.#path).size !== bytes) this.drop();
  }

  get exists(): boolean {
    return existsSync(this.#path) || this.#making !== undefined;
  }

  /** Frees the space. */
  drop(): void {
    rmSync(this.#path, { force: true });
  }

  /** Takes the space; a disk that turns out too full for it is left as it was. Rejects with STORE_IO for any other fault. */
  make(): Promise<void> {
    this.#making ??= this.#write().finally(() => {
      this.#making = undefined;
    });
    return this.#making;
  }

  async #write(): Promise<void> {
    const part = `${this.#path}.part`;
    try {
      const file = await open(part, 'w', 0o600);
      try {
        const piece = Buffer.alloc(pieceBytes);
        for (let left = this.#bytes; left > 0; left -= pieceBytes) {
          randomFillSync(piece);
          await file.writeFile(piece.subarray(0, Math.min(left, pieceBytes)));
        }
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(part, this.#path);
    } catch (error) {
      await rm(part, { force: true });
      const fault = diskFault(error, 'of the ballast');
      if (fault.code !== 'STORE_FULL') throw fault;
    }
  }
}
