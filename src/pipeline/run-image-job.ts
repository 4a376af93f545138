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
  decideView(file: Part10File, job: Pick<ImageJob, 'sopClassUid' | 'callingAeTitle'>): FilterRecord;
  resultContext(study: StudyContext, startedAtMs: number): ResultContext;
  /** The capture and whatever optional objects the configuration asks for, in sending order. */
  buildObjects(context: ResultContext, image: AnalysedImage, source: DataSet): BuiltObjects;
}

export interface BuiltObjects {
  readonly objects: readonly NewObject[];
  /** The class whose map the capture shows; undefined when it shows none. */
  readonly capturedMapClassId?: string;
}

/** What an image must pass before its pixels are looked at. */
export type ExaminedImage =
  | InScopeImage
  /** `file` is absent when it could not be parsed. */
  | { readonly kind: 'ended'; readonly end: ImageEnd; readonly file?: Part10File };

export interface InScopeImage {
  readonly kind: 'in scope';
  readonly file: Part10File;
  readonly filter: FilterRecord;
  readonly identity: QueryIdentity;
  readonly study: StudyContext;
}

/** Parse, filter and identity: an image that fails ends here with its reasons. A job without class takes the file's. */
export function examineImage(
  bytes: Uint8Array,
  job: Pick<ImageJob, 'callingAeTitle' | 'released'> & Partial<Pick<ImageJob, 'sopClassUid'>>,
  tools: Pick<ImageJobTools, 'charsetDefault' | 'decideView'>,
): ExaminedImage {
  const options = tools.charsetDefault === undefined ? {} : { siteDefaultCharacterSet: tools.charsetDefault };
  const parsed = readPart10(bytes, options);
  if (!parsed.ok) {
    return {
      kind: 'ended',
      end: { disposition: 'refused', reasons: [parseReason(parsed.error)], objects: [] },
    };
  }
  const file = parsed.value;
  const sopClassUid = job.sopClassUid ?? file.dataSet.string('SOPClassUID') ?? '';
  const filter = tools.decideView(file, { sopClassUid, callingAeTitle: job.callingAeTitle });
  const identity = queryIdentity(file);
  const ended = (disposition: 'skipped' | 'held', reasons: readonly Reason[]): ExaminedImage => ({
    kind: 'ended',
    file,
    end: { disposition, reasons, filter, identity, objects: [] },
  });
  if (filter.verdict === 'exclude') return ended('skipped', filter.reasons);
  if (filter.verdict === 'unknown' && !job.released) return ended('held', filter.reasons);
  if (file.dataSet.string('PatientID') === undefined)
    return ended('held', [{ code: 'Q05', detail: 'Patient ID (0010,0020) is empty' }]);
  const study = readStudyContext(file.dataSet);
  if (!study.ok) return ended('held', [{ code: 'Q04', detail: study.error.message }]);
  return { kind: 'in scope', file, filter, identity, study: study.value };
}

/**
 * One image from spool to end: parse, filter, identity, analyse, compose. Everything the image itself can be blamed
 * for is an ImageEnd with reasons; what is thrown is a fault of this machine and costs an attempt.
 */
export async function runImageJob(job: ImageJob, tools: ImageJobTools): Promise<ImageEnd> {
  const examined = examineImage(await tools.readSpoolFile(job.path), job, tools);
  if (examined.kind === 'ended') return examined.end;
  const { file, filter, identity, study } = examined;

  const { image, facts } = await analyseImage(file, tools.inference, {
    ...tools.analysis,
    dynamic: filter.dynamic,
  });
  const analysed = image.outcome !== 'NO_RESULT';
  const captured = analysed || (tools.noResult === 'sr_and_capture' && image.display !== undefined);
  const start = performance.now();
  const built: BuiltObjects = captured
    ? tools.buildObjects(tools.resultContext(study, job.startedAtMs), image, file.dataSet)
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
      record: writeAnalysisRecord(study, image, built.capturedMapClassId),
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
