/**
 * Paints path lengths (centimetres of bone, tissue or gas along the beam) into a line-integral map.
 * Shapes are analytic in local millimetre frames; edges are antialiased over one pixel, so that a shape has the same
 * size and the same blurred look at every resolution. Pure arithmetic on the map that is handed in.
 */

import type { Texture } from './texture.ts';

/** A local frame in the patient plane: origin and the unit vector of its first axis; the second is 90 degrees left of it. */
export interface Frame {
  readonly x: number;
  readonly y: number;
  readonly cos: number;
  readonly sin: number;
}

/** Where the patient plane (millimetres, y up) lies on the pixel grid. */
export interface Projection {
  readonly columns: number;
  readonly rows: number;
  readonly pixelsPerMm: number;
  /** +1: patient x grows with the columns; -1: mirrored. */
  readonly mirror: 1 | -1;
  readonly cos: number;
  readonly sin: number;
  /** Patient point shown at the centre of the grid. */
  readonly centreX: number;
  readonly centreY: number;
}

/** Builds a frame from an origin and an angle in radians. */
export function frameAt(x: number, y: number, angle: number): Frame {
  return { x, y, cos: Math.cos(angle), sin: Math.sin(angle) };
}

/** Local point to patient plane. */
export function toPlane(frame: Frame, p: number, q: number): { x: number; y: number } {
  return { x: frame.x + frame.cos * p - frame.sin * q, y: frame.y + frame.sin * p + frame.cos * q };
}

/** Patient plane to continuous pixel coordinates (pixel centres at half integers). */
export function toPixel(projection: Projection, x: number, y: number): { x: number; y: number } {
  const dx = x - projection.centreX;
  const dy = y - projection.centreY;
  const rx = projection.cos * dx - projection.sin * dy;
  const ry = projection.sin * dx + projection.cos * dy;
  return {
    x: projection.columns / 2 + projection.mirror * projection.pixelsPerMm * rx,
    y: projection.rows / 2 - projection.pixelsPerMm * ry,
  };
}

/** A rectangle of pixels, end exclusive. */
export interface PixelBox {
  c0: number;
  r0: number;
  c1: number;
  r1: number;
}

/** The pixels whose centres may lie in a rectangle of the frame, clipped to the grid. */
export function pixelBoxOf(
  projection: Projection,
  frame: Frame,
  p0: number,
  q0: number,
  p1: number,
  q1: number,
): PixelBox {
  let minX = Infinity;
  let minY = Infinity;
  let maxX = -Infinity;
  let maxY = -Infinity;
  for (let corner = 0; corner < 4; corner += 1) {
    const plane = toPlane(frame, corner & 1 ? p1 : p0, corner & 2 ? q1 : q0);
    const pixel = toPixel(projection, plane.x, plane.y);
    minX = Math.min(minX, pixel.x);
    maxX = Math.max(maxX, pixel.x);
    minY = Math.min(minY, pixel.y);
    maxY = Math.max(maxY, pixel.y);
  }
  return {
    c0: Math.max(0, Math.floor(minX) - 1),
    r0: Math.max(0, Math.floor(minY) - 1),
    c1: Math.min(projection.columns, Math.ceil(maxX) + 1),
    r1: Math.min(projection.rows, Math.ceil(maxY) + 1),
  };
}

/**
 * Calls `paint(index, p, q)` for the pixels of the grid whose centre may lie in the local rectangle; rows of a turned
 * rectangle are clipped to it (with a pixel to spare), so that thin slanted shapes do not cost their whole box.
 */
export function forEachPixel(
  projection: Projection,
  frame: Frame,
  p0: number,
  q0: number,
  p1: number,
  q1: number,
  paint: (index: number, p: number, q: number) => void,
): void {
  const box = pixelBoxOf(projection, frame, p0, q0, p1, q1);
  const mm = 1 / projection.pixelsPerMm;
  const { mirror, cos, sin } = projection;
  // plane = centre + R^T (mirror*(c+.5-C/2), -(r+.5-R/2)) * mm; local = F^T (plane - origin)
  const stepXx = cos * mirror * mm;
  const stepXy = -sin * mirror * mm;
  const stepYx = -sin * mm;
  const stepYy = -cos * mm;
  const dpc = frame.cos * stepXx + frame.sin * stepXy;
  const dqc = -frame.sin * stepXx + frame.cos * stepXy;
  const dpr = frame.cos * stepYx + frame.sin * stepYy;
  const dqr = -frame.sin * stepYx + frame.cos * stepYy;
  const ox = projection.centreX - frame.x;
  const oy = projection.centreY - frame.y;
  const pAtCentre = frame.cos * ox + frame.sin * oy;
  const qAtCentre = -frame.sin * ox + frame.cos * oy;
  for (let r = box.r0; r < box.r1; r += 1) {
    const dr = r + 0.5 - projection.rows / 2;
    const first = box.c0 + 0.5 - projection.columns / 2;
    const pFirst = pAtCentre + dr * dpr + first * dpc;
    const qFirst = qAtCentre + dr * dqr + first * dqc;
    let from = 0;
    let to = box.c1 - box.c0;
    if (Math.abs(dpc) > 1e-9) {
      const a = (p0 - pFirst) / dpc;
      const b = (p1 - pFirst) / dpc;
      from = Math.max(from, Math.floor(Math.min(a, b)) - 1);
      to = Math.min(to, Math.ceil(Math.max(a, b)) + 2);
    }
    if (Math.abs(dqc) > 1e-9) {
      const a = (q0 - qFirst) / dqc;
      const b = (q1 - qFirst) / dqc;
      from = Math.max(from, Math.floor(Math.min(a, b)) - 1);
      to = Math.min(to, Math.ceil(Math.max(a, b)) + 2);
    }
    const start = r * projection.columns + box.c0;
    for (let i = from; i < to; i += 1) paint(start + i, pFirst + i * dpc, qFirst + i * dqc);
  }
}

/** Square root profile of a round cross-section: 1 in the middle, 0 at the edge. */
const ROUND = Float32Array.from({ length: 1025 }, (_, i) => Math.sqrt(1 - (1 - i / 1024) ** 2));
/** Height of a half circle at relative depth below the surface (0 surface, 1 axis). */
export function roundProfile(depth: number): number {
  return depth <= 0 ? 0 : depth >= 1 ? 1 : (ROUND[(depth * 1024) | 0] as number);
}

/** Share of a pixel that is inside, from the signed distance (positive inside) and the edge width, both in mm. */
export function coverage(distance: number, edge: number): number {
  const t = distance / edge + 0.5;
  return t <= 0 ? 0 : t >= 1 ? 1 : t * t * (3 - 2 * t);
}

/** How a painted value joins what is already there. */
export type Blend = 'add' | 'max';

/** A map of path lengths with its grid. */
export interface Layer {
  readonly projection: Projection;
  readonly map: Float32Array;
  /** Width of the antialiased edge in mm (one pixel, but not below 0.25 mm: bone edges are not knife-sharp). */
  readonly edgeMm: number;
}

/** An empty layer on that grid. */
export function buildLayer(projection: Projection): Layer {
  return {
    projection,
    map: new Float32Array(projection.columns * projection.rows),
    edgeMm: Math.max(0.45, 1.15 / projection.pixelsPerMm),
  };
}

function put(map: Float32Array, index: number, value: number, blend: Blend): void {
  if (value === 0) return;
  const before = map[index] as number;
  map[index] = blend === 'add' ? before + value : value > before ? value : before;
}

/** A bone or tissue rod from a to b whose radius goes from ra to rb (mm); core and shell in cm of path. */
export interface Rod {
  readonly ax: number;
  readonly ay: number;
  readonly bx: number;
  readonly by: number;
  readonly ra: number;
  readonly rb: number;
  /** Path through the middle, cm. */
  readonly core: number;
  /** Extra path of the cortex seen edge-on, cm, and its thickness in mm. */
  readonly shell: number;
  readonly shellMm: number;
}

/** Paints a rod with round ends in the given frame. */
export function paintRod(layer: Layer, frame: Frame, rod: Rod, blend: Blend, texture?: Texture): void {
  const { ax, ay, bx, by, ra, rb, core, shell, shellMm } = rod;
  const dx = bx - ax;
  const dy = by - ay;
  const length2 = Math.max(1e-6, dx * dx + dy * dy);
  const edge = layer.edgeMm;
  const reach = Math.max(ra, rb) + edge;
  forEachPixel(
    layer.projection,
    frame,
    Math.min(ax, bx) - reach,
    Math.min(ay, by) - reach,
    Math.max(ax, bx) + reach,
    Math.max(ay, by) + reach,
    (index, p, q) => {
      let t = ((p - ax) * dx + (q - ay) * dy) / length2;
      t = t < 0 ? 0 : t > 1 ? 1 : t;
      const ex = p - ax - t * dx;
      const ey = q - ay - t * dy;
      const radius = ra + (rb - ra) * t;
      const d = radius - Math.sqrt(ex * ex + ey * ey);
      const cover = coverage(d, edge);
      if (cover === 0) return;
      const rim = d / shellMm - 0.5;
      let value = core * roundProfile((d + 0.3 * edge) / radius);
      if (shell > 0 && rim < 5) value += shell * Math.exp(-rim * rim * 1.6);
      if (texture !== undefined) value *= 1 + 0.12 * texture.sample(p + ax * 7, q + ay * 5);
      put(layer.map, index, value * cover, blend);
    },
  );
}

/** Paints a polyline of thin rods joined by max (ribs, cortical lines, calcified vessel walls). */
export function paintStroke(
  layer: Layer,
  frame: Frame,
  points: readonly { readonly p: number; readonly q: number }[],
  radiusMm: number,
  core: number,
  shell: number,
  blend: Blend,
): void {
  for (let i = 1; i < points.length; i += 1) {
    const a = points[i - 1];
    const b = points[i];
    if (a === undefined || b === undefined) continue;
    const rod = { ax: a.p, ay: a.q, bx: b.p, by: b.q, ra: radiusMm, rb: radiusMm, core, shell, shellMm: 0.8 };
    paintRod(layer, frame, rod, blend);
  }
}

/** Paints a soft-edged ellipse; `softness` is the share of the radius over which it fades (1 = a smooth bump). */
export function paintEllipse(
  layer: Layer,
  frame: Frame,
  radiusP: number,
  radiusQ: number,
  path: number,
  softness: number,
  blend: Blend,
): void {
  const smallest = Math.min(radiusP, radiusQ);
  forEachPixel(layer.projection, frame, -radiusP, -radiusQ, radiusP, radiusQ, (index, p, q) => {
    const r2 = (p / radiusP) ** 2 + (q / radiusQ) ** 2;
    if (r2 >= 1) return;
    if (softness >= 1) {
      put(layer.map, index, path * (1 - r2) * (1 - r2), blend);
      return;
    }
    const depth = 1 - Math.sqrt(r2);
    const fade = Math.max(softness, layer.edgeMm / smallest);
    put(layer.map, index, path * roundProfile(Math.min(1, depth * 1.6)) * Math.min(1, depth / fade), blend);
  });
}

/** A convex polygon (counter-clockwise, mm) with rounded corners; core and shell in cm. */
export function paintPolygon(
  layer: Layer,
  frame: Frame,
  corners: readonly { readonly p: number; readonly q: number }[],
  core: number,
  shell: number,
  blend: Blend,
  texture?: Texture,
): void {
  const count = corners.length;
  const nx = new Float64Array(count);
  const ny = new Float64Array(count);
  const offset = new Float64Array(count);
  let p0 = Infinity;
  let q0 = Infinity;
  let p1 = -Infinity;
  let q1 = -Infinity;
  corners.forEach((a, i) => {
    const b = corners[(i + 1) % count] as { p: number; q: number };
    const length = Math.hypot(b.p - a.p, b.q - a.q);
    nx[i] = -(b.q - a.q) / length;
    ny[i] = (b.p - a.p) / length;
    offset[i] = nx[i] * a.p + ny[i] * a.q;
    p0 = Math.min(p0, a.p);
    q0 = Math.min(q0, a.q);
    p1 = Math.max(p1, a.p);
    q1 = Math.max(q1, a.q);
  });
  const edge = layer.edgeMm;
  const k = 3.2;
  forEachPixel(layer.projection, frame, p0 - edge, q0 - edge, p1 + edge, q1 + edge, (index, p, q) => {
    let d = Infinity;
    for (let i = 0; i < count; i += 1) {
      const e = (nx[i] as number) * p + (ny[i] as number) * q - (offset[i] as number);
      if (e < -edge) return;
      if (d === Infinity) d = e;
      else {
        const h = Math.max(0, k - Math.abs(d - e)) / k;
        d = Math.min(d, e) - h * h * k * 0.25;
      }
    }
    if (d < -edge) return;
    const rim = d / 1.1 - 0.5;
    let value = core * roundProfile((d + 0.5) / 7) + shell * Math.exp(-rim * rim * 1.6);
    if (texture !== undefined) value *= 1 + 0.12 * texture.sample(p, q);
    put(layer.map, index, value * coverage(d, edge), blend);
  });
}
