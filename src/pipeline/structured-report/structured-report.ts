import { NodeError } from '../../core/errors.ts';
import type { WritableDataSet } from '../../dicom/part10-writer.ts';
import { sopClassUid } from '../../dicom/sop-class.ts';
import {
  commonAttributes,
  equipmentAttributes,
  resultObject,
  seriesAttributes,
} from '../result-attributes.ts';
import type { ResultContext, ResultObject } from '../result-input.ts';
import { deviceUid, instanceUid, seriesUid } from '../result-uids.ts';
import { evidence } from './evidence.ts';
import { measurementReport } from './measurement-report.ts';
import type { DocumentReference, ReportedImage, ReportOptions, ReportSopClass } from './report-input.ts';

/** The SOP Class UID of a report class. */
export const reportSopClassUid: Readonly<Record<ReportSopClass, string>> = {
  Comprehensive3DSR: sopClassUid.comprehensive3dSrStorage,
  ComprehensiveSR: sopClassUid.comprehensiveSrStorage,
  EnhancedSR: sopClassUid.enhancedSrStorage,
};

/**
 * The structured report of one study and model: TID 1500 over every image that was in scope, whatever its outcome.
 * The tree is identical for the three SR classes; another class is another SOP instance. `options.predecessor` names
 * the report that this one extends. Images may come in any order and are sorted by series and instance number.
 *
 * Throws RESULT_INVALID when there is no image or an attribute would break the standard.
 */
export function buildStructuredReport(
  images: readonly ReportedImage[],
  context: ResultContext,
  options: ReportOptions,
): ResultObject {
  if (images.length === 0) throw new NodeError('RESULT_INVALID', 'a report needs at least one image');
  const ordered = [...images].sort(bySourceOrder);
  const content = measurementReport({ context, resources: options.resources, images: ordered });
  const classUid = reportSopClassUid[options.sopClass];
  const sopInstanceUid = instanceUid(context, {
    kind: 'sr',
    sources: ordered.map((image) => image.sourceSopInstanceUid),
    revision: options.revision,
    variant: classUid,
  });
  const { study, node } = context;
  const dataSet: WritableDataSet = {
    ...commonAttributes(context, { sopClassUid: classUid, sopInstanceUid }),
    ...seriesAttributes(context, node.series.report, {
      modality: 'SR',
      seriesInstanceUid: seriesUid(context, 'sr'),
      instanceNumber: options.revision,
    }),
    ...equipmentAttributes(context),
    ReferencedPerformedProcedureStepSequence: [],
    CompletionFlag: 'COMPLETE',
    VerificationFlag: 'UNVERIFIED',
    PreliminaryFlag: 'FINAL',
    PerformedProcedureCodeSequence: [],
    AuthorObserverSequence: [authorObserver(context)],
    ...evidence(study.studyInstanceUid, ordered, content),
    ReferencedRequestSequence: study.request === undefined ? undefined : [study.request],
    PredecessorDocumentsSequence:
      options.predecessor === undefined ? undefined : [predecessorDocument(options.predecessor)],
    CodingSchemeIdentificationSequence: codingSchemes(options),
    ...content,
  };
  return resultObject(dataSet);
}

function bySourceOrder(a: ReportedImage, b: ReportedImage): number {
  const last = Number.MAX_SAFE_INTEGER;
  return (
    (a.seriesNumber ?? last) - (b.seriesNumber ?? last) ||
    (a.instanceNumber ?? last) - (b.instanceNumber ?? last) ||
    (a.sourceSopInstanceUid < b.sourceSopInstanceUid ? -1 : 1)
  );
}

/** A device as author (Identified Person or Device Macro, C.17.2); without Observer Type it would be five errors. */
function authorObserver({ node, model }: ResultContext): WritableDataSet {
  return {
    ObserverType: 'DEV',
    StationName: node.stationName ?? '',
    DeviceUID: deviceUid(node, model),
    Manufacturer: node.manufacturer,
    ManufacturerModelName: node.manufacturerModelName,
    InstitutionName: node.institutionName ?? '',
    InstitutionCodeSequence: [],
  };
}

function predecessorDocument(document: DocumentReference): WritableDataSet {
  return {
    StudyInstanceUID: document.studyInstanceUid,
    ReferencedSeriesSequence: [
      {
        SeriesInstanceUID: document.seriesInstanceUid,
        ReferencedSOPSequence: [
          {
            ReferencedSOPClassUID: document.sopClassUid,
            ReferencedSOPInstanceUID: document.sopInstanceUid,
          },
        ],
      },
    ],
  };
}

/** Says what the scheme designators mean; for the private one this is the only place that does (C.12.1.1.7). */
function codingSchemes({ resources }: ReportOptions): readonly WritableDataSet[] {
  const { private_scheme: own } = resources.codes;
  return [
    { CodingSchemeDesignator: 'DCM', CodingSchemeRegistry: 'HL7', CodingSchemeUID: '1.2.840.10008.2.16.4' },
    { CodingSchemeDesignator: 'SCT', CodingSchemeRegistry: 'HL7', CodingSchemeUID: '2.16.840.1.113883.6.96' },
    { CodingSchemeDesignator: 'UCUM', CodingSchemeRegistry: 'HL7', CodingSchemeUID: '2.16.840.1.113883.6.8' },
    {
      CodingSchemeDesignator: own.designator,
      CodingSchemeName: own.name,
      CodingSchemeResponsibleOrganization: own.responsible_organization,
    },
  ];
}
