import type { Letterbox } from '../imaging/letterbox.ts';
import type { InfluenceMap, SourcePoint } from './result-input.ts';

/** The evidence map of one class, with the two numbers that decide whether it may be shown as a location. */
export interface ActivationMap extends InfluenceMap {
  /** Largest value before normalisation. */
  readonly maximum: number;
  /** Share of the picture at or above half the maximum. */
  readonly spread: number;
}

/**
 * Turns the graph's `cam` output into a Grad-CAM map of one class: ReLU, bilinear upsampling to the model input
 * (align_corners=false), division by the maximum. At the last feature map Grad-CAM equals ReLU(CAM)/Z exactly, and Z
 * cancels in the division (Selvaraju et al. 2017; model.md 2). Padding outside the picture carries no evidence.
 * Returns `undefined` when no value is positive.
 */
export function activationMap(
  cam: Float32Array,
  [gridRows, gridColumns]: readonly [number, number],
  target: { readonly classIndex: number; readonly classId: string; readonly focalLimit: number },
  letterbox: Letterbox,
): ActivationMap | undefined {
  const cells = gridRows * gridColumns;
  const plane = cam.subarray(target.classIndex * cells, (target.classIndex + 1) * cells);
  const values = upsampleRectified(plane, gridRows, gridColumns, letterbox.size);
  const inside = insideContent(letterbox);
  const top = highest(values, letterbox, inside);
  if (top.value <= 0) return undefined;
  let above = 0;
  let total = 0;
  for (let y = 0; y < letterbox.size; y++) {
    for (let x = 0; x < letterbox.size; x++) {
      const index = y * letterbox.size + x;
      const value = inside(x, y) ? (values[index] ?? 0) / top.value : 0;
      values[index] = value;
      if (!inside(x, y)) continue;
      total++;
      if (value >= 0.5) above++;
    }
  }
  const spread = above / Math.max(1, total);
  const region = regionAround(values, letterbox.size, Math.floor(top.x), Math.floor(top.y));
  const clampX = (x: number): number => oneDecimal(Math.min(letterbox.columns, Math.max(0, x)));
  const clampY = (y: number): number => oneDecimal(Math.min(letterbox.rows, Math.max(0, y)));
  const peak = letterbox.sourceFromInput({ x: top.x + 0.5, y: top.y + 0.5 });
  const corner = letterbox.sourceFromInput({ x: region.left, y: region.top });
  const opposite = letterbox.sourceFromInput({ x: region.right + 1, y: region.bottom + 1 });
  const first = letterbox.sourceFromInput({ x: 0, y: 0 });
  const last = letterbox.sourceFromInput({ x: letterbox.size, y: letterbox.size });
  return {
    classId: target.classId,
    grid: { columns: gridColumns, rows: gridRows },
    columns: letterbox.size,
    rows: letterbox.size,
    values,
    coverage: { left: first.x, top: first.y, right: last.x, bottom: last.y },
    peak: { x: clampX(peak.x), y: clampY(peak.y) },
    box: {
      left: clampX(corner.x),
      top: clampY(corner.y),
      right: clampX(opposite.x),
      bottom: clampY(opposite.y),
    },
    reliability: spread <= target.focalLimit && !onRim(top, letterbox) ? 'focal' : 'not_focal',
    maximum: top.value,
    spread,
  };
}

/** ReLU of a class plane, bilinearly enlarged to size x size with align_corners=false (torch `interpolate`). */
function upsampleRectified(plane: Float32Array, rows: number, columns: number, size: number): Float32Array {
  const horizontal = weights(columns, size);
  const vertical = weights(rows, size);
  const values = new Float32Array(size * size);
  const at = (row: number, column: number): number => Math.max(0, plane[row * columns + column] ?? 0);
  for (let y = 0; y < size; y++) {
    const v = vertical[y];
    if (v === undefined) continue;
    for (let x = 0; x < size; x++) {
      const h = horizontal[x];
      if (h === undefined) continue;
      const upper = at(v.low, h.low) * (1 - h.share) + at(v.low, h.high) * h.share;
      const lower = at(v.high, h.low) * (1 - h.share) + at(v.high, h.high) * h.share;
      values[y * size + x] = upper * (1 - v.share) + lower * v.share;
    }
  }
  return values;
}

function weights(from: number, to: number): { low: number; high: number; share: number }[] {
  return Array.from({ length: to }, (_, index) => {
    const position = Math.max(0, ((index + 0.5) * from) / to - 0.5);
    const low = Math.min(from - 1, Math.floor(position));
    return { low, high: Math.min(from - 1, low + 1), share: position - low };
  });
}

function insideContent({ content }: Letterbox): (x: number, y: number) => boolean {
  return (x, y) =>
    x >= content.left &&
    x < content.left + content.width &&
    y >= content.top &&
    y < content.top + content.height;
}

/** The maximum inside the picture; equal neighbours (a cell centre between pixels) share it, so `x`, `y` are their mean. */
function highest(
  values: Float32Array,
  geometry: Letterbox,
  inside: (x: number, y: number) => boolean,
): { x: number; y: number; value: number } {
  let first = { x: 0, y: 0, value: 0 };
  for (let y = 0; y < geometry.size; y++) {
    for (let x = 0; x < geometry.size; x++) {
      const value = values[y * geometry.size + x] ?? 0;
      if (value > first.value && inside(x, y)) first = { x, y, value };
    }
  }
  let sumX = 0;
  let sumY = 0;
  let count = 0;
  for (let y = first.y; y <= first.y + 1; y++) {
    for (let x = first.x; x <= first.x + 1; x++) {
      if (!inside(x, y) || (values[y * geometry.size + x] ?? 0) < first.value * (1 - 1e-6)) continue;
      sumX += x;
      sumY += y;
      count++;
    }
  }
  return count === 0 ? first : { x: sumX / count, y: sumY / count, value: first.value };
}

/** Bounds of the 4-connected region of values >= 0.5 that holds the start pixel (inclusive input pixels). */
function regionAround(
  values: Float32Array,
  size: number,
  startX: number,
  startY: number,
): { left: number; top: number; right: number; bottom: number } {
  const bounds = { left: startX, top: startY, right: startX, bottom: startY };
  const seen = new Uint8Array(size * size);
  const stack = [startY * size + startX];
  while (stack.length > 0) {
    const index = stack.pop() ?? 0;
    if (seen[index] === 1 || (values[index] ?? 0) < 0.5) continue;
    seen[index] = 1;
    const x = index % size;
    const y = (index - x) / size;
    bounds.left = Math.min(bounds.left, x);
    bounds.right = Math.max(bounds.right, x);
    bounds.top = Math.min(bounds.top, y);
    bounds.bottom = Math.max(bounds.bottom, y);
    if (x > 0) stack.push(index - 1);
    if (x < size - 1) stack.push(index + 1);
    if (y > 0) stack.push(index - size);
    if (y < size - 1) stack.push(index + size);
  }
  return bounds;
}

/** The outermost 2 % of the picture: collimator edges and burned-in text live there, not vertebrae. */
function onRim(point: SourcePoint, { content }: Letterbox): boolean {
  const marginX = content.width * 0.02;
  const marginY = content.height * 0.02;
  return (
    point.x < content.left + marginX ||
    point.x >= content.left + content.width - marginX ||
    point.y < content.top + marginY ||
    point.y >= content.top + content.height - marginY
  );
}

function oneDecimal(value: number): number {
  return Math.round(value * 10) / 10;
}
