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
  /** Which images, as a person says it. */
  readonly asked: string;
  readonly model: { readonly id: string; readonly version: string; readonly sha256: string };
  readonly images: readonly ComparedImage[];
  /** Images that were never analysed, or whose file is gone. */
  readonly leftOut: number;
}

/** How many images went from one outcome to which. */
export interface OutcomePair {
  readonly before: string;
  readonly after: string;
  readonly count: number;
}

/** Every pair of outcomes that occurred, the differing ones first, each group by its number. */
export function outcomePairs(images: readonly ComparedImage[]): readonly OutcomePair[] {
  const pairs = new Map<string, OutcomePair>();
  for (const { before, after } of images) {
    const name = `${before.outcome} ${after.outcome}`;
    const count = (pairs.get(name)?.count ?? 0) + 1;
    pairs.set(name, { before: before.outcome, after: after.outcome, count });
  }
  const rank = (pair: OutcomePair): number => (pair.before === pair.after ? 1 : 0);
  return [...pairs.values()].toSorted(
    (a, b) => rank(a) - rank(b) || b.count - a.count || (key(a) < key(b) ? -1 : 1),
  );
}

/** More unchanged images than these are counted, not listed. */
const listedWhole = 40;

/** `reprocess --model`: the difference as a table; no result is changed or sent. */
export function comparisonText({ asked, model, images, leftOut }: Comparison): string {
  const differing = images.filter(isChanged);
  const listed =
    images.length <= listedWhole ? [...differing, ...images.filter((image) => !isChanged(image))] : differing;
  return [
    hang(
      '',
      `Nothing was sent or changed. ${model.id} ${model.version} (${model.sha256.slice(0, 8)}) on ${asked}:`,
    ),
    '',
    textTable(
      ['was', 'with the other model', 'images', ''],
      outcomePairs(images).map(({ before, after, count }) => [
        before,
        after,
        String(count),
        before === after ? '' : 'DIFFERS',
      ]),
    ),
    '',
    ...(listed.length === 0 ? [] : [imageTable(listed), '']),
    hang(
      '',
      `${differing.length} of ${counted(images.length, 'image')} would end otherwise.${leftOut === 0 ? '' : ` ${leftOut} left out: out of scope, never analysed, or the file is gone.`}`,
    ),
    '',
  ].join('\n');
}

/** The same for programs: every pair, the images that differ, and all of them. */
export function comparisonJson({ asked, model, images, leftOut }: Comparison): string {
  const report = {
    schema: 1,
    asked,
    model,
    pairs: outcomePairs(images),
    changed: images.filter(isChanged),
    images,
    leftOut,
  };
  return `${JSON.stringify(report, undefined, 2)}\n`;
}

function imageTable(images: readonly ComparedImage[]): string {
  return textTable(
    ['accession', 'image ends with', 'was', '', 'with the other model', '', ''],
    images.map((image) => [
      printable(image.accessionNumber ?? '-').slice(0, 16),
      image.sopInstanceUid.slice(-12),
      image.before.outcome,
      image.before.figure,
      image.after.outcome,
      image.after.figure,
      isChanged(image) ? 'DIFFERS' : '',
    ]),
  );
}

function isChanged({ before, after }: ComparedImage): boolean {
  return before.outcome !== after.outcome;
}

function key({ before, after }: OutcomePair): string {
  return `${before} ${after}`;
}
