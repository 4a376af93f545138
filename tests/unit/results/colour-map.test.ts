import { describe, expect, test } from 'vitest';
import { colourTable } from '../../../src/pipeline/secondary-capture/colour-map.ts';
import { opacity } from '../../../src/pipeline/secondary-capture/panel.ts';

/** CIE lightness of an sRGB colour (IEC 61966-2-1, CIE 15). */
function lightness([red, green, blue]: readonly number[]): number {
  const linear = [red, green, blue].map((value = 0) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * linear[0]! + 0.7152 * linear[1]! + 0.0722 * linear[2]!;
  return luminance > 0.008856 ? 116 * Math.cbrt(luminance) - 16 : 903.3 * luminance;
}

describe('the colours of the map', () => {
  test.each(['inferno', 'viridis', 'cividis'] as const)(
    '%s grows lighter all the way, so no value looks like another',
    (name) => {
      const table = colourTable(name)!;
      const steps = Array.from({ length: 256 }, (_, index) =>
        lightness([...table.subarray(index * 3, index * 3 + 3)]),
      );
      for (let index = 4; index < 256; index++) expect(steps[index]!).toBeGreaterThan(steps[index - 4]!);
    },
  );

  test('inferno ends as published', () => {
    const table = colourTable('inferno')!;
    expect([...table.subarray(0, 3), ...table.subarray(765)]).toEqual([0, 0, 4, 252, 255, 164]);
  });

  test('contour_only has none', () => {
    expect(colourTable('contour_only')).toBeUndefined();
  });

  test('are transparent up to a quarter of the maximum and half opaque at most', () => {
    expect([0, 0.25].map(opacity)).toEqual([0, 0]);
    expect(opacity(0.26)).toBeGreaterThan(0);
    expect(opacity(1)).toBe(0.5);
  });
});
