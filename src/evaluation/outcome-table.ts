import type { Outcome } from '../core/outcome.ts';
import { ratio } from './confusion.ts';
import { type Estimate, wilson } from './statistics.ts';

/** What a reader of the PACS would have seen, by what is there: the node's own words, at its own thresholds. */
export interface OutcomeRow {
  readonly classId: string;
  readonly images: number;
  /** Images by outcome; what was skipped, held or failed stands under `none`. */
  readonly counts: Readonly<Record<Outcome | 'none', number>>;
}

/** How often "SUSPECTED <finding>" is true in each score band at this site: the figures behind "of 100 such results". */
export interface ScoreBand {
  readonly classId: string;
  readonly from: number;
  readonly to: number;
  readonly images: number;
  readonly confirmed: number;
  readonly share: Estimate;
}

/** Positive and negative predictive value at a prevalence that the user names, not the one of the list. */
export interface PrevalenceRow {
  readonly classId: string;
  readonly prevalence: number;
  readonly ppv: number;
  readonly npv: number;
}

export function outcomeRows(
  cases: readonly { readonly label: string; readonly outcome: Outcome | undefined }[],
  labels: readonly string[],
): OutcomeRow[] {
  return labels
    .map((classId) => {
      const mine = cases.filter(({ label }) => label === classId);
      const count = (wanted: Outcome | undefined): number =>
        mine.filter(({ outcome }) => outcome === wanted).length;
      return {
        classId,
        images: mine.length,
        counts: {
          SUSPECTED: count('SUSPECTED'),
          INDETERMINATE: count('INDETERMINATE'),
          NOT_DETECTED: count('NOT_DETECTED'),
          NO_RESULT: count('NO_RESULT'),
          FAILED: count('FAILED'),
          none: count(undefined),
        },
      };
    })
    .filter(({ images }) => images > 0);
}

/** Five bands of equal width from the threshold to 1 for one finding. */
export function scoreBands(
  classId: string,
  threshold: number,
  scores: readonly number[],
  positive: readonly boolean[],
): ScoreBand[] {
  const width = (1 - threshold) / 5;
  return Array.from({ length: 5 }, (_, index) => {
    const from = threshold + index * width;
    const to = index === 4 ? 1 : from + width;
    const inside = [...scores.keys()].filter((i) => {
      const score = scores[i] ?? 0;
      return score >= from && (score < to || index === 4);
    });
    const confirmed = inside.filter((i) => positive[i] === true).length;
    return { classId, from, to, images: inside.length, confirmed, share: wilson(confirmed, inside.length) };
  });
}

/** Bayes' theorem with the measured sensitivity and specificity of one class. */
export function predictiveValues(
  classId: string,
  prevalence: number,
  { sensitivity, specificity }: { readonly sensitivity: number; readonly specificity: number },
): PrevalenceRow {
  const [tp, fp] = [sensitivity * prevalence, (1 - specificity) * (1 - prevalence)];
  const [tn, fn] = [specificity * (1 - prevalence), (1 - sensitivity) * prevalence];
  return { classId, prevalence, ppv: ratio(tp, tp + fp), npv: ratio(tn, tn + fn) };
}
