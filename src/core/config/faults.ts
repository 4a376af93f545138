import type { TextSpan } from '../yaml-document.ts';

/** One thing that is wrong in the configuration, with its place as exactly as it is known. */
export interface ConfigFault {
  /** The file as it was named to the loader, `environment variable NAME`, or the folder. */
  readonly file: string;
  readonly span: TextSpan | undefined;
  /** The line of the file that `span` points into. */
  readonly sourceLine: string | undefined;
  /** Dotted path of the setting (`pacs.0.port`), empty when the fault is not about one setting. */
  readonly path: string;
  readonly message: string;
  readonly help: string | undefined;
}

/** The faults as people read them: place, message, the line, a caret, help. Ends with the count. */
export function formatFaults(faults: readonly ConfigFault[]): string {
  const blocks = faults.map(formatFault);
  const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
  return [...blocks, `${count}; the configuration was not used.`, ''].join('\n');
}

function formatFault(fault: ConfigFault): string {
  const { span, sourceLine } = fault;
  const place = span ? `${fault.file}:${span.line}:${span.column}` : fault.file;
  const lines = [`${place}: error: ${fault.message}`];
  if (span && sourceLine !== undefined) {
    const before = sourceLine.slice(0, span.column - 1).replaceAll(/[^\t]/g, ' ');
    lines.push(
      `${String(span.line).padStart(6)} | ${sourceLine}`,
      `       | ${before}${'^'.repeat(span.length)}`,
    );
  }
  if (fault.help !== undefined) lines.push(`       = help: ${fault.help}`);
  return lines.join('\n');
}

/** Orders faults by file (in the given order), line and column. */
export function sortFaults(
  faults: readonly ConfigFault[],
  fileOrder: readonly string[],
): readonly ConfigFault[] {
  const rank = (fault: ConfigFault): number => {
    const index = fileOrder.indexOf(fault.file);
    return index < 0 ? fileOrder.length : index;
  };
  return [...faults].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      (a.span?.line ?? 0) - (b.span?.line ?? 0) ||
      (a.span?.column ?? 0) - (b.span?.column ?? 0) ||
      a.path.localeCompare(b.path),
  );
}
