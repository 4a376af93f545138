import type { CaseResult } from './evaluate.ts';
import { otherLabel } from './labels.ts';
import { type Estimate, wilson } from './statistics.ts';

/** Images that got no answer, and images that should not have got one. */
export interface RejectionReport {
  /** By first reason and label; they are counted, never dropped. */
  readonly reasons: readonly RejectionRow[];
  /** Share of images with a class label that got no answer. */
  readonly refused: Estimate;
  /** Images labelled `other` that rightly got no answer; NaN when the list has none. */
  readonly otherStopped: Estimate;
}

export interface RejectionRow {
  /** Disposition and code, such as `refused Q01`. */
  readonly reason: string;
  readonly labelled: number;
  readonly other: number;
}

export function rejectionReport(cases: readonly CaseResult[]): RejectionReport {
  const rows = new Map<string, { labelled: number; other: number }>();
  for (const { image, answer, called } of cases) {
    if (called !== undefined) continue;
    const reason = `${answer.disposition} ${answer.reasons[0]?.split(' ')[0] ?? ''}`.trim();
    const row = rows.get(reason) ?? { labelled: 0, other: 0 };
    if (image.label === otherLabel) row.other++;
    else row.labelled++;
    rows.set(reason, row);
  }
  const other = cases.filter(({ image }) => image.label === otherLabel);
  const labelled = cases.filter(({ image }) => image.label !== otherLabel);
  const unanswered = (list: readonly CaseResult[]): number =>
    list.filter(({ called }) => called === undefined).length;
  return {
    reasons: [...rows]
      .map(([reason, counts]) => ({ reason, ...counts }))
      .sort((a, b) => b.labelled + b.other - (a.labelled + a.other) || (a.reason < b.reason ? -1 : 1)),
    refused: wilson(unanswered(labelled), labelled.length),
    otherStopped: wilson(unanswered(other), other.length),
  };
}

/** Sensitivity and specificity when every image without an answer counts as wrong: what a ward would have got. */
export interface WorstCase {
  readonly accuracy: Estimate;
  readonly perClass: readonly {
    readonly classId: string;
    readonly unanswered: number;
    readonly sensitivity: Estimate;
    readonly specificity: Estimate;
  }[];
}

export function worstCase(cases: readonly CaseResult[], classIds: readonly string[]): WorstCase {
  const labelled = cases.filter(({ image }) => image.label !== otherLabel);
  const truthOf = ({ image }: CaseResult): number => classIds.indexOf(image.label);
  const right = labelled.filter((entry) => entry.called === truthOf(entry)).length;
  return {
    accuracy: wilson(right, labelled.length),
    perClass: classIds.map((classId, index) => {
      const positives = labelled.filter((entry) => truthOf(entry) === index);
      const negatives = labelled.filter((entry) => truthOf(entry) !== index);
      return {
        classId,
        unanswered: positives.filter(({ called }) => called === undefined).length,
        sensitivity: wilson(positives.filter(({ called }) => called === index).length, positives.length),
        specificity: wilson(
          negatives.filter(({ called }) => called !== undefined && called !== index).length,
          negatives.length,
        ),
      };
    }),
  };
}
