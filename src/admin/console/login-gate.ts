import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';

export type LoginVerdict =
  | { readonly kind: 'welcome' }
  /** Nothing was presented: the browser asks for the password; nobody is told. */
  | { readonly kind: 'ask' }
  | { readonly kind: 'refused' }
  /** Too many wrong passwords; not even a right one is looked at before the time is over. */
  | { readonly kind: 'wait'; readonly retryAfterSeconds: number };

export const consoleUser = 'admin';

const freeTries = 5;
const secondsPerTry = 30;
/** More addresses than this are forgotten, oldest first, so that the memory of failures stays small. */
const remembered = 1000;

interface Bucket {
  readonly failures: number;
  readonly atMs: number;
}

/**
 * Basic authentication (RFC 7617) with a memory for wrong passwords: five at once, then one in 30 seconds for each
 * address. Both parts are compared in constant time, as digests of equal length.
 */
export class LoginGate {
  readonly #expected: Buffer;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(password: string, clock: Clock) {
    this.#expected = digest(`${consoleUser}:${password}`);
    this.#clock = clock;
  }

  judge(authorization: string | undefined, address: string): LoginVerdict {
    if (authorization === undefined) return { kind: 'ask' };
    const failures = this.#failures(address);
    const tooMany = failures - (freeTries - 1);
    if (tooMany > 0) return { kind: 'wait', retryAfterSeconds: Math.ceil(tooMany * secondsPerTry) };
    if (timingSafeEqual(digest(presented(authorization)), this.#expected)) {
      this.#buckets.delete(address);
      return { kind: 'welcome' };
    }
    this.#buckets.delete(address);
    this.#buckets.set(address, { failures: failures + 1, atMs: this.#clock.monotonicMs() });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > remembered && oldest !== undefined) this.#buckets.delete(oldest);
    return { kind: 'refused' };
  }

  /** Failures that still count; they fade by one in each interval. */
  #failures(address: string): number {
    const bucket = this.#buckets.get(address);
    if (bucket === undefined) return 0;
    const faded = (this.#clock.monotonicMs() - bucket.atMs) / (secondsPerTry * 1000);
    return Math.max(0, bucket.failures - faded);
  }
}

function presented(authorization: string): string {
  const [scheme, credentials] = authorization.split(' ', 2);
  if (scheme?.toLowerCase() !== 'basic') return '';
  return Buffer.from(credentials ?? '', 'base64').toString('utf8');
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
