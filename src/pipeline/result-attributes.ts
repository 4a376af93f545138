import { NodeError } from '../core/errors.ts';
import { entryOfKeyword } from '../dicom/dictionary.ts';
import { code, type WritableDataSet, writePart10 } from '../dicom/part10-writer.ts';
import { formatValue } from '../dicom/value-format.ts';
import type { AnalysedImage, ResultContext, ResultObject, ResultSeries } from './result-input.ts';
import { localTime } from './result-time.ts';
import { deviceUid } from './result-uids.ts';

/** Said in Image Comments and the like of every object; ASCII, because old viewers show it raw. */
export const notForDiagnosis = 'NOT FOR DIAGNOSTIC USE';

/** SOP Common, Patient, General Study (PS3.3 C.12.1, C.7.1.1, C.7.2.1): identity copied, times ours. */
export function commonAttributes(
  context: ResultContext,
  instance: { readonly sopClassUid: string; readonly sopInstanceUid: string },
): WritableDataSet {
  const { study, timing } = context;
  const time = localTime(timing, study);
  return {
    ...verbatim(study.attributes),
    SpecificCharacterSet: 'ISO_IR 192',
    SOPClassUID: instance.sopClassUid,
    SOPInstanceUID: instance.sopInstanceUid,
    InstanceCreationDate: time.date,
    InstanceCreationTime: time.time,
    TimezoneOffsetFromUTC: time.declaredOffset,
    StudyInstanceUID: study.studyInstanceUid,
    ContributingEquipmentSequence: [contributingEquipment(context)],
  };
}

/** Our series of one kind; its description is constant because rules in the PACS match on it. */
export function seriesAttributes(
  context: ResultContext,
  series: ResultSeries,
  instance: {
    readonly modality: string;
    readonly seriesInstanceUid: string;
    readonly instanceNumber: number;
  },
): WritableDataSet {
  const time = localTime(context.timing, context.study);
  return {
    Modality: instance.modality,
    SeriesInstanceUID: instance.seriesInstanceUid,
    SeriesNumber: series.number,
    SeriesDescription: series.description,
    SeriesDate: time.date,
    SeriesTime: time.time,
    InstanceNumber: instance.instanceNumber,
    ContentDate: time.date,
    ContentTime: time.time,
  };
}

/** General Equipment (C.7.5.1): this node running this model; Device UID changes when the model is retrained. */
export function equipmentAttributes({ node, model }: ResultContext): WritableDataSet {
  return {
    Manufacturer: node.manufacturer,
    InstitutionName: node.institutionName,
    StationName: node.stationName,
    ManufacturerModelName: node.manufacturerModelName,
    DeviceSerialNumber: node.deviceSerialNumber,
    SoftwareVersions: [node.softwareVersion, `${model.name} ${model.version}`.slice(0, 64)],
    DeviceUID: deviceUid(node, model),
  };
}

/** One item per algorithm (IHE AIR 6.5.3.1). */
function contributingEquipment(context: ResultContext): WritableDataSet {
  const { node, model, timing, study } = context;
  return {
    PurposeOfReferenceCodeSequence: [code('109102', 'DCM', 'Processing Equipment')],
    Manufacturer: node.manufacturer,
    ManufacturerModelName: model.name,
    DeviceSerialNumber: node.deviceSerialNumber,
    SoftwareVersions: [model.version, `sha256 ${model.sha256.slice(0, 16)}`],
    DeviceUID: deviceUid(node, model),
    ContributionDateTime: localTime(timing, study).dateTime,
    ContributionDescription: model.simulated
      ? `AI classification, trained on simulated radiographs, ${notForDiagnosis}`
      : `AI classification, ${notForDiagnosis}`,
  };
}

/** Source Image Sequence (C.7.6.1.1.4) of an image object made from one radiograph. */
export function sourceImage(image: AnalysedImage): WritableDataSet {
  return {
    ReferencedSOPClassUID: image.sourceSopClassUid,
    ReferencedSOPInstanceUID: image.sourceSopInstanceUid,
    PurposeOfReferenceCodeSequence: [code('121322', 'DCM', 'Source image for image processing operation')],
    SpatialLocationsPreserved: 'NO',
  };
}

/** Referenced Series Sequence of the Common Instance Reference module (C.12.2), same study. */
export function referencedSeries(image: AnalysedImage): WritableDataSet {
  return {
    SeriesInstanceUID: image.sourceSeriesInstanceUid,
    ReferencedInstanceSequence: [
      {
        ReferencedSOPClassUID: image.sourceSopClassUid,
        ReferencedSOPInstanceUID: image.sourceSopInstanceUid,
      },
    ],
  };
}

/** Once lossy, always lossy (C.7.6.1.1.5). */
export function lossyAttributes({ lossyCompression }: AnalysedImage): WritableDataSet {
  if (lossyCompression === undefined) return { LossyImageCompression: '00' };
  return {
    LossyImageCompression: '01',
    LossyImageCompressionRatio: lossyCompression.ratios,
    LossyImageCompressionMethod: lossyCompression.methods,
  };
}

/** Encodes a finished data set. Throws RESULT_INVALID when it would break the standard. */
export function resultObject(dataSet: WritableDataSet): ResultObject {
  const text = (keyword: string): string => {
    const value = dataSet[keyword];
    if (typeof value !== 'string') throw new NodeError('BUG_INVARIANT', `a result object has no ${keyword}`);
    return value;
  };
  return {
    sopClassUid: text('SOPClassUID'),
    sopInstanceUid: text('SOPInstanceUID'),
    seriesInstanceUid: text('SeriesInstanceUID'),
    studyInstanceUid: text('StudyInstanceUID'),
    bytes: writePart10({ dataSet }),
  };
}

/**
 * Copied identity is never corrected: an Accession Number of 20 characters breaks SH, but a shortened one would file
 * the result under another order. Such values are written as they stand, past the writer's checks.
 */
function verbatim(attributes: WritableDataSet): WritableDataSet {
  const result: Record<string, WritableDataSet[string]> = {};
  for (const [keyword, value] of Object.entries(attributes)) {
    const entry = entryOfKeyword(keyword);
    const texts =
      typeof value === 'string' ? [value] : Array.isArray(value) ? (value as readonly unknown[]) : [];
    if (entry === undefined || !texts.every((text) => typeof text === 'string')) {
      result[keyword] = value;
    } else if (texts.every((text) => isWritable(entry.vr, text, keyword))) {
      result[keyword] = value;
    } else {
      const bytes = Buffer.from(texts.join('\\'), 'utf8');
      const padded = bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from(' ')]);
      const tag = entry.tag.toString(16).padStart(8, '0');
      result[tag] = { vr: entry.vr, value: padded };
    }
  }
  return result;
}

function isWritable(vr: string, text: string, keyword: string): boolean {
  try {
    formatValue(vr, text, keyword);
    return true;
  } catch (error) {
    if (error instanceof NodeError && error.code === 'RESULT_INVALID') return false;
    throw error;
  }
}
