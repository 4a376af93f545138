import type { Result } from '../core/result.ts';
import type { StoreOutcome } from './delivery-decision.ts';
import type { Destination } from './destination.ts';
import { type ObjectContext, openStoreSession, type StoreSession } from './store-scu.ts';

/**
 * Keeps at most one association open between objects, so that a capture and its report travel together, and opens a
 * new one when a kind was not proposed, when the last one broke, or when it has carried its share of objects.
 */
export class SessionKeeper {
  readonly #destination: Destination;
  readonly #usualKinds: readonly ObjectContext[];
  readonly #maxObjects: number;
  #session: StoreSession | undefined;
  #handedOut = 0;

  constructor(destination: Destination, usualKinds: readonly ObjectContext[], maxObjects: number) {
    this.#destination = destination;
    this.#usualKinds = usualKinds;
    this.#maxObjects = maxObjects;
  }

  /** A session that has proposed this kind of object; it is for one object, ask again for the next. */
  async openFor(kind: ObjectContext): Promise<Result<StoreSession, StoreOutcome>> {
    const current = this.#session;
    if (current?.isOver === false && current.proposes(kind) && this.#handedOut < this.#maxObjects) {
      this.#handedOut++;
      return { ok: true, value: current };
    }
    await this.close();
    const opened = await openStoreSession(this.#destination, [kind, ...this.#usualKinds]);
    if (opened.ok) {
      this.#session = opened.value;
      this.#handedOut = 1;
    }
    return opened;
  }

  /** Releases the association, if one is open. */
  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    if (session?.isOver === false) await session.close();
  }

  /** Aborts a transfer that is under way. */
  abort(): void {
    this.#session?.abort();
  }
}
