import type { Reason } from '../core/reasons.ts';
import type { ModelManifest, ModelPackage } from './model-package.ts';
import type { ModelOutput } from './onnx-session.ts';

/** How far one image is from the images the model was made for; larger is stranger. */
export interface RejectionScores {
  /** Mahalanobis distance of the stage statistics (mean and standard deviation per channel). */
  readonly stats?: number;
  /** 1 - mean cosine similarity to the nearest neighbours among validation features. */
  readonly features?: number;
  /** Logit of "a picture of another kind" against "a lateral lumbar radiograph". */
  readonly strangers?: number;
}

export interface RejectionDecision {
  readonly scores: RejectionScores;
  readonly reason?: Reason;
}

type Inner = Pick<ModelOutput, 'stats' | 'features'>;

/**
 * Refuses an image that is unlike the model's training images. Two distances, each against its manifest threshold,
 * catch what nobody thought of (Q01): Mahalanobis on statistics of an inner feature map, and k nearest neighbours on
 * the last features. A discriminant, fitted on known kinds of wrong pictures, catches those that look nearly right
 * (Q06): AP, oblique, other body parts, turned and inverted laterals. Softmax and energy alone let chest images
 * through (model.md section 6). A score that is not a number refuses.
 */
export function rejectUnfamiliar(
  output: Inner,
  model: Pick<ModelPackage, 'manifest' | 'featureBank'>,
): RejectionDecision {
  const rejection = model.manifest.rejection;
  if (rejection === undefined) return { scores: {} };
  const scores: RejectionScores = {
    stats: mahalanobis(output.stats, rejection.stats.mean, rejection.stats.whitener),
    ...(rejection.features === undefined || model.featureBank === undefined
      ? {}
      : { features: neighbourDistance(output.features, model.featureBank, rejection.features.neighbours) }),
    ...(rejection.strangers === undefined ? {} : { strangers: strangerScore(output, rejection.strangers) }),
  };
  const reason = reasonFor(scores, rejection);
  return reason === undefined ? { scores } : { scores, reason };
}

function reasonFor(
  scores: RejectionScores,
  { stats, features, strangers }: NonNullable<ModelManifest['rejection']>,
): Reason | undefined {
  const far: string[] = [];
  if (exceeds(scores.stats, stats.threshold))
    far.push(`texture distance ${above(scores.stats, stats.threshold, 2)}`);
  if (exceeds(scores.features, features?.threshold))
    far.push(`neighbour distance ${above(scores.features, features?.threshold, 4)}`);
  if (exceeds(scores.strangers, strangers?.threshold)) {
    return {
      code: 'Q06',
      detail: [`stranger score ${above(scores.strangers, strangers?.threshold, 2)}`, ...far].join(', '),
    };
  }
  return far.length === 0 ? undefined : { code: 'Q01', detail: far.join(', ') };
}

function exceeds(score: number | undefined, threshold: number | undefined): boolean {
  return score !== undefined && threshold !== undefined && !(score <= threshold);
}

function above(score = Number.NaN, threshold = Number.NaN, digits: number): string {
  return `${score.toFixed(digits)} above ${threshold.toFixed(digits)}`;
}

/** bias + w . (stats, features): a linear logit, positive where the picture is rather of another kind. */
export function strangerScore(
  { stats, features }: Inner,
  {
    weights,
    bias,
  }: {
    readonly weights: { readonly stats: readonly number[]; readonly features: readonly number[] };
    readonly bias: number;
  },
): number {
  const dot = (values: ArrayLike<number>, factors: readonly number[]): number =>
    factors.reduce((sum, factor, index) => sum + factor * (values[index] ?? Number.NaN), 0);
  return bias + dot(stats, weights.stats) + dot(features, weights.features);
}

/** |W (x - mean)| where W is the lower-triangular inverse Cholesky factor of the covariance, rows of the manifest. */
export function mahalanobis(
  values: ArrayLike<number>,
  mean: readonly number[],
  whitener: readonly (readonly number[])[],
): number {
  const centred = mean.map((centre, index) => (values[index] ?? Number.NaN) - centre);
  let sum = 0;
  for (const row of whitener) {
    let dot = 0;
    for (let column = 0; column < row.length; column++) dot += (row[column] ?? 0) * (centred[column] ?? 0);
    sum += dot * dot;
  }
  return Math.sqrt(sum);
}

/** 1 - mean of the k highest cosine similarities between `features` and the rows of `bank` (rows have unit length). */
export function neighbourDistance(features: Float32Array, bank: Float32Array, k: number): number {
  const width = features.length;
  const norm = Math.hypot(...features) || 1;
  const best: number[] = [];
  for (let start = 0; start + width <= bank.length; start += width) {
    let dot = 0;
    for (let i = 0; i < width; i++) dot += (bank[start + i] ?? 0) * (features[i] ?? 0);
    const similarity = dot / norm;
    if (best.length < k) best.push(similarity);
    else if (similarity > (best[0] ?? 0)) best[0] = similarity;
    else continue;
    best.sort((a, b) => a - b);
  }
  return best.length === 0 ? 1 : 1 - best.reduce((sum, value) => sum + value, 0) / best.length;
}
