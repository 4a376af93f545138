import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { NodeError } from '../core/errors.ts';
import { sha256Hex } from '../core/identifiers.ts';

export interface InstanceLock {
  release(): Promise<void>;
}

/**
 * Makes sure that one data folder has one node: a second start would take the first one's jobs and deliveries for
 * those of a dead process and delete its part files (fault C11). The lock is a Linux abstract socket (unix(7)) named
 * by the folder's real path; the kernel drops it with the process, so a kill -9 leaves nothing stale behind.
 * Throws STORE_LOCKED when another node holds it. Two network namespaces do not see each other's lock.
 */
export async function lockDataFolder(folder: string): Promise<InstanceLock> {
  const server = createServer((socket) => socket.destroy());
  server.listen(lockName(folder));
  try {
    await once(server, 'listening');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      throw new NodeError('STORE_LOCKED', `another node is running on ${folder}; stop it first`, {
        cause: error,
      });
    }
    throw error;
  }
  return {
    release: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
}

/** Whether a node runs on this data folder: the kernel answers for its lock. False in another network namespace. */
export async function nodeRunsOn(folder: string): Promise<boolean> {
  const socket = createConnection(lockName(folder));
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

function lockName(folder: string): string {
  return `\0lumbar-node-${sha256Hex(realpathSync(folder)).slice(0, 40)}`;
}
