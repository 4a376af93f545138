import { code, type WritableDataSet } from '../../dicom/part10-writer.ts';
import { sopClassUid } from '../../dicom/sop-class.ts';
import {
  commonAttributes,
  equipmentAttributes,
  lossyAttributes,
  notForDiagnosis,
  referencedSeries,
  resultObject,
  seriesAttributes,
  sourceImage,
} from '../result-attributes.ts';
import type { AnalysedImage, ResultContext, ResultObject } from '../result-input.ts';
import type { ResultResources } from '../result-resources.ts';
import { localTime } from '../result-time.ts';
import { instanceUid, seriesUid } from '../result-uids.ts';
import type { CaptureSettings } from './capture-content.ts';
import { type RenderedCapture, renderCapture } from './render-capture.ts';

export interface CaptureOptions {
  readonly settings: CaptureSettings;
  readonly resources: ResultResources;
  /** Order of the source in its study, from 1. */
  readonly instanceNumber: number;
  /** From 1; a changed picture of the same source needs the next one. */
  readonly revision: number;
}

/** The encoded capture, and which class its map shows, for the report's "Visual explanation". */
export interface SecondaryCapture extends ResultObject {
  readonly mapClassId: string | undefined;
  readonly rendered: RenderedCapture;
}

/**
 * Secondary Capture Image (PS3.3 A.8.1), RGB 8 bit, one per analysed image, in our own series of modality OT so that
 * hanging protocols for DX leave it alone. It carries no window, spacing, view or exposure of the source: those would
 * be wrong for a composed picture. It references its source and never the report.
 *
 * Throws RESULT_INVALID when a text does not fit or an attribute breaks the standard.
 */
export function buildSecondaryCapture(
  image: AnalysedImage,
  context: ResultContext,
  options: CaptureOptions,
): SecondaryCapture {
  const rendered = renderCapture(image, context, options.settings, options.resources);
  const map = rendered.layout.withMap === undefined ? undefined : image.map;
  const sopInstanceUid = instanceUid(context, {
    kind: 'sc',
    sources: [image.sourceSopInstanceUid],
    revision: options.revision,
  });
  const time = localTime(context.timing, context.study);
  const { node, model } = context;
  const dataSet: WritableDataSet = {
    ...commonAttributes(context, { sopClassUid: sopClassUid.secondaryCaptureImageStorage, sopInstanceUid }),
    ...seriesAttributes(context, node.series.capture, {
      modality: 'OT',
      seriesInstanceUid: seriesUid(context, 'sc'),
      instanceNumber: options.instanceNumber,
    }),
    ...equipmentAttributes(context),
    ConversionType: 'WSD',
    DateOfSecondaryCapture: time.date,
    TimeOfSecondaryCapture: time.time,
    SecondaryCaptureDeviceManufacturer: node.manufacturer,
    SecondaryCaptureDeviceManufacturerModelName: node.manufacturerModelName,
    SecondaryCaptureDeviceSoftwareVersions: [node.softwareVersion],
    ImageType: ['DERIVED', 'SECONDARY', 'OTHER', map === undefined ? 'AIRESULT' : 'GRADCAM'],
    PatientOrientation: '',
    BodyPartExamined: 'LSPINE',
    DerivationDescription: derivation(context, image, map?.classId),
    DerivationCodeSequence:
      map === undefined ? undefined : [code('130403', 'DCM', 'Gradient-weighted class activation')],
    SourceImageSequence: [sourceImage(image)],
    ReferencedSeriesSequence: [referencedSeries(image)],
    BurnedInAnnotation: rendered.identityDrawn ? 'YES' : image.burnedInAnnotation,
    RecognizableVisualFeatures: 'NO',
    ...lossyAttributes(image),
    ImageComments: model.simulated
      ? `${notForDiagnosis}. Model trained on simulated radiographs.`
      : notForDiagnosis,
    SamplesPerPixel: 3,
    PhotometricInterpretation: 'RGB',
    PlanarConfiguration: 0,
    Rows: rendered.rows,
    Columns: rendered.columns,
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    PixelRepresentation: 0,
    PixelData: rendered.rgb,
  };
  return { ...resultObject(dataSet), mapClassId: map?.classId, rendered };
}

/** ASCII and English in every language: software reads it, and ST has 1024 characters. */
function derivation(
  { model, node }: ResultContext,
  image: AnalysedImage,
  mapClassId: string | undefined,
): string {
  const what =
    mapClassId === undefined
      ? 'Source image with the AI result in bars outside the pixels'
      : `Source image beside the same image with Grad-CAM of class ${mapClassId}` +
        `${model.mapLayer === undefined ? '' : ` at layer ${model.mapLayer}`}, opacity 0 to 0.5 over the source times 0.85`;
  const training = model.simulated ? ' Model trained on SIMULATED radiographs.' : '';
  return (
    `${what}; ${model.name} ${model.version}, sha256 ${model.sha256.slice(0, 16)}, outcome ${image.outcome}, ` +
    `${node.manufacturerModelName} ${node.softwareVersion}.${training} ${notForDiagnosis}.`
  );
}
