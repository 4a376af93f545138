import type { Clock } from '../core/clock.ts';
import type { NodeConfig } from '../core/config/index.ts';
import { asNodeError } from '../core/errors.ts';
import type { ObjectReference, StudyImage, StudyJob } from '../pipeline/ports.ts';
import { type ReportTools, reportStudy } from '../pipeline/report-study.ts';
import type { Store } from '../store/store.ts';
import type { StudyClaim } from '../store/study.ts';
import type { ChildChannel } from './child-channel.ts';
import { mustStop } from './fail-stop.ts';
import { destinationsFor, objectInput } from './image-step.ts';
import { whenStoreTakesIt } from './patient-store.ts';
import type { WorkStep } from './worker-loop.ts';

export interface StudyStepOptions {
  readonly store: Store;
  readonly config: NodeConfig;
  readonly modelSha256: string;
  readonly resultsFolder: string;
  readonly bootId: string;
  readonly channel: ChildChannel;
  readonly clock: Clock;
  readonly tools: ReportTools;
}

/** Claims one study that is quiet and writes its report; a report that cannot be built is tried again, then given up. */
export function studyStep(options: StudyStepOptions): WorkStep {
  const { store, config, clock, channel } = options;
  const { quietTime, hardMaximum } = config.results.study;
  return async () => {
    const claim = store.studies.claimDue({
      nowMs: clock.nowMs(),
      quietMs: quietTime,
      hardMaxMs: hardMaximum,
      modelSha256: options.modelSha256,
      bootId: options.bootId,
    });
    if (claim === undefined) return false;
    try {
      commitReport(claim, options);
    } catch (error) {
      if (mustStop(error)) throw error;
      const { code, message } = asNodeError(error);
      await whenStoreTakesIt(() =>
        store.studies.failReport(
          claim,
          { errorCode: code, detail: message },
          clock.nowMs() + claim.attempt * 5000,
        ),
      );
    }
    channel.tell({ kind: 'wake', target: 'sender' });
    return true;
  };
}

function commitReport(claim: StudyClaim, options: StudyStepOptions): void {
  const { store, config } = options;
  const job = studyJob(claim, store);
  const report = reportStudy(job, options.tools);
  if (report === undefined) {
    store.studies.closeWithoutReport(claim, 'no image of this study has anything to report');
    return;
  }
  store.studies.commitReport({
    claim,
    revision: job.revision,
    sopInstanceUid: report.sopInstanceUid,
    ...(job.predecessor === undefined ? {} : { predecessorSopInstanceUid: job.predecessor.sopInstanceUid }),
    instanceIds: job.images.map(({ instanceId }) => instanceId),
    object: objectInput({ kind: 'SR', ...report }, options.resultsFolder, options.clock),
    destinations: destinationsFor(config, 'SR'),
  });
}

/** The study as the report builder takes it. */
export function studyJob(claim: StudyClaim, store: Store): StudyJob {
  const images = store.studies
    .analysesOfStudy(claim.studyInstanceUid, claim.modelSha256)
    .map((entry): StudyImage => {
      const capture = entry.objects.find(({ kind }) => kind === 'SC');
      const record = entry.analysis?.record;
      return {
        instanceId: entry.instance.instanceId,
        sopClassUid: entry.instance.sopClassUid,
        sopInstanceUid: entry.instance.sopInstanceUid,
        seriesInstanceUid: entry.instance.seriesInstanceUid,
        reasons: entry.instance.reasons,
        ...(record === undefined ? {} : { record }),
        ...(capture === undefined ? {} : { capture: referenceTo(capture) }),
      };
    });
  return {
    studyInstanceUid: claim.studyInstanceUid,
    revision: (claim.predecessor?.revision ?? 0) + 1,
    startedAtMs: claim.startedAtMs,
    images,
    ...(claim.predecessor === undefined ? {} : { predecessor: referenceTo(claim.predecessor) }),
  };
}

function referenceTo({ sopClassUid, sopInstanceUid, seriesInstanceUid }: ObjectReference): ObjectReference {
  return { sopClassUid, sopInstanceUid, seriesInstanceUid };
}
