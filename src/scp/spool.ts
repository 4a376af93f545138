import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { NodeError } from '../core/errors.ts';
import { WriteBuffers } from './write-buffers.ts';

/** The last character of a ULID is random, so that the folders fill evenly. */
const folderNames = Array.from('0123456789ABCDEFGHJKMNPQRSTVWXYZ');

/**
 * The folders of a spool: `in` for files on their way, `obj/<last character of the id>` for stored ones, all mode
 * 0700. They are made durable once and held open, so that storing an image costs one fsync of a folder and nothing else.
 */
export class Spool {
  readonly dir: string;
  readonly buffers = new WriteBuffers();
  readonly #folders: ReadonlyMap<string, FileHandle>;

  private constructor(dir: string, folders: ReadonlyMap<string, FileHandle>) {
    this.dir = dir;
    this.#folders = folders;
  }

  /** Makes what is missing. Throws what the file system throws: a node without a spool must not start. */
  static async open(dir: string): Promise<Spool> {
    await mkdir(join(dir, 'in'), { recursive: true, mode: 0o700 });
    const folders = new Map<string, FileHandle>();
    for (const name of folderNames) {
      const folder = join(dir, 'obj', name);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      folders.set(name, await open(folder, 'r'));
    }
    for (const folder of [join(dir, 'obj'), dir]) {
      const handle = await open(folder, 'r');
      await handle.sync();
      await handle.close();
    }
    return new Spool(dir, folders);
  }

  partPath(instanceId: string): string {
    return join(this.dir, 'in', `${instanceId}.part`);
  }

  objectPath(instanceId: string): string {
    return join(this.dir, 'obj', instanceId.slice(-1), `${instanceId}.dcm`);
  }

  /** Makes the name of a stored object durable (fsync of its folder). */
  async syncFolderOf(instanceId: string): Promise<void> {
    const folder = this.#folders.get(instanceId.slice(-1));
    if (folder === undefined) throw new NodeError('BUG_INVARIANT', 'an instance id is not a ULID');
    await folder.sync();
  }

  async close(): Promise<void> {
    for (const folder of this.#folders.values()) await folder.close();
  }
}
