import { describe, expect, test } from 'vitest';
import { decodeFrames } from '../../../src/imaging/decode-frames.ts';
import { activationMap } from '../../../src/pipeline/grad-cam.ts';
import { prepareImage } from '../../../src/pipeline/preprocess.ts';
import { manifestFixture } from '../../support/model-fixture.ts';
import { fileOf, imageAttributes, imagePixel } from '../imaging/fabricated-image.ts';

const manifest = manifestFixture();
const inputSize = manifest.input.size;
const gridSize = 8;
/** What is stored for the darkest and the brightest displayed value of 12 bits in MONOCHROME2. */
const dark = 200;
const bright = 3900;

interface Shape {
  readonly columns: number;
  readonly rows: number;
  readonly photometric: 'MONOCHROME1' | 'MONOCHROME2';
  /** Height and width of a pixel, in any unit. */
  readonly pixel: readonly [height: number, width: number];
  /** Where the dot is, as a share of columns and rows. */
  readonly dot: readonly [x: number, y: number];
}

/** A radiograph of nothing but one dot, bright on the screen whatever the polarity, as a file goes in. */
function dotFile({ columns, rows, photometric, pixel, dot }: Shape) {
  const stored =
    photometric === 'MONOCHROME1' ? { dot: 4095 - bright, rest: 4095 - dark } : { dot: bright, rest: dark };
  const samples = new Uint16Array(columns * rows).fill(stored.rest);
  const [atX, atY] = [Math.round(dot[0] * columns), Math.round(dot[1] * rows)];
  // Round in millimetres, and some input pixels wide.
  const reach = (3 * Math.max(columns * pixel[1], rows * pixel[0])) / inputSize;
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++)
      if (Math.hypot((x + 0.5 - atX) * pixel[1], (y + 0.5 - atY) * pixel[0]) <= reach)
        samples[y * columns + x] = stored.dot;
  const file = fileOf({
    ...imageAttributes(imagePixel({ columns, rows, photometric })),
    NumberOfFrames: undefined,
    WindowCenter: 2048,
    WindowWidth: 4096,
    PixelAspectRatio: pixel[0] === pixel[1] ? undefined : [...pixel],
    PixelData: new Uint8Array(samples.buffer),
  });
  return { file, at: { x: atX, y: atY } };
}

/** The class activation of a linear toy model that looks for brightness: the mean of each cell of its input. */
function brightness(input: Float32Array): Float32Array {
  const cell = inputSize / gridSize;
  const cam = new Float32Array(3 * gridSize * gridSize);
  for (let y = 0; y < inputSize; y++)
    for (let x = 0; x < inputSize; x++) {
      const index = 2 * gridSize * gridSize + Math.floor(y / cell) * gridSize + Math.floor(x / cell);
      cam[index] = (cam[index] ?? 0) + (input[y * inputSize + x] ?? 0) / cell ** 2;
    }
  // A bias against the background, which a trained model has too.
  return cam.map((value) => value - 0.06);
}

const shapes: readonly (readonly [string, Shape])[] = [
  ['square', { columns: 400, rows: 400, photometric: 'MONOCHROME2', pixel: [1, 1], dot: [0.7, 0.3] }],
  [
    'portrait, padded at both sides',
    { columns: 300, rows: 600, photometric: 'MONOCHROME2', pixel: [1, 1], dot: [0.8, 0.2] },
  ],
  [
    'landscape, padded above and below',
    { columns: 640, rows: 400, photometric: 'MONOCHROME2', pixel: [1, 1], dot: [0.25, 0.75] },
  ],
  ['MONOCHROME1', { columns: 300, rows: 600, photometric: 'MONOCHROME1', pixel: [1, 1], dot: [0.3, 0.8] }],
  [
    'pixels twice as high as wide',
    { columns: 500, rows: 300, photometric: 'MONOCHROME2', pixel: [2, 1], dot: [0.6, 0.4] },
  ],
  [
    'pixels wider than high, MONOCHROME1',
    { columns: 300, rows: 500, photometric: 'MONOCHROME1', pixel: [2, 3], dot: [0.4, 0.6] },
  ],
  [
    'sizes that do not divide',
    { columns: 331, rows: 517, photometric: 'MONOCHROME2', pixel: [1, 1], dot: [0.61, 0.37] },
  ],
];

describe('a bright dot comes back to where it was, through display chain, letterbox and map', () => {
  test.each(shapes)('%s', async (_, shape) => {
    const { file, at } = dotFile(shape);
    const pixels = await decodeFrames(file);
    if (!pixels.ok) throw pixels.error;
    const { letterbox, input } = prepareImage(pixels.value, file.dataSet, manifest);
    const target = { classIndex: 2, classId: 'dls', focalLimit: 0.5 };
    const map = activationMap(brightness(input), [gridSize, gridSize], target, letterbox);
    // One grid cell in source pixels, in each direction.
    const longest = Math.max(shape.columns * shape.pixel[1], shape.rows * shape.pixel[0]);
    const cell = { x: longest / gridSize / shape.pixel[1], y: longest / gridSize / shape.pixel[0] };
    expect(Math.abs((map?.peak.x ?? Number.NaN) - at.x)).toBeLessThan(cell.x);
    expect(Math.abs((map?.peak.y ?? Number.NaN) - at.y)).toBeLessThan(cell.y);
    expect(map?.box.left).toBeLessThan(at.x);
    expect(map?.box.right).toBeGreaterThan(at.x);
    expect(map?.box.top).toBeLessThan(at.y);
    expect(map?.box.bottom).toBeGreaterThan(at.y);
    // The forward way of the same point ends in the cell that fired.
    const there = letterbox.inputFromSource(at);
    const brightest = input.indexOf(Math.max(...input));
    expect(Math.abs((brightest % inputSize) + 0.5 - there.x)).toBeLessThan(4);
    expect(Math.abs(Math.floor(brightest / inputSize) + 0.5 - there.y)).toBeLessThan(4);
  });
});
