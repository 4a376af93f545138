/** A rate limit as a value: `tokens` at `atMs`, refilled by elapsed monotonic time. */
export interface TokenBucket {
  readonly tokens: number;
  readonly atMs: number;
}

/** A bucket that lets one object through at once. */
export function fullBucket(nowMs: number): TokenBucket {
  return { tokens: 1, atMs: nowMs };
}

/**
 * Takes one token: the bucket afterwards and how long to wait before acting on it. Holds at most one token, so a
 * quiet night does not buy a burst in the morning.
 *
 * @param ratePerSecond objects per second, above 0
 */
export function takeToken(
  bucket: TokenBucket,
  nowMs: number,
  ratePerSecond: number,
): { readonly bucket: TokenBucket; readonly waitMs: number } {
  const elapsedMs = Math.max(0, nowMs - bucket.atMs);
  const tokens = Math.min(1, bucket.tokens + (elapsedMs * ratePerSecond) / 1000);
  const remaining = tokens - 1;
  const waitMs = remaining >= 0 ? 0 : Math.ceil((-remaining * 1000) / ratePerSecond);
  return { bucket: { tokens: remaining, atMs: Math.max(nowMs, bucket.atMs) }, waitMs };
}
