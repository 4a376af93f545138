import { type AnalysisRecord, readAnalysisRecord } from './analysis-record.ts';
import type { StudyImage, StudyJob } from './ports.ts';
import type { ResultContext, ResultObject, StudyContext } from './result-input.ts';
import type { DocumentReference, ReportedImage } from './structured-report/report-input.ts';

/** Everything one report is made of. */
export interface ReportPlan {
  readonly context: ResultContext;
  readonly images: readonly ReportedImage[];
  readonly revision: number;
  readonly predecessor?: DocumentReference;
}

export interface ReportTools {
  readonly noResult: 'none' | 'sr' | 'sr_and_capture';
  resultContext(study: StudyContext, startedAtMs: number): ResultContext;
  build(plan: ReportPlan): ResultObject;
}

/**
 * What the one report of a study says: all its in-scope images, flexion and extension together. `undefined` when
 * nothing is to be said: no image carries the study's attributes, or the site wants no report about images without a
 * result.
 */
export function planReport(job: StudyJob, tools: Omit<ReportTools, 'build'>): ReportPlan | undefined {
  const records = job.images.flatMap(({ record }) =>
    record === undefined ? [] : [readAnalysisRecord(record)],
  );
  const study = records[0]?.study;
  if (study === undefined) return undefined;
  const images = job.images.map((entry) => imageOf(entry, records));
  if (
    tools.noResult === 'none' &&
    images.every(({ outcome }) => outcome === 'NO_RESULT' || outcome === 'FAILED')
  ) {
    return undefined;
  }
  return {
    context: tools.resultContext(study, job.startedAtMs),
    images,
    revision: job.revision,
    ...(job.predecessor === undefined
      ? {}
      : { predecessor: { ...job.predecessor, studyInstanceUid: job.studyInstanceUid } }),
  };
}

/** Builds the report of a study, or nothing when there is nothing to say. */
export function reportStudy(job: StudyJob, tools: ReportTools): ResultObject | undefined {
  const plan = planReport(job, tools);
  return plan === undefined ? undefined : tools.build(plan);
}

function imageOf(entry: StudyImage, records: readonly AnalysisRecord[]): ReportedImage {
  const record = records.find(({ image }) => image.sourceSopInstanceUid === entry.sopInstanceUid);
  if (record !== undefined) {
    const { capture } = entry;
    if (capture === undefined) return record.image;
    return { ...record.image, capture: { ...capture, mapClassId: record.capturedMapClassId } };
  }
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
