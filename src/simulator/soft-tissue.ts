/** Soft tissue of the lateral scene, in centimetres of path. */
import type { PatientAnatomy } from './anatomy.ts';
import { frameAt, type Layer, paintEllipse, paintStroke, toPlane } from './painter.ts';
import type { Posture } from './posture.ts';
import type { RandomStream } from './random.ts';

/** Smoothed piecewise-linear contour x(y), sampled every 2 mm. */
function contour(
  points: readonly { x: number; y: number }[],
  lowY: number,
  highY: number,
  smoothMm: number,
): Float32Array {
  const count = Math.ceil((highY - lowY) / 2) + 1;
  const sorted = [...points].sort((a, b) => a.y - b.y);
  const raw = Float32Array.from({ length: count }, (_, i) => {
    const y = lowY + 2 * i;
    const first = sorted[0] as { x: number; y: number };
    const last = sorted[sorted.length - 1] as { x: number; y: number };
    if (y <= first.y) return first.x;
    if (y >= last.y) return last.x;
    const upper = sorted.findIndex((point) => point.y > y);
    const a = sorted[upper - 1] as { x: number; y: number };
    const b = sorted[upper] as { x: number; y: number };
    return a.x + ((b.x - a.x) * (y - a.y)) / Math.max(1e-6, b.y - a.y);
  });
  const half = Math.round(smoothMm / 4);
  return raw.map((_, i) => {
    let sum = 0;
    for (let j = -half; j <= half; j += 1) sum += raw[Math.min(count - 1, Math.max(0, i + j))] as number;
    return sum / (2 * half + 1);
  });
}

const BODY_PROFILE = Float32Array.from({ length: 1025 }, (_, i) =>
  Math.pow(4 * (i / 1024) * (1 - i / 1024), 0.42),
);

/** The trunk seen from the side: skin outline, thickness, lungs above the diaphragm. */
export function paintTrunk(
  layer: Layer,
  anatomy: PatientAnatomy,
  posture: Posture,
  random: RandomStream,
): void {
  const { projection } = layer;
  const backPoints: { x: number; y: number }[] = [];
  const frontPoints: { x: number; y: number }[] = [];
  for (const { frame, anatomy: v } of posture.vertebrae) {
    backPoints.push(toPlane(frame, -v.depth / 2 - 30 - anatomy.backDistance, -8));
    const bulge = v.name === 'L4' || v.name === 'L3' ? 12 : v.name === 'T10' ? -25 : 0;
    frontPoints.push(toPlane(frame, v.depth / 2 + anatomy.abdomenDepth + bulge, 0));
  }
  backPoints.push(toPlane(posture.sacrum, -55 - anatomy.backDistance * 0.9, -10), {
    x: -95 - anatomy.backDistance * 0.8,
    y: -90,
  });
  frontPoints.push({ x: anatomy.abdomenDepth + 25, y: -20 }, { x: anatomy.abdomenDepth + 5, y: -110 });
  const lowY = -220;
  const highY = 420;
  const back = contour(backPoints, lowY, highY, 90);
  const front = contour(frontPoints, lowY, highY, 110);
  const width = Float32Array.from(back, (_, i) => {
    const y = lowY + 2 * i;
    const hip = 1 / (1 + Math.exp((y + 15) / 22));
    const chest = 1 / (1 + Math.exp(-(y - 150) / 30));
    return anatomy.bodyWidthCm * (0.92 + 0.2 * hip + 0.04 * chest);
  });
  const lungTop = posture.vertebrae[5]?.frame ?? posture.sacrum;
  const domes = [0, 1].map(() => ({
    x: lungTop.x + random.between(25, 70),
    y: lungTop.y + random.between(5, 42),
    fall: random.between(0.003, 0.006),
    path: random.between(3.5, 7),
  }));
  const edge = Math.max(layer.edgeMm * 1.2, 2.5);
  const mm = 1 / projection.pixelsPerMm;
  for (let r = 0; r < projection.rows; r += 1) {
    const ry = -(r + 0.5 - projection.rows / 2) * mm;
    for (let c = 0; c < projection.columns; c += 1) {
      const rx = projection.mirror * (c + 0.5 - projection.columns / 2) * mm;
      const x = projection.centreX + projection.cos * rx + projection.sin * ry;
      const y = projection.centreY - projection.sin * rx + projection.cos * ry;
      const at = Math.min(back.length - 2, Math.max(0, (y - lowY) / 2));
      const i = at | 0;
      const f = at - i;
      const xb = (back[i] as number) * (1 - f) + (back[i + 1] as number) * f;
      const xf = (front[i] as number) * (1 - f) + (front[i + 1] as number) * f;
      const t = (x - xb) / (xf - xb);
      if (t <= 0 || t >= 1) continue;
      let path = (BODY_PROFILE[(t * 1024) | 0] as number) * (width[i] as number);
      for (const dome of domes) {
        const above = y - (dome.y - dome.fall * (x - dome.x) * (x - dome.x));
        if (above > -edge) {
          const share = above >= edge ? 1 : (above + edge) / (2 * edge);
          path -= dome.path * share * Math.min(1, 0.55 + above / 90) * Math.min(1, t * 5);
        }
      }
      layer.map[r * projection.columns + c] = path;
    }
  }
}

/** Uneven organs, muscle, bowel gas and a calcified aorta. */
export function paintOrgans(
  tissue: Layer,
  scratch: Layer,
  anatomy: PatientAnatomy,
  posture: Posture,
  random: RandomStream,
): void {
  const l3 = posture.vertebrae[2]?.frame ?? posture.sacrum;
  for (let i = 0; i < 26; i += 1) {
    const at = toPlane(l3, random.between(-70, 150), random.between(-150, 140));
    const frame = frameAt(at.x, at.y, random.between(0, Math.PI));
    paintEllipse(
      tissue,
      frame,
      random.between(15, 60),
      random.between(12, 45),
      random.between(-1.1, 1.1),
      1,
      'add',
    );
  }
  // Psoas and paraspinal muscle follow the spine.
  for (const { frame, anatomy: v } of posture.vertebrae) {
    paintEllipse(tissue, frame, 46, 30, 0.5, 1, 'add');
    const muscle = toPlane(frame, -v.depth / 2 - 45, -5);
    paintEllipse(tissue, { ...frame, ...muscle }, 30, 34, 0.8, 1, 'add');
  }
  const clusters = random.chance(0.85) ? 1 + Math.floor(random.uniform() * 5) : 0;
  for (let cluster = 0; cluster < clusters; cluster += 1) {
    const overSpine = random.chance(0.25);
    const centre = overSpine
      ? toPlane(l3, random.between(-50, 25), random.between(-110, 50))
      : toPlane(l3, random.between(25, 140), random.between(-130, 70));
    const strength = overSpine ? random.between(0.5, 1.6) : random.between(1, 4);
    const blobs = 2 + Math.floor(random.uniform() * 6);
    let x = centre.x;
    let y = centre.y;
    const heading = random.between(0, 2 * Math.PI);
    for (let blob = 0; blob < blobs; blob += 1) {
      const frame = frameAt(x, y, random.between(0, Math.PI));
      const radius = random.between(6, 17);
      paintEllipse(
        scratch,
        frame,
        radius * random.between(1, 1.5),
        radius,
        strength * random.between(0.6, 1),
        random.between(0.15, 0.5),
        'max',
      );
      x += radius * 1.2 * Math.cos(heading + random.normal(0, 0.6));
      y += radius * 1.2 * Math.sin(heading + random.normal(0, 0.6));
    }
  }
  for (let i = 0; i < tissue.map.length; i += 1) {
    const gas = scratch.map[i] as number;
    if (gas !== 0) {
      tissue.map[i] = Math.max(0.2, (tissue.map[i] as number) - gas);
      scratch.map[i] = 0;
    }
  }
  if (anatomy.aorticCalcification === 0) return;
  for (let plaque = 0; plaque < 3 + 8 * anatomy.aorticCalcification; plaque += 1) {
    const vertebra = posture.vertebrae[1 + Math.floor(random.uniform() * 3)];
    if (vertebra === undefined) continue;
    const p = vertebra.anatomy.depth / 2 + 7 + (random.chance(0.5) ? 15 : 0) + random.normal(0, 1.5);
    const q = random.between(-18, 18);
    const length = random.between(3, 13);
    const points = [0, 0.5, 1].map((t) => ({ p: p + random.normal(0, 0.7), q: q + t * length }));
    paintStroke(
      tissue,
      vertebra.frame,
      points,
      random.between(0.6, 1.3),
      random.between(0.3, 1) * anatomy.aorticCalcification,
      0,
      'add',
    );
  }
}
