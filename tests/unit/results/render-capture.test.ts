import { describe, expect, test } from 'vitest';
import { grayAt } from '../../../src/imaging/gray-pixels.ts';
import type { AnalysedImage } from '../../../src/pipeline/result-input.ts';
import type { CaptureSettings } from '../../../src/pipeline/secondary-capture/capture-content.ts';
import type { Rectangle } from '../../../src/pipeline/secondary-capture/capture-layout.ts';
import { colourTable } from '../../../src/pipeline/secondary-capture/colour-map.ts';
import { opacity } from '../../../src/pipeline/secondary-capture/panel.ts';
import {
  type RenderedCapture,
  renderCapture,
} from '../../../src/pipeline/secondary-capture/render-capture.ts';
import { context, display, image, imageOf, influence, resources, settings } from './fixtures.ts';

/** Panels of 480 rows keep the tests fast; every rule is independent of the size. */
const small: CaptureSettings = { ...settings, panelHeight: 480 };

function render(
  of: AnalysedImage,
  options: { settings?: Partial<CaptureSettings>; language?: 'en' | 'de' | 'zh'; simulated?: false } = {},
): RenderedCapture {
  const model = options.simulated === false ? { ...context.model, simulated: false } : context.model;
  return renderCapture(
    of,
    { ...context, model },
    { ...small, ...options.settings },
    resources(options.language),
  );
}

function pixel({ rgb, columns }: RenderedCapture, place: Rectangle, x: number, y: number): readonly number[] {
  const at = ((place.top + y) * columns + place.left + x) * 3;
  return [...rgb.subarray(at, at + 3)];
}

const texts = (capture: RenderedCapture): string[] => capture.layout.texts.map(({ text }) => text);

describe('panel A', () => {
  test('is what a viewer shows for the source, gray and unmarked', () => {
    const columns = 384;
    const rows = 480;
    const capture = render(image({ columns, rows, display: display(columns, rows) }));
    const place = capture.layout.original!;
    expect([place.columns, place.rows]).toEqual([columns, rows]);
    const { gray } = display(columns, rows);
    for (let y = 0; y < rows; y += 7) {
      for (let x = 0; x < columns; x += 5) {
        const value = Math.round(grayAt(gray, y * columns + x) * 255);
        expect(pixel(capture, place, x, y)).toEqual([value, value, value]);
      }
    }
  });

  test.each([
    ['portrait', 800, 1200, 1],
    ['landscape', 1200, 800, 1],
    ['square pixels twice as high as wide', 1000, 500, 2],
    ['a strip', 300, 1800, 1],
  ])(
    'keeps the true aspect ratio and the marker in its corner: %s',
    (_name, columns, rows, pixelHeightToWidth) => {
      const source = { ...display(columns, rows), pixelHeightToWidth };
      const capture = render(
        image({
          columns,
          rows,
          display: source,
          map: influence(columns, rows, { x: columns / 2, y: rows / 2 }),
        }),
      );
      for (const place of [capture.layout.original!, capture.layout.withMap!]) {
        expect(place.columns / place.rows).toBeCloseTo(columns / (rows * pixelHeightToWidth), 1);
        const corner = pixel(capture, place, Math.round(place.columns * 0.02), Math.round(place.rows * 0.05));
        expect(Math.min(...corner)).toBeGreaterThan(200);
      }
      expect(capture.columns).toBeLessThanOrEqual(2048);
    },
  );

  test('says so when the window is automatic', () => {
    const auto = { ...display(1024, 1280), voi: 'auto' as const };
    const shown = texts(render(image({ display: auto }), { settings: { panelHeight: 960 } }));
    expect(shown).toContain('A  original pixels, no overlay (auto window)');
  });
});

describe('panel B', () => {
  const columns = 384;
  const rows = 480;
  const centre = { x: 150.5, y: 300.5 };
  const analysed = image({
    columns,
    rows,
    display: display(columns, rows),
    map: influence(columns, rows, centre),
  });
  const capture = render(analysed);
  const a = capture.layout.original!;
  const b = capture.layout.withMap!;
  const sigma = 0.09 * columns;

  test('is exactly 0.85 of panel A wherever the map is below a quarter', () => {
    const reach = sigma * Math.sqrt(2 * Math.log(4)) + 3;
    for (let y = 0; y < rows; y += 3) {
      for (let x = 0; x < columns; x += 3) {
        if (Math.hypot(x + 0.5 - centre.x, y + 0.5 - centre.y) < reach) continue;
        const dimmed = pixel(capture, a, x, y).map((value) => Math.round(value * 0.85));
        expect(pixel(capture, b, x, y)).toEqual(dimmed);
      }
    }
  });

  test('is hottest where the map peaks in the source: every resize and pad is undone', () => {
    const table = colourTable('inferno')!;
    const gray = pixel(capture, a, 150, 300)[0]!;
    const expected = [0, 1, 2].map((channel) => {
      const top = table[255 * 3 + channel]!;
      return Math.round(Math.round(gray * 0.85) * (1 - opacity(1)) + top * opacity(1));
    });
    pixel(capture, b, 150, 300).forEach((value, channel) => {
      expect(Math.abs(value - expected[channel]!)).toBeLessThanOrEqual(2);
    });
  });

  test('has a white line between black ones at half of the maximum', () => {
    const radius = sigma * Math.sqrt(2 * Math.LN2);
    const across = Array.from({ length: 17 }, (_, step) => {
      const x = Math.round(centre.x - radius) - 8 + step;
      return pixel(capture, b, x, 300).reduce((sum, value) => sum + value, 0);
    });
    const line = across.indexOf(Math.max(...across));
    expect(across[line]!).toBeGreaterThan(3 * 220);
    expect(Math.min(...across.slice(line - 4, line))).toBeLessThan(3 * 40);
    expect(Math.min(...across.slice(line + 1, line + 5))).toBeLessThan(3 * 40);
    expect(Math.abs(line - 8)).toBeLessThanOrEqual(1);
  });

  test('contour_only paints the line and no colour', () => {
    const only = render(analysed, { settings: { colours: 'contour_only' } });
    const [red, green, blue] = pixel(only, only.layout.withMap!, 150, 300);
    expect([red, red]).toEqual([green, blue]);
    expect(only.layout.colourBar).toBeUndefined();
    expect(texts(only)).not.toContain('low');
  });
});

describe('the map is shown', () => {
  test.each([
    ['SUSPECTED', 'suspected', 'map'],
    ['INDETERMINATE', 'suspected', 'none'],
    ['INDETERMINATE', 'suspected_and_indeterminate', 'map'],
    ['NOT_DETECTED', 'suspected_and_indeterminate', 'none'],
    ['NOT_DETECTED', 'always', 'map'],
    ['NO_RESULT', 'always', 'none'],
  ] as const)('for %s with capture.map %s: %s', (outcome, map, expected) => {
    const capture = render(imageOf(outcome), { settings: { map } });
    expect(capture.layout.withMap === undefined ? 'none' : 'map').toBe(expected);
    expect(texts(capture).some((text) => text.includes('map grid 12 x 12'))).toBe(expected === 'map');
  });

  test('for a class that was not detected only under a title that says so', () => {
    expect(texts(render(imageOf('NOT_DETECTED'), { settings: { map: 'always' } })).join(' ')).toContain(
      'B  map for degenerative spondylolisthesis, which was NOT detected',
    );
  });

  test('never when it is not focal, and the bar says why', () => {
    const diffuse = { ...influence(1024, 1280, { x: 500, y: 600 }), reliability: 'not_focal' as const };
    const capture = render(image({ map: diffuse }));
    expect(capture.layout.withMap).toBeUndefined();
    expect(texts(capture)).toContain('map not shown: not focal');
  });
});

describe('the text', () => {
  test('stands in bars outside the panels', () => {
    for (const outcome of ['SUSPECTED', 'NOT_DETECTED', 'NO_RESULT'] as const) {
      const { layout } = render(imageOf(outcome));
      for (const place of [layout.original, layout.withMap]) {
        if (place === undefined) continue;
        for (const { baseline, sizePx } of layout.texts) {
          const above = baseline + sizePx * 0.3 <= place.top;
          const below = baseline - sizePx >= place.top + place.rows;
          expect(above || below).toBe(true);
        }
      }
    }
  });

  test.each(['en', 'de', 'zh'] as const)(
    'has the headline large enough for a 400 px thumbnail in %s',
    (language) => {
      for (const outcome of ['SUSPECTED', 'NOT_DETECTED', 'INDETERMINATE', 'NO_RESULT', 'FAILED'] as const) {
        const capture = render(imageOf(outcome), { language });
        const [headline] = capture.layout.texts;
        expect(headline!.text).toMatch(/^AI: /);
        expect((headline!.sizePx / capture.columns) * 400).toBeGreaterThanOrEqual(9.5);
      }
    },
  );

  test('says research use, and simulated training for a simulated model', () => {
    expect(texts(render(image())).join(' ')).toMatch(/RESEARCH USE ONLY, not a diagnosis.*SIMULATED/);
    expect(texts(render(image(), { simulated: false })).join(' ')).not.toContain('SIMULATED');
  });

  test('names model, hash, local time and source', () => {
    expect(texts(render(image())).at(-1)).toBe(
      'LUMBAR-NODE 0.1.0 · model LumbarTest-EffNetV2M 1.0.0 (a1b2c3d4) · 2026-11-23 14:05 +01:00 · source: series 2, image 1, left lateral flexion',
    );
  });

  test('holds no identity unless the site asks for it', () => {
    const identity = (burnInIdentity: CaptureSettings['burnInIdentity']): string =>
      texts(render(image(), { settings: { burnInIdentity } })).join(' ');
    expect(identity('none')).not.toMatch(/Muster|TEST-0001/);
    expect(identity('initials_and_id')).toContain('E. M. · TEST-0001');
    expect(identity('full')).toContain('Muster, Erika · TEST-0001 · 19600101');
  });

  test('that does not fit at a legible size is an error, not a cut', () => {
    const endless = { ...context.model, name: 'x'.repeat(400) };
    expect(() => renderCapture(image(), { ...context, model: endless }, small, resources())).toThrow(
      /does not fit/,
    );
  });

  test('with a glyph that no shipped font has is an error, not a box', () => {
    const odd = { ...context, node: { ...context.node, productName: 'LUMBAR-NODE \u{1F9B4}' } };
    expect(() => renderCapture(image(), odd, small, resources())).toThrow('no shipped font draws U+1F9B4');
  });

  test('is drawn without pixels too: a FAILED image becomes bars alone', () => {
    const { layout, rgb, columns, rows } = render(imageOf('FAILED'));
    expect([layout.original, rgb.length]).toEqual([undefined, columns * rows * 3]);
  });
});
