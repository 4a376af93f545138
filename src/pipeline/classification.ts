import type { Outcome } from '../core/outcome.ts';
import type { ModelManifest } from './model-package.ts';
import type { ClassResult } from './result-input.ts';

type ClassDefinition = ModelManifest['classes'][number];

export interface Classification {
  readonly outcome: Extract<Outcome, 'SUSPECTED' | 'NOT_DETECTED' | 'INDETERMINATE'>;
  readonly classes: readonly ClassResult[];
  /** Index of the class whose map is shown: the highest finding. */
  readonly mapClassIndex: number;
}

/** Softmax of logits divided by the temperature (Guo et al. 2017); temperature 1 leaves them as they are. */
export function calibratedProbabilities(logits: ArrayLike<number>, temperature: number): number[] {
  const scaled = Array.from(logits, (logit) => logit / temperature);
  const highest = Math.max(...scaled);
  const powers = scaled.map((value) => Math.exp(value - highest));
  const total = powers.reduce((sum, value) => sum + value, 0);
  return powers.map((value) => value / total);
}

/**
 * The call for one image. A finding at or above its threshold is present; inside its indeterminate band it is
 * undetermined; below both it is absent. Any present finding makes the image SUSPECTED.
 */
export function classify(
  logits: ArrayLike<number>,
  manifest: ModelManifest,
  siteThresholds: Readonly<Record<string, number>> = {},
): Classification {
  const probabilities = calibratedProbabilities(logits, manifest.calibration?.temperature ?? 1);
  const classes = manifest.classes.map((definition, index): ClassResult => {
    const probability = probabilities[index] ?? 0;
    const [from, to] = definition.indeterminate ?? [1, 1];
    return {
      id: definition.id,
      label: definition.label,
      role: definition.role === 'negative' ? 'normal' : 'finding',
      probability,
      threshold: thresholdOf(definition, siteThresholds),
      ...(definition.indeterminate === undefined ? {} : { indeterminate: { from, to } }),
      called:
        definition.role === 'negative'
          ? 'absent'
          : callOf(probability, thresholdOf(definition, siteThresholds), definition.indeterminate),
    };
  });
  const findings = classes.filter(({ role }) => role === 'finding');
  const highest = findings.reduce<ClassResult | undefined>(
    (best, entry) => (best === undefined || entry.probability > best.probability ? entry : best),
    undefined,
  );
  const outcome = findings.some(({ called }) => called === 'present')
    ? 'SUSPECTED'
    : findings.some(({ called }) => called === 'undetermined')
      ? 'INDETERMINATE'
      : 'NOT_DETECTED';
  return { outcome, classes, mapClassIndex: highest === undefined ? 0 : classes.indexOf(highest) };
}

function thresholdOf(definition: ClassDefinition, siteThresholds: Readonly<Record<string, number>>): number {
  return siteThresholds[definition.id] ?? definition.threshold ?? (definition.role === 'negative' ? 1 : 0.5);
}

function callOf(
  probability: number,
  threshold: number,
  band: ClassDefinition['indeterminate'],
): ClassResult['called'] {
  if (probability >= threshold) return 'present';
  const [from, to] = band ?? [1, 1];
  return probability >= from && probability < Math.max(to, threshold) ? 'undetermined' : 'absent';
}
