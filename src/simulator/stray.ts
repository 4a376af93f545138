/** Renders AP views and stray pictures through the same detector as the lateral views. */
import { type PatientAnatomy, sampleAnatomy } from './anatomy.ts';
import { expose, type StoredImage, sampleExposure } from './detector.ts';
import { paintStrayScene, STRAY_FIELD, type StrayKind } from './stray-scene.ts';
import type { Projection } from './painter.ts';
import { longSideOf, type RenderingSize } from './projection-image.ts';
import { randomStream } from './random.ts';
import { trabecularTexture } from './texture.ts';

/** A picture without lesion truth. */
export interface StrayImage {
  readonly anatomy: PatientAnatomy;
  readonly kind: StrayKind;
  readonly image: StoredImage;
  /** Pixel size in the object plane, mm. */
  readonly mmPerPixel: number;
}

/** Simulates one picture of that kind for the person of that seed. */
export function simulateStray(seed: number, kind: StrayKind, size: RenderingSize): StrayImage {
  const anatomy = sampleAnatomy(seed);
  const random = randomStream(`lumbar/${seed}/${kind}`);
  const scale = random.between(0.94, 1.08);
  const [wide, high] = STRAY_FIELD[kind].map((mm) => mm * scale) as [number, number];
  const pixelsPerMm = longSideOf(size, Math.max(wide, high)) / Math.max(wide, high);
  const columns = Math.round(wide * pixelsPerMm);
  const rows = Math.round(high * pixelsPerMm);
  const turn = random.normal(0, 0.02);
  const projection: Projection = {
    columns,
    rows,
    pixelsPerMm,
    mirror: 1,
    cos: Math.cos(turn),
    sin: Math.sin(turn),
    centreX: random.normal(0, 6),
    centreY: random.normal(kind === 'ap' || kind === 'oblique' ? 8 : 0, 8),
  };
  const paths = paintStrayScene(kind, projection, anatomy, random, trabecularTexture());
  const exposure = sampleExposure(random, { left: 0.2, top: 0.1, right: 0.8, bottom: 0.9 });
  const noise = randomStream(`lumbar/${seed}/${kind}/noise/${columns}x${rows}`);
  const lead = new Float32Array(columns * rows);
  return {
    anatomy,
    kind,
    image: expose({ ...paths, lead }, columns, rows, pixelsPerMm, exposure, noise),
    mmPerPixel: 1 / pixelsPerMm,
  };
}
