import { type AnalysisRecord, readAnalysisRecord, reportImage } from './analysis-record.ts';
import type { ObjectReference, StudyImage, StudyJob } from './ports.ts';
import type { AnalysedImage, ResultContext, ResultObject, StudyContext } from './result-input.ts';

/** Everything one report is made of, in reading order. */
export interface ReportPlan {
  readonly context: ResultContext;
  readonly images: readonly AnalysedImage[];
  /** Captures by the SOP Instance UID of their source image. */
  readonly captures: ReadonlyMap<string, ObjectReference>;
  readonly revision: number;
  readonly predecessor?: ObjectReference;
}

export interface ReportTools {
  readonly noResult: 'none' | 'sr' | 'sr_and_capture';
  resultContext(study: StudyContext, startedAtMs: number): ResultContext;
  build(plan: ReportPlan): ResultObject;
}

/**
 * The one report of a study: all its in-scope images, flexion and extension together. `undefined` when nothing is to
 * be said: no image carries the study's attributes, or the site wants no report about images without a result.
 */
export function reportStudy(job: StudyJob, tools: ReportTools): ResultObject | undefined {
  const records = job.images.flatMap(({ record }) => (record === undefined ? [] : [readAnalysisRecord(record)]));
  const study = records[0]?.study;
  if (study === undefined) return undefined;
  const images = job.images.map((entry) => imageOf(entry, records)).sort(byReadingOrder);
  if (tools.noResult === 'none' && images.every(({ outcome }) => outcome === 'NO_RESULT' || outcome === 'FAILED')) {
    return undefined;
  }
  return tools.build({
    context: tools.resultContext(study, job.startedAtMs),
    images,
    captures: new Map(job.images.flatMap(({ sopInstanceUid, capture }) => (capture === undefined ? [] : [[sopInstanceUid, capture]]))),
    revision: job.revision,
    ...(job.predecessor === undefined ? {} : { predecessor: job.predecessor }),
  });
}

function imageOf(entry: StudyImage, records: readonly AnalysisRecord[]): AnalysedImage {
  const record = records.find(({ image }) => image.sourceSopInstanceUid === entry.sopInstanceUid);
  if (record !== undefined) return reportImage(record);
  return {
    sourceSopClassUid: entry.sopClassUid,
    sourceSopInstanceUid: entry.sopInstanceUid,
    sourceSeriesInstanceUid: entry.seriesInstanceUid,
    modality: 'DX',
    rows: 0,
    columns: 0,
    view: 'unknown',
    outcome: 'FAILED',
    classes: [],
    reason: entry.reasons[0] ?? { code: 'T06', detail: 'no attempt gave an answer' },
  };
}

/** Series number, then instance number, then UID: the order in which a viewer shows the source images. */
function byReadingOrder(a: AnalysedImage, b: AnalysedImage): number {
  return (
    (a.seriesNumber ?? 0) - (b.seriesNumber ?? 0) ||
    (a.instanceNumber ?? 0) - (b.instanceNumber ?? 0) ||
    (a.sourceSopInstanceUid < b.sourceSopInstanceUid ? -1 : 1)
  );
}
