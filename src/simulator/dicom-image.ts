/**
 * Wraps a simulated picture as a CR or DX object (PS3.3 A.2, A.26). The header is that of a radiograph, with the
 * department's habits; Image Comments and Patient Comments say that nobody was irradiated.
 */
import { code, type WritableDataSet, writePart10 } from '../dicom/part10-writer.ts';
import { sopClassUid } from '../dicom/sop-class.ts';
import { transferSyntax } from '../dicom/transfer-syntax.ts';
import { uuidV5Uid } from '../dicom/uid.ts';
import { encodeFrame } from '../imaging/encode-frame.ts';
import type { PatientAnatomy } from './anatomy.ts';
import type { StoredImage } from './detector.ts';
import { bodyPart, type HeaderHabits, type SimulatedView, seriesDescription } from './header-habits.ts';
import { SIMULATOR_VERSION } from './lateral.ts';
import { MAGNIFICATION } from './projection-image.ts';
import type { RandomStream } from './random.ts';

/** The namespace of every UID the simulator makes; a seed gives the same UIDs everywhere. */
const UID_NAMESPACE = '5b0f1a36-7f0e-4c38-9d52-0c9a4f6f7b21';

/** Who a simulated image says it shows, where the person of the seed will not do; PN and LO values, ASCII. */
export interface FictionalIdentity {
  readonly patientName: string;
  readonly patientId: string;
  readonly accessionNumber: string;
}

/** One picture and everything its header needs. */
export interface DicomImageInput {
  readonly anatomy: PatientAnatomy;
  readonly view: SimulatedView;
  /** Side of the image that the patient's front (lateral) or right side (frontal) lies on. */
  readonly facing: 'left' | 'right';
  readonly image: StoredImage;
  readonly mmPerPixel: number;
  readonly habits: HeaderHabits;
  readonly seriesNumber: number;
  readonly transferSyntaxUid: string;
  /** YYYYMMDD and HHMMSS of the study. */
  readonly studyDate: string;
  readonly studyTime: string;
  /** Distinguishes UIDs of otherwise equal images (size, transfer syntax, a later copy). */
  readonly variant: string;
  /** Absent: the person of the seed. */
  readonly identity?: FictionalIdentity;
  readonly random: RandomStream;
}

/** A complete DICOM file with the identifiers a table needs. */
export interface DicomImage {
  readonly bytes: Uint8Array;
  readonly patientId: string;
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly sopInstanceUid: string;
  readonly sopClassUid: string;
}

const UNPAIRED: ReadonlySet<string> = new Set([
  'LSPINE',
  'LSSPINE',
  'SPINE',
  'CHEST',
  'PELVIS',
  'TSPINE',
  'CSPINE',
  'SKULL',
]);
/** Fictional right sides: a paired region without a side would be a fault of the header. */
const PAIRED: ReadonlySet<SimulatedView> = new Set(['shoulder', 'knee', 'hand']);

/** Patient ID of a seed. */
export function patientIdOf(seed: number): string {
  return `SIM-${seed}`;
}

const isLateral = (view: SimulatedView): boolean =>
  view === 'neutral' || view === 'flexion' || view === 'extension';

const isOtherLateral = (view: SimulatedView): boolean =>
  view === 'thoracic' || view === 'cervical' || view === 'skull';

function viewCode(view: SimulatedView, facing: 'left' | 'right'): readonly WritableDataSet[] {
  if (isOtherLateral(view)) return [code('399067008', 'SCT', 'lateral projection')];
  if (!isLateral(view)) {
    return [
      view === 'oblique' ? code('399182000', 'SCT', 'oblique') : code('399348003', 'SCT', 'antero-posterior'),
    ];
  }
  const lateral =
    facing === 'left' ? code('399173006', 'SCT', 'left lateral') : code('399198007', 'SCT', 'right lateral');
  const modifier =
    view === 'flexion'
      ? code('9964006', 'SCT', 'Flexion')
      : view === 'extension'
        ? code('24154002', 'SCT', 'Extension')
        : undefined;
  return [{ ...lateral, ViewModifierCodeSequence: modifier === undefined ? [] : [modifier] }];
}

function viewPosition(view: SimulatedView, facing: 'left' | 'right'): string {
  if (isLateral(view)) return facing === 'left' ? 'LL' : 'RL';
  if (view === 'ap' || view === 'pelvis' || view === 'shoulder') return 'AP';
  return view === 'chest' || view === 'hand' ? 'PA' : '';
}

/** CID 4009: concept and meaning of every region beside the lumbar spine. */
const OTHER_REGIONS: Readonly<Partial<Record<SimulatedView, readonly [value: string, meaning: string]>>> = {
  chest: ['51185008', 'Chest'],
  pelvis: ['12921003', 'Pelvis'],
  thoracic: ['122495006', 'Thoracic spine'],
  cervical: ['122494005', 'Cervical spine'],
  skull: ['89546000', 'Skull'],
  shoulder: ['16982005', 'Shoulder'],
  knee: ['72696002', 'Knee'],
  hand: ['85562004', 'Hand'],
};

function anatomicRegion(view: SimulatedView): WritableDataSet {
  const region = OTHER_REGIONS[view] ?? (['122496007', 'Lumbar spine'] as const);
  return code(region[0], 'SCT', region[1]);
}

function pixelAttributes(input: DicomImageInput): WritableDataSet {
  const { image, transferSyntaxUid: uid } = input;
  const { columns, rows, bitsStored, photometricInterpretation } = image;
  const native = new Uint8Array(image.pixels.buffer, image.pixels.byteOffset, image.pixels.byteLength);
  const encapsulated = transferSyntax(uid)?.encapsulated === true;
  const fragment = (): Uint8Array =>
    encodeFrame(
      image.pixels,
      {
        rows,
        columns,
        frames: 1,
        samplesPerPixel: 1,
        bitsAllocated: 16,
        bitsStored,
        highBit: bitsStored - 1,
        signed: false,
        photometric: photometricInterpretation,
        planarConfiguration: 0,
      },
      uid,
    );
  return {
    SamplesPerPixel: 1,
    PhotometricInterpretation: photometricInterpretation,
    Rows: rows,
    Columns: columns,
    BitsAllocated: 16,
    BitsStored: bitsStored,
    HighBit: bitsStored - 1,
    PixelRepresentation: 0,
    WindowCenter: image.windowCenter,
    WindowWidth: image.windowWidth,
    PixelData: encapsulated ? { fragments: [fragment()] } : native,
  };
}

function birthDate(age: number, studyDate: string): string {
  return `${Number(studyDate.slice(0, 4)) - age}0101`;
}

/**
 * Builds the file. Encapsulated transfer syntaxes need `initialiseCodecs()` to have run; a syntax without an encoder
 * throws BUG_INVARIANT.
 */
export function buildDicomImage(input: DicomImageInput): DicomImage {
  const { anatomy, view, facing, habits, studyDate, studyTime, variant } = input;
  const seed = String(anatomy.seed);
  const patientId = input.identity?.patientId ?? patientIdOf(anatomy.seed);
  const studyInstanceUid = uuidV5Uid(UID_NAMESPACE, SIMULATOR_VERSION, seed, variant, 'study');
  const seriesInstanceUid = uuidV5Uid(UID_NAMESPACE, SIMULATOR_VERSION, seed, variant, 'series', view);
  const sopInstanceUid = uuidV5Uid(UID_NAMESPACE, SIMULATOR_VERSION, seed, variant, 'image', view);
  const sopClass = habits.isDigital
    ? sopClassUid.digitalXRayImageStorageForPresentation
    : sopClassUid.computedRadiographyImageStorage;
  const spacing = Number((input.mmPerPixel * MAGNIFICATION).toFixed(6));
  const orientation = isLateral(view) ? (facing === 'left' ? ['P', 'F'] : ['A', 'F']) : ['L', 'F'];
  const position = habits.fillsViewPosition ? viewPosition(view, facing) : '';
  const isInverse = input.image.photometricInterpretation === 'MONOCHROME1';
  const common: WritableDataSet = {
    SpecificCharacterSet: habits.characterSet === '' ? undefined : habits.characterSet,
    SOPClassUID: sopClass,
    SOPInstanceUID: sopInstanceUid,
    StudyInstanceUID: studyInstanceUid,
    SeriesInstanceUID: seriesInstanceUid,
    StudyDate: studyDate,
    SeriesDate: studyDate,
    AcquisitionDate: studyDate,
    ContentDate: studyDate,
    StudyTime: studyTime,
    SeriesTime: studyTime,
    AcquisitionTime: studyTime,
    ContentTime: studyTime,
    AccessionNumber: input.identity?.accessionNumber ?? `A${seed}`,
    StudyID: seed.slice(0, 16),
    ReferringPhysicianName: '',
    StudyDescription: habits.studyDescription,
    SeriesDescription: seriesDescription(habits, view, input.random),
    SeriesNumber: input.seriesNumber,
    InstanceNumber: 1,
    PatientName: input.identity?.patientName ?? habits.patientName,
    PatientID: patientId,
    PatientBirthDate: birthDate(anatomy.age, studyDate),
    PatientSex: anatomy.sex,
    PatientAge: `${String(anatomy.age).padStart(3, '0')}Y`,
    PatientComments: 'Simulated; no such person exists.',
    ImageComments: `SIMULATED RADIOGRAPH, simulator ${SIMULATOR_VERSION}`,
    Manufacturer: habits.manufacturer,
    ManufacturerModelName: habits.manufacturerModelName,
    InstitutionName: habits.institutionName,
    DeviceSerialNumber: '0000',
    SoftwareVersions: SIMULATOR_VERSION,
    BodyPartExamined: bodyPart(habits, view),
    ViewPosition: position,
    KVP: 85,
    DistanceSourceToDetector: 1150,
    DistanceSourceToPatient: 1000,
    ImagerPixelSpacing: [spacing, spacing],
    LossyImageCompression: '00',
    BurnedInAnnotation: 'NO',
    ...pixelAttributes(input),
  };
  const dataSet: WritableDataSet = habits.isDigital
    ? {
        ...common,
        Modality: 'DX',
        ImageType: ['ORIGINAL', 'PRIMARY'],
        PresentationIntentType: 'FOR PRESENTATION',
        PatientOrientation: orientation,
        ImageLaterality: PAIRED.has(view) ? 'R' : 'U',
        // Empty would claim that the region is unknown, which a filled Body Part Examined contradicts (C.8.11.2).
        AnatomicRegionSequence:
          habits.fillsViewCode || bodyPart(habits, view) !== '' ? [anatomicRegion(view)] : [],
        ViewPosition: position === '' ? undefined : position,
        ViewCodeSequence: habits.fillsViewCode && view !== 'blank' ? viewCode(view, facing) : undefined,
        PixelIntensityRelationship: 'LOG',
        // -1: higher values mean less X-ray intensity (C.8.11.3.1.2), as where bone is bright.
        PixelIntensityRelationshipSign: isInverse ? 1 : -1,
        RescaleIntercept: 0,
        RescaleSlope: 1,
        RescaleType: 'US',
        PresentationLUTShape: isInverse ? 'INVERSE' : 'IDENTITY',
        DetectorType: 'SCINTILLATOR',
        PositionerType: '',
        AcquisitionContextSequence: [],
        EstimatedRadiographicMagnificationFactor: MAGNIFICATION,
      }
    : {
        ...common,
        Modality: 'CR',
        ImageType: ['DERIVED', 'PRIMARY'],
        PatientOrientation: habits.fillsViewPosition ? orientation : '',
        // Absent for a body part known to be unpaired, else Type 2C and unknown (C.7.3.1).
        Laterality: PAIRED.has(view) ? 'R' : UNPAIRED.has(bodyPart(habits, view)) ? undefined : '',
        AcquisitionDeviceProcessingDescription: habits.fillsSeriesDescription ? undefined : 'L-SPINE',
      };
  const bytes = writePart10({
    dataSet,
    transferSyntaxUid: input.transferSyntaxUid,
    ...(habits.characterSet === 'ISO_IR 100'
      ? { encodeText: (text: string) => Buffer.from(text, 'latin1') }
      : {}),
  });
  return { bytes, patientId, studyInstanceUid, seriesInstanceUid, sopInstanceUid, sopClassUid: sopClass };
}
