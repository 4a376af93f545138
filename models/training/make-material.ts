/**
 * Development entry: writes simulated training material.
 * node models/training/make-material.ts --output DIR --split train|val|test --count N [--first N] [--size 320] [--shard i/n]
 */
import { parseArgs } from 'node:util';
import { writeTrainingMaterial } from '../../src/simulator/material.ts';

const { values } = parseArgs({
  options: {
    output: { type: 'string' },
    split: { type: 'string', default: 'train' },
    count: { type: 'string' },
    first: { type: 'string', default: '0' },
    size: { type: 'string', default: '320' },
    canvas: { type: 'string', default: '400' },
    shard: { type: 'string', default: '0/1' },
  },
});
const [shard, shards] = values.shard.split('/').map(Number);
if (values.output === undefined || values.count === undefined)
  throw new Error('--output and --count are needed');
if (values.split !== 'train' && values.split !== 'val' && values.split !== 'test')
  throw new Error('--split is train, val or test');
const began = performance.now();
writeTrainingMaterial(
  {
    outputFolder: values.output,
    split: values.split,
    count: Number(values.count),
    firstImage: Number(values.first),
    size: Number(values.size),
    longSidePixels: Number(values.canvas),
    shard: shard ?? 0,
    shards: shards ?? 1,
  },
  (done, total) => {
    if (done % 100 !== 0 && done !== total) return;
    const seconds = (performance.now() - began) / 1000;
    process.stdout.write(`${values.split} ${done}/${total} ${(done / seconds).toFixed(1)} images/s\n`);
  },
);
