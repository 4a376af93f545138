import type { Reason } from '../core/reasons.ts';
import type { ModelPackage } from './model-package.ts';
import type { ModelOutput } from './onnx-session.ts';

/** Distances of one image from the images the model was made for; larger is stranger. */
export interface RejectionScores {
  /** Mahalanobis distance of the stage statistics (mean and standard deviation per channel). */
  readonly stats?: number;
  /** 1 - mean cosine similarity to the nearest neighbours among validation features. */
  readonly features?: number;
}

export interface RejectionDecision {
  readonly scores: RejectionScores;
  readonly reason?: Reason;
}

/**
 * Refuses an image that is unlike the model's training images: Mahalanobis distance on statistics of an inner
 * feature map OR k-nearest-neighbour distance on the last features, each against its manifest threshold
 * (measured in model.md section 6: softmax and energy alone let chest images through).
 */
export function rejectUnfamiliar(output: ModelOutput, model: ModelPackage): RejectionDecision {
  const rejection = model.manifest.rejection;
  if (rejection === undefined) return { scores: {} };
  const stats = mahalanobis(output.stats, rejection.stats.mean, rejection.stats.whitener);
  const features =
    rejection.features !== undefined && model.featureBank !== undefined
      ? neighbourDistance(output.features, model.featureBank, rejection.features.neighbours)
      : undefined;
  const scores = features === undefined ? { stats } : { stats, features };
  const found: string[] = [];
  if (!(stats <= rejection.stats.threshold)) {
    found.push(`texture distance ${stats.toFixed(2)} above ${rejection.stats.threshold.toFixed(2)}`);
  }
  if (
    rejection.features !== undefined &&
    features !== undefined &&
    !(features <= rejection.features.threshold)
  ) {
    found.push(`neighbour distance ${features.toFixed(4)} above ${rejection.features.threshold.toFixed(4)}`);
  }
  return found.length === 0 ? { scores } : { scores, reason: { code: 'Q01', detail: found.join(', ') } };
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
