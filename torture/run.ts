/**
 * `npm run torture`: the fault and attack plan (docs/reliability.md). Prints the seed and one row per case as it ends;
 * exit code 1 when one failed. `--help` lists the options.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { initialiseCodecs } from '../src/imaging/native-codec.ts';
import { type CaseRun, TortureBench } from './bench.ts';
import type { Sizes } from './case.ts';
import { allCases } from './cases/all.ts';
import { fullSizes, quickSizes } from './sizes.ts';

const usage = `npm run torture -- [options]
  --only N01,C      ids or beginnings of ids
  --quick           the selection and the sizes that continuous integration runs
  --seed TEXT       repeats a run (default: the time)
  --json FILE       also writes the results as JSON
  --list            names the cases and ends
  --minutes N       long cases stop after this time and count what they did
  --keep            leaves the folders of the run in place
  --size NAME=N     changes a size; names: ${Object.keys(fullSizes).join(', ')}`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    seed: { type: 'string' },
    json: { type: 'string' },
    list: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    minutes: { type: 'string' },
    size: { type: 'string', multiple: true, default: [] },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(`${usage}\n`);
  process.exit(0);
}

const wanted = values.only?.split(',').map((part) => part.trim());
const cases = allCases.filter(({ id, quick }) => {
  if (wanted !== undefined)
    return wanted.some((part) => id === part || (!/\d$/.test(part) && id.startsWith(part)));
  return values.quick ? quick === true : true;
});
if (cases.length === 0) {
  process.stderr.write(`no case is called ${values.only ?? ''}; --list names them\n`);
  process.exit(2);
}
if (values.list) {
  for (const { id, title, injects, expects } of cases)
    process.stdout.write(`${id}  ${title}\n     does: ${injects}\n     expects: ${expects}\n`);
  process.exit(0);
}

await initialiseCodecs();
const seed = values.seed ?? new Date().toISOString();
process.stdout.write(`seed ${seed}\n`);
const bench = new TortureBench({
  seed,
  quick: values.quick,
  keep: values.keep ? 'folders' : 'nothing',
  ...(values.minutes === undefined ? {} : { minutes: Number(values.minutes) }),
  size: sizes(values.quick ? quickSizes : fullSizes, values.size),
});
const runs: CaseRun[] = [];
for (const torture of cases) {
  const run = await bench.run(torture);
  runs.push(run);
  process.stdout.write(`${row(run)}\n`);
}
await bench.close();
const tally = (result: CaseRun['result']): number => runs.filter((run) => run.result === result).length;
process.stdout.write(
  `${runs.length} cases: ${tally('passed')} passed, ${tally('failed')} failed, ${tally('not injectable')} not injectable here\n`,
);
if (values.json !== undefined)
  writeFileSync(values.json, `${JSON.stringify({ schema: 1, seed, cases: runs }, undefined, 2)}\n`);
process.exit(tally('failed') === 0 ? 0 : 1);

function row({ id, title, result, counts, remarks, seconds }: CaseRun): string {
  const counted = Object.entries(counts)
    .map(([name, value]) => `${value} ${name}`)
    .join(', ');
  const shown = remarks.slice(0, 8).map((remark) => `\n        ${remark}`);
  const more = remarks.length > shown.length ? `\n        and ${remarks.length - shown.length} more` : '';
  return `${id}  ${result.padEnd(14)} ${`${seconds} s`.padStart(9)}  ${title}${counted === '' ? '' : ` | ${counted}`}${shown.join('')}${more}`;
}

function sizes(base: Sizes, changes: readonly string[]): Sizes {
  const changed: Record<string, number> = { ...base };
  for (const change of changes) {
    const [name = '', value] = change.split('=');
    if (!(name in base) || !Number.isFinite(Number(value))) {
      process.stderr.write(`not a size: ${change}\n${usage}\n`);
      process.exit(2);
    }
    changed[name] = Number(value);
  }
  return changed as unknown as Sizes;
}
