import { NodeError } from '../../core/errors.ts';
import type { AnalysedImage, ResultContext } from '../result-input.ts';
import type { ResultResources } from '../result-resources.ts';
import { type CaptureSettings, captureContent, type MapContent } from './capture-content.ts';
import {
  type CaptureLayout,
  captureLayout,
  type PlacedText,
  panelSize,
  type Rectangle,
} from './capture-layout.ts';
import { type ColourTable, colourTable } from './colour-map.ts';
import { contourLines } from './contour.ts';
import { drawGray, drawMap, grayPanel, overlay, type PanelPlace } from './panel.ts';
import type { Typeface } from './typeface.ts';

/** The capture's pixels: uint8[rows * columns * 3], RGB, row-major, black where nothing is drawn. */
export interface RenderedCapture {
  readonly rgb: Uint8Array;
  readonly columns: number;
  readonly rows: number;
  readonly layout: CaptureLayout;
  /** True when patient identity was drawn into the pixels. */
  readonly identityDrawn: boolean;
}

/**
 * Draws the secondary capture of one image (experience.md 1.4): verdict, original pixels, and for a called class the
 * same pixels with the influence map, all text in bars outside the pixels. An image without pixels (FAILED, undecodable)
 * becomes the bars alone. Deterministic: same input, same bytes, whatever fonts the machine has.
 *
 * Throws RESULT_INVALID when a text does not fit or a glyph is missing.
 */
export function renderCapture(
  image: AnalysedImage,
  context: ResultContext,
  settings: CaptureSettings,
  resources: ResultResources,
): RenderedCapture {
  const content = captureContent(image, context, settings, resources);
  const { display } = image;
  const size = display === undefined ? undefined : panelSize(display, settings.panelHeight);
  const layout = captureLayout(content, size, resources.typeface);
  const canvas = new Canvas(layout.columns, layout.rows);
  for (const text of layout.texts) canvas.text(text, resources.typeface);
  if (display !== undefined && layout.original !== undefined) {
    const gray = grayPanel(display, layout.original);
    drawGray(canvas.place(layout.original), gray, (value) => value);
    if (content.map !== undefined && layout.withMap !== undefined) {
      const colours = colourTable(settings.colours);
      drawMap(canvas.place(layout.withMap), gray, content.map.map, image, colours);
      drawContour(canvas, content.map, layout.withMap, image, resources.typeface);
      if (layout.colourBar !== undefined && colours !== undefined)
        canvas.colourBar(layout.colourBar, colours);
    }
  }
  return {
    rgb: canvas.pixels,
    columns: layout.columns,
    rows: layout.rows,
    layout,
    identityDrawn: content.identity !== undefined,
  };
}

/** White line of 3 px between black lines of 2 px: visible on bone and on air, with every colour vision. */
function drawContour(
  canvas: Canvas,
  { map }: MapContent,
  place: Rectangle,
  image: AnalysedImage,
  typeface: Typeface,
): void {
  const lines = contourLines(map, image, overlay.contourLevel);
  const scaleX = place.columns / image.columns;
  const scaleY = place.rows / image.rows;
  const paths = lines.map(({ points, shape }) => {
    const steps = points.map(({ x, y }) => `${(x * scaleX).toFixed(2)} ${(y * scaleY).toFixed(2)}`);
    return `M${steps.join('L')}${shape === 'closed' ? 'Z' : ''}`;
  });
  const points = lines.flatMap((line) => line.points);
  if (points.length === 0) return;
  const reach = 6;
  const left = Math.max(0, Math.floor(Math.min(...points.map(({ x }) => x)) * scaleX) - reach);
  const top = Math.max(0, Math.floor(Math.min(...points.map(({ y }) => y)) * scaleY) - reach);
  const right = Math.min(place.columns, Math.ceil(Math.max(...points.map(({ x }) => x)) * scaleX) + reach);
  const bottom = Math.min(place.rows, Math.ceil(Math.max(...points.map(({ y }) => y)) * scaleY) + reach);
  const path = (stroke: string, width: number): string =>
    `<path d="${paths.join('')}" fill="none" stroke="${stroke}" stroke-width="${width}" stroke-linejoin="round" stroke-linecap="round"/>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${right - left}" height="${bottom - top}" viewBox="${left} ${top} ${right - left} ${bottom - top}">${path('#000', 7)}${path('#fff', 3)}</svg>`;
  const drawn = typeface.drawShape(svg);
  canvas.blend(drawn.rgba, {
    left: place.left + left,
    top: place.top + top,
    columns: drawn.columns,
    rows: drawn.rows,
  });
}

class Canvas {
  readonly pixels: Uint8Array;
  readonly #columns: number;

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.pixels = new Uint8Array(columns * rows * 3);
  }

  /** Lays a line over black; one that would leave the canvas is a fault of the layout. */
  text({ text, x, baseline, sizePx, weight, brightness }: PlacedText, typeface: Typeface): void {
    const drawn = typeface.drawText(text, sizePx, weight);
    const left = x - 1;
    const top = baseline - drawn.baseline;
    for (let row = 0; row < drawn.rows; row++) {
      for (let column = 0; column < drawn.columns; column++) {
        const coverage = drawn.coverage[row * drawn.columns + column] ?? 0;
        if (coverage === 0) continue;
        if (left + column >= this.#columns || left + column < 0 || top + row < 0) {
          throw new NodeError('RESULT_INVALID', 'a text runs out of the capture');
        }
        const to = this.#offset(left + column, top + row);
        const value = Math.round((coverage * brightness) / 255);
        this.pixels[to] = value;
        this.pixels[to + 1] = value;
        this.pixels[to + 2] = value;
      }
    }
  }

  place({ left, top, columns, rows }: Rectangle): PanelPlace {
    return { rgb: this.pixels, columns, rows, start: this.#offset(left, top), stride: this.#columns * 3 };
  }

  /** Lays premultiplied RGBA over what is there. */
  blend(rgba: Uint8Array, place: Rectangle): void {
    for (let row = 0; row < place.rows; row++) {
      for (let column = 0; column < place.columns; column++) {
        const from = (row * place.columns + column) * 4;
        const alpha = rgba[from + 3] ?? 0;
        if (alpha === 0) continue;
        const to = this.#offset(place.left + column, place.top + row);
        for (let channel = 0; channel < 3; channel++) {
          const below = this.pixels[to + channel] ?? 0;
          this.pixels[to + channel] = Math.min(
            255,
            Math.round((rgba[from + channel] ?? 0) + (below * (255 - alpha)) / 255),
          );
        }
      }
    }
  }

  /** The colours from low to high in a thin frame. */
  colourBar(place: Rectangle, colours: ColourTable): void {
    for (let row = 0; row < place.rows; row++) {
      for (let column = 0; column < place.columns; column++) {
        const edge = row === 0 || column === 0 || row === place.rows - 1 || column === place.columns - 1;
        const index = 3 * Math.round((column / Math.max(1, place.columns - 1)) * 255);
        const to = this.#offset(place.left + column, place.top + row);
        for (let channel = 0; channel < 3; channel++) {
          this.pixels[to + channel] = edge ? 0x80 : (colours[index + channel] ?? 0);
        }
      }
    }
  }

  #offset(column: number, row: number): number {
    return (row * this.#columns + column) * 3;
  }
}
