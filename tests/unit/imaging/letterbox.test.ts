import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildLetterbox } from '../../../src/imaging/letterbox.ts';

const geometry = fc.record({
  columns: fc.integer({ min: 1, max: 4000 }),
  rows: fc.integer({ min: 1, max: 4000 }),
  pixelAspectRatio: fc.double({ min: 0.5, max: 2, noNaN: true }),
  size: fc.integer({ min: 16, max: 512 }),
});

describe('letterbox', () => {
  it('maps a source point into the input and back to itself', () => {
    fc.assert(
      fc.property(
        geometry,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (g, u, v) => {
          const letterbox = buildLetterbox(g);
          const source = { x: u * g.columns, y: v * g.rows };
          const back = letterbox.sourceFromInput(letterbox.inputFromSource(source));
          expect(back.x).toBeCloseTo(source.x, 6);
          expect(back.y).toBeCloseTo(source.y, 6);
        },
      ),
    );
  });

  it('maps the corners of the image exactly onto the corners of the whole-pixel content rectangle', () => {
    fc.assert(
      fc.property(geometry, (g) => {
        const letterbox = buildLetterbox(g);
        const { content } = letterbox;
        const first = letterbox.inputFromSource({ x: 0, y: 0 });
        const last = letterbox.inputFromSource({ x: g.columns, y: g.rows });
        expect([first.x, first.y]).toEqual([content.left, content.top]);
        expect(last.x).toBeCloseTo(content.left + content.width, 9);
        expect(last.y).toBeCloseTo(content.top + content.height, 9);
        expect([content.width, content.height].every(Number.isInteger)).toBe(true);
        expect(Math.max(content.width, content.height)).toBe(g.size);
        expect(content.left).toBeGreaterThanOrEqual(0);
        expect(content.top).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('straightens non-square pixels: pixels twice as high as wide make the image twice as tall', () => {
    const { content } = buildLetterbox({ columns: 100, rows: 50, pixelAspectRatio: 2, size: 64 });
    expect(content).toEqual({ left: 0, top: 0, width: 64, height: 64 });
  });

  it('puts a bright dot where inputFromSource says and pads with 0', () => {
    const [columns, rows, size] = [300, 500, 160];
    const letterbox = buildLetterbox({ columns, rows, pixelAspectRatio: 1, size });
    const image = new Float32Array(columns * rows);
    const dot = { column: 211, row: 77 };
    image[dot.row * columns + dot.column] = 1;
    const input = letterbox.apply(image);
    let [weight, x, y] = [0, 0, 0];
    input.forEach((value, i) => {
      weight += value;
      x += value * ((i % size) + 0.5);
      y += value * (Math.floor(i / size) + 0.5);
    });
    const expected = letterbox.inputFromSource({ x: dot.column + 0.5, y: dot.row + 0.5 });
    expect(x / weight).toBeCloseTo(expected.x, 0);
    expect(y / weight).toBeCloseTo(expected.y, 0);
    for (let row = 0; row < size; row += 1) expect(input[row * size]).toBe(0);
  });

  it('refuses a size that is not positive', () => {
    expect(() => buildLetterbox({ columns: 0, rows: 5, pixelAspectRatio: 1, size: 10 })).toThrow(RangeError);
    expect(() => buildLetterbox({ columns: 5, rows: 5, pixelAspectRatio: Number.NaN, size: 10 })).toThrow(
      RangeError,
    );
  });
});
