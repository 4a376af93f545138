/**
 * Time as a dependency, so that tests choose it. `nowMs` is UTC epoch milliseconds for what people read;
 * `monotonicMs` never jumps and is the only one that leases, timeouts and back-off may use.
 */
export interface Clock {
  nowMs(): number;
  monotonicMs(): number;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
