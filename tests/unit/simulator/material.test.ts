import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  MATERIAL_HEADER,
  materialImage,
  SPLIT_FIRST_SEED,
  writeTrainingMaterial,
} from '../../../src/simulator/material.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'material-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('training material', () => {
  it('writes whole shards of pixels and rows that fit together, and no half-written file', () => {
    const options = {
      outputFolder: folder,
      split: 'val',
      count: 12,
      firstImage: 0,
      size: 64,
      longSidePixels: 96,
      shards: 2,
    } as const;
    const progress: number[] = [];
    for (const shard of [0, 1]) writeTrainingMaterial({ ...options, shard }, (done) => progress.push(done));
    expect(readdirSync(folder).sort()).toEqual([
      'material.json',
      'pixels-0.u8',
      'pixels-1.u8',
      'rows-0.csv',
      'rows-1.csv',
    ]);
    expect(progress).toEqual([1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6]);
    const seen: string[] = [];
    for (const shard of [0, 1]) {
      const [header, ...rows] = readFileSync(join(folder, `rows-${shard}.csv`), 'utf8')
        .trimEnd()
        .split('\n');
      expect(header).toBe(MATERIAL_HEADER);
      expect(readFileSync(join(folder, `pixels-${shard}.u8`))).toHaveLength(rows.length * 64 * 64);
      for (const row of rows) {
        const cells = row.split(',');
        expect(cells).toHaveLength(MATERIAL_HEADER.split(',').length);
        seen.push(cells[0] ?? '');
        expect(cells[12] === '').toBe(cells[1] === 'normal');
        if (cells[12] !== '') {
          expect(Number(cells[12])).toBeGreaterThan(Number(cells[14]));
          expect(Number(cells[12])).toBeLessThan(Number(cells[16]));
          expect(Number(cells[17])).toBeLessThanOrEqual(64);
        }
      }
    }
    expect(seen.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, i) => i));
    expect(JSON.parse(readFileSync(join(folder, 'material.json'), 'utf8'))).toMatchObject({
      format: 1,
      size: 64,
      count: 12,
    });
  });

  it('never lets a patient into two splits', () => {
    expect(materialImage('train', 19_999_997).seed).toBeLessThan(SPLIT_FIRST_SEED.test);
    expect(materialImage('train', 13_999).seed).toBeLessThan(SPLIT_FIRST_SEED.val);
    expect(materialImage('val', 1_499).seed).toBeLessThan(SPLIT_FIRST_SEED.test);
  });

  it('gives each patient two different views', () => {
    for (let image = 0; image < 60; image += 2) {
      const [a, b] = [materialImage('test', image), materialImage('test', image + 1)];
      expect(a.seed).toBe(b.seed);
      expect(a.view).not.toBe(b.view);
    }
  });
});
