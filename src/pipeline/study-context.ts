import { type NodeError } from '../core/errors.ts';
import { ok, type Result } from '../core/result.ts';
import { copyAttributes } from '../dicom/attribute-copy.ts';
import type { DataSet } from '../dicom/data-set.ts';
import type { WritableDataSet } from '../dicom/part10-writer.ts';
import type { StudyContext } from './result-input.ts';

/** Type 2 in the Patient and General Study modules (PS3.3 C.7.1.1, C.7.2.1): present even when empty. */
const type2 = [
  'PatientName',
  'PatientID',
  'PatientBirthDate',
  'PatientSex',
  'StudyDate',
  'StudyTime',
  'StudyID',
  'AccessionNumber',
  'ReferringPhysicianName',
] as const;

const type3 = [
  'IssuerOfPatientID',
  'IssuerOfPatientIDQualifiersSequence',
  'OtherPatientIDsSequence',
  'PatientAge',
  'StudyDescription',
  'IssuerOfAccessionNumberSequence',
  'ProcedureCodeSequence',
] as const;

/**
 * Patient and study attributes of a source image for every result object of its study (results 5.1): text decoded by
 * the source's character set, nothing private, nothing of the source's series, equipment or protocol, nothing
 * invented. Empty optional attributes are left out, because an empty Type 3 sequence or string says nothing.
 *
 * Error: DATASET_CHARSET when a text cannot be decoded exactly; the caller holds the image.
 */
export function readStudyContext(source: DataSet): Result<StudyContext, NodeError> {
  const copied = copyAttributes(source, [...type2, ...type3, 'StudyInstanceUID']);
  if (!copied.ok) return copied;
  const request = readRequest(source, copied.value);
  if (!request.ok) return request;
  const attributes: Record<string, WritableDataSet[string]> = {};
  for (const [keyword, value] of Object.entries(copied.value)) {
    if (!isEmpty(value) && keyword !== 'StudyInstanceUID') attributes[keyword] = withoutEmptyItems(value);
  }
  for (const keyword of type2) attributes[keyword] ??= '';
  const offset = source.string('TimezoneOffsetFromUTC');
  return ok({
    studyInstanceUid: source.string('StudyInstanceUID') ?? '',
    patientId: firstText(attributes['PatientID']),
    patientName: firstText(attributes['PatientName']),
    patientBirthDate: firstText(attributes['PatientBirthDate']),
    studyDate: firstText(attributes['StudyDate']),
    ...(offset === undefined ? {} : { timezoneOffsetFromUtc: offset }),
    attributes,
    ...(request.value === undefined ? {} : { request: request.value }),
  });
}

/** The request that the image belongs to, from Request Attributes Sequence (0040,0275) or the older root attributes. */
function readRequest(
  source: DataSet,
  study: WritableDataSet,
): Result<WritableDataSet | undefined, NodeError> {
  const item = source.sequence('RequestAttributesSequence')[0] ?? source;
  const copied = copyAttributes(item, [
    'RequestedProcedureID',
    'RequestedProcedureDescription',
    'RequestedProcedureCodeSequence',
  ]);
  if (!copied.ok) return copied;
  const named = (keyword: string): WritableDataSet[string] => copied.value[keyword] ?? '';
  if (isEmpty(named('RequestedProcedureID')) && isEmpty(study['AccessionNumber'])) return ok(undefined);
  const codes = copied.value['RequestedProcedureCodeSequence'];
  return ok({
    StudyInstanceUID: study['StudyInstanceUID'],
    ReferencedStudySequence: [],
    AccessionNumber: study['AccessionNumber'] ?? '',
    PlacerOrderNumberImagingServiceRequest: '',
    FillerOrderNumberImagingServiceRequest: '',
    RequestedProcedureID: named('RequestedProcedureID'),
    RequestedProcedureDescription: named('RequestedProcedureDescription'),
    RequestedProcedureCodeSequence: codes === undefined || isEmpty(codes) ? [] : codes,
  });
}

function isEmpty(value: WritableDataSet[string]): boolean {
  return (
    value === undefined ||
    value === '' ||
    (Array.isArray(value) && (value.length === 0 || value.every((one) => one === '')))
  );
}

/** Drops items without content; a code item without a value would be an error in our object. */
function withoutEmptyItems(value: WritableDataSet[string]): WritableDataSet[string] {
  if (!Array.isArray(value)) return value;
  const entries = value as readonly unknown[];
  const kept = entries.filter(
    (one) => typeof one !== 'object' || one === null || Object.keys(one).length > 0,
  );
  return kept as WritableDataSet[string];
}

function firstText(value: WritableDataSet[string]): string {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === 'string' ? first : '';
}
