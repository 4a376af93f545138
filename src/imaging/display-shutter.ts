import type { DataSet } from '../dicom/data-set.ts';

/** Pixels that a Display Shutter leaves visible (PS3.3 C.7.6.11). */
export interface Shutter {
  /** One byte per pixel, row-major: 1 visible, 0 shuttered. */
  readonly visible: Uint8Array;
  /** What shuttered pixels show, 0 to 1; black when Shutter Presentation Value is absent. */
  readonly presentationValue: number;
}

/** First and one past the last visible column (0-based) of a stretch in one row. */
type Span = readonly [start: number, end: number];

type RowSpans = (row: number) => readonly Span[];

/**
 * The shutter as a mask, or undefined when the data set has none or it would hide every pixel (a faulty shutter must
 * not blank an image). Shapes: RECTANGULAR, CIRCULAR, POLYGONAL; several intersect. Rows and columns of the module
 * count from 1, edges belong to the visible part.
 */
export function readShutter(dataSet: DataSet, rows: number, columns: number): Shutter | undefined {
  const shapes: RowSpans[] = [];
  for (const shape of dataSet.strings('ShutterShape')) {
    const spans = shapeSpans(shape, dataSet, columns);
    if (spans !== undefined) shapes.push(spans);
  }
  if (shapes.length === 0) return undefined;
  const visible = new Uint8Array(rows * columns).fill(1);
  let shown = 0;
  for (let row = 0; row < rows; row++) {
    const line = visible.subarray(row * columns, (row + 1) * columns);
    for (const spansOf of shapes) hideOutside(line, spansOf(row));
    for (const flag of line) shown += flag;
  }
  if (shown === 0) return undefined;
  return {
    visible,
    // US by the dictionary; a file may say otherwise.
    presentationValue: Math.min(Math.max((dataSet.number('ShutterPresentationValue') ?? 0) / 0xffff, 0), 1),
  };
}

function hideOutside(line: Uint8Array, spans: readonly Span[]): void {
  let at = 0;
  for (const [start, end] of spans) {
    line.fill(0, at, Math.max(at, Math.min(start, line.length)));
    at = Math.max(at, Math.min(end, line.length));
  }
  line.fill(0, at);
}

function shapeSpans(shape: string, dataSet: DataSet, columns: number): RowSpans | undefined {
  switch (shape) {
    case 'RECTANGULAR':
      return rectangle(dataSet);
    case 'CIRCULAR':
      return circle(dataSet);
    case 'POLYGONAL':
      return polygon(dataSet, columns);
    default:
      return undefined;
  }
}

function rectangle(dataSet: DataSet): RowSpans | undefined {
  const left = dataSet.number('ShutterLeftVerticalEdge');
  const right = dataSet.number('ShutterRightVerticalEdge');
  const upper = dataSet.number('ShutterUpperHorizontalEdge');
  const lower = dataSet.number('ShutterLowerHorizontalEdge');
  if (left === undefined || right === undefined || upper === undefined || lower === undefined)
    return undefined;
  return (row) => (row + 1 >= upper && row + 1 <= lower ? [[Math.max(left - 1, 0), right]] : []);
}

function circle(dataSet: DataSet): RowSpans | undefined {
  const [centerRow, centerColumn] = dataSet.numbers('CenterOfCircularShutter');
  const radius = dataSet.number('RadiusOfCircularShutter');
  if (centerRow === undefined || centerColumn === undefined || radius === undefined) return undefined;
  return (row) => {
    const offset = row + 1 - centerRow;
    if (Math.abs(offset) > radius) return [];
    const half = Math.sqrt(radius * radius - offset * offset);
    return [[Math.max(Math.ceil(centerColumn - half) - 1, 0), Math.floor(centerColumn + half)]];
  };
}

/** Even-odd rule along the middle of each row; the last vertex joins the first (PS3.3 C.7.6.11). */
function polygon(dataSet: DataSet, columns: number): RowSpans | undefined {
  const values = dataSet.numbers('VerticesOfThePolygonalShutter');
  if (values.length < 6 || values.some((value) => !Number.isFinite(value))) return undefined;
  const vertices = Array.from({ length: Math.floor(values.length / 2) }, (_, index) => ({
    row: values[index * 2] ?? 0,
    column: values[index * 2 + 1] ?? 0,
  }));
  return (row) => {
    const y = row + 1;
    const crossings: number[] = [];
    for (const [index, from] of vertices.entries()) {
      const to = vertices[(index + 1) % vertices.length] ?? from;
      if (from.row <= y === to.row <= y) continue;
      crossings.push(from.column + ((y - from.row) / (to.row - from.row)) * (to.column - from.column));
    }
    crossings.sort((a, b) => a - b);
    const spans: Span[] = [];
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const [start = 0, end = 0] = [crossings[i], crossings[i + 1]];
      spans.push([Math.min(Math.max(Math.ceil(start) - 1, 0), columns), Math.floor(end)]);
    }
    return spans;
  };
}
