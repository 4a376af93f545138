/**
 * Development entry: writes pictures that a model must refuse, as training material for its rejection.
 * node models/training/make-strangers.ts --output DIR --split train|val|test --each N [--first N] [--size 320]
 */
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildLetterbox } from '../../src/imaging/letterbox.ts';
import { displayed } from '../../src/simulator/detector.ts';
import { SIMULATOR_VERSION } from '../../src/simulator/lateral.ts';
import { STRANGER_KINDS, simulateStranger } from '../../src/simulator/stranger.ts';

/** Fictional people of their own, far from those of the laterals (material.ts). */
const FIRST_SEED = { train: 5_000_000, val: 15_000_000, test: 25_000_000 } as const;

const { values } = parseArgs({
  options: {
    output: { type: 'string' },
    split: { type: 'string', default: 'train' },
    each: { type: 'string', default: '60' },
    first: { type: 'string', default: '0' },
    size: { type: 'string', default: '320' },
    canvas: { type: 'string', default: '400' },
  },
});
const { split, output } = values;
if (output === undefined) throw new Error('--output is needed');
if (split !== 'train' && split !== 'val' && split !== 'test')
  throw new Error('--split is train, val or test');
const [first, each, size, canvas] = [values.first, values.each, values.size, values.canvas].map(Number) as [
  number,
  number,
  number,
  number,
];
mkdirSync(output, { recursive: true });
const pixels = openSync(join(output, `pixels-${first}.u8`), 'w');
const rows = openSync(join(output, `rows-${first}.csv`), 'w');
writeSync(rows, 'index,kind,patient_id,split,seed\n');
for (let index = first * STRANGER_KINDS.length; index < each * STRANGER_KINDS.length; index += 1) {
  const kind = STRANGER_KINDS[index % STRANGER_KINDS.length] ?? 'blank';
  const seed = FIRST_SEED[split] + index;
  const image = simulateStranger(seed, kind, canvas);
  const { columns, rows: high } = image;
  const letterbox = buildLetterbox({ columns, rows: high, pixelAspectRatio: 1, size });
  const input = letterbox.apply(displayed(image));
  writeSync(
    pixels,
    Uint8Array.from(input, (value) => Math.round(255 * value)),
  );
  writeSync(rows, `${[index, kind, `SIM-${seed}`, split, seed].join(',')}\n`);
}
closeSync(pixels);
closeSync(rows);
const about = {
  format: 1,
  size,
  seed: FIRST_SEED[split],
  simulatorVersion: SIMULATOR_VERSION,
  kinds: STRANGER_KINDS,
};
writeFileSync(join(output, 'material.json'), `${JSON.stringify(about, null, 2)}\n`);
