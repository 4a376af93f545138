import type { NodeError } from '../core/errors.ts';
import type { Reason, ReasonCode } from '../core/reasons.ts';
import type { DataSet } from '../dicom/data-set.ts';
import { type Part10File, readPart10 } from '../dicom/part10-reader.ts';
import { type AnalysisOptions, analyseImage } from './analyse-image.ts';
import { writeAnalysisRecord } from './analysis-record.ts';
import type { Inference } from './inference.ts';
import type { FilterRecord, ImageEnd, ImageJob, NewObject, QueryIdentity } from './ports.ts';
import type { AnalysedImage, ResultContext, StudyContext } from './result-input.ts';
import { readStudyContext } from './study-context.ts';

/** What an image job needs besides the job. All of it is fixed while one configuration is in force. */
export interface ImageJobTools {
  readonly inference: Inference;
  readonly analysis: Omit<AnalysisOptions, 'dynamic'>;
  /** Character set of text that declares none; undefined holds such images (PS3.5 6.1.2.3). */
  readonly charsetDefault: string | undefined;
  readonly noResult: 'none' | 'sr' | 'sr_and_capture';
  readSpoolFile(path: string): Promise<Uint8Array>;
  decideView(file: Part10File, job: ImageJob): FilterRecord;
  resultContext(study: StudyContext, startedAtMs: number): ResultContext;
  /** The capture and whatever optional objects the configuration asks for, in sending order. */
  buildObjects(context: ResultContext, image: AnalysedImage, source: DataSet): BuiltObjects;
}

export interface BuiltObjects {
  readonly objects: readonly NewObject[];
  /** The class whose map the capture shows; undefined when it shows none. */
  readonly capturedMapClassId?: string;
}

/**
 * One image from spool to end: parse, filter, identity, analyse, compose. Everything the image itself can be blamed
 * for is an ImageEnd with reasons; what is thrown is a fault of this machine and costs an attempt.
 */
export async function runImageJob(job: ImageJob, tools: ImageJobTools): Promise<ImageEnd> {
  const bytes = await tools.readSpoolFile(job.path);
  const options = tools.charsetDefault === undefined ? {} : { siteDefaultCharacterSet: tools.charsetDefault };
  const file = readPart10(bytes, options);
  if (!file.ok) return { disposition: 'refused', reasons: [parseReason(file.error)], objects: [] };

  const filter = tools.decideView(file.value, job);
  const identity = queryIdentity(file.value);
  if (filter.verdict === 'exclude')
    return { disposition: 'skipped', reasons: filter.reasons, filter, identity, objects: [] };
  if (filter.verdict === 'unknown' && !job.released) {
    return { disposition: 'held', reasons: filter.reasons, filter, identity, objects: [] };
  }
  if (file.value.dataSet.string('PatientID') === undefined) {
    const reasons: Reason[] = [{ code: 'Q05', detail: 'Patient ID (0010,0020) is empty' }];
    return { disposition: 'held', reasons, filter, identity, objects: [] };
  }
  const study = readStudyContext(file.value.dataSet);
  if (!study.ok) {
    return {
      disposition: 'held',
      reasons: [{ code: 'Q04', detail: study.error.message }],
      filter,
      identity,
      objects: [],
    };
  }

  const { image, facts } = await analyseImage(file.value, tools.inference, {
    ...tools.analysis,
    dynamic: filter.dynamic,
  });
  const analysed = image.outcome !== 'NO_RESULT';
  const captured = analysed || (tools.noResult === 'sr_and_capture' && image.display !== undefined);
  const start = performance.now();
  const built: BuiltObjects = captured
    ? tools.buildObjects(tools.resultContext(study.value, job.startedAtMs), image, file.value.dataSet)
    : { objects: [] };
  return {
    disposition: analysed ? 'analysed' : 'refused',
    reasons: image.reason === undefined ? [] : [image.reason],
    filter,
    identity,
    objects: built.objects,
    analysis: {
      ...facts,
      timingsMs: { ...facts.timingsMs, compose: Math.round((performance.now() - start) * 10) / 10 },
      record: writeAnalysisRecord(study.value, image, built.capturedMapClassId),
    },
  };
}

function parseReason(error: NodeError): Reason {
  const codes: Partial<Record<NodeError['code'], ReasonCode>> = {
    DATASET_LIMIT: 'T05',
    PIXEL_UNSUPPORTED: 'T01',
  };
  return { code: codes[error.code] ?? 'T04', detail: error.message };
}

/** Undecodable text is shown with replacement characters: it is for searching, not for results. */
function queryIdentity({ dataSet }: Part10File): QueryIdentity {
  return {
    patientId: dataSet.string('PatientID') ?? '',
    patientName: dataSet.string('PatientName') ?? '',
    accessionNumber: dataSet.string('AccessionNumber') ?? '',
  };
}
