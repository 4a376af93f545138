/**
 * The five outcomes, one vocabulary on every surface (SC, SR, CLI, console, audit, metrics).
 * SUSPECTED: a class reached its threshold. NOT_DETECTED: none did, none is in its uncertain band.
 * INDETERMINATE: a class lies in its uncertain band. NO_RESULT: in scope but rejected (quality, out of
 * distribution). FAILED: a technical fault after all attempts.
 */
export const outcomes = ['SUSPECTED', 'NOT_DETECTED', 'INDETERMINATE', 'NO_RESULT', 'FAILED'] as const;

export type Outcome = (typeof outcomes)[number];

/** The view filter's three-valued verdict (PS3.3 gives no guaranteed attribute, so unknown is a normal answer). */
export type Verdict = 'include' | 'exclude' | 'unknown';

/** How one image ended, for the books: received = the sum of these. */
export const dispositions = [
  'analysed',
  'skipped',
  'held',
  'refused',
  'failed',
  'quarantined',
  'pending',
] as const;

export type Disposition = (typeof dispositions)[number];

export type Dynamic = 'FLEXION' | 'EXTENSION' | 'NEUTRAL';
