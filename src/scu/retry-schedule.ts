/**
 * When to try again. Full jitter: uniformly between the base and the exponential ceiling, so that many objects that
 * failed together do not come back together (Brooker, "Exponential Backoff And Jitter", 2015).
 */
export interface RetrySettings {
  /** Shortest wait, milliseconds. */
  readonly baseMs: number;
  /** Longest wait, milliseconds. */
  readonly maxMs: number;
  /** How long an unreachable or rejecting destination is tried before an operator is asked, milliseconds. */
  readonly deadlineMs: number;
}

/** results.md 6.1: 30 s to 30 min, a deadline of days. Two weeks outlive any planned downtime. */
export const defaultRetrySettings: RetrySettings = {
  baseMs: 30_000,
  maxMs: 30 * 60_000,
  deadlineMs: 14 * 24 * 3_600_000,
};

/**
 * Milliseconds until the next attempt.
 *
 * @param attempt attempts made so far, 1 or more
 * @param random a number in [0, 1)
 */
export function retryDelayMs(attempt: number, random: number, settings: RetrySettings): number {
  // 2^40 is beyond any ceiling; the bound keeps the power finite for rows that were tried for months.
  const doublings = Math.min(Math.max(attempt, 1), 40);
  const ceiling = Math.min(settings.maxMs, settings.baseMs * 2 ** doublings);
  return Math.round(settings.baseMs + random * Math.max(0, ceiling - settings.baseMs));
}

/** The wait after a refusal for good, which only a person can lift: the longest one, spread by a tenth. */
export function longRetryDelayMs(random: number, settings: RetrySettings): number {
  return Math.round(settings.maxMs * (1 + random / 10));
}
