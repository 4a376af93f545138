import { code, type WritableDataSet } from '../../dicom/part10-writer.ts';
import { sopClassUid } from '../../dicom/sop-class.ts';
import {
  commonAttributes,
  equipmentAttributes,
  lossyAttributes,
  notForDiagnosis,
  resultObject,
  seriesAttributes,
} from '../result-attributes.ts';
import type { AnalysedImage, InfluenceMap, ResultContext, ResultObject } from '../result-input.ts';
import { localTime } from '../result-time.ts';
import { instanceUid, partUid, seriesUid } from '../result-uids.ts';

export interface ParametricMapOptions {
  readonly instanceNumber: number;
  readonly revision: number;
}

/**
 * Parametric Map (PS3.3 A.75) of the activation as float32, for software downstream; no viewer needs it and it is off
 * by default. One frame that covers exactly the source image at the resolution of the model's input. A radiograph has
 * no patient coordinates, so the plane lies in a frame of reference of its own with (0,0,0) at the first pixel, in
 * units of the detector spacing, or of 1 mm per source pixel when the source states none; it must not be measured.
 *
 * For every image with a map, focal or not; otherwise undefined.
 */
export function buildParametricMap(
  image: AnalysedImage,
  context: ResultContext,
  options: ParametricMapOptions,
): ResultObject | undefined {
  if (image.map === undefined) return undefined;
  const { map } = image;
  const { columns, rows, values } = overSource(map, image);
  const sopInstanceUid = instanceUid(context, {
    kind: 'pmap',
    sources: [image.sourceSopInstanceUid],
    revision: options.revision,
  });
  const { node, model } = context;
  const time = localTime(context.timing, context.study);
  const organization = partUid(node, sopInstanceUid, 'dimension');
  const imageType = ['DERIVED', 'PRIMARY', 'OTHER', 'NONE'];
  const dataSet: WritableDataSet = {
    ...commonAttributes(context, { sopClassUid: sopClassUid.parametricMapStorage, sopInstanceUid }),
    ...seriesAttributes(context, node.series.map, {
      modality: 'OT',
      seriesInstanceUid: seriesUid(context, 'pmap'),
      instanceNumber: options.instanceNumber,
    }),
    ...equipmentAttributes(context),
    FrameOfReferenceUID: partUid(node, image.sourceSopInstanceUid, 'frame-of-reference'),
    PositionReferenceIndicator: '',
    ImageType: imageType,
    ContentLabel: 'GRADCAM',
    ContentDescription: `Grad-CAM of class ${map.classId}, ${notForDiagnosis}`.slice(0, 64),
    ContentCreatorName: '',
    ContentQualification: 'RESEARCH',
    ImageComments: model.simulated
      ? `${notForDiagnosis}. Model trained on simulated radiographs.`
      : notForDiagnosis,
    BurnedInAnnotation: 'NO',
    RecognizableVisualFeatures: 'NO',
    ...lossyAttributes(image),
    ReferencedSeriesSequence: [
      {
        SeriesInstanceUID: image.sourceSeriesInstanceUid,
        ReferencedInstanceSequence: [
          {
            ReferencedSOPClassUID: image.sourceSopClassUid,
            ReferencedSOPInstanceUID: image.sourceSopInstanceUid,
          },
        ],
      },
    ],
    AcquisitionContextSequence: [],
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    PresentationLUTShape: 'IDENTITY',
    Rows: rows,
    Columns: columns,
    BitsAllocated: 32,
    NumberOfFrames: 1,
    DimensionOrganizationSequence: [{ DimensionOrganizationUID: organization }],
    DimensionIndexSequence: [
      {
        DimensionOrganizationUID: organization,
        DimensionIndexPointer: 0x00200032,
        FunctionalGroupPointer: 0x00209113,
        DimensionDescriptionLabel: 'Image Position (Patient)',
      },
    ],
    SharedFunctionalGroupsSequence: [
      {
        PixelMeasuresSequence: [pixelMeasures(image, { columns, rows })],
        PlaneOrientationSequence: [{ ImageOrientationPatient: [1, 0, 0, 0, 1, 0] }],
        FrameVOILUTSequence: [{ WindowCenter: 0.5, WindowWidth: 1, VOILUTFunction: 'LINEAR_EXACT' }],
        ParametricMapFrameTypeSequence: [{ FrameType: imageType }],
        PixelValueTransformationSequence: [{ RescaleIntercept: 0, RescaleSlope: 1, RescaleType: 'US' }],
        RealWorldValueMappingSequence: [
          {
            LUTLabel: 'GRADCAM',
            LUTExplanation: 'Grad-CAM divided by its maximum',
            MeasurementUnitsCodeSequence: [code('1', 'UCUM', 'no units')],
            DoubleFloatRealWorldValueFirstValueMapped: 0,
            DoubleFloatRealWorldValueLastValueMapped: 1,
            RealWorldValueIntercept: 0,
            RealWorldValueSlope: 1,
          },
        ],
        FrameAnatomySequence: [
          { AnatomicRegionSequence: [code('122496007', 'SCT', 'Lumbar spine')], FrameLaterality: 'U' },
        ],
        DerivationImageSequence: [
          {
            DerivationDescription: `Grad-CAM, ${model.name} ${model.version}, class ${map.classId}, ${notForDiagnosis}`,
            DerivationCodeSequence: [code('130403', 'DCM', 'Gradient-weighted class activation')],
            SourceImageSequence: [
              {
                ReferencedSOPClassUID: image.sourceSopClassUid,
                ReferencedSOPInstanceUID: image.sourceSopInstanceUid,
                SpatialLocationsPreserved: 'YES',
                PurposeOfReferenceCodeSequence: [
                  code('121322', 'DCM', 'Source image for image processing operation'),
                ],
              },
            ],
          },
        ],
      },
    ],
    PerFrameFunctionalGroupsSequence: [
      {
        FrameContentSequence: [
          { FrameAcquisitionNumber: 1, FrameReferenceDateTime: time.dateTime, DimensionIndexValues: [1] },
        ],
        PlanePositionSequence: [{ ImagePositionPatient: [0, 0, 0] }],
      },
    ],
    FloatPixelData: littleEndianBytes(values),
  };
  return resultObject(dataSet);
}

function pixelMeasures(image: AnalysedImage, size: { columns: number; rows: number }): WritableDataSet {
  const aspect = image.display?.pixelHeightToWidth ?? 1;
  const horizontal = image.detectorSpacingMm?.column ?? 1;
  const vertical = image.detectorSpacingMm?.row ?? horizontal * aspect;
  return {
    PixelSpacing: [(vertical * image.rows) / size.rows, (horizontal * image.columns) / size.columns],
    SliceThickness: 1,
  };
}

/** Values over exactly the source image, one per cell of the model's input (nearest cell, nothing interpolated). */
function overSource(map: InfluenceMap, source: { columns: number; rows: number }) {
  const cellWidth = (map.coverage.right - map.coverage.left) / map.columns;
  const cellHeight = (map.coverage.bottom - map.coverage.top) / map.rows;
  const columns = Math.max(1, Math.round(source.columns / cellWidth));
  const rows = Math.max(1, Math.round(source.rows / cellHeight));
  const cell = (
    index: number,
    count: number,
    extent: number,
    from: number,
    size: number,
    last: number,
  ): number => Math.min(last, Math.max(0, Math.floor((((index + 0.5) / count) * extent - from) / size)));
  const values = new Float32Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    const y = cell(row, rows, source.rows, map.coverage.top, cellHeight, map.rows - 1);
    for (let column = 0; column < columns; column++) {
      const x = cell(column, columns, source.columns, map.coverage.left, cellWidth, map.columns - 1);
      values[row * columns + column] = map.values[y * map.columns + x] ?? 0;
    }
  }
  return { columns, rows, values };
}

function littleEndianBytes(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => view.setFloat32(index * 4, value, true));
  return bytes;
}
