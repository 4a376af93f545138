import { counted, duration, hang, size } from '../text-layout.ts';

/** What would go, or went, by each rule. */
export interface RetentionFacts {
  readonly undecided: { readonly images: number };
  readonly spool: { readonly images: number; readonly sizeBytes: number };
  readonly results: { readonly images: number };
  readonly audit: { readonly rows: number };
}

/** How long each kind is kept, milliseconds; 0 keeps nothing longer than its delivery. */
export interface RetentionTimes {
  readonly images: number;
  readonly results: number;
  readonly quarantine: number;
  readonly audit: number;
}

/** The preview that `retention` and `doctor` show, and the outcome of `retention run`. */
export function retentionText(
  { undecided, spool, results, audit }: RetentionFacts,
  times: RetentionTimes,
  tense: 'would' | 'did',
): string {
  const goes = tense === 'would' ? 'would go' : 'went';
  const ends = tense === 'would' ? 'would end' : 'ended';
  const nothing = [undecided.images, spool.images, results.images, audit.rows].every((count) => count === 0);
  if (nothing) return `Nothing is due: no rule names anything that is finished and delivered.\n`;
  return [
    `${counted(spool.images, 'received image')} ${goes} (${size(spool.sizeBytes)}), finished and delivered, older than ${duration(times.images)}.`,
    `${counted(results.images, 'image')} with decisions and results ${goes}, file gone before, older than ${duration(times.results)}.`,
    `${counted(undecided.images, 'image')} held or set aside ${ends} as dismissed, undecided for ${duration(times.quarantine)}.`,
    `${counted(audit.rows, 'audit row')} ${goes}, older than ${duration(times.audit)}.`,
    'Nothing goes before its results are delivered, and committed where storageCommitment is on.',
    '',
  ]
    .map((line) => hang('', line))
    .join('\n');
}
