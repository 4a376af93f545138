import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Resvg } from '@resvg/resvg-js';
import { NodeError } from '../../core/errors.ts';
import { LastUsed } from './last-used.ts';
import { readTrueType, type TrueTypeMetrics } from './true-type.ts';

export type Weight = 'regular' | 'bold';

/** One line of text as coverage 0..255, uint8[rows * columns]; the baseline lies `baseline` rows below the top. */
export interface DrawnText {
  readonly coverage: Uint8Array;
  readonly columns: number;
  readonly rows: number;
  readonly baseline: number;
}

/** Premultiplied RGBA, uint8[rows * columns * 4]. */
export interface DrawnShape {
  readonly rgba: Uint8Array;
  readonly columns: number;
  readonly rows: number;
}

/** The shipped fonts, read once. Text is drawn with these files only, never with what the machine has installed. */
export interface Typeface {
  /** Width in pixels of one line at a font size; sum of advances, kerning is not counted. Throws for a missing glyph. */
  width(text: string, sizePx: number, weight: Weight): number;
  /** Characters of the text that no shipped font can draw. */
  missing(text: string): readonly string[];
  /** Draws one line. Throws RESULT_INVALID for a missing glyph. The last lines drawn are kept, most texts repeat. */
  drawText(text: string, sizePx: number, weight: Weight): DrawnText;
  /** Draws an SVG without text. */
  drawShape(svg: string): DrawnShape;
}

const family = 'DejaVu Sans';
const fallbackFamily = 'Droid Sans Fallback';

/** A line is kept while so many others are asked for, which is three captures or more: drawing one takes 7 to 9 ms. */
const keptForLines = 40;

/** Reads the shipped fonts from `assets/fonts`. Throws when a file is missing: they belong to the installation. */
export function loadTypeface(folder: string): Typeface {
  const file = (name: string): string => join(folder, name);
  const paths = {
    regular: file('DejaVuSans.ttf'),
    bold: file('DejaVuSans-Bold.ttf'),
    fallback: file('DroidSansFallback-GB2312.ttf'),
  };
  const regular = readTrueType(readFileSync(paths.regular));
  const bold = readTrueType(readFileSync(paths.bold));
  const fallback = readTrueType(readFileSync(paths.fallback));
  const covers = (codePoint: number): boolean =>
    [regular, bold].every((font) => font.advance(codePoint) !== undefined) ||
    fallback.advance(codePoint) !== undefined;
  const missing = (text: string): readonly string[] =>
    Array.from(text).filter((character) => !covers(character.codePointAt(0) ?? 0));
  const width = (text: string, sizePx: number, weight: Weight): number => {
    const main = weight === 'bold' ? bold : regular;
    return (
      Array.from(text).reduce((sum, character) => sum + emAdvance(character, main, fallback), 0) * sizePx
    );
  };
  const drawn = new LastUsed<DrawnText>(keptForLines);
  const draw = (text: string, sizePx: number, weight: Weight): DrawnText => {
    const absent = missing(text)[0];
    if (absent !== undefined) throw missingGlyph(absent);
    const main = weight === 'bold' ? bold : regular;
    const runs = fontRuns(text, main).map((run, index, all) => ({
      ...run,
      x: 1 + all.slice(0, index).reduce((sum, before) => sum + width(before.text, sizePx, weight), 0),
    }));
    const columns = Math.ceil(width(text, sizePx, weight) * 1.01) + 4;
    const baseline = Math.ceil(sizePx);
    const rows = baseline + Math.ceil(sizePx * 0.4);
    const { pixels } = new Resvg(textSvg(runs, { columns, rows, baseline }, sizePx, weight), {
      font: {
        loadSystemFonts: false,
        fontFiles: [
          weight === 'bold' ? paths.bold : paths.regular,
          ...(runs.some((run) => run.family === fallbackFamily) ? [paths.fallback] : []),
        ],
        defaultFontFamily: family,
      },
      logLevel: 'off',
    }).render();
    const coverage = Uint8Array.from({ length: columns * rows }, (_, index) => pixels[index * 4 + 3] ?? 0);
    return { coverage, columns, rows, baseline };
  };
  return {
    missing,
    width,
    drawText: (text, sizePx, weight) =>
      drawn.get(`${weight} ${sizePx} ${text}`, () => draw(text, sizePx, weight)),
    drawShape(svg) {
      const image = new Resvg(svg, { font: { loadSystemFonts: false }, logLevel: 'off' }).render();
      return { rgba: image.pixels, columns: image.width, rows: image.height };
    },
  };
}

interface FontRun {
  readonly family: string;
  readonly text: string;
}

/**
 * Cuts a line where the font changes; each run is placed by itself. In a line of two fonts the renderer draws boxes for
 * the second as soon as one ligature of the first makes its glyphs fewer than its characters ("ffi" beside Chinese).
 */
function fontRuns(text: string, main: TrueTypeMetrics): readonly FontRun[] {
  const runs: { family: string; text: string }[] = [];
  for (const character of text) {
    const has = main.advance(character.codePointAt(0) ?? 0) !== undefined;
    const one = has ? family : fallbackFamily;
    const last = runs.at(-1);
    if (last?.family === one) last.text += character;
    else runs.push({ family: one, text: character });
  }
  return runs;
}

function textSvg(
  runs: readonly (FontRun & { readonly x: number })[],
  { columns, rows, baseline }: { columns: number; rows: number; baseline: number },
  sizePx: number,
  weight: Weight,
): string {
  const escaped = (text: string): string =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const spans = runs.map(
    (run) => `<tspan x="${run.x.toFixed(2)}" font-family="${run.family}">${escaped(run.text)}</tspan>`,
  );
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${columns}" height="${rows}">` +
    `<text y="${baseline}" font-size="${sizePx}" ` +
    `font-weight="${weight === 'bold' ? 'bold' : 'normal'}" fill="#fff" xml:space="preserve">${spans.join('')}</text></svg>`
  );
}

function emAdvance(character: string, main: TrueTypeMetrics, fallback: TrueTypeMetrics): number {
  const codePoint = character.codePointAt(0) ?? 0;
  for (const font of [main, fallback]) {
    const advance = font.advance(codePoint);
    if (advance !== undefined) return advance / font.unitsPerEm;
  }
  throw missingGlyph(character);
}

function missingGlyph(character: string): NodeError {
  const codePoint = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return new NodeError('RESULT_INVALID', `no shipped font draws U+${codePoint}`);
}
