/**
 * One fictional person's lumbar spine, sampled from a seed: sizes, alignment, ageing and the condition.
 * All lengths are millimetres in the object plane (the patient's mid-sagittal plane), angles are radians.
 * Proportions follow common morphometry (vertebral bodies 25-30 mm high and 30-36 mm deep, discs 6-12 mm).
 */
import { type RandomStream, randomStream } from './random.ts';

/** The three classes of the network, in its output order. */
export const SIMULATED_CLASSES = ['normal', 'spondylolysis', 'dls'] as const;
export type SimulatedClass = (typeof SIMULATED_CLASSES)[number];

/** Vertebrae from the sacrum upwards; index 0 lies on S1. */
export const VERTEBRA_NAMES = ['L5', 'L4', 'L3', 'L2', 'L1', 'T12', 'T11', 'T10'] as const;
export type VertebraName = (typeof VERTEBRA_NAMES)[number];

/** One vertebra and the disc below it. */
export interface VertebraAnatomy {
  readonly name: VertebraName;
  readonly depth: number;
  readonly heightAnterior: number;
  readonly heightPosterior: number;
  readonly endplateConcavity: number;
  readonly waist: number;
  readonly discHeight: number;
  /** Neutral wedge angle of the disc below (open to the front positive). */
  readonly discWedge: number;
  /** How much this segment opens (extension) or closes (flexion) at full motion. */
  readonly flexionMotion: number;
  readonly extensionMotion: number;
  /** Anterior slip over the vertebra below, neutral, mm, with its relative change in flexion and extension. */
  readonly slip: number;
  readonly slipInFlexion: number;
  readonly slipInExtension: number;
  readonly osteophyteAnterior: number;
  readonly osteophytePosterior: number;
  readonly endplateSclerosis: number;
  readonly facetHypertrophy: number;
  readonly pedicleHeight: number;
  readonly pedicleLength: number;
  readonly parsLength: number;
  readonly parsAngle: number;
  readonly parsRadius: number;
  readonly facetRadius: number;
  readonly spinousLength: number;
  readonly spinousHeight: number;
  readonly spinousDrop: number;
  /** Left-right offset of the two arches on the image, mm. */
  readonly parallaxX: number;
  readonly parallaxY: number;
  readonly textureP: number;
  readonly textureQ: number;
}

/** A break through the pars interarticularis. */
export interface ParsDefect {
  readonly vertebraIndex: number;
  readonly gap: number;
  /** Angle of the cut against the perpendicular of the pars. */
  readonly obliquity: number;
  /** Place along the pars, 0 top, 1 bottom. */
  readonly along: number;
  readonly sclerosis: number;
}

/** Everything of a person that the views share. */
export interface PatientAnatomy {
  readonly seed: number;
  readonly condition: SimulatedClass;
  readonly affectedIndex: number | undefined;
  readonly defect: ParsDefect | undefined;
  readonly vertebrae: readonly VertebraAnatomy[];
  readonly sacralSlope: number;
  readonly sacrumDepth: number;
  readonly sacralKyphosis: number;
  readonly boneDensity: number;
  readonly bodyWidthCm: number;
  readonly backDistance: number;
  readonly abdomenDepth: number;
  readonly iliacHeight: number;
  readonly iliacDensity: number;
  readonly aorticCalcification: number;
  readonly age: number;
  readonly sex: 'F' | 'M';
}

const DEPTH = [35.5, 35, 34.5, 33.5, 32.5, 31.5, 30, 29.5];
const HEIGHT_ANTERIOR = [28.5, 28, 27.5, 27, 26, 24.5, 22.5, 21.5];
const HEIGHT_POSTERIOR = [24.5, 26.8, 27.3, 27.5, 27, 25.8, 23.6, 22.5];
const DISC = [10.2, 11.2, 10.6, 9.4, 8.2, 7, 5.8, 5.2];
const WEDGE_DEGREES = [14, 11.5, 9, 7, 5, 2.5, 0.5, -0.5];
const FLEXION_DEGREES = [6, 9, 8.5, 7.5, 6.5, 4.5, 3, 2.5];
const EXTENSION_DEGREES = [3.5, 4, 3.5, 3, 2.5, 2, 1.5, 1];
const RADIANS = Math.PI / 180;

/** Class by seed, an exact third each. */
export function conditionOfSeed(seed: number): SimulatedClass {
  return SIMULATED_CLASSES[seed % 3] as SimulatedClass;
}

function pickLevel(random: RandomStream, shares: readonly number[]): number {
  let rest = random.uniform() * shares.reduce((sum, share) => sum + share, 0);
  for (let i = 0; i < shares.length; i += 1) {
    rest -= shares[i] as number;
    if (rest < 0) return i;
  }
  return 0;
}

/** Samples the person of that seed. */
export function sampleAnatomy(seed: number): PatientAnatomy {
  const random = randomStream(`lumbar/${seed}/patient`);
  const condition = conditionOfSeed(seed);
  const sex = random.chance(0.5) ? 'F' : 'M';
  const size = random.clampedNormal(sex === 'M' ? 1.05 : 0.96, 0.05, 0.84, 1.2);
  const age = Math.round(
    condition === 'dls' ? random.clampedNormal(62, 11, 38, 88) : random.clampedNormal(46, 16, 16, 85),
  );
  const ageing = Math.min(1, Math.max(0, (age - 25) / 50));
  const affectedIndex =
    condition === 'spondylolysis'
      ? pickLevel(random, [0.8, 0.17, 0.03])
      : condition === 'dls'
        ? pickLevel(random, [0.1, 0.76, 0.14])
        : undefined;
  const slipped = condition === 'dls' || (condition === 'spondylolysis' && random.chance(0.6));
  const slipShare =
    condition === 'dls'
      ? random.clampedNormal(0.16, 0.06, 0.075, 0.3)
      : slipped
        ? random.clampedNormal(0.15, 0.07, 0.06, 0.36)
        : random.between(-0.015, 0.03);
  const defect: ParsDefect | undefined =
    condition === 'spondylolysis' && affectedIndex !== undefined
      ? {
          vertebraIndex: affectedIndex,
          gap: slipped ? random.between(2.3, 4.5) : random.between(2, 4),
          obliquity: random.clampedNormal(0.1, 0.2, -0.35, 0.5),
          along: random.between(0.36, 0.6),
          sclerosis: random.chance(0.5) ? random.between(0.3, 1) : 0,
        }
      : undefined;
  const lordosis = random.clampedNormal(1, 0.2, 0.5, 1.45);
  const discScale = random.clampedNormal(1, 0.1, 0.78, 1.22);
  const archScale = random.clampedNormal(1, 0.08, 0.85, 1.18);
  const rotation = random.clampedNormal(0, 1.1, -2.6, 2.6);
  const rotationSlope = random.clampedNormal(0, 0.35, -0.8, 0.8);
  const worstDisc = pickLevel(random, [0.42, 0.4, 0.1, 0.06, 0.02]);
  const degenerates = random.chance(0.25 + 0.5 * ageing);
  const retrolisthesisAt = random.chance(0.25) ? pickLevel(random, [0.2, 0.25, 0.3, 0.25]) : -1;
  const arthrosis = random.chance(0.2 + 0.5 * ageing) ? random.between(0.2, 1) : random.between(0, 0.2);
  const transitional = random.chance(0.06);

  const vertebrae = VERTEBRA_NAMES.map((name, index): VertebraAnatomy => {
    const jitter = (): number => random.clampedNormal(1, 0.035, 0.9, 1.1);
    const here = index === affectedIndex;
    let degeneration = random.between(0, 0.25) * ageing;
    if (degenerates && index === worstDisc) degeneration = random.between(0.35, 0.9);
    else if (degenerates && Math.abs(index - worstDisc) === 1 && random.chance(0.4))
      degeneration = random.between(0.2, 0.6);
    if (here && condition === 'dls') degeneration = Math.max(degeneration, random.between(0.25, 0.75));
    if (here && condition === 'spondylolysis' && random.chance(slipped ? 0.6 : 0.25))
      degeneration = Math.max(degeneration, random.between(0.2, 0.75));
    const depth = (DEPTH[index] as number) * size * jitter();
    const belowDepth = (DEPTH[Math.max(0, index - 1)] as number) * size;
    const osteophytes =
      degeneration > 0.2 && random.chance(0.75)
        ? random.between(1, 5.5) * degeneration
        : random.between(0, 0.6);
    let slip = random.clampedNormal(0, 0.011, -0.03, 0.03) * belowDepth;
    if (index === retrolisthesisAt) slip = -random.between(0.015, 0.036) * belowDepth;
    if (here && condition !== 'normal') slip = slipShare * belowDepth;
    const mobile = here && slipped;
    const facet =
      here && condition === 'dls'
        ? Math.max(arthrosis, random.between(0.35, 1))
        : arthrosis * random.between(0.4, 1);
    const transition = transitional && index === 0;
    return {
      name,
      depth,
      heightAnterior: (HEIGHT_ANTERIOR[index] as number) * size * jitter() * (transition ? 0.95 : 1),
      heightPosterior:
        (HEIGHT_POSTERIOR[index] as number) *
        size *
        jitter() *
        (here && index === 0 && condition === 'spondylolysis' ? random.between(0.86, 1) : 1),
      endplateConcavity: random.between(0.8, 2.4),
      waist: random.between(1.2, 2.8),
      discHeight: Math.max(
        2,
        (DISC[index] as number) *
          size *
          discScale *
          jitter() *
          (1 - 0.62 * degeneration) *
          (transition ? 0.55 : 1),
      ),
      discWedge:
        ((WEDGE_DEGREES[index] as number) * lordosis * (1 - 0.35 * degeneration) + random.normal(0, 1.3)) *
        RADIANS,
      flexionMotion:
        (FLEXION_DEGREES[index] as number) * random.between(0.45, 1.15) * (1 - 0.5 * degeneration) * RADIANS,
      extensionMotion:
        (EXTENSION_DEGREES[index] as number) * random.between(0.4, 1.3) * (1 - 0.4 * degeneration) * RADIANS,
      slip,
      slipInFlexion: mobile ? random.between(1.06, 1.32) : random.between(1.01, 1.2),
      slipInExtension: mobile ? random.between(0.72, 0.95) : random.between(0.8, 0.99),
      osteophyteAnterior: osteophytes * random.between(0.6, 1.2),
      osteophytePosterior: osteophytes * random.between(0.1, 0.5),
      endplateSclerosis: degeneration * random.between(0, 1),
      facetHypertrophy: facet,
      pedicleHeight: 14 * archScale * jitter(),
      pedicleLength: 9.5 * archScale * jitter(),
      parsLength: 19 * archScale * jitter() * (index > 4 ? 0.85 : 1),
      parsAngle: random.clampedNormal(index === 0 ? 50 : 58, 4, 40, 70) * RADIANS,
      parsRadius: 4.3 * archScale * jitter(),
      facetRadius: (5.2 + 1.9 * facet) * archScale * jitter(),
      spinousLength: (index === 0 ? 23 : index > 4 ? 27 : 30) * size * jitter(),
      spinousHeight: (index === 0 ? 15 : index > 4 ? 13 : 21) * size * jitter(),
      spinousDrop: (index > 4 ? 16 : 6) + random.normal(0, 2),
      parallaxX: rotation + rotationSlope * (index - 2) + random.normal(0, 0.35),
      parallaxY: 0.45 * (index - 2) * random.between(0.1, 0.7) + random.normal(0, 0.35),
      textureP: random.between(0, 140),
      textureQ: random.between(0, 140),
    };
  });
  return {
    seed,
    condition,
    affectedIndex,
    defect,
    vertebrae,
    sacralSlope: random.clampedNormal(condition === 'spondylolysis' ? 41 : 38, 7, 22, 56) * RADIANS,
    sacrumDepth: 33 * size * random.between(0.94, 1.06),
    sacralKyphosis: random.between(0.16, 0.34),
    boneDensity: random.clampedNormal(1.05 - 0.3 * ageing * (sex === 'F' ? 1.2 : 0.8), 0.1, 0.6, 1.3),
    bodyWidthCm: random.clampedNormal(sex === 'M' ? 33 : 31, 4, 24, 44),
    backDistance: random.clampedNormal(44, 9, 26, 72),
    abdomenDepth: random.clampedNormal(135, 35, 80, 240),
    iliacHeight: random.clampedNormal(24, 9, 2, 44),
    iliacDensity: random.between(0.5, 1),
    aorticCalcification: random.chance(0.55 * ageing * ageing + 0.02) ? random.between(0.3, 1) : 0,
    age,
    sex,
  };
}
