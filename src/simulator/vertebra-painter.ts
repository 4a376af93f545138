/** Paints vertebral bodies, posterior arches and the sacrum into a bone layer. */
import type { ParsDefect } from './anatomy.ts';
import {
  coverage,
  type Frame,
  forEachPixel,
  frameAt,
  type Layer,
  paintPolygon,
  paintRod,
  paintStroke,
  pixelBoxOf,
  roundProfile,
  toPlane,
} from './painter.ts';
import { archPoints, type PlacedVertebra } from './posture.ts';
import type { Texture } from './texture.ts';

/** Shape of one body, mm and radians; path lengths are scaled by `density`. */
export interface BodyShape {
  readonly depth: number;
  readonly height: number;
  readonly wedge: number;
  readonly concavity: number;
  readonly waist: number;
  readonly density: number;
  readonly osteophyteAnterior: number;
  readonly osteophytePosterior: number;
  readonly sclerosis: number;
  readonly textureP: number;
  readonly textureQ: number;
}

/** One vertebral body: waisted walls, concave endplates, cortical rim, trabecular texture. */
export function paintBody(layer: Layer, frame: Frame, shape: BodyShape, texture: Texture): void {
  const { depth, height, wedge, concavity, waist, density } = shape;
  const half = depth / 2;
  const edge = layer.edgeMm;
  const tall = height / 2 + (Math.abs(wedge) / 2) * half + 1;
  const reach = half + Math.max(shape.osteophyteAnterior, shape.osteophytePosterior) + edge + 1;
  const k = 4.2;
  forEachPixel(layer.projection, frame, -reach, -tall - edge, reach, tall + edge, (index, p, q) => {
    const u = p / half;
    const u2 = Math.min(1.3, u * u);
    const halfHeight = height / 2 + (wedge / 2) * p;
    const v = q / halfHeight;
    const v2 = Math.min(1.2, v * v);
    const endplate = halfHeight - concavity * (1 - u2);
    const dq = endplate - Math.abs(q);
    if (dq < -edge) return;
    const lip = v2 * v2 * v2 * v2;
    const wallFront = half - waist * (1 - v2) + shape.osteophyteAnterior * lip;
    const wallBack = half - 0.6 * waist * (1 - v2) + shape.osteophytePosterior * lip;
    const dp = p > 0 ? wallFront - p : wallBack + p;
    if (dp < -edge) return;
    const h = Math.max(0, k - Math.abs(dp - dq)) / k;
    const d = Math.min(dp, dq) - h * h * k * 0.25;
    const cover = coverage(d, edge);
    if (cover === 0) return;
    const round = roundProfile((dp + 1) / (half * 0.8));
    const plate = dq / 0.9 - 0.6;
    const wall = dp / 0.9 - 0.6;
    const sub = dq / 3.5;
    const value =
      density *
      ((0.25 + 0.75 * round) * (0.95 + 0.13 * texture.sample(p + shape.textureP, q + shape.textureQ)) +
        (0.3 + 0.55 * round) * 0.62 * Math.exp(-plate * plate) +
        0.42 * Math.exp(-wall * wall) +
        (0.12 + 0.5 * shape.sclerosis) * Math.exp(-sub * sub));
    layer.map[index] = (layer.map[index] as number) + value * cover;
  });
}

/** Working space for one side of one arch: parts join by maximum before they are added to the bone. */
function mergeScratch(
  target: Layer,
  scratch: Layer,
  box: { c0: number; r0: number; c1: number; r1: number },
  scale: number,
): void {
  const { columns } = target.projection;
  for (let r = box.r0; r < box.r1; r += 1) {
    for (let i = r * columns + box.c0; i < r * columns + box.c1; i += 1) {
      const value = scratch.map[i] as number;
      if (value === 0) continue;
      target.map[i] = (target.map[i] as number) + value * scale;
      scratch.map[i] = 0;
    }
  }
}

/** Pedicle, articular processes, pars and lamina of one side, with the defect cut through the pars. */
export function paintArchSide(
  bone: Layer,
  scratch: Layer,
  vertebra: PlacedVertebra,
  side: -1 | 1,
  density: number,
  defect: ParsDefect | undefined,
  texture: Texture,
): void {
  const { anatomy, height } = vertebra;
  const a = archPoints(vertebra);
  const shift = toPlane(vertebra.frame, (side * anatomy.parallaxX) / 2, (side * anatomy.parallaxY) / 2);
  const frame: Frame = { ...vertebra.frame, x: shift.x, y: shift.y };
  const wall = -anatomy.depth / 2;
  const s = anatomy.facetHypertrophy;
  const rod = (
    ax: number,
    ay: number,
    bx: number,
    by: number,
    ra: number,
    rb: number,
    core: number,
    shell: number,
    shellMm: number,
  ): void => paintRod(scratch, frame, { ax, ay, bx, by, ra, rb, core, shell, shellMm }, 'max', texture);
  const pr = anatomy.pedicleHeight / 2;
  rod(wall + 4, a.pedicleQ - 0.5, a.pedicleP - 1, a.pedicleQ, pr, pr * 0.86, 0.3, 0.34, 1.1);
  rod(
    a.pedicleP - 2.5,
    a.pedicleQ - 1,
    a.superiorTipP,
    a.superiorTipQ,
    5.4,
    anatomy.facetRadius * 0.72,
    0.42 + 0.2 * s,
    0.3 + 0.25 * s,
    1,
  );
  rod(
    a.parsTopP,
    a.parsTopQ,
    a.parsEndP,
    a.parsEndQ,
    anatomy.parsRadius * 1.12,
    anatomy.parsRadius,
    0.5,
    0.4,
    1.2,
  );
  rod(
    a.parsEndP - 0.5,
    a.parsEndQ + 1.5,
    a.inferiorTipP,
    a.inferiorTipQ,
    anatomy.parsRadius * 1.08,
    anatomy.facetRadius * 0.8,
    0.42 + 0.22 * s,
    0.3 + 0.25 * s,
    1,
  );
  rod(a.parsEndP - 2, a.parsEndQ + 2.5, a.parsEndP - 9, a.parsEndQ + 1, 5, 6, 0.22, 0.16, 1);
  // The transverse process is seen end-on behind the pedicle.
  rod(a.pedicleP + 1, a.pedicleQ - 1.5, a.pedicleP - 1, a.pedicleQ - 2, 3.4, 3.2, 0.62, 0.2, 0.9);
  if (defect !== undefined) {
    const axisP = a.parsEndP - a.parsTopP;
    const axisQ = a.parsEndQ - a.parsTopQ;
    const turn = Math.atan2(axisQ, axisP) + defect.obliquity;
    const at = toPlane(frame, a.parsTopP + axisP * defect.along, a.parsTopQ + axisQ * defect.along);
    const cut = frameAt(at.x, at.y, Math.atan2(frame.sin, frame.cos) + turn);
    const halfGap = defect.gap / 2;
    const extent = anatomy.parsRadius * 1.12 + 4.5;
    const edge = scratch.edgeMm;
    forEachPixel(scratch.projection, cut, -halfGap - 6, -extent, halfGap + 6, extent, (index, p, q) => {
      const before = scratch.map[index] as number;
      if (before === 0) return;
      const along = Math.abs(p) - halfGap;
      const width = coverage(extent - Math.abs(q), 3);
      const open = coverage(along, edge);
      const margin = along / 1.1 - 0.9;
      const rim = (0.22 + 0.4 * defect.sclerosis) * Math.exp(-margin * margin);
      scratch.map[index] = before * (1 - width * (1 - open)) * (1 + width * rim);
    });
  }
  const box = pixelBoxOf(
    scratch.projection,
    frame,
    Math.min(a.parsEndP, a.inferiorTipP) - 18,
    Math.min(a.inferiorTipQ, a.parsEndQ) - 12,
    wall + 14,
    Math.max(a.superiorTipQ, height / 2) + 12,
  );
  mergeScratch(bone, scratch, box, density);
}

/** The spinous process, a thin plate in the midline. */
export function paintSpinousProcess(
  bone: Layer,
  vertebra: PlacedVertebra,
  density: number,
  texture: Texture,
): void {
  const { anatomy } = vertebra;
  const a = archPoints(vertebra);
  const rootP = a.parsEndP - 6;
  const rootQ = a.parsEndQ + 7;
  const tall = anatomy.spinousHeight;
  const tipP = rootP - anatomy.spinousLength;
  const drop = anatomy.spinousDrop;
  paintPolygon(
    bone,
    vertebra.frame,
    [
      { p: rootP, q: rootQ },
      { p: tipP + 3, q: rootQ - drop * 0.6 },
      { p: tipP, q: rootQ - drop - tall * 0.35 },
      { p: tipP + 2.5, q: rootQ - drop - tall },
      { p: rootP - 4, q: rootQ - tall * 0.72 },
      { p: rootP, q: rootQ - tall * 0.55 },
    ],
    0.46 * density,
    0.26 * density,
    'add',
    texture,
  );
}

/** Sacrum: fused segments with remnants of discs, the canal's back wall and the first superior articular process. */
export function paintSacrum(
  bone: Layer,
  sacrum: Frame,
  options: { depth: number; kyphosis: number; density: number; parallax: number; textureP: number },
  texture: Texture,
): void {
  const { depth, kyphosis, density } = options;
  let frame = sacrum;
  const back: { x: number; y: number }[] = [];
  const segments = [
    [29, 0.95],
    [25, 0.74],
    [21, 0.58],
    [18, 0.46],
  ] as const;
  segments.forEach(([height, share], i) => {
    const d = depth * share;
    const angle = Math.atan2(frame.sin, frame.cos);
    const centre = toPlane(frame, -i * 0.4, -height / 2);
    const body = frameAt(centre.x, centre.y, angle + kyphosis * 0.4);
    paintBody(
      bone,
      body,
      {
        depth: d,
        height: height - (i === 0 ? 0 : 0.6),
        wedge: i === 0 ? 0.1 : 0.14,
        concavity: i === 0 ? 0.8 : 0.2,
        waist: 1.6,
        density: density * (i === 0 ? 0.95 : 0.8),
        osteophyteAnterior: i === 0 ? 0.8 : 0,
        osteophytePosterior: 0,
        sclerosis: 0.1,
        textureP: options.textureP + 37 * i,
        textureQ: 11 * i,
      },
      texture,
    );
    back.push(toPlane(body, -d / 2 - 11, 3), toPlane(body, -d / 2 - 10, -height / 2));
    const next = toPlane(frame, -d * 0.08, -height - (i === 0 ? 1.6 : 0.8));
    frame = frameAt(next.x, next.y, angle + kyphosis);
  });
  const plane = frameAt(0, 0, 0);
  const wall = back.map((point) => ({ p: point.x, q: point.y }));
  paintStroke(bone, plane, wall, 3.6, 0.26 * density, 0.16 * density, 'add');
  for (const side of [-0.5, 0.5]) {
    const offset = toPlane(sacrum, side * options.parallax, 0);
    const shifted = { ...sacrum, x: offset.x, y: offset.y };
    const rod = {
      ax: -depth / 2 - 5,
      ay: -8,
      bx: -depth / 2 - 12.5,
      by: 9.5,
      ra: 6,
      rb: 3.9,
      core: 0.36 * density,
      shell: 0.3 * density,
      shellMm: 1,
    };
    paintRod(bone, shifted, rod, 'add', texture);
  }
}
