import { NodeError } from '../../core/errors.ts';
import type { Typeface, Weight } from './typeface.ts';

/** A line of text that fits: its size in pixels and its baseline are the layout's business. */
export interface FittedText {
  readonly lines: readonly string[];
  readonly sizePx: number;
}

export interface TextStyle {
  readonly sizePx: number;
  readonly weight: Weight;
}

/** Text is shrunk to this share of its size at most. */
const smallest = 0.6;
/** Down to this share one line is preferred to two. */
const comfortable = 0.72;
/** Kerning may widen a line a little over the sum of its advances. */
const slack = 0.99;

/**
 * Fits a text into a width: one line if it needs no more than a little shrinking, otherwise two lines broken at a
 * space (or between ideographs), shrunk to 60 % at most. Throws RESULT_INVALID when even that overflows: a verdict
 * that is cut off must never leave the node.
 */
export function fitText(text: string, widthPx: number, style: TextStyle, typeface: Typeface): FittedText {
  const room = widthPx * slack;
  const natural = typeface.width(text, style.sizePx, style.weight);
  if (natural * comfortable <= room) return { lines: [text], sizePx: shrunk(style.sizePx, natural, room) };
  const lines = twoLines(text, style, typeface);
  const widest = Math.max(...lines.map((line) => typeface.width(line, style.sizePx, style.weight)));
  if (widest * smallest <= room) return { lines, sizePx: shrunk(style.sizePx, widest, room) };
  throw new NodeError(
    'RESULT_INVALID',
    `a text of ${text.length} characters does not fit ${Math.round(widthPx)} px`,
  );
}

function shrunk(sizePx: number, width: number, room: number): number {
  return width <= room ? sizePx : Math.floor(((sizePx * room) / width) * 10) / 10;
}

/** The break that makes the longer of the two lines shortest. */
function twoLines(text: string, style: TextStyle, typeface: Typeface): readonly string[] {
  const breaks = [...text.matchAll(/ +|(?<=[\u3000-\u9fff\uff00-\uffef])(?![，。；：、）])/gu)];
  let best: readonly string[] = [text];
  let bestWidth = Number.POSITIVE_INFINITY;
  for (const found of breaks) {
    const lines = [text.slice(0, found.index).trimEnd(), text.slice(found.index).trimStart()];
    if (lines.includes('')) continue;
    const width = Math.max(...lines.map((line) => typeface.width(line, style.sizePx, style.weight)));
    if (width < bestWidth) {
      best = lines;
      bestWidth = width;
    }
  }
  return best;
}
