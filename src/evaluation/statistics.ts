/** A value with its 95 % confidence interval; all three are fractions unless a caller says otherwise. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** The two-sided 95 % point of the normal distribution. */
export const z95 = 1.959963984540054;

/** What cannot be estimated: a report prints a dash, metrics.json says null. */
export const noEstimate: Estimate = { value: Number.NaN, low: Number.NaN, high: Number.NaN };

/**
 * Wilson score interval of a proportion (Wilson 1927; Newcombe 1998, method 3). Without observations every value is
 * NaN: a report prints a dash, never a made-up figure.
 */
export function wilson(successes: number, total: number): Estimate {
  if (total === 0) return noEstimate;
  const p = successes / total;
  const z2 = z95 * z95;
  const centre = (p + z2 / (2 * total)) / (1 + z2 / total);
  const half = (z95 * Math.sqrt((p * (1 - p)) / total + z2 / (4 * total * total))) / (1 + z2 / total);
  return { value: p, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/** Cohen's kappa of two raters over the same cases; 1 is full agreement, 0 what chance alone would give. */
export function cohenKappa(first: readonly number[], second: readonly number[], classes: number): number {
  const total = first.length;
  if (total === 0) return Number.NaN;
  let agreed = 0;
  const left = new Array<number>(classes).fill(0);
  const right = new Array<number>(classes).fill(0);
  first.forEach((a, index) => {
    const b = second[index] ?? -1;
    if (a === b) agreed++;
    left[a] = (left[a] ?? 0) + 1;
    right[b] = (right[b] ?? 0) + 1;
  });
  const observed = agreed / total;
  const expected = left.reduce(
    (sum, count, index) => sum + (count * (right[index] ?? 0)) / (total * total),
    0,
  );
  return expected === 1 ? 1 : (observed - expected) / (1 - expected);
}

/**
 * Exact two-sided McNemar test on paired right/wrong answers: the probability of a split at least as uneven as
 * `onlyFirst` : `onlySecond` when both raters err equally often.
 */
export function mcNemar(onlyFirst: number, onlySecond: number): number {
  const n = onlyFirst + onlySecond;
  if (n === 0) return 1;
  const k = Math.min(onlyFirst, onlySecond);
  let logTerm = -n * Math.LN2;
  let tail = 0;
  for (let i = 0; i <= k; i++) {
    if (i > 0) logTerm += Math.log((n - i + 1) / i);
    tail += Math.exp(logTerm);
  }
  return Math.min(1, 2 * tail);
}

/** A small seeded generator (mulberry32), so that a report can be written again to the byte. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Linear interpolation between order statistics (R type 7); NaN for an empty list. `sorted` ascending. */
export function quantile(sorted: readonly number[], q: number): number {
  if (sorted.length === 0) return Number.NaN;
  const position = (sorted.length - 1) * q;
  const low = Math.floor(position);
  const a = sorted[low] ?? Number.NaN;
  const b = sorted[Math.min(sorted.length - 1, low + 1)] ?? Number.NaN;
  // An infinite neighbour with no share would make NaN.
  return position === low ? a : a + (b - a) * (position - low);
}
