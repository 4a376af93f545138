import { counted, hang, printable } from '../text-layout.ts';
import type { ToldRefusal } from './peer-answer.ts';

/** What came of one file that a person sent. */
export interface SentFile {
  readonly file: string;
  /** Undefined when the file could not be read. */
  readonly sopClass?: string;
  readonly sopInstanceUid?: string;
  readonly end:
    | { readonly kind: 'stored'; readonly status: number; readonly remark?: string }
    | ({ readonly kind: 'refused'; readonly errorComment?: string } & ToldRefusal)
    | { readonly kind: 'not sent'; readonly why: string };
}

/** One line per file: the answer in words. */
export function sentFileLine({ file, end }: SentFile): string {
  return hang(`${printable(file)}: `, endText(end));
}

function endText(end: SentFile['end']): string {
  switch (end.kind) {
    case 'stored':
      return end.remark === undefined ? 'stored (0x0000)' : printable(end.remark);
    case 'refused': {
      const comment = end.errorComment === undefined ? '' : ` It said: "${printable(end.errorComment)}".`;
      return `NOT STORED: ${end.sentence}${comment}`;
    }
    case 'not sent':
      return `NOT SENT: ${printable(end.why)}`;
  }
}

/** The last lines: how many, and what to do about each cause once. */
export function sentSummary(files: readonly SentFile[], peer: string): string {
  const stored = files.filter(({ end }) => end.kind === 'stored').length;
  const causes = new Map(
    files.flatMap(({ end }) => (end.kind === 'refused' ? [[end.key, end] as const] : [])),
  );
  const advice = [...causes.values()].flatMap(({ next, setting }) => [
    hang('Do: ', next),
    ...(setting === null ? [] : [`Setting: ${setting}.`]),
  ]);
  return `${[`${stored} of ${counted(files.length, 'file')} stored at ${peer}.`, ...advice].join('\n')}\n`;
}
