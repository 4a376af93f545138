import { type RetrySettings, retryDelayMs } from './retry-schedule.ts';

/**
 * Whether a destination is worth trying. `closed`: objects flow. `open`: nothing is claimed, a C-ECHO is due at
 * `probeAtMs` (monotonic). After an outage the queue is drained at a gentle rate until it is empty.
 */
export interface Breaker {
  readonly state: 'closed' | 'open';
  /** Associations that failed since the last success. */
  readonly associationFailures: number;
  /** Objects whose association died under them since the last success; each counts once, so one poison object cannot open the breaker alone. */
  readonly lostObjects: readonly number[];
  readonly failedProbes: number;
  readonly probeAtMs: number;
  /** The last association that was tried while open, monotonic. */
  readonly triedAtMs: number;
  readonly openedAtMs: number;
  readonly isDraining: boolean;
}

export type BreakerEvent =
  | { readonly kind: 'success' }
  /** `isPermanent`: rejected for good, so a few more attempts would only fill the peer's log. */
  | { readonly kind: 'association-failed'; readonly isPermanent: boolean }
  | { readonly kind: 'object-lost'; readonly outboxId: number }
  | { readonly kind: 'probe-answered' }
  | { readonly kind: 'probe-failed'; readonly isPermanent: boolean }
  | { readonly kind: 'queue-empty' }
  /** New work, or an operator who asked for another try: probe soon, but not more often than the shortest wait. */
  | { readonly kind: 'woken' };

/** Failures in a row that open the breaker. */
const failuresToOpen = 3;

export const closedBreaker: Breaker = {
  state: 'closed',
  associationFailures: 0,
  lostObjects: [],
  failedProbes: 0,
  probeAtMs: 0,
  triedAtMs: 0,
  openedAtMs: 0,
  isDraining: false,
};

/** The breaker after an event (reliability.md 4.4). Pure: time and chance are arguments. */
export function nextBreaker(
  breaker: Breaker,
  event: BreakerEvent,
  at: { readonly nowMs: number; readonly random: number; readonly retry: RetrySettings },
): Breaker {
  switch (event.kind) {
    case 'success':
      return { ...breaker, associationFailures: 0, lostObjects: [] };
    case 'queue-empty':
      return { ...breaker, isDraining: false };
    case 'woken':
      return { ...breaker, probeAtMs: Math.min(breaker.probeAtMs, breaker.triedAtMs + at.retry.baseMs) };
    case 'probe-answered':
      return { ...closedBreaker, isDraining: true };
    case 'probe-failed': {
      const failedProbes = breaker.failedProbes + 1;
      return {
        ...breaker,
        failedProbes,
        triedAtMs: at.nowMs,
        probeAtMs: at.nowMs + probeDelayMs(event.isPermanent, failedProbes, at),
      };
    }
    case 'association-failed': {
      const failed = { ...breaker, associationFailures: breaker.associationFailures + 1 };
      return event.isPermanent || failed.associationFailures >= failuresToOpen
        ? open(failed, event.isPermanent, at)
        : failed;
    }
    case 'object-lost': {
      if (breaker.lostObjects.includes(event.outboxId)) return breaker;
      const failed = { ...breaker, lostObjects: [...breaker.lostObjects, event.outboxId] };
      return failed.lostObjects.length >= failuresToOpen ? open(failed, false, at) : failed;
    }
  }
}

function open(
  breaker: Breaker,
  isPermanent: boolean,
  at: { nowMs: number; random: number; retry: RetrySettings },
): Breaker {
  return {
    ...breaker,
    state: 'open',
    failedProbes: 0,
    openedAtMs: at.nowMs,
    triedAtMs: at.nowMs,
    probeAtMs: at.nowMs + probeDelayMs(isPermanent, 1, at),
  };
}

/** Probes are cheap but land in the peer's log: 30 s growing to 5 min, or the longest wait after a refusal for good. */
function probeDelayMs(
  isPermanent: boolean,
  probe: number,
  at: { random: number; retry: RetrySettings },
): number {
  if (isPermanent) return at.retry.maxMs;
  return Math.min(retryDelayMs(probe, at.random, at.retry), Math.max(at.retry.baseMs, 5 * 60_000));
}
