import type { Clock } from '../core/clock.ts';
import type { EventFields, EventName } from '../core/events.ts';

/** Events that somebody outside can cause as often as they like, without being let in. */
const refusals = ['ASSOCIATION_REJECTED', 'PROTOCOL_VIOLATION', 'TLS_REFUSED', 'INSTANCE_REFUSED'] as const;
type Refusal = (typeof refusals)[number];

export interface DoorBookOptions {
  readonly clock: Clock;
  /** Writes to log and audit trail. */
  readonly write: <N extends EventName>(name: N, fields: EventFields<N>) => void;
}

interface Flood {
  written: number;
  held: { count: number; write(count: number): void } | undefined;
}

const windowMs = 60_000;
/** Refusals of one kind from one address that are written one by one in a minute. */
const writtenEach = 20;
const maxAddresses = 1000;

/**
 * What the door tells, kept readable and the disk free while somebody hammers at it: the first twenty refusals of one
 * kind from one address in a minute are written each, the rest as one entry with their number at the end of it.
 * Nothing goes uncounted.
 */
export class DoorBook {
  readonly #options: DoorBookOptions;
  readonly #floods = new Map<string, Flood>();
  #windowEndsAtMs: number;

  constructor(options: DoorBookOptions) {
    this.#options = options;
    this.#windowEndsAtMs = options.clock.monotonicMs() + windowMs;
  }

  record<N extends EventName>(name: N, fields: EventFields<N>): void {
    this.tick();
    if (!isRefusal(name)) {
      this.#options.write(name, fields);
      return;
    }
    const flood = this.#flood(`${name} ${addressOf(fields)}`);
    if (flood.written < writtenEach) {
      flood.written += 1;
      this.#options.write(name, fields);
      return;
    }
    flood.held ??= { count: 0, write: (count) => this.#options.write(name, { ...fields, count }) };
    flood.held.count += 1;
  }

  /** Writes what was only counted, once the minute is over; call it now and then, so that an end of a flood is told. */
  tick(): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs < this.#windowEndsAtMs) return;
    this.#windowEndsAtMs = nowMs + windowMs;
    this.flush();
  }

  /** The same at once, on an orderly stop. */
  flush(): void {
    for (const { held } of this.#floods.values()) held?.write(held.count);
    this.#floods.clear();
  }

  /** Addresses beyond a thousand share one account: memory is bounded, too. */
  #flood(key: string): Flood {
    const known = this.#floods.get(key);
    if (known !== undefined) return known;
    const shared = this.#floods.size >= maxAddresses ? this.#floods.get('others') : undefined;
    if (shared !== undefined) return shared;
    const made: Flood = { written: 0, held: undefined };
    this.#floods.set(this.#floods.size >= maxAddresses ? 'others' : key, made);
    return made;
  }
}

function isRefusal(name: EventName): name is Refusal {
  return refusals.some((one) => one === name);
}

function addressOf(fields: Readonly<Record<string, unknown>>): string {
  return typeof fields['peerIp'] === 'string' ? fields['peerIp'] : '';
}
