import { rmSync } from 'node:fs';
import type { Clock } from '../core/clock.ts';
import type { EventFields } from '../core/events.ts';
import { newUlid } from '../core/identifiers.ts';
import type { Reason } from '../core/reasons.ts';
import type { AuditLog } from './audit-log.ts';
import type { Database } from './database.ts';
import { type ClaimedJob, finishJob } from './job-queue.ts';
import { insertObject, queueObject } from './objects.ts';
import {
  type AnalysisInput,
  type DecisionInput,
  type ObjectInput,
  type PatientKey,
  writeJson,
} from './records.ts';

/** How an image ended, complete: everything in it is committed together or not at all. */
export interface ImageResult {
  readonly job: ClaimedJob;
  /** Absent when the image could not be read far enough for the view filter. */
  readonly decision?: DecisionInput;
  readonly disposition: 'analysed' | 'skipped' | 'held' | 'refused' | 'failed';
  /** Why it ended so; may be empty for `analysed`. */
  readonly reasons: readonly Reason[];
  /** Present exactly when a model (or its refusal, NO_RESULT / FAILED) has spoken. */
  readonly analysis?: AnalysisInput;
  readonly patientKey?: PatientKey;
  /** Objects whose bytes are already durable. */
  readonly objects: readonly ObjectInput[];
  readonly destinations: readonly string[];
}

/** The one writer of image results (promise P3: one effect per image content and model). */
export class Results {
  readonly #db: Database;
  readonly #audit: AuditLog;
  readonly #clock: Clock;

  constructor(db: Database, audit: AuditLog, clock: Clock) {
    this.#db = db;
    this.#audit = audit;
    this.#clock = clock;
  }

  /**
   * One transaction: job DONE, decision, analysis, objects, one delivery per object and destination, audit row.
   * `already`: the job was ended before. `stale`: another claimant has the job; nothing was written.
   */
  commitImageResult(result: ImageResult): 'committed' | 'already' | 'stale' {
    const repeated: string[] = [];
    const outcome = this.#commit(result, repeated);
    // The same object was there already: its first file stays, the new copy is nobody's.
    for (const path of repeated) rmSync(path, { force: true });
    return outcome;
  }

  #commit(result: ImageResult, repeated: string[]): 'committed' | 'already' | 'stale' {
    return this.#db.transaction(() => {
      const nowMs = this.#clock.nowMs();
      if (!finishJob(this.#db, result.job, nowMs))
        return this.#isDone(result.job.jobId) ? 'already' : 'stale';
      const { instance } = result.job;
      // A second opinion by another model stands beside the first; it does not change how the image ended.
      if (result.job.modelSha256 === '') this.#writeDisposition(result, nowMs);
      if (result.decision !== undefined) this.#writeDecision(instance.instanceId, result.decision, nowMs);
      if (result.analysis !== undefined) this.#writeAnalysis(instance.instanceId, result.analysis, nowMs);
      repeated.push(...this.#writeObjects(result, nowMs));
      this.#auditResult(result);
      return 'committed';
    });
  }

  #writeDisposition(result: ImageResult, nowMs: number): void {
    this.#db
      .sql(`UPDATE instance SET disposition = @disposition, reasonsJson = @reasonsJson, outcome = @outcome, decidedAtMs = @nowMs,
                patientId = coalesce(@patientId, patientId), patientName = coalesce(@patientName, patientName),
                accessionNumber = coalesce(@accessionNumber, accessionNumber)
              WHERE instanceId = @instanceId`)
      .run({
        instanceId: result.job.instance.instanceId,
        disposition: result.disposition,
        reasonsJson: JSON.stringify(result.reasons),
        outcome: result.analysis?.outcome ?? null,
        nowMs,
        patientId: textOrNull(result.patientKey?.patientId),
        patientName: textOrNull(result.patientKey?.patientName),
        accessionNumber: textOrNull(result.patientKey?.accessionNumber),
      });
  }

  #isDone(jobId: string): boolean {
    return (
      this.#db.sql("SELECT 1 FROM job WHERE jobId = @jobId AND state = 'DONE'").get({ jobId }) !== undefined
    );
  }

  #writeDecision(instanceId: string, decision: DecisionInput, nowMs: number): void {
    this.#db
      .sql(`INSERT INTO decision (instanceId, verdict, dynamic, ruleName, ruleVersion, reasonsJson, evidenceJson, decidedAtMs)
            VALUES (@instanceId, @verdict, @dynamic, @ruleName, @ruleVersion, @reasonsJson, @evidenceJson, @nowMs)
            ON CONFLICT (instanceId) DO UPDATE SET verdict = excluded.verdict, dynamic = excluded.dynamic,
              ruleName = excluded.ruleName, ruleVersion = excluded.ruleVersion, reasonsJson = excluded.reasonsJson,
              evidenceJson = excluded.evidenceJson, decidedAtMs = excluded.decidedAtMs`)
      .run({
        instanceId,
        verdict: decision.verdict,
        dynamic: decision.dynamic,
        ruleName: decision.ruleName ?? null,
        ruleVersion: decision.ruleVersion,
        reasonsJson: JSON.stringify(decision.reasons),
        evidenceJson: writeJson(decision.evidence) ?? 'null',
        nowMs,
      });
  }

  #writeAnalysis(instanceId: string, analysis: AnalysisInput, nowMs: number): void {
    // A repetition that found the same is the same analysis: the study's report stays up to date. Any other is a new
    // one with its own id, by which the report is seen to be out of date.
    const known = this.#db
      .sql<{
        analysisId: string;
      }>(`SELECT analysisId FROM analysis WHERE instanceId = @instanceId AND modelSha256 = @modelSha256
            AND configSha256 = @configSha256 AND outcome = @outcome AND record IS @record`)
      .get({
        instanceId,
        modelSha256: analysis.modelSha256,
        configSha256: analysis.configSha256,
        outcome: analysis.outcome,
        record: analysis.record ?? null,
      });
    this.#db
      .sql('DELETE FROM analysis WHERE instanceId = @instanceId AND modelSha256 = @modelSha256')
      .run({ instanceId, modelSha256: analysis.modelSha256 });
    this.#db
      .sql(`INSERT INTO analysis (analysisId, instanceId, modelSha256, modelId, modelVersion, configSha256, provider, outcome,
              probabilitiesJson, reasonsJson, timingsJson, mapPeakJson, mapBoxJson, notesJson, record, analysedAtMs)
            VALUES (@analysisId, @instanceId, @modelSha256, @modelId, @modelVersion, @configSha256, @provider, @outcome,
              @probabilitiesJson, @reasonsJson, @timingsJson, @mapPeakJson, @mapBoxJson, @notesJson, @record, @nowMs)`)
      .run({
        analysisId: known?.analysisId ?? newUlid(nowMs),
        instanceId,
        modelSha256: analysis.modelSha256,
        modelId: analysis.modelId,
        modelVersion: analysis.modelVersion,
        configSha256: analysis.configSha256,
        provider: analysis.provider,
        outcome: analysis.outcome,
        probabilitiesJson: writeJson(analysis.probabilities) ?? 'null',
        reasonsJson: JSON.stringify(analysis.reasons),
        timingsJson: writeJson(analysis.timings) ?? 'null',
        mapPeakJson: writeJson(analysis.mapPeak),
        mapBoxJson: writeJson(analysis.mapBox),
        notesJson: writeJson(analysis.notes) ?? 'null',
        record: analysis.record ?? null,
        nowMs,
      });
  }

  /** Returns the paths of copies of objects that were there already. */
  #writeObjects(result: ImageResult, nowMs: number): string[] {
    const { instanceId, studyInstanceUid } = result.job.instance;
    const modelSha256 = result.analysis?.modelSha256 ?? result.job.modelSha256;
    return result.objects.flatMap((object) => {
      const objectId = insertObject(
        this.#db,
        object,
        { studyInstanceUid, instanceId, reportId: null, modelSha256 },
        nowMs,
      );
      queueObject(this.#db, { objectId, studyInstanceUid }, result.destinations, nowMs);
      return objectId === object.objectId ? [] : [object.path];
    });
  }

  #auditResult(result: ImageResult): void {
    const { instance, jobId } = result.job;
    const common = {
      instanceId: instance.instanceId,
      sopInstanceUid: instance.sopInstanceUid,
      studyInstanceUid: instance.studyInstanceUid,
      callingAeTitle: instance.callingAeTitle,
      accessionNumber: textOrNull(result.patientKey?.accessionNumber) ?? undefined,
      jobId,
      reason: result.reasons[0]?.code,
      reasons: result.reasons.map((reason) => reason.code),
      rule: result.decision?.ruleName,
    } satisfies EventFields<'IMAGE_SKIPPED'>;
    if (result.disposition === 'failed') {
      this.#audit.append('IMAGE_FAILED', { ...common, outcome: 'FAILED' });
      return;
    }
    if (result.disposition !== 'analysed') {
      this.#audit.append(events[result.disposition], common);
      return;
    }
    this.#audit.append('IMAGE_ANALYSED', {
      ...common,
      outcome: result.analysis?.outcome ?? 'NO_RESULT',
      modelSha256: result.analysis?.modelSha256 ?? '',
      modelId: result.analysis?.modelId,
      configSha256: result.analysis?.configSha256,
      provider: result.analysis?.provider ?? '',
    });
  }
}

const events = { skipped: 'IMAGE_SKIPPED', held: 'IMAGE_HELD', refused: 'IMAGE_REFUSED' } as const;

/** An empty attribute is no key to look anything up by. */
function textOrNull(text: string | null | undefined): string | null {
  return text === undefined || text === '' ? null : text;
}
