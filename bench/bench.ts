/** `npm run bench -- [suites] [--quick] [--runs n] [--rows n] [--books file] [--out folder]`: measures side by side, writes JSON and Markdown. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { machineFacts } from './machine.ts';
import type { BenchRow } from './measure.ts';
import { markdownReport } from './report.ts';
import { suites } from './suites.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    runs: { type: 'string', default: '5' },
    rows: { type: 'string', default: '1000000' },
    books: { type: 'string' },
    out: { type: 'string', default: 'bench-out' },
  },
});
const chosen = positionals.length === 0 ? suites : suites.filter(({ name }) => positionals.includes(name));
if (chosen.length === 0 || chosen.length < positionals.length) {
  process.stderr.write(`suites: ${suites.map(({ name }) => name).join(', ')}\n`);
  process.exit(2);
}
const out = resolve(values.out);
mkdirSync(out, { recursive: true });
const folder = mkdtempSync(join(out, 'work-'));
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const facts = machineFacts();
try {
  for (const suite of chosen) {
    say(`${suite.name} ...`);
    const rows: readonly BenchRow[] = await suite.run({
      quick: values.quick,
      runs: Number(values.runs),
      auditRows: Number(values.rows),
      ...(values.books === undefined ? {} : { booksFile: resolve(values.books) }),
      folder,
      say,
    });
    const result = { schema: 1, suite: suite.name, quick: values.quick, facts, rows };
    writeFileSync(join(out, `${suite.name}.json`), `${JSON.stringify(result, undefined, 1)}\n`);
    const text = markdownReport(rows, facts);
    writeFileSync(join(out, `${suite.name}.md`), text);
    process.stdout.write(`${text}\n`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit();
