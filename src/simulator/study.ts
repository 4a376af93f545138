/** A whole simulated study: AP, neutral lateral, flexion and extension of one person, and strays when asked for. */
import { transferSyntaxUid } from '../dicom/transfer-syntax.ts';
import { conditionOfSeed, type SimulatedClass } from './anatomy.ts';
import { buildDicomImage, type DicomImage, type FictionalIdentity } from './dicom-image.ts';
import type { StrayKind } from './stray-scene.ts';
import { type HeaderHabits, type SimulatedView, sampleHabits } from './header-habits.ts';
import { type LateralTruth, simulateLateral } from './lateral.ts';
import { LATERAL_VIEWS, type LateralView } from './posture.ts';
import type { RenderingSize } from './projection-image.ts';
import { type RandomStream, randomStream } from './random.ts';
import { simulateStray } from './stray.ts';

/** Transfer syntaxes that `mixed` draws from: every lossless one that has an encoder. */
export const SIMULATED_TRANSFER_SYNTAXES: readonly string[] = [
  transferSyntaxUid.implicitVrLittleEndian,
  transferSyntaxUid.explicitVrLittleEndian,
  transferSyntaxUid.explicitVrBigEndian,
  transferSyntaxUid.deflatedExplicitVrLittleEndian,
  transferSyntaxUid.rleLossless,
  transferSyntaxUid.jpegLossless,
  transferSyntaxUid.jpegLosslessSv1,
  transferSyntaxUid.jpegLsLossless,
  transferSyntaxUid.jpeg2000Lossless,
];

/** What a study contains and how it is written. */
export interface StudyOptions {
  /** Default: AP, neutral, flexion, extension. */
  readonly views?: readonly SimulatedView[];
  /** Default: a detector of 0.139 to 0.2 mm pitch drawn by the seed, so about 1,400 to 2,700 pixels high. */
  readonly size?: RenderingSize;
  /** A transfer syntax UID or `mixed`; default Explicit VR Little Endian. */
  readonly transferSyntaxUid?: string;
  /** `orderly` headers carry every coded view attribute; `realistic` (default) are as departments write them. */
  readonly tags?: 'orderly' | 'realistic';
  /** Makes UIDs differ from those of another run over the same seeds. Default ''. */
  readonly variant?: string;
  readonly identity?: FictionalIdentity;
  /** YYYYMMDD and HHMMSS; default: a day and time drawn by the seed. */
  readonly taken?: { readonly date: string; readonly time: string };
}

/** One image of a study with its ground truth (`truth` only for laterals). */
export interface SimulatedImage extends DicomImage {
  readonly seed: number;
  readonly view: SimulatedView;
  readonly label: SimulatedClass;
  readonly truth: LateralTruth | undefined;
  readonly columns: number;
  readonly rows: number;
  readonly transferSyntaxUid: string;
  readonly photometricInterpretation: 'MONOCHROME1' | 'MONOCHROME2';
  readonly bitsStored: number;
}

const STUDY_VIEWS: readonly SimulatedView[] = ['ap', ...LATERAL_VIEWS];
const PITCHES_MM: readonly number[] = [0.139, 0.143, 0.148, 0.15, 0.168, 0.175, 0.2];

function isLateralView(view: SimulatedView): view is LateralView {
  return (LATERAL_VIEWS as readonly string[]).includes(view);
}

interface Session {
  readonly habits: HeaderHabits;
  readonly random: RandomStream;
  readonly size: RenderingSize;
  readonly studyDate: string;
  readonly studyTime: string;
}

function openSession(seed: number, options: StudyOptions): Session {
  const random = randomStream(`lumbar/${seed}/header`);
  const pitch = random.pick(PITCHES_MM);
  const day = new Date(Date.UTC(2026, 0, 5 + Math.floor(random.uniform() * 200)));
  const minutes = 8 * 60 + Math.floor(random.uniform() * 540);
  const two = (value: number): string => String(value).padStart(2, '0');
  return {
    habits: sampleHabits(random, options.tags ?? 'realistic'),
    random,
    size: options.size ?? { detectorPitchMm: pitch },
    studyDate: options.taken?.date ?? day.toISOString().slice(0, 10).replaceAll('-', ''),
    studyTime: options.taken?.time ?? `${two(Math.floor(minutes / 60))}${two(minutes % 60)}00`,
  };
}

/** Renders and packages the images of one study one after the other, so that only one lies in memory. */
export function* studyImages(seed: number, options: StudyOptions = {}): Generator<SimulatedImage> {
  const session = openSession(seed, options);
  const views = options.views ?? STUDY_VIEWS;
  for (const [index, view] of views.entries()) {
    const random = randomStream(`lumbar/${seed}/header/${view}`);
    const wanted = options.transferSyntaxUid ?? transferSyntaxUid.explicitVrLittleEndian;
    const syntax = wanted === 'mixed' ? random.pick(SIMULATED_TRANSFER_SYNTAXES) : wanted;
    const rendered = render(seed, view, session.size);
    const object = buildDicomImage({
      ...rendered,
      view,
      habits: session.habits,
      seriesNumber: index + 1,
      transferSyntaxUid: syntax,
      studyDate: session.studyDate,
      studyTime: session.studyTime,
      variant: options.variant ?? '',
      ...(options.identity === undefined ? {} : { identity: options.identity }),
      random,
    });
    const { columns, rows, photometricInterpretation, bitsStored } = rendered.image;
    yield {
      ...object,
      seed,
      view,
      label: conditionOfSeed(seed),
      truth: rendered.truth,
      columns,
      rows,
      transferSyntaxUid: syntax,
      photometricInterpretation,
      bitsStored,
    };
  }
}

/** The whole study at once. Encapsulated syntaxes need `initialiseCodecs()` first. */
export function simulateStudy(seed: number, options: StudyOptions = {}): readonly SimulatedImage[] {
  return [...studyImages(seed, options)];
}

function render(seed: number, view: SimulatedView, size: RenderingSize) {
  if (isLateralView(view)) {
    const { anatomy, image, truth } = simulateLateral(seed, view, size);
    return { anatomy, image, truth, facing: truth.facing, mmPerPixel: truth.mmPerPixel };
  }
  const kind: StrayKind = view;
  const { anatomy, image, mmPerPixel } = simulateStray(seed, kind, size);
  return { anatomy, image, truth: undefined, facing: 'left' as const, mmPerPixel };
}
