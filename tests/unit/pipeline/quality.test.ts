import { describe, expect, test } from 'vitest';
import { qualityFault } from '../../../src/pipeline/quality.ts';

const limits = { minimumRows: 256, minimumColumns: 256 };
const image = (paint: (index: number) => number, columns = 300, rows = 400) => ({
  columns,
  rows,
  pixels: Float32Array.from({ length: columns * rows }, (_, index) => paint(index)),
});

describe('qualityFault', () => {
  test('lets a picture with contrast pass', () =>
    expect(
      qualityFault(
        image((i) => (i % 300) / 300),
        limits,
      ),
    ).toBeUndefined());
  test('names the size of one that is too small', () => {
    expect(
      qualityFault(
        image((i) => (i % 3) / 3, 200, 400),
        limits,
      ),
    ).toEqual({ code: 'Q02', detail: 'Rows 400, Columns 200; at least 256 x 256' });
  });
  test.each([
    ['constant', () => 0.5],
    ['black and white only', (i: number) => i % 2],
    ['all black', () => 0],
  ])('refuses one that is %s', (_, paint) => expect(qualityFault(image(paint), limits)?.code).toBe('Q03'));
});
