import type { Clock } from '../core/clock.ts';
import type { NodeConfig } from '../core/config/index.ts';
import { asNodeError } from '../core/errors.ts';
import type { Reason } from '../core/reasons.ts';
import { transferSyntaxUid } from '../dicom/transfer-syntax.ts';
import type { Inference } from '../pipeline/inference.ts';
import type { OpenedModel } from '../pipeline/model-package.ts';
import type { ImageEnd, ImageJob, NewObject } from '../pipeline/ports.ts';
import { type ImageJobTools, runImageJob } from '../pipeline/run-image-job.ts';
import type { ClaimedJob } from '../store/job-queue.ts';
import type { ObjectInput } from '../store/records.ts';
import { writeResultFile } from '../store/result-files.ts';
import type { Store } from '../store/store.ts';
import type { ChildChannel } from './child-channel.ts';
import { mustStop } from './fail-stop.ts';
import { whenStoreTakesIt } from './patient-store.ts';
import type { WorkStep } from './worker-loop.ts';

/** Who the worker is to the queue; jobs it held when it died are found by this name. */
export const workerName = 'worker';

export interface ImageStepOptions {
  readonly store: Store;
  readonly config: NodeConfig;
  readonly configSha256: string;
  readonly resultsFolder: string;
  readonly bootId: string;
  readonly channel: ChildChannel;
  readonly clock: Clock;
  readonly tools: Omit<ImageJobTools, 'inference'>;
  /** The model for this attempt. */
  readonly inference: (attempt: number) => Promise<Inference>;
  /** False while the model must prove itself first. */
  readonly mayClaim: () => boolean;
  /** An attempt failed for a reason that is not the image's. */
  readonly faulted: () => void;
}

/**
 * Claims one image, runs it, and commits how it ended: result files first, then one transaction. Several may be in
 * hand at once, but an image that failed before runs alone: if it kills this process again, it kills nobody else's job.
 */
export function imageStep(options: ImageStepOptions): WorkStep {
  const { store, config, channel, clock } = options;
  const leaseMs = config.model.timeout * 2;
  let inHand = 0;
  let isAlone = false;
  return async () => {
    if (isAlone || !options.mayClaim()) return false;
    const claimed = store.jobs.claim({
      claimedBy: workerName,
      bootId: options.bootId,
      leaseMs,
      ...(inHand === 0 ? {} : { retries: 'wait' }),
    });
    if (claimed === undefined) return false;
    inHand++;
    isAlone = claimed.attempt > 1;
    channel.tell({ kind: 'busy', timeoutMs: config.model.timeout });
    try {
      const inference = await options.inference(claimed.attempt);
      const startedAtMs = store.jobs.firstStart(claimed, {
        modelSha256: inference.model.sha256,
        configSha256: options.configSha256,
      });
      const end = await runImageJob(jobOf({ ...claimed, startedAtMs }), { ...options.tools, inference });
      commitEnd(claimed, end, inference.model, options);
    } catch (error) {
      if (mustStop(error)) throw error;
      const fault = asNodeError(error);
      if (fault.code === 'STORE_FULL' || fault.code === 'STORE_BUSY') {
        // The image is not to blame: the job goes back without a counted attempt and waits for space.
        await whenStoreTakesIt(() => store.jobs.release(claimed));
        return false;
      }
      options.faulted();
      const reason: Reason = { code: 'T06', detail: fault.message };
      const retryAtMs = clock.nowMs() + claimed.attempt * 2000;
      store.jobs.fail(claimed, { errorCode: fault.code, detail: fault.message, reason }, retryAtMs);
    } finally {
      inHand--;
      isAlone = false;
      if (inHand === 0) channel.tell({ kind: 'idle' });
    }
    return true;
  };
}

function jobOf({ jobId, attempt, operatorReleased, startedAtMs, instance }: ClaimedJob): ImageJob {
  return {
    jobId,
    instanceId: instance.instanceId,
    path: instance.path,
    sopClassUid: instance.sopClassUid,
    sopInstanceUid: instance.sopInstanceUid,
    studyInstanceUid: instance.studyInstanceUid,
    callingAeTitle: instance.callingAeTitle,
    startedAtMs,
    attempt,
    released: operatorReleased,
  };
}

function commitEnd(job: ClaimedJob, end: ImageEnd, model: OpenedModel, options: ImageStepOptions): void {
  const { store, config, channel } = options;
  const { manifest, sha256 } = model;
  const { filter, analysis, identity } = end;
  store.results.commitImageResult({
    job,
    disposition: end.disposition,
    reasons: end.reasons,
    ...(filter === undefined ? {} : { decision: { ...filter, dynamic: filter.dynamic ?? null } }),
    ...(identity === undefined ? {} : { patientKey: identity }),
    ...(analysis === undefined
      ? {}
      : {
          analysis: {
            modelSha256: sha256,
            modelId: manifest.id,
            modelVersion: manifest.version,
            configSha256: options.configSha256,
            provider: analysis.provider,
            outcome: analysis.outcome,
            probabilities: analysis.probabilities,
            reasons: end.reasons,
            timings: analysis.timingsMs,
            ...(analysis.mapPeak === undefined ? {} : { mapPeak: analysis.mapPeak }),
            notes: { notes: analysis.notes, rejection: analysis.rejectionScores },
            record: analysis.record,
          },
        }),
    objects: end.objects.map((object) => objectInput(object, options.resultsFolder, options.clock)),
    destinations: destinationsFor(config, 'SC'),
  });
  const { expectedViews } = config.results.study;
  const { studyInstanceUid } = job.instance;
  if (analysis !== undefined && expectedViews.length > 0) {
    const images = store.studies.analysesOfStudy(studyInstanceUid, sha256);
    const seen = new Set(images.map(({ decision }) => decision?.dynamic ?? 'NEUTRAL'));
    if (expectedViews.every((view) => seen.has(view))) store.studies.viewsComplete(studyInstanceUid);
  }
  if (end.objects.length > 0) channel.tell({ kind: 'wake', target: 'sender' });
}

/** Makes the bytes durable and describes them for the object table. */
export function objectInput(object: NewObject, folder: string, clock: Clock): ObjectInput {
  const file = writeResultFile(folder, object.bytes, clock.nowMs());
  return {
    ...file,
    kind: object.kind,
    sopClassUid: object.sopClassUid,
    sopInstanceUid: object.sopInstanceUid,
    seriesInstanceUid: object.seriesInstanceUid,
    transferSyntaxUid: transferSyntaxUid.explicitVrLittleEndian,
  };
}

/** Names of the destinations that get this kind of object; one that is off gets nothing. */
export function destinationsFor(config: NodeConfig, kind: NewObject['kind']): string[] {
  return config.pacs
    .filter(({ deliver, objects }) => deliver !== 'off' && objects.includes(kind))
    .map(({ name }) => name);
}
