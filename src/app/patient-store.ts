import { setTimeout as delay } from 'node:timers/promises';
import { asNodeError } from '../core/errors.ts';

const retryMs = 1000;
const maxTries = 30;

/**
 * Does a small write that must not be lost for want of space or because somebody holds the database: tried every
 * second for half a minute, then the fault is thrown and recovery at the next start does what is left.
 */
export async function whenStoreTakesIt<T>(write: () => T): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return write();
    } catch (error) {
      const { code } = asNodeError(error);
      if ((code !== 'STORE_FULL' && code !== 'STORE_BUSY') || tries === maxTries) throw error;
    }
    await delay(retryMs);
  }
}
