import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resampleBilinear } from '../../../src/imaging/resample.ts';

interface Case {
  readonly columns: number;
  readonly rows: number;
  readonly targetColumns: number;
  readonly targetRows: number;
  readonly source: readonly number[];
  readonly expected: readonly number[];
}
const oracle = JSON.parse(readFileSync(join(import.meta.dirname, 'resample-oracle.json'), 'utf8')) as {
  readonly scale: number;
  readonly cases: readonly Case[];
};

describe('antialiased bilinear resampling', () => {
  it.each(oracle.cases)('equals torchvision for $columns x $rows -> $targetColumns x $targetRows', (one) => {
    const source = Float32Array.from(one.source, (value) => value / oracle.scale);
    const result = resampleBilinear(source, one.columns, one.rows, one.targetColumns, one.targetRows);
    expect(result).toHaveLength(one.expected.length);
    for (const [i, expected] of one.expected.entries()) expect(result[i]).toBeCloseTo(expected, 5);
  });

  it('keeps a constant image constant at every size', () => {
    for (const [columns, rows] of [
      [5, 3],
      [64, 1],
      [7, 90],
    ] as const) {
      const result = resampleBilinear(new Float32Array(30 * 20).fill(0.25), 30, 20, columns, rows);
      expect(Math.max(...result) - Math.min(...result)).toBeLessThan(1e-6);
    }
  });

  it('returns a copy, never the source, when the size stays', () => {
    const source = Float32Array.of(1, 2, 3, 4);
    const result = resampleBilinear(source, 2, 2, 2, 2);
    result[0] = 9;
    expect(source[0]).toBe(1);
  });

  it('refuses sizes that do not fit the data', () => {
    expect(() => resampleBilinear(new Float32Array(5), 2, 2, 1, 1)).toThrow(RangeError);
    expect(() => resampleBilinear(new Float32Array(4), 2, 2, 0, 1)).toThrow(RangeError);
  });
});
