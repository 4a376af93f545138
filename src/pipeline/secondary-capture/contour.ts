import type { InfluenceMap, SourcePoint } from '../result-input.ts';

/** A closed or border-to-border line of one level, in source pixels. */
export interface ContourLine {
  readonly points: readonly SourcePoint[];
  readonly shape: 'closed' | 'open';
}

/**
 * Lines where the map crosses `level`, by marching squares with linear interpolation between cell centres; saddles
 * are resolved by the mean of their four corners. The map is continued by its own edge beyond the outer cell centres.
 * Points are in source pixels, inside the source image, the same lines that the capture and the presentation state draw.
 */
export function contourLines(
  map: InfluenceMap,
  image: { readonly columns: number; readonly rows: number },
  level: number,
): readonly ContourLine[] {
  const segments = crossings(map, level);
  const scaleX = (map.coverage.right - map.coverage.left) / map.columns;
  const scaleY = (map.coverage.bottom - map.coverage.top) / map.rows;
  const toSource = (x: number, y: number): SourcePoint => ({
    x: clamp(map.coverage.left + (x + 0.5) * scaleX, image.columns),
    y: clamp(map.coverage.top + (y + 0.5) * scaleY, image.rows),
  });
  return joined(segments).map(({ points, shape }) => ({
    points: points.map(([x, y]) => toSource(x, y)),
    shape,
  }));
}

function clamp(value: number, end: number): number {
  return Math.min(end, Math.max(0, value));
}

type GridPoint = readonly [x: number, y: number];

/** Where a line crosses a grid edge, which the key names. */
interface EdgePoint {
  readonly key: number;
  readonly point: GridPoint;
}

/** One piece of line inside one cell. */
interface Segment {
  readonly from: EdgePoint;
  readonly to: EdgePoint;
}

function crossings({ values, columns, rows }: InfluenceMap, level: number): Segment[] {
  const segments: Segment[] = [];
  for (let y = 0; y < rows - 1; y++) {
    for (let x = 0; x < columns - 1; x++) {
      const at = y * columns + x;
      const a = values[at] as number;
      const b = values[at + 1] as number;
      const c = values[at + columns + 1] as number;
      const d = values[at + columns] as number;
      const kind = (a >= level ? 1 : 0) | (b >= level ? 2 : 0) | (c >= level ? 4 : 0) | (d >= level ? 8 : 0);
      if (kind === 0 || kind === 15) continue;
      const edges = crossedEdges({ x, y, columns, corners: [a, b, c, d] }, level);
      for (const [from, to] of pairs(kind, (a + b + c + d) / 4 >= level ? 'joined' : 'apart')) {
        segments.push({ from: edges[from], to: edges[to] });
      }
    }
  }
  return segments;
}

/** Four neighbouring cell centres: the first at x, y, the others clockwise from it. */
interface Cell {
  readonly x: number;
  readonly y: number;
  readonly columns: number;
  readonly corners: readonly [number, number, number, number];
}

/** Where the level lies on each side of a cell; only the sides that it crosses mean anything. */
function crossedEdges(
  { x, y, columns, corners: [a, b, c, d] }: Cell,
  level: number,
): Record<Edge, EdgePoint> {
  const share = (from: number, to: number): number => (level - from) / (to - from);
  const key = 2 * (y * columns + x);
  return {
    top: { key, point: [x + share(a, b), y] },
    left: { key: key + 1, point: [x, y + share(a, d)] },
    bottom: { key: key + 2 * columns, point: [x + share(d, c), y + 1] },
    right: { key: key + 3, point: [x + 1, y + share(b, c)] },
  };
}

type Edge = 'top' | 'left' | 'bottom' | 'right';

/** Which edges a cell's line joins; corners a, b, c, d count 1, 2, 4, 8. */
function pairs(kind: number, saddle: 'joined' | 'apart'): readonly (readonly [Edge, Edge])[] {
  const table: Readonly<Record<number, readonly (readonly [Edge, Edge])[]>> = {
    1: [['left', 'top']],
    2: [['top', 'right']],
    3: [['left', 'right']],
    4: [['right', 'bottom']],
    6: [['top', 'bottom']],
    7: [['left', 'bottom']],
    8: [['bottom', 'left']],
    9: [['bottom', 'top']],
    11: [['bottom', 'right']],
    12: [['right', 'left']],
    13: [['right', 'top']],
    14: [['top', 'left']],
  };
  const cutCorners = (kind === 5) === (saddle === 'apart');
  const saddles: readonly (readonly [Edge, Edge])[] = cutCorners
    ? [
        ['left', 'top'],
        ['right', 'bottom'],
      ]
    : [
        ['top', 'right'],
        ['bottom', 'left'],
      ];
  return table[kind] ?? saddles;
}

interface GridLine {
  readonly points: readonly GridPoint[];
  readonly shape: 'closed' | 'open';
}

/** Chains segments that share a grid edge. */
function joined(segments: readonly Segment[]): readonly GridLine[] {
  const byEdge = new Map<number, number[]>();
  segments.forEach(({ from, to }, index) => {
    for (const { key } of [from, to]) byEdge.set(key, [...(byEdge.get(key) ?? []), index]);
  });
  const used = new Set<number>();
  const follow = (start: number, points: GridPoint[]): number => {
    let key = start;
    for (;;) {
      const next = (byEdge.get(key) ?? []).find((index) => !used.has(index));
      const segment = next === undefined ? undefined : segments[next];
      if (next === undefined || segment === undefined) return key;
      used.add(next);
      const end = segment.from.key === key ? segment.to : segment.from;
      points.push(end.point);
      key = end.key;
    }
  };
  return segments.flatMap((segment, index): GridLine[] => {
    if (used.has(index)) return [];
    used.add(index);
    const forward: GridPoint[] = [segment.from.point, segment.to.point];
    const last = follow(segment.to.key, forward);
    if (last === segment.from.key) return [{ points: forward.slice(0, -1), shape: 'closed' }];
    const backward: GridPoint[] = [];
    follow(segment.from.key, backward);
    return [{ points: [...backward.reverse(), ...forward], shape: 'open' }];
  });
}
