/** What one sender's images were like in a span of time. */
export interface SenderMix {
  readonly sender: string;
  readonly received: number;
  /** Images that the view filter let through and the model was asked about. */
  readonly inScope: number;
  readonly suspected: number;
  /** In scope, but refused by the model's quality and familiarity gates. */
  readonly noResult: number;
  /** The model's values by class. */
  readonly scores: readonly ScoreMix[];
}

export interface ScoreMix {
  readonly classId: string;
  readonly count: number;
  readonly mean: number;
  readonly variance: number;
}

export type DriftVerdict = 'usual' | 'drifted' | 'too few';

/** One measure of one sender, compared with the same sender's past. Shares and means lie between 0 and 1. */
export interface DriftFinding {
  readonly sender: string;
  /** `suspected`, `no-result`, `in-scope`, or `score` with a class. */
  readonly measure: string;
  readonly recent: number;
  readonly usual: number;
  readonly recentCount: number;
  readonly usualCount: number;
  /** Distance in standard errors; 0 when there are too few images to tell. */
  readonly z: number;
  readonly verdict: DriftVerdict;
}

/** The rule, as docs/monitoring.md explains it. */
export const driftRule = {
  recentDays: 7,
  usualDays: 56,
  /** Images in scope that each side must have. */
  minimumRecent: 50,
  minimumUsual: 200,
  /** Two-sided p below 0.001. */
  z: 3.29,
  /** Differences below this are of no consequence, however certain they are. */
  difference: 0.1,
} as const;

/**
 * Compares each sender with its own past: shares by the two-proportion z test with pooled variance, means by Welch's
 * z. A finding needs enough images on both sides, a z of 3.29 and a difference of ten percentage points, so that at five
 * senders and weekly windows chance alone raises about one a year.
 */
export function findDrift(recent: readonly SenderMix[], usual: readonly SenderMix[]): DriftFinding[] {
  const past = new Map(usual.map((mix) => [mix.sender, mix]));
  return recent.flatMap((now) => {
    const before = past.get(now.sender);
    return before === undefined ? [] : compare(now, before);
  });
}

function compare(now: SenderMix, before: SenderMix): DriftFinding[] {
  const share = (measure: string, of: (mix: SenderMix) => readonly [number, number]): DriftFinding => {
    const [recentHits, recentCount] = of(now);
    const [usualHits, usualCount] = of(before);
    return judge(now.sender, measure, {
      recent: ratio(recentHits, recentCount),
      usual: ratio(usualHits, usualCount),
      recentCount,
      usualCount,
      z: proportionZ(recentHits, recentCount, usualHits, usualCount),
    });
  };
  return [
    share('in-scope', ({ inScope, received }) => [inScope, received]),
    share('suspected', ({ suspected, inScope }) => [suspected, inScope]),
    share('no-result', ({ noResult, inScope }) => [noResult, inScope]),
    ...now.scores.flatMap((score) => {
      const usual = before.scores.find(({ classId }) => classId === score.classId);
      return usual === undefined
        ? []
        : [
            judge(now.sender, `score ${score.classId}`, {
              recent: score.mean,
              usual: usual.mean,
              recentCount: score.count,
              usualCount: usual.count,
              z: meanZ(score, usual),
            }),
          ];
    }),
  ];
}

function judge(
  sender: string,
  measure: string,
  figures: Omit<DriftFinding, 'sender' | 'measure' | 'verdict'>,
): DriftFinding {
  const { recent, usual, recentCount, usualCount, z } = figures;
  if (recentCount < driftRule.minimumRecent || usualCount < driftRule.minimumUsual)
    return { sender, measure, ...figures, z: 0, verdict: 'too few' };
  const far = Math.abs(z) >= driftRule.z && Math.abs(recent - usual) >= driftRule.difference;
  return { sender, measure, ...figures, verdict: far ? 'drifted' : 'usual' };
}

/** Two-proportion z with pooled variance; 0 when both shares are all or nothing. */
function proportionZ(hits: number, count: number, otherHits: number, otherCount: number): number {
  if (count === 0 || otherCount === 0) return 0;
  const pooled = (hits + otherHits) / (count + otherCount);
  const variance = pooled * (1 - pooled) * (1 / count + 1 / otherCount);
  return variance === 0 ? 0 : (hits / count - otherHits / otherCount) / Math.sqrt(variance);
}

/** Difference of two means in standard errors (Welch); a spread of zero on both sides proves nothing. */
function meanZ(one: ScoreMix, other: ScoreMix): number {
  if (one.count === 0 || other.count === 0) return 0;
  const variance = one.variance / one.count + other.variance / other.count;
  return variance <= 0 ? 0 : (one.mean - other.mean) / Math.sqrt(variance);
}

function ratio(hits: number, count: number): number {
  return count === 0 ? 0 : hits / count;
}
