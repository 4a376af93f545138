/** Shoulder, knee and hand, each turned at random, as strays that a worklist may hold beside the spine. */
import { type Frame, frameAt, paintEllipse, paintPolygon, paintRod, toPlane } from './painter.ts';
import { type Brush, paintChain, subtractGas } from './stray-brush.ts';

/** Hands are exposed at about 50 kVp: every centimetre takes away more than at the spine's 85 kVp. */
const HAND_TISSUE = 5;
const HAND_BONE = 1.6;

interface Point {
  readonly p: number;
  readonly q: number;
}

/** Soft tissue of a limb: rods with round ends that join by maximum, `thick` in cm of path through the middle. */
function paintFlesh(
  { tissue }: Brush,
  frame: Frame,
  points: readonly Point[],
  radius: number,
  thick: number,
): void {
  for (let i = 1; i < points.length; i += 1) {
    const a = points[i - 1];
    const b = points[i];
    if (a === undefined || b === undefined) continue;
    const ends = { ax: a.p, ay: a.q, bx: b.p, by: b.q, ra: radius, rb: radius };
    paintRod(tissue, frame, { ...ends, core: thick, shell: 0, shellMm: 1 }, 'max');
  }
}

/** A long bone from one joint to the next: a cortical shaft that flares into two spongy ends. */
function paintLongBone(
  brush: Brush,
  frame: Frame,
  from: Point,
  to: Point,
  shaft: number,
  ends: number,
): void {
  const { bone, texture, anatomy } = brush;
  const density = anatomy.boneDensity;
  paintChain(brush, frame, [from, to], shaft, 0.45 * density, 0.75 * density);
  const length = Math.hypot(to.p - from.p, to.q - from.q);
  const flare = Math.min(0.3, (ends * 2.2) / length);
  for (const [near, far] of [
    [from, to],
    [to, from],
  ] as const) {
    const rod = {
      ax: near.p,
      ay: near.q,
      bx: near.p + (far.p - near.p) * flare,
      by: near.q + (far.q - near.q) * flare,
      ra: ends,
      rb: shaft,
    };
    paintRod(
      bone,
      frame,
      { ...rod, core: 0.7 * density, shell: 0.25 * density, shellMm: 0.9 },
      'add',
      texture,
    );
  }
}

/** The knee from the front, or from the side with the patella before it. */
export function paintKnee(brush: Brush): void {
  const { bone, anatomy, random } = brush;
  const density = anatomy.boneDensity;
  const frame = frameAt(random.normal(0, 8), random.normal(0, 12), random.normal(0, 0.18));
  const seenFromSide = random.chance(0.5);
  const bend = seenFromSide ? random.between(0, 50) : 0;
  const leg = random.between(48, 70);
  paintFlesh(
    brush,
    frame,
    [
      { p: bend * 1.2, q: 230 },
      { p: 0, q: 0 },
      { p: bend, q: -230 },
    ],
    leg,
    leg / 5.5,
  );
  paintLongBone(brush, frame, { p: bend, q: 210 }, { p: 0, q: 24 }, 14, 24);
  paintLongBone(brush, frame, { p: 0, q: -24 }, { p: bend * 0.9, q: -210 }, 12, 25);
  const side = seenFromSide ? -0.7 : random.chance(0.5) ? 1 : -1;
  paintLongBone(brush, frame, { p: side * 30, q: -36 }, { p: side * 26 + bend * 0.9, q: -220 }, 5.5, 9);
  for (const condyle of [-1, 1]) {
    const at = toPlane(frame, condyle * (seenFromSide ? 7 : 21), 20);
    paintEllipse(bone, frameAt(at.x, at.y, 0), 24, 21, 1.1 * density, 0.08, 'add');
  }
  const cap = toPlane(frame, seenFromSide ? 42 : 2, 34);
  paintEllipse(bone, frameAt(cap.x, cap.y, 0), seenFromSide ? 9 : 22, 22, 0.8 * density, 0.1, 'add');
}

/** A hand with its wrist, fingers spread more or less. */
export function paintHand(brush: Brush): void {
  const { bone, tissue, anatomy, random } = brush;
  const density = anatomy.boneDensity;
  const frame = frameAt(random.normal(0, 6), random.normal(-6, 8), random.normal(0, 0.2));
  const thumb = random.chance(0.5) ? 1 : -1;
  const spread = random.between(0.06, 0.2);
  paintFlesh(
    brush,
    frame,
    [
      { p: 0, q: -10 },
      { p: 0, q: 22 },
    ],
    44,
    2.6,
  );
  paintFlesh(
    brush,
    frame,
    [
      { p: 0, q: -20 },
      { p: 0, q: -220 },
    ],
    32,
    4.5,
  );
  for (const [index, side] of [thumb, -thumb].entries()) {
    paintLongBone(
      brush,
      frame,
      { p: side * 12, q: -52 - 6 * index },
      { p: side * 11, q: -260 },
      7,
      12 - 2 * index,
    );
  }
  for (let row = 0; row < 2; row += 1) {
    for (let i = -1.5; i <= 1.5; i += 1) {
      const at = toPlane(frame, i * 12.5, -38 + row * 13);
      const carpal = frameAt(at.x, at.y, random.between(0, 3));
      paintEllipse(
        bone,
        carpal,
        random.between(6.5, 8.5),
        random.between(6, 7.5),
        0.7 * density,
        0.15,
        'add',
      );
    }
  }
  const lengths = [
    [44, 30, 22],
    [66, 40, 24, 18],
    [64, 45, 28, 19],
    [58, 41, 26, 18],
    [53, 32, 19, 17],
  ];
  for (const [finger, bones] of lengths.entries()) {
    const angle = finger === 0 ? 0.75 : (1.6 - finger) * spread;
    let p = thumb * (finger === 0 ? 20 : 17 - 11 * (finger - 1));
    let q = finger === 0 ? -26 : -18;
    for (const [joint, length] of bones.entries()) {
      const end = { p: p + thumb * Math.sin(angle) * length, q: q + Math.cos(angle) * length };
      paintFlesh(brush, frame, [{ p, q }, end], 9.5 - joint, 1.7 - 0.2 * joint);
      paintLongBone(
        brush,
        frame,
        { p, q: q + 2 },
        { p: end.p, q: end.q - 2 },
        4.6 - 0.7 * joint,
        6.6 - joint,
      );
      p = end.p;
      q = end.q;
    }
  }
  for (let i = 0; i < bone.map.length; i += 1) {
    tissue.map[i] = (tissue.map[i] as number) * HAND_TISSUE;
    bone.map[i] = (bone.map[i] as number) * HAND_BONE;
  }
}

/** A shoulder from the front: humerus, scapula, clavicle, and the lung with its ribs. */
export function paintShoulder(brush: Brush): void {
  const { bone, tissue, scratch, anatomy, random, texture } = brush;
  const density = anatomy.boneDensity;
  const side = random.chance(0.5) ? 1 : -1;
  const frame = frameAt(random.normal(0, 8), random.normal(0, 8), random.normal(0, 0.08));
  const thick = random.between(9, 14);
  paintFlesh(
    brush,
    frame,
    [
      { p: side * 20, q: 20 },
      { p: -side * 150, q: -90 },
    ],
    92,
    thick,
  );
  paintFlesh(
    brush,
    frame,
    [
      { p: side * 55, q: 30 },
      { p: side * 85, q: -180 },
    ],
    48,
    thick * 0.8,
  );
  const chest = toPlane(frame, -side * 105, -70);
  paintEllipse(scratch, frameAt(chest.x, chest.y, -side * 0.3), 75, 120, thick * 0.75, 0.2, 'max');
  subtractGas(tissue, scratch);
  for (let rib = 0; rib < 6; rib += 1) {
    const arc = Array.from({ length: 10 }, (_, i) => {
      const t = (i / 9) * Math.PI * 0.6;
      return { p: -side * (140 - (66 + 5 * rib) * Math.sin(t)), q: 62 - rib * 27 - 30 * (1 - Math.cos(t)) };
    });
    paintChain(brush, frame, arc, 5, 0.14 * density, 0.14 * density);
  }
  const blade = [
    { p: side * 18, q: 14 },
    { p: -side * 62, q: 18 },
    { p: -side * 44, q: -96 },
  ];
  const corners = side > 0 ? blade : blade.toReversed();
  paintPolygon(bone, frame, corners, 0.2 * density, 0.3 * density, 'add', texture);
  const spine = [
    { p: -side * 58, q: 10 },
    { p: -side * 5, q: 34 },
    { p: side * 42, q: 46 },
  ];
  paintChain(brush, frame, spine, 6.5, 0.3 * density, 0.3 * density);
  const collar = [-130, -85, -40, 8, 34].map((x, i) => ({ p: side * x, q: 40 + 4 * i + 5 * Math.sin(i) }));
  paintChain(brush, frame, collar, 6, 0.4 * density, 0.35 * density);
  const arm = random.between(-0.15, 0.5);
  const elbow = { p: side * (42 + 230 * Math.sin(arm)), q: 4 - 230 * Math.cos(arm) };
  paintLongBone(brush, frame, { p: side * 42, q: 4 }, elbow, 11.5, 17);
  const head = toPlane(frame, side * 38, 10);
  paintEllipse(bone, frameAt(head.x, head.y, 0), 24, 24, 0.9 * density, 0.07, 'add');
}
