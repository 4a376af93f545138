/**
 * Numbers as a radiologist reads them (experience.md 1.3): integers with `<1 %` and `>99 %`, and never a value that
 * looks as if it had reached the threshold when it had not.
 */

/** A probability 0..1 as an integer percentage. */
export function percent(probability: number): string {
  if (probability < 0.01) return '<1 %';
  if (probability > 0.99) return '>99 %';
  return `${Math.round(probability * 100)} %`;
}

/** An uncalibrated value 0..1 with two decimals. */
export function score(value: number): string {
  if (value < 0.01) return '<0.01';
  if (value > 0.99) return '>0.99';
  return value.toFixed(2);
}

/** How values of a model are printed: percentages when it is calibrated, scores otherwise. */
export type ValueFormat = (value: number) => string;

export function valueFormat(calibrated: 'probability' | 'score'): ValueFormat {
  return calibrated === 'probability' ? percent : score;
}

/** A limit (threshold, band edge): its rounding never hides that a limit is a limit. */
export function limit(format: ValueFormat, value: number): string {
  return format(Math.min(0.99, Math.max(0.01, value)));
}

/** A value below `threshold` whose rounding would equal it is printed as `<threshold`. */
export function valueBelow(format: ValueFormat, value: number, threshold: number): string {
  const text = format(value);
  const bound = limit(format, threshold);
  return value < threshold && text === bound ? `<${bound}` : text;
}
