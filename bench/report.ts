import type { MachineFacts } from './machine.ts';
import { type BenchRow, type Measured, meetsBar } from './measure.ts';

/** The rows as a Markdown table with the machine they were measured on. */
export function markdownReport(rows: readonly BenchRow[], facts: MachineFacts): string {
  const header =
    '| work | unit | ours | against | theirs | ratio | bar | |\n|---|---|---|---|---|---|---|---|';
  const lines = rows.map((row) => {
    const met = meetsBar(row);
    const cells = [
      row.work,
      row.unit,
      figure(row.ours),
      row.peer,
      row.theirs === undefined ? '' : figure(row.theirs),
      row.ratio === undefined ? '' : `${rounded(row.ratio)} x`,
      row.bar === undefined ? '' : `${row.bar.sign} ${row.bar.value}${row.ratio === undefined ? '' : ' x'}`,
      met === undefined ? '' : met ? 'met' : '**missed**',
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const peers = Object.entries(facts.peers).map(([name, version]) => `${name} ${version}`);
  return [
    header,
    ...lines,
    '',
    `Median (smallest to largest of the runs). ${facts.processor}, ${facts.cores} cores, ${facts.memoryGb} GB, Linux ${facts.kernel}, Node ${facts.node}, ${peers.join(', ')}; ${facts.measuredAt}.`,
    '',
  ].join('\n');
}

function figure({ median, least, most }: Measured): string {
  return least === most ? rounded(median) : `${rounded(median)} (${rounded(least)} to ${rounded(most)})`;
}

/** Three significant digits. */
function rounded(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : '-';
}
