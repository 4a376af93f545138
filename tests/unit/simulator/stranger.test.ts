import { describe, expect, it } from 'vitest';
import { displayed } from '../../../src/simulator/detector.ts';
import { simulateLateral } from '../../../src/simulator/lateral.ts';
import { MISHANDLED_KINDS, simulateMishandled } from '../../../src/simulator/mishandled.ts';
import { LATERAL_VIEWS } from '../../../src/simulator/posture.ts';
import { STRANGER_KINDS, simulateStranger } from '../../../src/simulator/stranger.ts';

const SIZE = 96;
const seed = 5_000_123;
/** The lateral that a mishandled picture of this seed was made of: the one view with the same multiset of pixels. */
const sorted = (pixels: Uint16Array): string => pixels.slice().sort().join();
const original = (pixels: Uint16Array) =>
  LATERAL_VIEWS.map((view) => simulateLateral(seed, view, SIZE).image).find(
    (image) => sorted(image.pixels) === sorted(pixels),
  );

describe('pictures that must be refused', () => {
  it.each(STRANGER_KINDS)(
    '%s is reproducible to the bit, differs from person to person and shows something',
    (kind) => {
      const image = simulateStranger(seed, kind, SIZE);
      expect(simulateStranger(seed, kind, SIZE)).toEqual(image);
      expect(simulateStranger(seed + 1, kind, SIZE).pixels).not.toEqual(image.pixels);
      expect(image.pixels).toHaveLength(image.columns * image.rows);
      const values = displayed(image);
      const shades = new Set(Array.from(values, (value) => Math.round(value * 50)));
      expect(shades.size).toBeGreaterThan(5);
    },
  );

  it('turn, mirror and invert a lateral without changing a pixel value', () => {
    const turned = simulateMishandled(seed, 'half-turn', SIZE);
    const lateral = original(turned.pixels);
    expect(turned.pixels.toReversed()).toEqual(lateral?.pixels);
    const flipped = simulateMishandled(seed, 'upside-down', SIZE);
    const upright = original(flipped.pixels);
    expect(flipped.pixels.slice(0, flipped.columns)).toEqual(upright?.pixels.slice(-flipped.columns));
    const quarter = simulateMishandled(seed, 'quarter-turn', SIZE);
    const standing = original(quarter.pixels);
    expect([quarter.columns, quarter.rows]).toEqual([standing?.rows, standing?.columns]);
    const negative = simulateMishandled(seed, 'inverted', SIZE);
    expect(negative.photometricInterpretation).not.toBe(original(negative.pixels)?.photometricInterpretation);
  });

  it('keeps the kinds of mishandling apart', () => {
    const pictures = MISHANDLED_KINDS.map((kind) => simulateMishandled(seed, kind, SIZE));
    expect(
      new Set(pictures.map(({ pixels, columns }) => `${columns} ${pixels.join()}`)).size,
    ).toBeGreaterThanOrEqual(5);
  });
});
