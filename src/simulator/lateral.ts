/** One simulated lateral radiograph with its ground truth. */
import { type PatientAnatomy, type SimulatedClass, sampleAnatomy } from './anatomy.ts';
import { expose, type StoredImage, sampleExposure } from './detector.ts';
import { paintLateralScene } from './lateral-scene.ts';
import { markerStrokes } from './marker-font.ts';
import {
  buildLayer,
  frameAt,
  type Layer,
  type Projection,
  paintStroke,
  toPixel,
  toPlane,
} from './painter.ts';
import { archPoints, facetPoint, type LateralView, type Posture, parsPoint, placeSpine } from './posture.ts';
import { longSideOf, type RenderingSize } from './projection-image.ts';
import { type RandomStream, randomStream } from './random.ts';
import { trabecularTexture } from './texture.ts';

/** Changes whenever a seed would give other pixels or labels; written into every result made from simulated images. */
export const SIMULATOR_VERSION = '1.0.0';

/** A box in continuous pixel coordinates of the image. */
export interface PixelRectangle {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/**
 * What is known about a simulated image. The lesion point is the affected level's pars defect (spondylolysis) or facet
 * joint (dls); the box holds the defect, or the facet joint with the posterior corners of the slipped level. Points and
 * boxes are continuous source pixel coordinates (centre of pixel (c,r) at (c+0.5, r+0.5)).
 */
export interface LateralTruth {
  readonly label: SimulatedClass;
  /** 'L5' for a pars defect, 'L4/L5' for a slip, empty for normal. */
  readonly level: string;
  readonly slipMm: number;
  readonly slipPercent: number;
  readonly parsGapMm: number;
  readonly lesion: { readonly x: number; readonly y: number } | undefined;
  readonly lesionBox: PixelRectangle | undefined;
  readonly view: LateralView;
  /** Side of the image the patient's front faces. */
  readonly facing: 'left' | 'right';
  /** Pixel size in the object plane, mm. */
  readonly mmPerPixel: number;
}

/** A simulated lateral radiograph. */
export interface LateralImage {
  readonly anatomy: PatientAnatomy;
  readonly truth: LateralTruth;
  readonly image: StoredImage;
}

function paintMarkers(
  lead: Layer,
  view: LateralView,
  random: RandomStream,
  facing: 'left' | 'right',
  wide: number,
  high: number,
): void {
  // Letters are painted in millimetres of the detector, upright whatever the patient's rotation.
  const { projection } = lead;
  const upright: Projection = { ...projection, cos: 1, sin: 0, mirror: 1, centreX: 0, centreY: 0 };
  const layer: Layer = { ...lead, projection: upright };
  const words: string[] = [];
  if (random.chance(0.6)) words.push(facing === 'left' ? 'L' : 'R');
  if (view !== 'neutral' && random.chance(0.35)) words.push(view === 'flexion' ? 'FLEX' : 'EXT');
  const unit = random.between(1.5, 2.4);
  const front = facing === 'left' ? -1 : 1;
  let y = (random.chance(0.75) ? 1 : -0.75) * (high / 2 - random.between(14, 40));
  const cornerX = front * (wide / 2 - random.between(18, 40));
  for (const word of words) {
    const length = (word.length * 5.6 - 1.6) * unit;
    const frame = frameAt(cornerX - length / 2, y, random.normal(0, 0.05));
    for (const stroke of markerStrokes(word)) {
      paintStroke(
        layer,
        frame,
        stroke.map((point) => ({ p: point.x * unit, q: -point.y * unit })),
        unit * 0.42,
        1,
        1,
        'max',
      );
    }
    y -= 9.5 * unit;
  }
  for (let i = 0; i < lead.map.length; i += 1) if ((lead.map[i] as number) > 1) lead.map[i] = 1;
}

/** Points of the lumbosacral spine that every image must show, whatever its class. */
function keyPoints(posture: Posture): { x: number; y: number }[] {
  const points = [toPlane(posture.sacrum, 24, -24), toPlane(posture.sacrum, -34, -30)];
  for (const vertebra of posture.vertebrae.slice(0, 3)) {
    const arch = archPoints(vertebra);
    points.push(
      toPlane(vertebra.frame, vertebra.anatomy.depth / 2 + 4, vertebra.height / 2),
      toPlane(vertebra.frame, arch.parsEndP - 14, arch.parsEndQ),
      toPlane(vertebra.frame, arch.inferiorTipP - 8, arch.inferiorTipQ - 4),
    );
  }
  return points;
}

/** Simulates the lateral view of that seed. The same seed shows the same picture at every size, but for the noise. */
export function simulateLateral(seed: number, view: LateralView, size: RenderingSize): LateralImage {
  const anatomy = sampleAnatomy(seed);
  const random = randomStream(`lumbar/${seed}/${view}`);
  const posture = placeSpine(anatomy, view, random.between(0.65, 1));
  const facing = random.chance(0.5) ? 'left' : 'right';
  let high = random.between(230, 330);
  let wide = high * random.between(0.62, 0.95);
  const turn =
    random.clampedNormal(0, 0.055, -0.14, 0.14) +
    (view === 'flexion' ? random.between(0, 0.22) : view === 'extension' ? -random.between(0, 0.08) : 0);
  const cos = Math.cos(turn);
  const sin = Math.sin(turn);
  const l3 = posture.vertebrae[2]?.frame ?? posture.sacrum;
  const wishX = l3.x - 8 + random.normal(0, 14);
  const wishY = l3.y - 4 + random.normal(0, 16);
  let u = cos * wishX - sin * wishY;
  let v = sin * wishX + cos * wishY;
  const keys = keyPoints(posture).map(({ x, y }) => ({ u: cos * x - sin * y, v: sin * x + cos * y }));
  const margin = 9;
  const [u0, u1] = [Math.min(...keys.map((k) => k.u)) - margin, Math.max(...keys.map((k) => k.u)) + margin];
  const [v0, v1] = [Math.min(...keys.map((k) => k.v)) - margin, Math.max(...keys.map((k) => k.v)) + margin];
  wide = Math.max(wide, u1 - u0);
  high = Math.max(high, v1 - v0);
  u = Math.min(u0 + wide / 2, Math.max(u1 - wide / 2, u));
  v = Math.min(v0 + high / 2, Math.max(v1 - high / 2, v));
  const longSidePixels = longSideOf(size, Math.max(wide, high));
  const pixelsPerMm = longSidePixels / Math.max(wide, high);
  const columns = Math.round(wide * pixelsPerMm);
  const rows = Math.round(high * pixelsPerMm);
  const projection: Projection = {
    columns,
    rows,
    pixelsPerMm,
    mirror: facing === 'right' ? 1 : -1,
    cos,
    sin,
    centreX: cos * u + sin * v,
    centreY: -sin * u + cos * v,
  };
  const paths = paintLateralScene(projection, anatomy, posture, random, trabecularTexture());
  const lead = buildLayer(projection);
  paintMarkers(lead, view, random, facing, wide, high);
  const inner = keyPoints(posture).map((point) => toPixel(projection, point.x, point.y));
  const keep = {
    left: Math.min(...inner.map((p) => p.x)) / columns - 0.01,
    right: Math.max(...inner.map((p) => p.x)) / columns + 0.01,
    top: Math.min(...inner.map((p) => p.y)) / rows - 0.01,
    bottom: Math.max(...inner.map((p) => p.y)) / rows + 0.01,
  };
  const exposure = sampleExposure(random, keep);
  const noise = randomStream(`lumbar/${seed}/${view}/noise/${longSidePixels}`);
  const image = expose({ ...paths, lead: lead.map }, columns, rows, pixelsPerMm, exposure, noise);
  return { anatomy, truth: truthOf(anatomy, posture, projection, facing), image };
}

function truthOf(
  anatomy: PatientAnatomy,
  posture: Posture,
  projection: Projection,
  facing: 'left' | 'right',
): LateralTruth {
  const base = {
    label: anatomy.condition,
    view: posture.view,
    facing,
    mmPerPixel: 1 / projection.pixelsPerMm,
  };
  const index = anatomy.affectedIndex;
  const vertebra = index === undefined ? undefined : posture.vertebrae[index];
  if (index === undefined || vertebra === undefined) {
    return {
      ...base,
      level: '',
      slipMm: 0,
      slipPercent: 0,
      parsGapMm: 0,
      lesion: undefined,
      lesionBox: undefined,
    };
  }
  const { frame, anatomy: v, height } = vertebra;
  const below = index === 0 ? 'S1' : (posture.vertebrae[index - 1]?.anatomy.name ?? 'S1');
  const defect = anatomy.defect;
  const point = defect === undefined ? facetPoint(vertebra) : parsPoint(vertebra, defect.along);
  const corner = toPlane(frame, -v.depth / 2, -height / 2);
  const spread = defect === undefined ? [point, corner] : [point];
  const reach = defect === undefined ? 9 : 12;
  const corners = spread.flatMap(({ x, y }) => [
    toPixel(projection, x - reach, y - reach),
    toPixel(projection, x + reach, y + reach),
  ]);
  const clamp = (value: number, limit: number): number => Math.min(limit, Math.max(0, value));
  return {
    ...base,
    level: defect === undefined ? `${v.name}/${below}` : v.name,
    slipMm: vertebra.slip,
    slipPercent: vertebra.slipPercent,
    parsGapMm: defect?.gap ?? 0,
    lesion: toPixel(projection, point.x, point.y),
    lesionBox: {
      x0: clamp(Math.min(...corners.map((c) => c.x)), projection.columns),
      y0: clamp(Math.min(...corners.map((c) => c.y)), projection.rows),
      x1: clamp(Math.max(...corners.map((c) => c.x)), projection.columns),
      y1: clamp(Math.max(...corners.map((c) => c.y)), projection.rows),
    },
  };
}
