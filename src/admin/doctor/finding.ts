import { counted, hang, printable } from '../text-layout.ts';

/** One line of `doctor`: what was looked at, how it stands, what was seen, and what to do when it is not well. */
export interface Finding {
  /** Stable; a colon separates what it is about when there are several: `peer-echo:main`. */
  readonly name: string;
  readonly verdict: 'ok' | 'warn' | 'fail';
  readonly evidence: string;
  /** Absent only when all is well. */
  readonly next?: string;
}

export function fine(name: string, evidence: string): Finding {
  return { name, verdict: 'ok', evidence };
}

export function warning(name: string, evidence: string, next: string): Finding {
  return { name, verdict: 'warn', evidence, next };
}

export function failure(name: string, evidence: string, next: string): Finding {
  return { name, verdict: 'fail', evidence, next };
}

/** How many findings there are of each verdict. */
export function countFindings(findings: readonly Finding[]): Readonly<Record<Finding['verdict'], number>> {
  const of = (verdict: Finding['verdict']): number =>
    findings.filter((finding) => finding.verdict === verdict).length;
  return { ok: of('ok'), warn: of('warn'), fail: of('fail') };
}

const marks = { ok: 'ok  ', warn: 'WARN', fail: 'FAIL' } as const;

/** The findings for a terminal; the sum stands last, where the eye ends. */
export function doctorText(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const lines = findings.flatMap(({ name, verdict, evidence, next }) => [
    hang(`${marks[verdict]}  ${name.padEnd(width)}  `, printable(evidence)),
    ...(next === undefined ? [] : [hang(`${' '.repeat(width + 8)}Next: `, printable(next))]),
  ]);
  const { ok, warn, fail } = countFindings(findings);
  const sum = `${counted(findings.length, 'check')}: ${ok} ok, ${counted(warn, 'warning')}, ${fail} failed.`;
  return `${[...lines, sum].join('\n')}\n`;
}
