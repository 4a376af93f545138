import { textTable } from '../../core/text-table.ts';
import { counted, hang, printable } from '../text-layout.ts';

/** One image as two models see it. `figure` is the highest finding, as the results print it. */
export interface ComparedImage {
  readonly sopInstanceUid: string;
  readonly accessionNumber: string | null;
  readonly before: { readonly outcome: string; readonly figure: string };
  readonly after: { readonly outcome: string; readonly figure: string };
}

export interface Comparison {
  readonly model: { readonly id: string; readonly version: string; readonly sha256: string };
  readonly images: readonly ComparedImage[];
  /** Images that were never analysed, or whose file is gone. */
  readonly leftOut: number;
}

/** `reprocess --compare`: the differences first; no result is changed or sent. */
export function comparisonText({ model, images, leftOut }: Comparison): string {
  const differing = images.filter(({ before, after }) => before.outcome !== after.outcome);
  const ordered = [...differing, ...images.filter((image) => !differing.includes(image))];
  const table = textTable(
    ['accession', 'image ends with', 'was', '', 'with the other model', '', ''],
    ordered.map((image) => [
      printable(image.accessionNumber ?? '-').slice(0, 16),
      image.sopInstanceUid.slice(-12),
      image.before.outcome,
      image.before.figure,
      image.after.outcome,
      image.after.figure,
      image.before.outcome === image.after.outcome ? '' : 'DIFFERS',
    ]),
  );
  return [
    hang(
      '',
      `${model.id} ${model.version} (${model.sha256.slice(0, 8)}) on the images of this site. Nothing was sent or changed.`,
    ),
    '',
    ...(images.length === 0 ? [] : [table, '']),
    hang(
      '',
      `${differing.length} of ${counted(images.length, 'image')} would end otherwise.${leftOut === 0 ? '' : ` ${leftOut} left out: out of scope, never analysed, or the file is gone.`}`,
    ),
    '',
  ].join('\n');
}
