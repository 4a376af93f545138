import { describe, expect, test } from 'vitest';
import type { InfluenceMap } from '../../../src/pipeline/result-input.ts';
import { contourLines } from '../../../src/pipeline/secondary-capture/contour.ts';
import { influence } from './fixtures.ts';

function gridMap(rows: readonly (readonly number[])[]): InfluenceMap {
  const columns = rows[0]!.length;
  return {
    ...influence(columns, rows.length, { x: 1, y: 1 }),
    columns,
    rows: rows.length,
    values: Float32Array.from(rows.flat()),
    coverage: { left: 0, top: 0, right: columns, bottom: rows.length },
  };
}

describe('contour lines of the map', () => {
  test('of a Gaussian spot in a letterboxed map lie on its half-maximum circle in source pixels', () => {
    const size = { columns: 1000, rows: 1600 };
    const centre = { x: 620, y: 930 };
    const lines = contourLines(influence(size.columns, size.rows, centre), size, 0.5);
    expect(lines.map(({ shape }) => shape)).toEqual(['closed']);
    const expected = 0.09 * 1000 * Math.sqrt(2 * Math.LN2);
    for (const { x, y } of lines[0]!.points)
      expect(Math.hypot(x - centre.x, y - centre.y)).toBeCloseTo(expected, 0);
  });

  test('of two spots are two closed lines', () => {
    const map = gridMap([
      [0, 0, 0, 0, 0, 0],
      [0, 1, 0, 0, 1, 0],
      [0, 0, 0, 0, 0, 0],
    ]);
    const lines = contourLines(map, map, 0.5);
    expect(lines.map(({ shape, points }) => [shape, points.length])).toEqual([
      ['closed', 4],
      ['closed', 4],
    ]);
  });

  test('interpolate linearly between cell centres', () => {
    const map = gridMap([
      [0, 0, 0],
      [0, 1, 0],
      [0, 0, 0],
    ]);
    const points = contourLines(map, map, 0.25)[0]!.points.map(({ x, y }) => [x, y]);
    expect(points).toEqual(
      expect.arrayContaining([
        [0.75, 1.5],
        [1.5, 0.75],
        [2.25, 1.5],
        [1.5, 2.25],
      ]),
    );
  });

  test('of a spot on the border stay open and inside the image', () => {
    const map = gridMap([
      [0, 0, 0],
      [1, 1, 0],
      [0, 0, 0],
    ]);
    const [line, ...more] = contourLines(map, { columns: 3, rows: 3 }, 0.5);
    expect([line?.shape, more]).toEqual(['open', []]);
    for (const { x, y } of line!.points) expect(x >= 0 && x <= 3 && y >= 0 && y <= 3).toBe(true);
  });

  test('of a saddle never cross one another', () => {
    const high = gridMap([
      [1, 0.4],
      [0.4, 1],
    ]);
    const low = gridMap([
      [1, 0],
      [0, 0.6],
    ]);
    for (const map of [high, low]) {
      const lines = contourLines(map, map, 0.5);
      expect(lines.map(({ points }) => points.length)).toEqual([2, 2]);
    }
  });

  test('of a map without the level are none', () => {
    expect(contourLines(gridMap([[0.1, 0.2]]), { columns: 2, rows: 1 }, 0.5)).toEqual([]);
  });
});
