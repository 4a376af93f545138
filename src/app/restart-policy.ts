/**
 * How a command ends: 0 to 5 are for whoever typed it or scripts it; the rest are BSD sysexits, with which a child
 * says that it must not be restarted at once.
 */
export const exitCodes = {
  ok: 0,
  /** A check found something wrong. */
  failed: 1,
  usage: 2,
  /** The running node, or the peer that was asked for, does not answer. */
  notReachable: 3,
  notFound: 4,
  /** Understood and not done. */
  refused: 5,
  /** The database is damaged: starting again does not mend it. */
  dataError: 65,
  software: 70,
  ioError: 74,
  config: 78,
} as const;

export interface Death {
  readonly atMs: number;
  readonly exitCode: number | null;
}

/**
 * When to start a dead `admin` again: always, because a node that nobody can look at must still not stop, but no more
 * often than once a minute when it keeps dying (a port that is taken, a certificate that cannot be read).
 */
export function adminRestartDecision(deaths: readonly Death[], nowMs: number): RestartDecision {
  const recent = deaths.filter(({ atMs }) => nowMs - atMs < windowMs).length;
  const delays = [100, 1000, 5000, 15_000, 30_000, 60_000];
  return { kind: 'restart', delayMs: delays[Math.min(delays.length, recent) - 1] ?? 100 };
}

export type RestartDecision =
  | { readonly kind: 'restart'; readonly delayMs: number }
  | { readonly kind: 'give-up' };

const windowMs = 10 * 60_000;
const maxIoErrors = 3;

/**
 * When to start a dead child again. A wrong configuration and a damaged database are never retried at once; an I/O error (fail-stop after fsync or
 * SQLite faults) is retried three times in ten minutes, then the node gives up so that nothing is acknowledged on a
 * broken disk. Any other death restarts at once, slower the more often it happened in the window.
 */
export function restartDecision(deaths: readonly Death[], nowMs: number): RestartDecision {
  const recent = deaths.filter(({ atMs }) => nowMs - atMs < windowMs);
  const last = recent.at(-1);
  if (last?.exitCode === exitCodes.config || last?.exitCode === exitCodes.dataError)
    return { kind: 'give-up' };
  if (recent.filter(({ exitCode }) => exitCode === exitCodes.ioError).length > maxIoErrors)
    return { kind: 'give-up' };
  const delays = [0, 100, 500, 1000, 2000, 5000];
  return { kind: 'restart', delayMs: delays[Math.min(delays.length - 1, recent.length - 1)] ?? 0 };
}
