/**
 * The trunk from the front: AP and oblique lumbar spine, chest and pelvis. Simpler than the lateral scene: these
 * pictures need to look like their kind, not to teach anything.
 */
import { frameAt, paintEllipse, paintPolygon, paintRod, paintStroke } from './painter.ts';
import { type Brush, paintChain, subtractGas } from './stray-brush.ts';
import { paintBody } from './vertebra-painter.ts';

const ORIGIN = frameAt(0, 0, 0);

export function paintTorso({ tissue, anatomy, random }: Brush, halfWidth: number, waist: number): void {
  const { projection } = tissue;
  const mm = 1 / projection.pixelsPerMm;
  const depth = anatomy.bodyWidthCm * 0.68;
  for (let r = 0; r < projection.rows; r += 1) {
    const y = projection.centreY - (r + 0.5 - projection.rows / 2) * mm;
    const half = halfWidth - waist * Math.exp(-((y / 90) ** 2));
    for (let c = 0; c < projection.columns; c += 1) {
      const x = projection.centreX + (c + 0.5 - projection.columns / 2) * mm;
      const t = Math.abs(x) / half;
      if (t < 1) tissue.map[r * projection.columns + c] = depth * Math.sqrt(1 - t ** 3);
    }
  }
  for (let i = 0; i < 24; i += 1) {
    const at = frameAt(random.between(-150, 150), random.between(-170, 170), random.between(0, 3));
    paintEllipse(
      tissue,
      at,
      random.between(18, 55),
      random.between(15, 45),
      random.between(-1.1, 1.1),
      1,
      'add',
    );
  }
}

export function paintGas(
  { tissue, scratch, random }: Brush,
  clusters: number,
  top: number,
  bottom: number,
): void {
  for (let cluster = 0; cluster < clusters; cluster += 1) {
    let x = random.between(-110, 110);
    let y = random.between(bottom, top);
    for (let blob = 0; blob < 5; blob += 1) {
      const radius = random.between(7, 17);
      paintEllipse(scratch, frameAt(x, y, 0), radius * 1.2, radius, random.between(1, 3.5), 0.3, 'max');
      x += random.normal(0, 14);
      y += random.normal(0, 14);
    }
  }
  subtractGas(tissue, scratch);
}

/** Lumbar column from the front; `turn` 0 is AP, 1 a full oblique with the arches moved to one side. */
export function paintColumn(brush: Brush, turn: number): void {
  const { bone, anatomy, random, texture } = brush;
  const density = anatomy.boneDensity;
  const curve = random.between(-9, 9);
  let y = -78;
  for (const [index, v] of anatomy.vertebrae.entries()) {
    const height = (v.heightAnterior + v.heightPosterior) / 2;
    y += height / 2 + v.discHeight * 0.8;
    const x = curve * Math.sin((y + 80) / 90);
    const frame = frameAt(x, y, (-curve / 90) * Math.cos((y + 80) / 90));
    const width = v.depth * (1.32 - 0.2 * turn);
    paintBody(
      bone,
      frame,
      {
        depth: width,
        height,
        wedge: 0,
        concavity: v.endplateConcavity,
        waist: v.waist * 1.5,
        density: density * 0.85 * (index > 4 ? 0.8 : 1),
        osteophyteAnterior: v.osteophyteAnterior,
        osteophytePosterior: v.osteophyteAnterior,
        sclerosis: v.endplateSclerosis,
        textureP: v.textureP,
        textureQ: v.textureQ,
      },
      texture,
    );
    for (const side of [-1, 1]) {
      const px = side * width * (0.31 - 0.12 * turn) + turn * 7;
      const at = (p: number, q: number): { p: number; q: number } => ({ p, q });
      paintEllipse(bone, frameAt(frame.x + px, frame.y + 4, 0), 4.6, 7.5, 0.55 * density, 0.25, 'add');
      const facet = { ra: 5, rb: 4.4, core: 0.35 * density, shell: 0.25 * density, shellMm: 1 };
      paintRod(
        bone,
        frame,
        { ax: px * 0.9 + turn * 8, ay: -6, bx: px * 1.02 + turn * 11, by: -height / 2 - 9, ...facet },
        'add',
        texture,
      );
      paintRod(
        bone,
        frame,
        { ax: px * 1.08 + turn * 8, ay: 6, bx: px * 1.15 + turn * 10, by: height / 2 + 7, ...facet },
        'add',
        texture,
      );
      if (index < 6 && (turn === 0 || side > 0)) {
        const process = [
          at(side * width * 0.42, 3),
          at(side * width * 0.7, 5),
          at(side * (width * 0.7 + 20), 8 - index),
        ];
        paintChain(brush, frame, process, 4.2, 0.16 * density, 0.12 * density);
      }
      if (index >= 5) {
        const rib = Array.from({ length: 12 }, (_, i) =>
          at(side * (12 + i * 11), 6 + 10 * Math.sin(i / 3) - i * i * 0.85),
        );
        paintChain(brush, frame, rib, 4.6, 0.1 * density, 0.14 * density);
      }
    }
    const spine = turn * -19;
    paintPolygon(
      bone,
      frame,
      [
        { p: spine + 4, q: -2 },
        { p: spine - 4, q: -2 },
        { p: spine - 5.5, q: -height / 2 - 5 },
        { p: spine + 5.5, q: -height / 2 - 5 },
      ],
      0.6 * density,
      0.3 * density,
      'add',
      texture,
    );
    y += height / 2;
  }
}

export function paintPelvisFront(brush: Brush, y: number): void {
  const { bone, anatomy, texture } = brush;
  const density = anatomy.boneDensity;
  paintPolygon(
    bone,
    ORIGIN,
    [
      { p: 48, q: y },
      { p: -48, q: y },
      { p: -40, q: y - 45 },
      { p: -8, q: y - 98 },
      { p: 8, q: y - 98 },
      { p: 40, q: y - 45 },
    ],
    0.62 * density,
    0.2 * density,
    'add',
    texture,
  );
  for (const side of [-1, 1]) {
    for (let hole = 0; hole < 4; hole += 1) {
      paintEllipse(
        bone,
        frameAt(side * (19 - 2.5 * hole), y - 22 - 19 * hole, 0),
        5,
        4,
        -0.4 * density,
        0.5,
        'add',
      );
    }
    const wing = frameAt(side * 88, y - 40, side * -0.42);
    paintEllipse(bone, wing, 50, 76, 0.42 * density, 0.05, 'add');
    const crest = Array.from({ length: 22 }, (_, i) => {
      const angle = Math.PI * (-0.1 + (1.2 * i) / 21);
      return { p: 48.5 * Math.cos(angle), q: 74.5 * Math.sin(angle) };
    });
    paintChain(brush, wing, crest, 2.6, 0.4 * density, 0.2 * density);
    const joint = [0, 1, 2, 3].map((i) => ({ p: side * (47 - 3.4 * i * i * 0.7), q: y - 6 - 17 * i }));
    paintChain(brush, ORIGIN, joint, 2, 0.3 * density, 0.2 * density);
    paintEllipse(bone, frameAt(side * 92, y - 118, 0), 25, 25, 1.5 * density, 0.1, 'add');
    const femur = [
      { p: side * 94, q: y - 120 },
      { p: side * 126, q: y - 148 },
      { p: side * 132, q: y - 175 },
      { p: side * 129, q: y - 280 },
    ];
    paintChain(brush, ORIGIN, femur, 16, 1.1 * density, 0.5 * density);
    const ring = Array.from({ length: 17 }, (_, i) => {
      const angle = (i / 16) * 2 * Math.PI;
      return { p: side * 50 + 27 * Math.cos(angle), q: y - 163 + 22 * Math.sin(angle) };
    });
    paintChain(brush, ORIGIN, ring, 7, 0.5 * density, 0.2 * density);
  }
}

export function paintChest(brush: Brush): void {
  const { tissue, bone, scratch, anatomy, random } = brush;
  const density = anatomy.boneDensity;
  for (const side of [-1, 1]) {
    for (let i = 0; i < 3; i += 1) {
      const frame = frameAt(side * (80 - 8 * i), 20 + 34 * i, side * 0.08);
      paintEllipse(scratch, frame, 62 - 7 * i, 118 - 18 * i, 15, 0.18, 'max');
    }
  }
  subtractGas(tissue, scratch);
  paintEllipse(tissue, frameAt(22, -52, 0.6), 70, 52, 9, 0.3, 'add');
  paintEllipse(tissue, frameAt(0, 60, 0), 28, 120, 7, 0.4, 'add');
  for (let rib = 0; rib < 10; rib += 1) {
    for (const side of [-1, 1]) {
      const top = 150 - rib * 27;
      const wide = 78 + Math.min(6, rib) * 9;
      const arc = Array.from({ length: 14 }, (_, i) => {
        const t = (i / 13) * Math.PI * 0.62;
        return {
          p: side * (14 + wide * Math.sin(t)),
          q: top + 12 * Math.sin(t * 2) - 34 * (1 - Math.cos(t)),
        };
      });
      paintChain(brush, ORIGIN, arc, 5, 0.14 * density, 0.14 * density);
    }
  }
  for (const side of [-1, 1]) {
    const clavicle = [0, 1, 2, 3].map((i) => ({
      p: side * (14 + i * 38),
      q: 148 + 9 * Math.sin(i * 1.4) + i * 3,
    }));
    paintChain(brush, ORIGIN, clavicle, 6, 0.4 * density, 0.3 * density);
    for (let i = 0; i < 22; i += 1) {
      const angle = random.between(-1.2, 1.2);
      const length = random.between(20, 75);
      const start = { p: side * 30, q: -5 };
      const end = { p: side * (30 + length * Math.cos(angle)), q: -5 + length * Math.sin(angle) };
      paintStroke(tissue, ORIGIN, [start, end], random.between(0.8, 2.4), 0.7, 0, 'max');
    }
  }
  for (let i = 0; i < 12; i += 1)
    paintEllipse(bone, frameAt(0, 160 - 27 * i, 0), 17, 11, 0.7 * density, 0.15, 'add');
}
