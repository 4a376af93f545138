import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { NodeError } from '../core/errors.ts';
import { sha256Hex } from '../core/identifiers.ts';
import type { ProcessName } from './process-messages.ts';

const patienceMs = 60_000;
const lookAgainMs = 50;

/**
 * Waits until no other process has this part on the data folder, then has it until it ends. A supervisor that is killed
 * leaves children behind that need a moment to notice; a listener that starts beside an old one would sweep away files
 * that the old one is about to acknowledge. The lock is a Linux abstract socket (unix(7)): the kernel drops it with the
 * process. Throws STORE_LOCKED when the other does not end within a minute.
 */
export async function holdPart(folder: string, part: ProcessName): Promise<void> {
  const name = `\0lumbar-node-${sha256Hex(realpathSync(folder)).slice(0, 40)}-${part}`;
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += lookAgainMs) {
    if (await isTaken(name)) return;
    await delay(lookAgainMs);
  }
  throw new NodeError('STORE_LOCKED', `the ${part} of an earlier start still runs on ${folder}`);
}

/** True when this process has the name now; it keeps it without keeping itself alive. */
async function isTaken(name: string): Promise<boolean> {
  const server = createServer((socket) => socket.destroy()).unref();
  server.listen(name);
  try {
    await once(server, 'listening');
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return false;
    throw error;
  }
}
