import type { CaptureContent, MapContent } from './capture-content.ts';
import type { PanelSize } from './panel.ts';
import { type FittedText, fitText, type TextStyle } from './text-layout.ts';
import type { Typeface, Weight } from './typeface.ts';

/** One line of text in a bar above or below the panels; `x` and `baseline` in pixels of the capture. */
export interface PlacedText {
  readonly text: string;
  readonly x: number;
  readonly baseline: number;
  readonly sizePx: number;
  readonly weight: Weight;
  /** Brightness 0..255 of the gray that it is drawn in. */
  readonly brightness: number;
}

export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly columns: number;
  readonly rows: number;
}

/** Where everything lies, in pixels of the capture. No text ever lies on a panel. */
export interface CaptureLayout {
  readonly columns: number;
  readonly rows: number;
  readonly original: Rectangle | undefined;
  readonly withMap: Rectangle | undefined;
  readonly colourBar: Rectangle | undefined;
  readonly texts: readonly PlacedText[];
}

const margin = 24;
/** Narrower captures could not hold the headline at a size that survives a 400 px thumbnail. */
const leastColumns = 1488;
const mostColumns = 2048;

/** Brightness of text on black; all have a contrast above 7. */
const white = 255;
const light = 230;
const gray = 189;

/**
 * Panel size for a source: height as set, width by the true aspect ratio (pixel aspect ratio included), and smaller
 * when two panels side by side would exceed 2048 columns. The same for one or two panels, so that a negative result is not
 * shown larger than a positive one.
 */
export function panelSize(
  source: { readonly columns: number; readonly rows: number; readonly pixelHeightToWidth: number },
  panelHeight: number,
): PanelSize {
  const aspect = source.columns / (source.rows * source.pixelHeightToWidth);
  const widest = Math.floor((mostColumns - 3 * margin) / 2);
  const columns = Math.min(widest, Math.round(panelHeight * aspect));
  const rows = columns < widest ? panelHeight : Math.round(widest / aspect);
  return { columns: Math.max(1, columns), rows: Math.max(1, Math.min(panelHeight, rows)) };
}

/** Lays out a capture. Throws RESULT_INVALID when a text does not fit at a legible size. */
export function captureLayout(
  content: CaptureContent,
  panel: PanelSize | undefined,
  typeface: Typeface,
): CaptureLayout {
  const columns =
    panel === undefined ? leastColumns : even(Math.max(leastColumns, 2 * panel.columns + 3 * margin));
  const scale = columns / leastColumns;
  const header = new BarBuilder(columns, scale, 0, typeface);
  header.line(content.headline, { sizePx: 52, weight: 'bold' }, white);
  header.line(content.detail, { sizePx: 28, weight: 'regular' }, light);
  const places =
    panel === undefined ? undefined : panelPlaces(columns, panel, content.map === undefined ? 1 : 2);
  if (places !== undefined) {
    header.gap(8);
    const titles = [
      { text: content.original, place: places.original },
      ...(content.map === undefined || places.withMap === undefined
        ? []
        : [{ text: content.map.title, place: places.withMap }]),
    ].map(({ text, place }) => ({ text, left: place.textLeft, width: place.textRight - place.textLeft }));
    header.columns(titles, { sizePx: 23, weight: 'bold' }, white);
  }
  const panelTop = header.bottom();
  const footer = new BarBuilder(columns, scale, panelTop + (panel?.rows ?? 0), typeface);
  let colourBar: Rectangle | undefined;
  if (content.map !== undefined && places?.withMap !== undefined) {
    colourBar = footer.legend(content.map, places.withMap.textLeft);
    footer.line(content.map.meaning, { sizePx: 21, weight: 'regular' }, white);
  } else if (content.notice !== undefined) {
    footer.line(content.notice, { sizePx: 23, weight: 'bold' }, white);
  }
  footer.line(content.statement, { sizePx: 22, weight: 'bold' }, white);
  footer.line(content.facts, { sizePx: 19, weight: 'regular' }, gray);
  if (content.identity !== undefined) footer.line(content.identity, { sizePx: 19, weight: 'regular' }, gray);
  const place = (left: number | undefined): Rectangle | undefined =>
    left === undefined || panel === undefined ? undefined : { left, top: panelTop, ...panel };
  return {
    columns,
    rows: even(footer.bottom()),
    original: place(places?.original.left),
    withMap: place(places?.withMap?.left),
    colourBar,
    texts: [...header.texts, ...footer.texts],
  };
}

function even(value: number): number {
  return value + (value % 2);
}

/** Where a panel stands and how far its title may reach, when the panel is narrower than the title. */
interface PanelPlace {
  readonly left: number;
  readonly textLeft: number;
  readonly textRight: number;
}

/** Room that a title needs at least, at 1488 columns. */
const titleRoom = 620;

/** One panel in the middle, or one in the middle of each half. */
function panelPlaces(
  columns: number,
  panel: PanelSize,
  count: 1 | 2,
): { readonly original: PanelPlace; readonly withMap?: PanelPlace } {
  const share = Math.floor((columns - (count + 1) * margin) / count);
  const room = (titleRoom * columns) / leastColumns;
  const place = (from: number): PanelPlace => {
    const left = from + Math.floor((share - panel.columns) / 2);
    return {
      left,
      textLeft: Math.round(Math.max(from, Math.min(left, from + share - room))),
      textRight: from + share,
    };
  };
  return count === 1
    ? { original: place(margin) }
    : { original: place(margin), withMap: place(2 * margin + share) };
}

/** Collects lines from top to bottom; sizes are given at a width of 1488 columns and scale with the capture. */
class BarBuilder {
  readonly texts: PlacedText[] = [];
  readonly #columns: number;
  readonly #scale: number;
  readonly #typeface: Typeface;
  #y: number;

  constructor(columns: number, scale: number, top: number, typeface: Typeface) {
    this.#columns = columns;
    this.#scale = scale;
    this.#typeface = typeface;
    this.#y = top + 12 * scale;
  }

  bottom(): number {
    return Math.ceil(this.#y + 8 * this.#scale);
  }

  gap(sizePx: number): void {
    this.#y += sizePx * this.#scale;
  }

  line(text: string, style: TextStyle, brightness: number): void {
    this.columns([{ text, left: margin, width: this.#columns - 2 * margin }], style, brightness);
  }

  /** Texts beside one another, all in the size of the one that had to shrink most. */
  columns(
    entries: readonly { text: string; left: number; width: number }[],
    style: TextStyle,
    brightness: number,
  ): void {
    const scaled = this.#scaled(style);
    const fitted = entries.map((entry) => ({
      ...entry,
      fit: fitText(entry.text, entry.width, scaled, this.#typeface),
    }));
    const sizePx = Math.min(...fitted.map(({ fit }) => fit.sizePx));
    for (const { left, fit } of fitted) this.#place({ ...fit, sizePx }, left, style.weight, brightness);
    this.#y += Math.max(...fitted.map(({ fit }) => fit.lines.length)) * sizePx * 1.22 + 6 * this.#scale;
  }

  /** Colour bar with its ends named when there is colour, then the meaning of the line and the grid. */
  legend({ scale, line, grid }: MapContent, left: number): Rectangle | undefined {
    const style = this.#scaled({ sizePx: 19, weight: 'regular' });
    const lineWords = `${line} · ${grid}`;
    const right = this.#columns - margin;
    const bar = scale === undefined ? undefined : this.#colourScale(scale, left, style);
    const after = bar === undefined ? left : bar.end + 30 * this.#scale;
    if (bar !== undefined && after + this.#typeface.width(lineWords, style.sizePx, style.weight) <= right) {
      this.#put(lineWords, after, bar.baseline, style, light);
    } else {
      this.columns(
        [{ text: lineWords, left, width: right - left }],
        { sizePx: 19, weight: 'regular' },
        light,
      );
    }
    return bar?.place;
  }

  #colourScale({ low, high }: { low: string; high: string }, left: number, style: TextStyle) {
    const gap = 10 * this.#scale;
    const baseline = this.#y + style.sizePx * 0.95;
    const width = (text: string): number => this.#typeface.width(text, style.sizePx, style.weight);
    const place: Rectangle = {
      left: Math.round(left + width(low) + gap),
      top: Math.round(this.#y + style.sizePx * 0.28),
      columns: Math.round(150 * this.#scale),
      rows: Math.round(style.sizePx * 0.8),
    };
    const highLeft = place.left + place.columns + gap;
    this.#put(low, left, baseline, style, light);
    this.#put(high, highLeft, baseline, style, light);
    this.#y += style.sizePx * 1.22 + 6 * this.#scale;
    return { place, baseline, end: highLeft + width(high) };
  }

  #scaled(style: TextStyle): TextStyle {
    return { sizePx: Math.round(style.sizePx * this.#scale * 10) / 10, weight: style.weight };
  }

  #place(fit: FittedText, left: number, weight: Weight, brightness: number): void {
    fit.lines.forEach((text, index) => {
      const baseline = this.#y + fit.sizePx * (0.95 + 1.22 * index);
      this.#put(text, left, baseline, { sizePx: fit.sizePx, weight }, brightness);
    });
  }

  #put(text: string, x: number, baseline: number, { sizePx, weight }: TextStyle, brightness: number): void {
    this.texts.push({ text, x: Math.round(x), baseline: Math.round(baseline), sizePx, weight, brightness });
  }
}
