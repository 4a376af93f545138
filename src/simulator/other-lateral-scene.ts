/**
 * The rest of the spine and the head from the side. The thoracic and the cervical spine are the nearest strangers to a
 * lumbar spine: bodies, discs and arches are there, of another size and in another company.
 */
import { type Frame, frameAt, paintEllipse, paintPolygon, paintRod, toPlane } from './painter.ts';
import { type Brush, paintChain, subtractGas } from './stray-brush.ts';
import { paintBody } from './vertebra-painter.ts';

/** A row of vertebrae from below upwards; sizes in mm, angles in radians, front towards +x. */
interface SpineRun {
  readonly x: number;
  readonly y: number;
  readonly tilt: number;
  readonly count: number;
  readonly depth: number;
  readonly height: number;
  readonly disc: number;
  /** Turn from one vertebra to the next: positive bends forward (kyphosis). */
  readonly bend: number;
  /** Size of the uppermost relative to the lowest. */
  readonly taper: number;
  readonly spinous: number;
}

function paintRun({ bone, anatomy, random, texture }: Brush, run: SpineRun): readonly Frame[] {
  const density = anatomy.boneDensity;
  const frames: Frame[] = [];
  let { x, y, tilt } = run;
  for (let i = 0; i < run.count; i += 1) {
    const size = 1 + ((run.taper - 1) * i) / Math.max(1, run.count - 1);
    const [depth, height, disc] = [
      run.depth * size,
      run.height * size,
      run.disc * size * random.between(0.8, 1.15),
    ];
    x -= Math.sin(tilt) * (height / 2 + disc / 2);
    y += Math.cos(tilt) * (height / 2 + disc / 2);
    const frame = frameAt(x, y, tilt);
    frames.push(frame);
    const shape = {
      depth,
      height,
      wedge: 0,
      concavity: random.between(0.6, 1.6) * size,
      waist: 0.05 * depth,
      density: 0.9 * density * (depth / 35),
      osteophyteAnterior: random.chance(0.3) ? random.between(0, 3) : 0,
      osteophytePosterior: 0,
      sclerosis: random.between(0, 0.4),
      textureP: random.between(0, 200),
      textureQ: random.between(0, 200),
    };
    paintBody(bone, frame, shape, texture);
    const back = -depth / 2;
    const round = { core: 0.4 * density, shell: 0.3 * density, shellMm: 1 };
    const pedicle = { ax: back + 2, ay: height * 0.2, bx: back - depth * 0.25, by: height * 0.2 };
    paintRod(bone, frame, { ...pedicle, ra: height * 0.24, rb: height * 0.2, ...round }, 'add', texture);
    const pillar = { ax: back - depth * 0.3, ay: height * 0.55, bx: back - depth * 0.38, by: -height * 0.5 };
    paintRod(bone, frame, { ...pillar, ra: depth * 0.14, rb: depth * 0.14, ...round }, 'add', texture);
    const process = {
      ax: back - depth * 0.45,
      ay: -height * 0.1,
      bx: back - run.spinous,
      by: -height * 0.75,
    };
    paintRod(bone, frame, { ...process, ra: height * 0.16, rb: height * 0.2, ...round }, 'add', texture);
    x -= Math.sin(tilt) * (height / 2 + disc / 2);
    y += Math.cos(tilt) * (height / 2 + disc / 2);
    tilt -= run.bend * random.between(0.7, 1.3);
  }
  return frames;
}

/** Soft-edged slab of tissue. */
function paintMass({ tissue }: Brush, x: number, y: number, wide: number, high: number, path: number): void {
  paintEllipse(tissue, frameAt(x, y, 0), wide, high, path, 0.25, 'max');
}

/** The thoracic spine from the side, behind lungs, heart and both rows of ribs. */
export function paintThorax(brush: Brush): void {
  const { tissue, scratch, anatomy, random } = brush;
  const density = anatomy.boneDensity;
  paintMass(brush, 40, 0, 165, 300, anatomy.bodyWidthCm * 0.95);
  for (let i = 0; i < 3; i += 1) {
    const lung = frameAt(45 + random.normal(0, 6), 10 + 60 * i, 0.1);
    paintEllipse(scratch, lung, 88 - 12 * i, 120 - 20 * i, 15, 0.2, 'max');
  }
  subtractGas(tissue, scratch);
  paintEllipse(tissue, frameAt(78, -40, 0.5), 62, 52, 8, 0.3, 'add');
  paintEllipse(tissue, frameAt(65, -165, 0), 120, 62, 11, 0.2, 'add');
  const bend = random.between(0.05, 0.11);
  const tilt = 4.2 * bend + random.normal(0, 0.08);
  const frames = paintRun(brush, {
    x: -18 + random.normal(0, 8),
    y: -190,
    tilt,
    count: 13,
    depth: 31,
    height: 23,
    disc: 5,
    bend,
    taper: 0.72,
    spinous: 58,
  });
  for (const [index, frame] of frames.entries()) {
    for (const side of [-1, 1]) {
      const drop = 62 + 4 * index + side * random.between(2, 9);
      const reach = 150 - Math.abs(index - 5) * 7 + side * 6;
      const rib = Array.from({ length: 12 }, (_, i) => {
        const t = i / 11;
        return { p: -22 - 26 * Math.sin(t * 2.6) + reach * t * t, q: 6 - drop * t };
      });
      paintChain(brush, frame, rib, 4.6, 0.08 * density, 0.11 * density);
    }
  }
}

/** The cervical spine from the side, between skull base and shoulders. */
export function paintNeck(brush: Brush): void {
  const { tissue, scratch, bone, anatomy, random, texture } = brush;
  const density = anatomy.boneDensity;
  paintMass(brush, 8, 10, random.between(58, 75), 260, random.between(10, 14));
  paintMass(brush, -10, -165, 150, 95, 24);
  paintEllipse(tissue, frameAt(30, 95, 0), 90, 60, 6, 0.25, 'add');
  paintEllipse(scratch, frameAt(27, -20, random.normal(0.1, 0.05)), 8, 95, 2.6, 0.3, 'max');
  subtractGas(tissue, scratch);
  const frames = paintRun(brush, {
    x: -4 + random.normal(0, 5),
    y: -96,
    tilt: random.between(-0.35, 0.05),
    count: 7,
    depth: 17.5,
    height: 14,
    disc: 5.5,
    bend: random.between(-0.09, 0.03),
    taper: 0.9,
    spinous: 38,
  });
  const top = frames.at(-1) ?? frameAt(0, 60, 0);
  const jaw = [
    { p: 12, q: 12 },
    { p: 20, q: -16 },
    { p: 62, q: -34 },
    { p: 78, q: -26 },
  ];
  paintChain(brush, top, jaw, 8, 0.6 * density, 0.4 * density);
  const base = toPlane(top, -8, 52);
  paintEllipse(bone, frameAt(base.x, base.y, 0.15), 88, 34, 1.6 * density, 0.12, 'add');
  for (let tooth = 0; tooth < 7; tooth += 1) {
    const at = { ax: 32 + tooth * 6, ay: -14, bx: 31 + tooth * 6, by: -4, ra: 2.8, rb: 2.5 };
    paintRod(bone, top, { ...at, core: 1.1 * density, shell: 0.4, shellMm: 0.8 }, 'add', texture);
  }
}

/** The head from the side: vault, base, face, jaw and the upper neck. */
export function paintSkull(brush: Brush): void {
  const { bone, tissue, anatomy, random, texture } = brush;
  const density = anatomy.boneDensity;
  const [long, high] = [random.between(86, 98), random.between(70, 80)];
  const nod = random.normal(0, 0.12);
  const frame = frameAt(-4 + random.normal(0, 5), 38, nod);
  paintEllipse(tissue, frame, long + 6, high + 6, 15, 0.3, 'max');
  paintMass(brush, 38, -40, 58, 66, 12);
  paintMass(brush, -22, -110, 52, 100, 11);
  const vault = Array.from({ length: 41 }, (_, i) => {
    const angle = (i / 40) * 2 * Math.PI;
    return { p: long * Math.cos(angle), q: high * Math.sin(angle) };
  });
  paintChain(brush, frame, vault, 3.4, 0.8 * density, 0.6 * density);
  paintEllipse(bone, frame, long, high, 0.7 * density, 0.1, 'add');
  const base = [
    { p: 58, q: -34 },
    { p: 10, q: -48 },
    { p: -20, q: -64 },
  ];
  paintChain(brush, frame, base, 9, 1.2 * density, 0.5 * density);
  const face = [
    { p: 82, q: -14 },
    { p: 80, q: -62 },
    { p: 34, q: -84 },
    { p: 30, q: -40 },
  ];
  paintPolygon(bone, frame, face.toReversed(), 0.35 * density, 0.35 * density, 'add', texture);
  const jaw = [
    { p: 12, q: -62 },
    { p: 22, q: -104 },
    { p: 70, q: -122 },
    { p: 84, q: -112 },
  ];
  paintChain(brush, frame, jaw, 8, 0.7 * density, 0.5 * density);
  const below = toPlane(frame, -16, -166);
  paintRun(brush, {
    x: below.x,
    y: below.y,
    tilt: nod,
    count: 5,
    depth: 17,
    height: 13.5,
    disc: 5.5,
    bend: -0.05,
    taper: 0.95,
    spinous: 36,
  });
}
