/** `node bench/page.ts [bench-out]`: puts the measured tables and the plot into docs/performance.md. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type GrowthPoint, growthPlot } from './growth-plot.ts';
import { suites } from './suites.ts';

const from = resolve(process.argv[2] ?? 'bench-out');
const docs = resolve(import.meta.dirname, '../docs');
const page = join(docs, 'performance.md');
let text = readFileSync(page, 'utf8');
for (const { name } of suites) {
  const table = join(from, `${name}.md`);
  if (!existsSync(table)) continue;
  const start = `<!-- ${name} -->`;
  const end = `<!-- end of ${name} -->`;
  const [before, rest] = text.split(start);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`${page} has no place for ${name}`);
  text = `${before}${start}\n${readFileSync(table, 'utf8').trim()}\n${end}${after}`;
}
writeFileSync(page, text);
// One picture of both: with one of them missing it stays as it is.
const points = ['growth-points.json', 'books-points.json'].map((name) => join(from, name));
if (points.every((file) => existsSync(file))) {
  const series = points.map(
    (file) => JSON.parse(readFileSync(file, 'utf8')) as Record<string, GrowthPoint[]>,
  );
  const all: Record<string, GrowthPoint[]> = Object.fromEntries(series.flatMap((one) => Object.entries(one)));
  writeFileSync(join(docs, 'pictures', 'performance-growth.svg'), growthPlot(all));
}
