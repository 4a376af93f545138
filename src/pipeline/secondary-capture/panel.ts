import { resampleBilinear } from '../../imaging/resample.ts';
import type { DisplayImage, InfluenceMap } from '../result-input.ts';
import type { ColourTable } from './colour-map.ts';

/** One picture of the capture, uint8, row-major; `gray` has one sample and `rgb` three per pixel. */
export interface PanelSize {
  readonly columns: number;
  readonly rows: number;
}

/** Levels of the overlay (experience.md 1.4): no colour below `rampStart`, half opaque at most, contour at half. */
export const overlay = {
  rampStart: 0.25,
  rampExponent: 0.7,
  maximumOpacity: 0.5,
  baseBrightness: 0.85,
  contourLevel: 0.5,
} as const;

/** The whole image at panel size: nothing cropped, turned or mirrored, aspect ratio as given by `size`. */
export function grayPanel(display: DisplayImage, size: PanelSize): Uint8Array {
  const scaled = resampleBilinear(display.gray, display.columns, display.rows, size.columns, size.rows);
  const gray = new Uint8Array(scaled.length);
  // Storing into clamped bytes rounds.
  const clamped = new Uint8ClampedArray(gray.buffer);
  for (let index = 0; index < scaled.length; index++) clamped[index] = (scaled[index] as number) * 255;
  return gray;
}

/** Brightness of a pixel of panel B that no colour covers. */
export function dimmed(gray: number): number {
  return Math.round(gray * overlay.baseBrightness);
}

/** Opacity of the colour for a map value 0..1. */
export function opacity(value: number): number {
  const ramp = Math.min(1, Math.max(0, (value - overlay.rampStart) / (1 - overlay.rampStart)));
  return overlay.maximumOpacity * ramp ** overlay.rampExponent;
}

/** Where a panel lies in a larger picture: uint8 RGB, row-major. */
export interface PanelPlace extends PanelSize {
  readonly rgb: Uint8Array;
  /** Index in `rgb` of the panel's first sample. */
  readonly start: number;
  /** Samples from one row of the picture to the next. */
  readonly stride: number;
}

/** The same gray in all three colours, each value through `tone`. */
export function drawGray(place: PanelPlace, gray: Uint8Array, tone: (value: number) => number): void {
  const { rgb, rows, columns, start, stride } = place;
  const tones = Uint8Array.from({ length: 256 }, (_, value) => tone(value));
  for (let row = 0, from = 0; row < rows; row++) {
    let to = start + row * stride;
    for (const end = from + columns; from < end; from++) {
      const value = tones[gray[from] as number] as number;
      rgb[to++] = value;
      rgb[to++] = value;
      rgb[to++] = value;
    }
  }
}

/**
 * Panel B: the same pixels darkened, and the map's colour where it is above the ramp's start. The map is sampled
 * bilinearly over `coverage`, so every resize and pad of the preprocessing is undone; no smoothing is added.
 */
export function drawMap(
  place: PanelPlace,
  gray: Uint8Array,
  map: InfluenceMap,
  source: PanelSize,
  colours: ColourTable | undefined,
): void {
  drawGray(place, gray, dimmed);
  if (colours === undefined) return;
  const { rgb, start, stride } = place;
  const paint = paintTable(colours);
  const { values, columns } = map;
  const across = samplingTable(
    place.columns,
    source.columns,
    map.coverage.left,
    map.coverage.right,
    map.columns,
  );
  const down = samplingTable(place.rows, source.rows, map.coverage.top, map.coverage.bottom, map.rows);
  const hot = hotCells(map);
  const hotRows = span(down, hot.top, hot.bottom);
  const hotColumns = span(across, hot.left, hot.right);
  for (let row = hotRows.from; row < hotRows.to; row++) {
    const upper = (down.low[row] as number) * columns;
    const lower = (down.high[row] as number) * columns;
    const shareY = down.share[row] as number;
    for (let column = hotColumns.from; column < hotColumns.to; column++) {
      const left = across.low[column] as number;
      const right = across.high[column] as number;
      const shareX = across.share[column] as number;
      const aboveLeft = values[upper + left] as number;
      const above = aboveLeft + ((values[upper + right] as number) - aboveLeft) * shareX;
      const belowLeft = values[lower + left] as number;
      const below = belowLeft + ((values[lower + right] as number) - belowLeft) * shareX;
      const value = above + (below - above) * shareY;
      if (value <= overlay.rampStart) continue;
      const step = 4 * Math.round(value * (paintSteps - 1));
      const kept = paint[step + 3] as number;
      const at = start + row * stride + column * 3;
      rgb[at] = (rgb[at] as number) * kept + (paint[step] as number);
      rgb[at + 1] = (rgb[at + 1] as number) * kept + (paint[step + 1] as number);
      rgb[at + 2] = (rgb[at + 2] as number) * kept + (paint[step + 2] as number);
    }
  }
}

const paintSteps = 1024;

/**
 * For each of `paintSteps` map values from 0 to 1 what is laid over a pixel: red, green and blue already times the
 * opacity and plus one half, so that storing rounds, and the share of the pixel that stays.
 */
function paintTable(colours: ColourTable): Float32Array {
  const paint = new Float32Array(4 * paintSteps);
  for (let step = 0; step < paintSteps; step++) {
    const value = step / (paintSteps - 1);
    const alpha = opacity(value);
    const colour = 3 * Math.round(value * 255);
    for (let channel = 0; channel < 3; channel++)
      paint[4 * step + channel] = (colours[colour + channel] ?? 0) * alpha + 0.5;
    paint[4 * step + 3] = 1 - alpha;
  }
  return paint;
}

/** The pixels, from and to, whose cells touch those between `first` and `last`. */
function span({ low, high }: SamplingTable, first: number, last: number): { from: number; to: number } {
  const from = high.findIndex((cell) => cell >= first);
  return { from: from < 0 ? low.length : from, to: low.findLastIndex((cell) => cell <= last) + 1 };
}

/** Bounds of the cells above the ramp's start; outside of them no pixel can have colour. */
function hotCells({ values, columns, rows }: InfluenceMap) {
  const bounds = { left: columns, right: -1, top: rows, bottom: -1 };
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if ((values[row * columns + column] ?? 0) <= overlay.rampStart) continue;
      bounds.left = Math.min(bounds.left, column);
      bounds.right = Math.max(bounds.right, column);
      bounds.top = Math.min(bounds.top, row);
      bounds.bottom = row;
    }
  }
  return bounds;
}

/** For each panel pixel: the two map cells around it and the share of the second (cell centres at + 0.5). */
interface SamplingTable {
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly share: Float32Array;
}

function samplingTable(
  target: number,
  source: number,
  from: number,
  to: number,
  cells: number,
): SamplingTable {
  const low = new Int32Array(target);
  const high = new Int32Array(target);
  const share = new Float32Array(target);
  for (let index = 0; index < target; index++) {
    const inSource = ((index + 0.5) / target) * source;
    const position = Math.min(cells - 1, Math.max(0, ((inSource - from) / (to - from)) * cells - 0.5));
    low[index] = Math.floor(position);
    high[index] = Math.min(cells - 1, Math.floor(position) + 1);
    share[index] = position - Math.floor(position);
  }
  return { low, high, share };
}
