/**
 * Lateral lumbar radiographs that something went wrong with on the way: polarity turned over, the plate read turned or
 * upside down, coned down to a detail, or the beam beside the spine. A model must refuse them.
 */
import { sampleAnatomy } from './anatomy.ts';
import { expose, type StoredImage, sampleExposure } from './detector.ts';
import { simulateLateral } from './lateral.ts';
import { buildLayer, type Projection } from './painter.ts';
import { LATERAL_VIEWS, placeSpine } from './posture.ts';
import { longSideOf, type RenderingSize } from './projection-image.ts';
import { type RandomStream, randomStream } from './random.ts';
import { paintOrgans, paintTrunk } from './soft-tissue.ts';

/** What went wrong. A quarter turn goes either way; `upside-down` is mirrored, as a plate put in the wrong way round. */
export const MISHANDLED_KINDS = [
  'inverted',
  'quarter-turn',
  'half-turn',
  'upside-down',
  'cropped',
  'no-spine',
] as const;
export type MishandledKind = (typeof MISHANDLED_KINDS)[number];

/** Simulates one mishandled picture of the person of that seed. */
export function simulateMishandled(seed: number, kind: MishandledKind, size: RenderingSize): StoredImage {
  const random = randomStream(`lumbar/${seed}/mishandled/${kind}`);
  if (kind === 'no-spine') return exposeBesideTheSpine(seed, random, size);
  // A detail that is cut out must still have the pixels of a whole picture.
  const rendered = kind === 'cropped' && typeof size === 'number' ? size * 2 : size;
  const { image } = simulateLateral(seed, random.pick(LATERAL_VIEWS), rendered);
  switch (kind) {
    case 'inverted':
      return inverted(image);
    case 'quarter-turn': {
      const clockwise = random.chance(0.5);
      return rearranged(image, image.rows, image.columns, (x, y) =>
        clockwise ? [y, image.rows - 1 - x] : [image.columns - 1 - y, x],
      );
    }
    case 'half-turn':
      return rearranged(image, image.columns, image.rows, (x, y) => [
        image.columns - 1 - x,
        image.rows - 1 - y,
      ]);
    case 'upside-down':
      return rearranged(image, image.columns, image.rows, (x, y) => [x, image.rows - 1 - y]);
    case 'cropped':
      return cropped(image, random);
  }
}

/** The same stored values under the other photometric interpretation: a negative. */
function inverted(image: StoredImage): StoredImage {
  const isInverse = image.photometricInterpretation === 'MONOCHROME1';
  return { ...image, photometricInterpretation: isInverse ? 'MONOCHROME2' : 'MONOCHROME1' };
}

function rearranged(
  image: StoredImage,
  columns: number,
  rows: number,
  from: (x: number, y: number) => readonly [x: number, y: number],
): StoredImage {
  const pixels = new Uint16Array(columns * rows);
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1) {
      const [sourceX, sourceY] = from(x, y);
      pixels[y * columns + x] = image.pixels[sourceY * image.columns + sourceX] ?? 0;
    }
  }
  return { ...image, columns, rows, pixels };
}

/** A detail of 35 to 50 % of the picture's sides, anywhere in it. */
function cropped(image: StoredImage, random: RandomStream): StoredImage {
  const columns = Math.round(image.columns * random.between(0.35, 0.5));
  const rows = Math.round(image.rows * random.between(0.35, 0.5));
  const left = Math.floor(random.between(0, image.columns - columns));
  const top = Math.floor(random.between(0, image.rows - rows));
  return rearranged(image, columns, rows, (x, y) => [x + left, y + top]);
}

/** The trunk from the side without any bone: what a failed positioning or a soft-tissue exposure shows. */
function exposeBesideTheSpine(seed: number, random: RandomStream, size: RenderingSize): StoredImage {
  const anatomy = sampleAnatomy(seed);
  const posture = placeSpine(anatomy, 'neutral', random.between(0.65, 1));
  const high = random.between(230, 330);
  const wide = high * random.between(0.62, 0.95);
  const longSide = longSideOf(size, high);
  const pixelsPerMm = longSide / high;
  const columns = Math.round(wide * pixelsPerMm);
  const rows = Math.round(high * pixelsPerMm);
  const turn = random.normal(0, 0.05);
  const l3 = posture.vertebrae[2]?.frame ?? posture.sacrum;
  const projection: Projection = {
    columns,
    rows,
    pixelsPerMm,
    mirror: random.chance(0.5) ? 1 : -1,
    cos: Math.cos(turn),
    sin: Math.sin(turn),
    centreX: l3.x + random.normal(20, 25),
    centreY: l3.y + random.normal(0, 25),
  };
  const tissue = buildLayer(projection);
  paintTrunk(tissue, anatomy, posture, random);
  paintOrgans(tissue, buildLayer(projection), anatomy, posture, random);
  const exposure = sampleExposure(random, { left: 0.2, top: 0.1, right: 0.8, bottom: 0.9 });
  const noise = randomStream(`lumbar/${seed}/mishandled/no-spine/noise/${columns}x${rows}`);
  const empty = new Float32Array(columns * rows);
  return expose(
    { tissue: tissue.map, bone: empty, lead: empty },
    columns,
    rows,
    pixelsPerMm,
    exposure,
    noise,
  );
}
