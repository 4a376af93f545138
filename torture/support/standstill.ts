import { hostClock } from '../../src/store/store.ts';

/** Time in which this process itself did not run. */
export interface Standstill {
  readonly lostMs: number;
  end(): void;
}

const tickMs = 250;
const shortestMs = 3000;

/** On a shared machine a long run may be stopped (SIGSTOP) together with its node while somebody measures. */
export function watchStandstill(): Standstill {
  let lostMs = 0;
  let tickedMs = hostClock.monotonicMs();
  const timer = setInterval(() => {
    const nowMs = hostClock.monotonicMs();
    if (nowMs - tickedMs > shortestMs) lostMs += nowMs - tickedMs;
    tickedMs = nowMs;
  }, tickMs);
  return {
    get lostMs() {
      return lostMs;
    },
    end: () => clearInterval(timer),
  };
}
