import { type Estimate, noEstimate, quantile, seededRandom } from './statistics.ts';

/** Which patient each case belongs to: images of one patient are drawn together, because they are not independent. */
export interface Clusters {
  readonly count: number;
  /** Patient index by case. */
  readonly of: Int32Array;
}

export interface BootstrapOptions {
  readonly draws: number;
  readonly seed: number;
}

/**
 * Figures of one resample, always in the same order. `weights[i]` is how often case i was drawn; the figures of the
 * sample itself have weight 1 everywhere.
 */
export type WeightedFigures = (weights: Float64Array) => readonly number[];

/** Groups cases by a key such as the patient id. */
export function clustersBy(keys: readonly string[]): Clusters {
  const numbers = new Map<string, number>();
  const of = Int32Array.from(keys, (key) => {
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, numbers.size);
    return numbers.size - 1;
  });
  return { count: numbers.size, of };
}

/**
 * Percentile bootstrap over clusters (Efron 1979; Field and Welsh 2007 for clusters). All figures come from the same
 * draws, so that one pass serves a whole report. A draw in which a figure is undefined is left out of that figure.
 */
export function clusterBootstrap(
  clusters: Clusters,
  figures: WeightedFigures,
  { draws, seed }: BootstrapOptions,
): Estimate[] {
  const values = figures(new Float64Array(clusters.of.length).fill(1));
  const samples = values.map(() => new Float64Array(draws));
  const drawn = new Float64Array(clusters.count);
  const weights = new Float64Array(clusters.of.length);
  const random = seededRandom(seed);
  for (let draw = 0; draw < draws; draw++) {
    drawn.fill(0);
    for (let i = 0; i < clusters.count; i++) {
      const cluster = Math.floor(random() * clusters.count);
      drawn[cluster] = (drawn[cluster] ?? 0) + 1;
    }
    for (let i = 0; i < weights.length; i++) weights[i] = drawn[clusters.of[i] ?? 0] ?? 0;
    figures(weights).forEach((value, index) => {
      const sample = samples[index];
      if (sample !== undefined) sample[draw] = value;
    });
  }
  return values.map((value, index) => {
    if (Number.isNaN(value)) return noEstimate;
    const sorted = [...(samples[index] ?? [])].filter((entry) => !Number.isNaN(entry)).sort((a, b) => a - b);
    return { value, low: quantile(sorted, 0.025), high: quantile(sorted, 0.975) };
  });
}
