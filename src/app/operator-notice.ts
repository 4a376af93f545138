import { newUlid } from '../core/identifiers.ts';
import { abortableSleep } from '../scu/abortable-sleep.ts';
import { hostClock, type Store } from '../store/store.ts';

const noticeSetting = 'operator.notice';
const lookMs = 2000;

/**
 * Leaves word in the database that an operator has changed the queue, after the change itself. A running sender sees
 * it within two seconds, and asks again a destination that is down; a node that is stopped needs no word.
 */
export function leaveNotice(store: Pick<Store, 'settings'>): void {
  store.settings.set(noticeSetting, newUlid(hostClock.nowMs()));
}

/** Calls `act` after every notice until the signal aborts. One indexed look every two seconds. */
export async function watchNotices(
  store: Pick<Store, 'settings'>,
  signal: AbortSignal,
  act: () => void,
): Promise<void> {
  let known = store.settings.get(noticeSetting);
  while (!signal.aborted) {
    await abortableSleep(lookMs, signal);
    const now = store.settings.get(noticeSetting);
    if (now === known) continue;
    known = now;
    act();
  }
}
