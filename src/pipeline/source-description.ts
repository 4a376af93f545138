import type { Dynamic } from '../core/outcome.ts';
import type { DataSet } from '../dicom/data-set.ts';
import type { AnalysedImage } from './result-input.ts';

/** The attributes of the source image that results refer to, before anything was analysed. */
export type SourceDescription = Omit<AnalysedImage, 'outcome' | 'classes' | 'reason' | 'map' | 'display'>;

/** SNOMED CT and SRT values of CID 4010 that say which side; anything else that passed the filter is "lateral". */
const sideOfViewCode: Readonly<Record<string, 'left_lateral' | 'right_lateral'>> = {
  '399173006': 'left_lateral',
  'R-10236': 'left_lateral',
  '399198007': 'right_lateral',
  'R-10232': 'right_lateral',
};

const sideOfViewPosition: Readonly<Record<string, 'left_lateral' | 'right_lateral'>> = {
  LL: 'left_lateral',
  RL: 'right_lateral',
};

/** Reads what the report says about the source; nothing is invented, absent stays absent. */
export function describeSource(dataSet: DataSet, dynamic: Dynamic | undefined): SourceDescription {
  const seriesNumber = dataSet.number('SeriesNumber');
  const instanceNumber = dataSet.number('InstanceNumber');
  const [row, column] = dataSet.strings('PatientOrientation');
  const burnedIn = dataSet.string('BurnedInAnnotation');
  const viewCode = dataSet.sequence('ViewCodeSequence')[0]?.string('CodeValue') ?? '';
  return {
    sourceSopClassUid: dataSet.string('SOPClassUID') ?? '',
    sourceSopInstanceUid: dataSet.string('SOPInstanceUID') ?? '',
    sourceSeriesInstanceUid: dataSet.string('SeriesInstanceUID') ?? '',
    modality: dataSet.string('Modality') === 'CR' ? 'CR' : 'DX',
    rows: dataSet.number('Rows') ?? 0,
    columns: dataSet.number('Columns') ?? 0,
    view: sideOfViewCode[viewCode] ?? sideOfViewPosition[dataSet.string('ViewPosition') ?? ''] ?? 'lateral',
    ...(seriesNumber === undefined ? {} : { seriesNumber }),
    ...(instanceNumber === undefined ? {} : { instanceNumber }),
    ...(dynamic === undefined ? {} : { dynamic }),
    ...(isSagittal(row, column) ? { patientOrientation: { row: row ?? '', column: column ?? '' } } : {}),
    ...lossyCompressionOf(dataSet),
    ...detectorSpacingOf(dataSet),
    ...(burnedIn === 'YES' || burnedIn === 'NO' ? { burnedInAnnotation: burnedIn } : {}),
  };
}

/** Only an orientation that agrees with a lateral view is repeated: CR defaults such as `L\F` are not evidence. */
function isSagittal(row: string | undefined, column: string | undefined): boolean {
  return row !== undefined && column !== undefined && /^[AP][HF]?$/.test(row) && /^[HF][AP]?$/.test(column);
}

/** Once lossy, always lossy (PS3.3 C.7.6.1.1.5): a capture of a lossy source must say so too. */
function lossyCompressionOf(dataSet: DataSet): Pick<SourceDescription, 'lossyCompression'> {
  if (dataSet.string('LossyImageCompression') !== '01') return {};
  return {
    lossyCompression: {
      ratios: dataSet.strings('LossyImageCompressionRatio'),
      methods: dataSet.strings('LossyImageCompressionMethod'),
    },
  };
}

/** Imager Pixel Spacing (0018,1164): row spacing, then column spacing, in millimetres at the detector. */
function detectorSpacingOf(dataSet: DataSet): Pick<SourceDescription, 'detectorSpacingMm'> {
  const [row, column] = dataSet.numbers('ImagerPixelSpacing');
  if (row === undefined || column === undefined || !(row > 0) || !(column > 0)) return {};
  return { detectorSpacingMm: { row, column } };
}
