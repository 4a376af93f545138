import type { Clock } from '../core/clock.ts';
import { newUlid, sha256Hex } from '../core/identifiers.ts';
import type { Dynamic, Verdict } from '../core/outcome.ts';
import type { Reason } from '../core/reasons.ts';
import type { AuditLog } from './audit-log.ts';
import type { Database } from './database.ts';
import { insertObject, queueObject } from './objects.ts';
import {
  type AnalysisInput,
  type InstanceRecord,
  type InstanceRow,
  type ObjectInput,
  type ObjectRecord,
  readInstance,
  readJson,
} from './records.ts';

const maxReportAttempts = 3;

/** When a study's report is due: quiet for `quietMs`, or open for `hardMaxMs` whatever still arrives. */
export interface StudyTiming {
  readonly quietMs: number;
  readonly hardMaxMs: number;
}

export interface StudyPredecessor {
  readonly revision: number;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly seriesInstanceUid: string;
}

/** A study whose report is to be built now. */
export interface StudyClaim {
  readonly studyInstanceUid: string;
  readonly claimToken: string;
  readonly attempt: number;
  readonly modelSha256: string;
  /** The same in every attempt for the same images, so that a rerun makes byte-equal objects. */
  readonly startedAtMs: number;
  /** The newest report of this study, by whichever model; absent for the first. */
  readonly predecessor?: StudyPredecessor;
}

export interface StoredAnalysis extends AnalysisInput {
  readonly analysisId: string;
  readonly analysedAtMs: number;
}

export interface StoredDecision {
  readonly verdict: Verdict;
  readonly dynamic: Dynamic | null;
  readonly ruleName: string | null;
  readonly ruleVersion: string;
  readonly reasons: readonly Reason[];
  readonly evidence: unknown;
  readonly decidedAtMs: number;
}

/** One image of a study with everything known about it. */
export interface StudyImage {
  readonly instance: InstanceRecord;
  readonly decision: StoredDecision | null;
  readonly analysis: StoredAnalysis | null;
  readonly objects: readonly ObjectRecord[];
}

export interface ReportCommit {
  readonly claim: StudyClaim;
  readonly revision: number;
  readonly sopInstanceUid: string;
  /** Absent for the first report of the study. */
  readonly predecessorSopInstanceUid?: string;
  /** The images that the report speaks of, as `analysesOfStudy` gave them. */
  readonly instanceIds: readonly string[];
  readonly object: ObjectInput;
  readonly destinations: readonly string[];
}

interface StudyRow {
  readonly studyInstanceUid: string;
  readonly generation: number;
  readonly attempts: number;
  readonly startedAtMs: number | null;
}

/**
 * Studies and their reports. No DICOM message says that a study is complete, so a study is due after a quiet
 * time that survives restarts (results.md 6.4); a late image opens it again and the next report names its
 * predecessor. A study is never claimed while one of its image jobs is unfinished.
 */
export class Studies {
  readonly #db: Database;
  readonly #audit: AuditLog;
  readonly #clock: Clock;

  constructor(db: Database, audit: AuditLog, clock: Clock) {
    this.#db = db;
    this.#audit = audit;
    this.#clock = clock;
  }

  /** The studies whose time has come, longest quiet first, at most 50. Reads only. */
  studiesDue(timing: StudyTiming & { readonly nowMs: number }): string[] {
    return this.#db
      .sql<{ studyInstanceUid: string }>(dueStudies)
      .all({ nowMs: timing.nowMs, quietMs: timing.quietMs, hardMaxMs: timing.hardMaxMs })
      .map((row) => row.studyInstanceUid);
  }

  /** The next time `claimDue` may have something to give, or `undefined` when no study is open. */
  nextDueAtMs(timing: StudyTiming): number | undefined {
    const last = this.#db
      .sql<{ at: number | null }>("SELECT min(lastActivityMs) AS at FROM study WHERE state = 'OPEN'")
      .get()?.at;
    return last === null || last === undefined ? undefined : last + timing.quietMs;
  }

  /** The expected views are in: the study need not wait for its quiet time. */
  viewsComplete(studyInstanceUid: string): void {
    this.#db
      .sql("UPDATE study SET viewsComplete = 1 WHERE studyInstanceUid = @studyInstanceUid AND state = 'OPEN'")
      .run({ studyInstanceUid });
  }

  /**
   * Takes the next study that needs a report. Studies with nothing to report, or whose newest report already
   * speaks of exactly these analyses, are closed on the way.
   */
  claimDue(
    request: StudyTiming & { readonly nowMs: number; readonly modelSha256: string; readonly bootId: string },
  ): StudyClaim | undefined {
    return this.#db.transaction(() => {
      for (const studyInstanceUid of this.studiesDue(request)) {
        const content = this.#content(studyInstanceUid, request.modelSha256);
        // Another model's report is a predecessor too: its reader must see that a newer one replaces it.
        const newest = this.#newestReport(studyInstanceUid);
        const isUpToDate =
          newest?.modelSha256 === request.modelSha256 && newest.contentSha256 === contentSha256(content);
        if (content.length > 0 && !isUpToDate) return this.#claim(studyInstanceUid, request, newest);
        this.#db
          .sql("UPDATE study SET state = 'CLOSED' WHERE studyInstanceUid = @studyInstanceUid")
          .run({ studyInstanceUid });
        this.#audit.append('STUDY_CLOSED', {
          studyInstanceUid,
          detail: content.length === 0 ? 'no image to report' : 'nothing new since the last report',
        });
      }
      return undefined;
    });
  }

  /** Every analysed, failed or quarantined image of a study, oldest first, with its analysis by this model. */
  analysesOfStudy(studyInstanceUid: string, modelSha256: string): StudyImage[] {
    return this.images(studyInstanceUid, modelSha256).filter(
      ({ instance, analysis }) => analysis !== null || isFailure(instance.disposition),
    );
  }

  /** Every image of a study, oldest first; `analysis` is the one by this model, or the newest without one given. */
  images(studyInstanceUid: string, modelSha256?: string): StudyImage[] {
    return this.#db
      .sql<InstanceRow>(
        'SELECT * FROM instance WHERE studyInstanceUid = @studyInstanceUid ORDER BY receivedAtMs, instanceId',
      )
      .all({ studyInstanceUid })
      .map((row) => this.#image(readInstance(row), modelSha256));
  }

  /**
   * One transaction: report, object, one delivery per destination, study closed (or open again, when an image
   * arrived meanwhile). `already`: this revision is there. `stale`: another claimant has the study.
   */
  commitReport(report: ReportCommit): 'committed' | 'already' | 'stale' {
    return this.#db.transaction(() => {
      const { studyInstanceUid, modelSha256, claimToken } = report.claim;
      const same = this.#db
        .sql('SELECT 1 FROM studyReport WHERE sopInstanceUid = @sopInstanceUid')
        .get({ sopInstanceUid: report.sopInstanceUid });
      if (same !== undefined) {
        this.#endClaim(studyInstanceUid, claimToken);
        return 'already';
      }
      if (!this.#endClaim(studyInstanceUid, claimToken)) return 'stale';
      const reportId = newUlid(this.#clock.nowMs());
      const named = new Set(report.instanceIds);
      const content = this.#content(studyInstanceUid, modelSha256).filter((item) =>
        named.has(item.instanceId),
      );
      this.#db
        .sql(`INSERT INTO studyReport (reportId, studyInstanceUid, modelSha256, revision, sopInstanceUid,
                predecessorSopInstanceUid, instanceIdsJson, contentSha256, createdAtMs)
              VALUES (@reportId, @studyInstanceUid, @modelSha256, @revision, @sopInstanceUid,
                @predecessorSopInstanceUid, @instanceIdsJson, @contentSha256, @createdAtMs)`)
        .run({
          reportId,
          studyInstanceUid,
          modelSha256,
          revision: report.revision,
          sopInstanceUid: report.sopInstanceUid,
          predecessorSopInstanceUid: report.predecessorSopInstanceUid ?? null,
          instanceIdsJson: JSON.stringify(report.instanceIds),
          contentSha256: contentSha256(content),
          createdAtMs: this.#clock.nowMs(),
        });
      const objectId = insertObject(
        this.#db,
        report.object,
        { studyInstanceUid, instanceId: null, reportId, modelSha256 },
        this.#clock.nowMs(),
      );
      queueObject(this.#db, { objectId, studyInstanceUid }, report.destinations, this.#clock.nowMs());
      const accession = this.#db
        .sql<{ accessionNumber: string }>(
          'SELECT accessionNumber FROM instance WHERE studyInstanceUid = @studyInstanceUid AND accessionNumber IS NOT NULL LIMIT 1',
        )
        .get({ studyInstanceUid });
      this.#audit.append('REPORT_COMMITTED', {
        studyInstanceUid,
        sopInstanceUid: report.sopInstanceUid,
        objectId,
        revision: report.revision,
        modelSha256,
        count: report.instanceIds.length,
        accessionNumber: accession?.accessionNumber,
      });
      return 'committed';
    });
  }

  /** A failed attempt to report: the study waits until `retryAtMs`, or becomes FAILED after the third. */
  failReport(
    claim: StudyClaim,
    fault: { readonly errorCode: string; readonly detail: string },
    retryAtMs: number,
  ): 'retry' | 'failed' | 'stale' {
    return this.#db.transaction(() => {
      const state = claim.attempt >= maxReportAttempts ? 'FAILED' : 'OPEN';
      const changed = this.#db
        .sql(`UPDATE study SET state = CASE WHEN generation > claimedGeneration THEN 'OPEN' ELSE @state END,
                attempts = CASE WHEN generation > claimedGeneration THEN 0 ELSE attempts END,
                nextAtMs = @retryAtMs, claimToken = NULL, bootId = NULL, lastErrorCode = @errorCode, lastError = @detail
              WHERE studyInstanceUid = @studyInstanceUid AND claimToken = @claimToken AND state = 'REPORTING'`)
        .run({
          state,
          retryAtMs: Math.trunc(retryAtMs),
          errorCode: fault.errorCode,
          detail: fault.detail,
          studyInstanceUid: claim.studyInstanceUid,
          claimToken: claim.claimToken,
        });
      if (changed === 0) return 'stale';
      this.#audit.append('REPORT_FAILED', {
        studyInstanceUid: claim.studyInstanceUid,
        attempt: claim.attempt,
        errorCode: fault.errorCode,
        detail: fault.detail,
      });
      return state === 'FAILED' ? 'failed' : 'retry';
    });
  }

  /** Ends a claim when policy says that this study gets no report. */
  closeWithoutReport(claim: StudyClaim, why: string): 'closed' | 'stale' {
    return this.#db.transaction(() => {
      if (!this.#endClaim(claim.studyInstanceUid, claim.claimToken)) return 'stale';
      this.#audit.append('STUDY_CLOSED', { studyInstanceUid: claim.studyInstanceUid, detail: why });
      return 'closed';
    });
  }

  /** An operator wants a report that failed to be tried again; false when the study is not FAILED. */
  retryFailed(studyInstanceUid: string, operator: string): boolean {
    return this.#db.transaction(() => {
      const changed = this.#db
        .sql(
          "UPDATE study SET state = 'OPEN', attempts = 0, nextAtMs = 0 WHERE studyInstanceUid = @studyInstanceUid AND state = 'FAILED'",
        )
        .run({ studyInstanceUid });
      if (changed === 1)
        this.#audit.append('OPERATOR_ACTION', { operator, action: 'report retried', studyInstanceUid });
      return changed === 1;
    });
  }

  /** An operator takes note that a report cannot be built: the study is closed without it. */
  giveUpFailed(studyInstanceUid: string, operator: string): boolean {
    return this.#db.transaction(() => {
      const changed = this.#db
        .sql(
          "UPDATE study SET state = 'CLOSED' WHERE studyInstanceUid = @studyInstanceUid AND state = 'FAILED'",
        )
        .run({ studyInstanceUid });
      if (changed === 1)
        this.#audit.append('OPERATOR_ACTION', { operator, action: 'report given up', studyInstanceUid });
      return changed === 1;
    });
  }

  /** At the start of the one worker: reports that an earlier one was building are due again at once. The attempt stays counted. */
  recoverAll(): number {
    return this.#db
      .sql(`UPDATE study SET state = CASE WHEN attempts >= ${maxReportAttempts} THEN 'FAILED' ELSE 'OPEN' END,
              claimToken = NULL, bootId = NULL, lastErrorCode = 'WORKER_LOST', lastError = 'the process ended while the report was built'
            WHERE state = 'REPORTING'`)
      .run();
  }

  #claim(
    studyInstanceUid: string,
    request: { nowMs: number; modelSha256: string; bootId: string },
    newest: NewestReport | undefined,
  ): StudyClaim {
    const claimToken = newUlid(request.nowMs);
    const row = this.#db
      .sql<StudyRow>(`UPDATE study SET state = 'REPORTING', claimToken = @claimToken, bootId = @bootId, attempts = attempts + 1,
              startedAtMs = CASE WHEN claimedGeneration = generation THEN coalesce(startedAtMs, @nowMs) ELSE @nowMs END,
              claimedGeneration = generation
            WHERE studyInstanceUid = @studyInstanceUid RETURNING *`)
      .get({ studyInstanceUid, claimToken, bootId: request.bootId, nowMs: request.nowMs });
    const claim = {
      studyInstanceUid,
      claimToken,
      attempt: row?.attempts ?? 1,
      modelSha256: request.modelSha256,
      startedAtMs: row?.startedAtMs ?? request.nowMs,
    };
    if (newest === undefined) return claim;
    const { revision, sopClassUid, sopInstanceUid, seriesInstanceUid } = newest;
    return { ...claim, predecessor: { revision, sopClassUid, sopInstanceUid, seriesInstanceUid } };
  }

  #endClaim(studyInstanceUid: string, claimToken: string): boolean {
    const changed = this.#db
      .sql(`UPDATE study SET state = CASE WHEN generation > claimedGeneration THEN 'OPEN' ELSE 'CLOSED' END,
              attempts = 0, claimToken = NULL, bootId = NULL, nextAtMs = 0, viewsComplete = 0, lastErrorCode = NULL, lastError = NULL
            WHERE studyInstanceUid = @studyInstanceUid AND claimToken = @claimToken AND state = 'REPORTING'`)
      .run({ studyInstanceUid, claimToken });
    return changed === 1;
  }

  #newestReport(studyInstanceUid: string): NewestReport | undefined {
    // A report that was encoded again for a destination keeps its place: the object it was first is named.
    return this.#db
      .sql<NewestReport>(`SELECT r.revision, r.modelSha256, r.sopInstanceUid, r.contentSha256, o.sopClassUid, o.seriesInstanceUid
            FROM studyReport r JOIN object o ON o.sopInstanceUid = r.sopInstanceUid
            WHERE r.studyInstanceUid = @studyInstanceUid ORDER BY r.revision DESC, r.createdAtMs DESC LIMIT 1`)
      .get({ studyInstanceUid });
  }

  #content(studyInstanceUid: string, modelSha256: string): ContentItem[] {
    return this.#db
      .sql<ContentItem>(`SELECT i.instanceId, coalesce(a.analysisId, i.disposition) AS mark
            FROM instance i LEFT JOIN analysis a ON a.instanceId = i.instanceId AND a.modelSha256 = @modelSha256
            WHERE i.studyInstanceUid = @studyInstanceUid AND (a.analysisId IS NOT NULL OR i.disposition IN ('failed','quarantined'))
            ORDER BY i.instanceId`)
      .all({ studyInstanceUid, modelSha256 });
  }

  /** What every model said about one image, newest first. */
  analyses(instanceId: string): StoredAnalysis[] {
    return this.#db
      .sql<AnalysisRow>('SELECT * FROM analysis WHERE instanceId = @instanceId ORDER BY analysedAtMs DESC')
      .all({ instanceId })
      .map(readAnalysis);
  }

  #image(instance: InstanceRecord, modelSha256: string | undefined): StudyImage {
    const { instanceId } = instance;
    const decision = this.#db
      .sql<DecisionRow>('SELECT * FROM decision WHERE instanceId = @instanceId')
      .get({ instanceId });
    const analysis = this.#db
      .sql<AnalysisRow>(`SELECT * FROM analysis WHERE instanceId = @instanceId AND (@modelSha256 IS NULL OR modelSha256 = @modelSha256)
            ORDER BY analysedAtMs DESC LIMIT 1`)
      .get({ instanceId, modelSha256: modelSha256 ?? null });
    const objects = this.#db
      .sql<ObjectRecord>(`SELECT * FROM object WHERE instanceId = @instanceId AND (@modelSha256 IS NULL OR modelSha256 = @modelSha256)
            ORDER BY createdAtMs, objectId`)
      .all({ instanceId, modelSha256: modelSha256 ?? null });
    return {
      instance,
      decision: decision === undefined ? null : readDecision(decision),
      analysis: analysis === undefined ? null : readAnalysis(analysis),
      objects,
    };
  }
}

/**
 * Opens the study for one more image, inside the caller's transaction. A study being reported stays so and is
 * opened again when that report is committed.
 */
export function openStudy(db: Database, studyInstanceUid: string, nowMs: number): void {
  db.sql(`INSERT INTO study (studyInstanceUid, state, openedAtMs, lastActivityMs)
          VALUES (@studyInstanceUid, 'OPEN', @nowMs, @nowMs)
          ON CONFLICT (studyInstanceUid) DO UPDATE SET
            openedAtMs = CASE WHEN state IN ('OPEN','REPORTING') THEN openedAtMs ELSE excluded.openedAtMs END,
            attempts = CASE WHEN state = 'FAILED' THEN 0 ELSE attempts END,
            state = CASE WHEN state = 'REPORTING' THEN 'REPORTING' ELSE 'OPEN' END,
            lastActivityMs = excluded.lastActivityMs, viewsComplete = 0, generation = generation + 1`).run({
    studyInstanceUid,
    nowMs,
  });
}

interface NewestReport extends StudyPredecessor {
  readonly modelSha256: string;
  readonly contentSha256: string;
}

interface ContentItem {
  readonly instanceId: string;
  /** The analysis, or the failure that stands for it. */
  readonly mark: string;
}

interface DecisionRow extends Omit<StoredDecision, 'reasons' | 'evidence'> {
  readonly instanceId: string;
  readonly reasonsJson: string;
  readonly evidenceJson: string;
}

interface AnalysisRow {
  readonly analysisId: string;
  readonly modelSha256: string;
  readonly modelId: string;
  readonly modelVersion: string;
  readonly configSha256: string;
  readonly provider: string;
  readonly outcome: StoredAnalysis['outcome'];
  readonly probabilitiesJson: string;
  readonly reasonsJson: string;
  readonly timingsJson: string;
  readonly mapPeakJson: string | null;
  readonly mapBoxJson: string | null;
  readonly notesJson: string;
  readonly record: string | null;
  readonly analysedAtMs: number;
}

function readDecision(row: DecisionRow): StoredDecision {
  return {
    verdict: row.verdict,
    dynamic: row.dynamic,
    ruleName: row.ruleName,
    ruleVersion: row.ruleVersion,
    reasons: readJson<readonly Reason[]>(row.reasonsJson, []),
    evidence: readJson<unknown>(row.evidenceJson, null),
    decidedAtMs: row.decidedAtMs,
  };
}

function readAnalysis(row: AnalysisRow): StoredAnalysis {
  const {
    analysisId,
    modelSha256,
    modelId,
    modelVersion,
    configSha256,
    provider,
    outcome,
    analysedAtMs,
    record,
  } = row;
  return {
    analysisId,
    modelSha256,
    modelId,
    modelVersion,
    configSha256,
    provider,
    outcome,
    analysedAtMs,
    probabilities: readJson<unknown>(row.probabilitiesJson, null),
    reasons: readJson<readonly Reason[]>(row.reasonsJson, []),
    timings: readJson<unknown>(row.timingsJson, null),
    mapPeak: readJson<unknown>(row.mapPeakJson, null),
    mapBox: readJson<unknown>(row.mapBoxJson, null),
    notes: readJson<unknown>(row.notesJson, null),
    ...(record === null ? {} : { record }),
  };
}

function contentSha256(content: readonly ContentItem[]): string {
  return sha256Hex(content.map((item) => `${item.instanceId}:${item.mark}`).join('\n'));
}

function isFailure(disposition: string): boolean {
  return disposition === 'failed' || disposition === 'quarantined';
}

/** The statement of `studiesDue`; exported so that a test can see its plan. */
export const dueStudies = `SELECT s.studyInstanceUid FROM study s
  WHERE s.state = 'OPEN' AND (s.nextAtMs <= @nowMs OR s.nextAtMs > @nowMs + 3600000)
    AND (s.viewsComplete = 1
      OR s.openedAtMs <= @nowMs - @hardMaxMs
      OR s.lastActivityMs > @nowMs + 60000
      OR (s.lastActivityMs <= @nowMs - @quietMs AND NOT EXISTS (
            SELECT 1 FROM instance i JOIN association a ON a.associationId = i.associationId
            WHERE i.studyInstanceUid = s.studyInstanceUid AND a.closedAtMs IS NULL)))
    AND NOT EXISTS (
      SELECT 1 FROM instance i JOIN job j ON j.instanceId = i.instanceId
      WHERE i.studyInstanceUid = s.studyInstanceUid AND j.state IN ('QUEUED','WAITING','RUNNING'))
  ORDER BY s.lastActivityMs LIMIT 50`;
