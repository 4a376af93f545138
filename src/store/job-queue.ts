import type { Clock } from '../core/clock.ts';
import { NodeError } from '../core/errors.ts';
import { newUlid } from '../core/identifiers.ts';
import type { Reason } from '../core/reasons.ts';
import type { AuditLog } from './audit-log.ts';
import type { Database } from './database.ts';
import { type InstanceRecord, type InstanceRow, readInstance } from './records.ts';

/** A job is set aside after this many claims; a claim counts even when the process died in it. */
export const maxAttempts = 3;

/**
 * An image to analyse. `claimToken` proves that the holder is the newest claimant; it must be given back.
 * `modelSha256` is empty for "the active model" and names a model for reprocessing. `operatorReleased`: a person
 * has looked at the held image and wants it analysed, so an unknown view no longer holds it.
 */
export interface ClaimedJob {
  readonly jobId: string;
  readonly claimToken: string;
  readonly attempt: number;
  readonly modelSha256: string;
  readonly operatorReleased: boolean;
  readonly createdAtMs: number;
  /** When the first attempt began; the same in every attempt, so that a rerun makes byte-equal objects. */
  readonly startedAtMs: number;
  readonly instance: InstanceRecord;
}

/** What identifies a claim; a `ClaimedJob` is one. */
export type JobClaim = Pick<ClaimedJob, 'jobId' | 'claimToken'>;

export interface JobFault {
  readonly errorCode: string;
  /** Logged and shown; names no patient. */
  readonly detail: string;
  readonly reason: Reason;
}

interface JobRow {
  readonly jobId: string;
  readonly instanceId: string;
  readonly modelSha256: string;
  readonly state: string;
  readonly attempts: number;
  readonly operatorReleased: number;
  readonly claimToken: string | null;
  readonly createdAtMs: number;
  readonly startedAtMs: number | null;
  readonly lastErrorCode: string | null;
  readonly lastError: string | null;
}

/**
 * The queue of image jobs: at-least-once execution with exactly-once effect (reliability.md 4.4). Leases are
 * measured with the machine's monotonic clock and are void in another boot, so a clock jump neither frees nor
 * keeps a job. A job never leaves by itself: it ends as DONE, QUARANTINED or CANCELLED.
 */
export class JobQueue {
  readonly #db: Database;
  readonly #audit: AuditLog;
  readonly #clock: Clock;

  /** `clock.monotonicMs` must be the same clock in every process of this boot (see `hostClock`). */
  constructor(db: Database, audit: AuditLog, clock: Clock) {
    this.#db = db;
    this.#audit = audit;
    this.#clock = clock;
  }

  /**
   * Takes the next due job and counts the attempt, durably, before it returns; `undefined` when none is due. With
   * `retries: 'wait'` it gives nothing while the next job has failed before: such a job must run alone, so that what
   * killed a process once cannot take a neighbour's attempts with it.
   */
  claim(claimant: {
    readonly claimedBy: string;
    readonly bootId: string;
    readonly leaseMs: number;
    readonly retries?: 'wait';
  }): ClaimedJob | undefined {
    return this.#db.transaction(() => {
      this.#wakeDelayed();
      if (
        claimant.retries === 'wait' &&
        (this.#db.sql<{ attempts: number }>(nextAttempts).get()?.attempts ?? 0) > 0
      )
        return undefined;
      const row = this.#db.sql<JobRow>(claimNext).get({
        claimToken: newUlid(this.#clock.nowMs()),
        claimedBy: claimant.claimedBy,
        bootId: claimant.bootId,
        leaseUntilMonotonicMs: Math.trunc(this.#clock.monotonicMs() + claimant.leaseMs),
        nowMs: this.#clock.nowMs(),
      });
      return row === undefined ? undefined : this.#asClaimed(row);
    });
  }

  /**
   * When this image was first analysed by this model under this configuration: now, unless it was before. Everything
   * that an analysis writes carries this time, so that a repetition makes the same objects.
   */
  firstStart(
    job: Pick<ClaimedJob, 'startedAtMs'> & { readonly instance: Pick<InstanceRecord, 'instanceId'> },
    by: { readonly modelSha256: string; readonly configSha256: string },
  ): number {
    const key = { instanceId: job.instance.instanceId, ...by };
    return this.#db.transaction(() => {
      this.#db
        .sql(`INSERT INTO analysisStart (instanceId, modelSha256, configSha256, startedAtMs)
              VALUES (@instanceId, @modelSha256, @configSha256, @startedAtMs) ON CONFLICT DO NOTHING`)
        .run({ ...key, startedAtMs: job.startedAtMs });
      const row = this.#db
        .sql<{ startedAtMs: number }>(`SELECT startedAtMs FROM analysisStart
            WHERE instanceId = @instanceId AND modelSha256 = @modelSha256 AND configSha256 = @configSha256`)
        .get(key);
      return row?.startedAtMs ?? job.startedAtMs;
    });
  }

  /** Prolongs the lease of a running job; false when the claim is no longer this holder's. */
  heartbeat(claim: JobClaim, leaseMs: number): boolean {
    const changed = this.#db
      .sql(`UPDATE job SET leaseUntilMonotonicMs = @until
            WHERE jobId = @jobId AND claimToken = @claimToken AND state = 'RUNNING'`)
      .run({
        jobId: claim.jobId,
        claimToken: claim.claimToken,
        until: Math.trunc(this.#clock.monotonicMs() + leaseMs),
      });
    return changed === 1;
  }

  /** Ends a job that has no result to commit (results.ts ends those that have). `stale` when not this holder's. */
  complete(claim: JobClaim): 'done' | 'stale' {
    return finishJob(this.#db, claim, this.#clock.nowMs()) ? 'done' : 'stale';
  }

  /** Gives a job back untouched on an orderly stop: the attempt is not counted. */
  release(claim: JobClaim): boolean {
    const changed = this.#db
      .sql(`UPDATE job SET state = 'QUEUED', attempts = attempts - 1, claimToken = NULL, claimedBy = NULL, bootId = NULL
            WHERE jobId = @jobId AND claimToken = @claimToken AND state = 'RUNNING'`)
      .run({ jobId: claim.jobId, claimToken: claim.claimToken });
    return changed === 1;
  }

  /** Reports a failed attempt: the job waits until `retryAtMs`, or is quarantined when it was the last attempt. */
  fail(claim: JobClaim, fault: JobFault, retryAtMs: number): 'retry' | 'quarantined' | 'stale' {
    return this.#db.transaction(() => {
      const row = this.#running(claim);
      if (row === undefined) return 'stale';
      if (row.attempts >= maxAttempts) {
        this.#setAside(row, fault);
        return 'quarantined';
      }
      this.#delay(row, fault, retryAtMs);
      return 'retry';
    });
  }

  /** Sets a job aside at once, for a fault that no repetition can cure. */
  quarantine(claim: JobClaim, fault: JobFault): 'quarantined' | 'stale' {
    return this.#db.transaction(() => {
      const row = this.#running(claim);
      if (row === undefined) return 'stale';
      this.#setAside(row, fault);
      return 'quarantined';
    });
  }

  /** At start: everything an earlier run of the service left RUNNING goes back to the queue at once. */
  recoverAfterStart(bootId: string): { readonly requeued: number; readonly quarantined: number } {
    return this.#recover("state = 'RUNNING' AND bootId <> @bootId", { bootId });
  }

  /** After a worker died: its running jobs go back to the queue (or aside, when it was their last attempt). */
  recoverClaimant(claimedBy: string): { readonly requeued: number; readonly quarantined: number } {
    return this.#recover("state = 'RUNNING' AND claimedBy = @claimedBy", { claimedBy });
  }

  /** The safety net: jobs whose lease ran out on the monotonic clock of this boot. */
  recoverExpiredLeases(bootId: string): { readonly requeued: number; readonly quarantined: number } {
    return this.#recover("state = 'RUNNING' AND bootId = @bootId AND leaseUntilMonotonicMs < @monotonicMs", {
      bootId,
      monotonicMs: Math.trunc(this.#clock.monotonicMs()),
    });
  }

  /** How many jobs stand in each state, and since when the oldest unfinished one waits. */
  depth(): {
    readonly queued: number;
    readonly waiting: number;
    readonly running: number;
    readonly quarantined: number;
    readonly oldestAtMs: number | null;
  } {
    const count = (state: string): number =>
      this.#db.sql<{ n: number }>(`SELECT count(*) AS n FROM job WHERE state = '${state}'`).get()?.n ?? 0;
    const oldest = this.#db
      .sql<{ at: number | null }>(`SELECT min(createdAtMs) AS at FROM (
          SELECT createdAtMs FROM (SELECT createdAtMs FROM job WHERE state = 'QUEUED' ORDER BY priority, jobId LIMIT 1)
          UNION ALL SELECT createdAtMs FROM job WHERE state = 'WAITING'
          UNION ALL SELECT createdAtMs FROM job WHERE state = 'RUNNING')`)
      .get();
    return {
      queued: count('QUEUED'),
      waiting: count('WAITING'),
      running: count('RUNNING'),
      quarantined: count('QUARANTINED'),
      oldestAtMs: oldest?.at ?? null,
    };
  }

  #wakeDelayed(): void {
    // A clock that stands before the moment a delay was decided has jumped back: such a delay is void.
    this.#db
      .sql(
        "UPDATE job SET state = 'QUEUED' WHERE state = 'WAITING' AND (nextAtMs <= @nowMs OR delayedAtMs > @nowMs)",
      )
      .run({ nowMs: this.#clock.nowMs() });
  }

  #running(claim: JobClaim): JobRow | undefined {
    return this.#db
      .sql<JobRow>(
        "SELECT * FROM job WHERE jobId = @jobId AND claimToken = @claimToken AND state = 'RUNNING'",
      )
      .get({ jobId: claim.jobId, claimToken: claim.claimToken });
  }

  #asClaimed(row: JobRow): ClaimedJob {
    const instance = this.#instance(row.instanceId);
    return {
      jobId: row.jobId,
      claimToken: row.claimToken ?? '',
      attempt: row.attempts,
      modelSha256: row.modelSha256,
      operatorReleased: row.operatorReleased === 1,
      createdAtMs: row.createdAtMs,
      startedAtMs: row.startedAtMs ?? row.createdAtMs,
      instance: readInstance(instance),
    };
  }

  #instance(instanceId: string): InstanceRow {
    const row = this.#db
      .sql<InstanceRow>('SELECT * FROM instance WHERE instanceId = @instanceId')
      .get({ instanceId });
    if (row === undefined)
      throw new NodeError('BUG_INVARIANT', `a job names the instance ${instanceId}, which does not exist`);
    return row;
  }

  #recover(
    where: string,
    parameters: Readonly<Record<string, string | number>>,
  ): { requeued: number; quarantined: number } {
    return this.#db.transaction(() => {
      let requeued = 0;
      let quarantined = 0;
      for (const row of this.#db.sql<JobRow>(`SELECT * FROM job WHERE ${where}`).all(parameters)) {
        const fault = lostFault(row);
        if (row.attempts >= maxAttempts) {
          this.#setAside(row, fault);
          quarantined += 1;
        } else {
          this.#delay(row, fault, this.#clock.nowMs());
          requeued += 1;
        }
      }
      this.#wakeDelayed();
      return { requeued, quarantined };
    });
  }

  #delay(row: JobRow, fault: JobFault, retryAtMs: number): void {
    this.#db
      .sql(`UPDATE job SET state = 'WAITING', delayedAtMs = @nowMs, nextAtMs = @nextAtMs, claimToken = NULL,
              claimedBy = NULL, bootId = NULL, lastErrorCode = @errorCode, lastError = @detail
            WHERE jobId = @jobId`)
      .run({
        jobId: row.jobId,
        nowMs: this.#clock.nowMs(),
        nextAtMs: Math.trunc(retryAtMs),
        errorCode: fault.errorCode,
        detail: fault.detail,
      });
    this.#audit.append('JOB_RETRY', {
      jobId: row.jobId,
      instanceId: row.instanceId,
      attempt: row.attempts,
      errorCode: fault.errorCode,
      detail: fault.detail,
    });
  }

  #setAside(row: JobRow, fault: JobFault): void {
    const nowMs = this.#clock.nowMs();
    this.#db
      .sql(`UPDATE job SET state = 'QUARANTINED', finishedAtMs = @nowMs, claimToken = NULL, claimedBy = NULL,
              bootId = NULL, lastErrorCode = @errorCode, lastError = @detail WHERE jobId = @jobId`)
      .run({ jobId: row.jobId, nowMs, errorCode: fault.errorCode, detail: fault.detail });
    // A second opinion by another model that failed does not change how the image ended.
    if (row.modelSha256 === '') {
      this.#db
        .sql(`UPDATE instance SET disposition = 'quarantined', outcome = 'FAILED', decidedAtMs = @nowMs, reasonsJson = @reasonsJson
              WHERE instanceId = @instanceId`)
        .run({ instanceId: row.instanceId, nowMs, reasonsJson: JSON.stringify([fault.reason]) });
    }
    const instance = this.#instance(row.instanceId);
    this.#audit.append('IMAGE_QUARANTINED', {
      instanceId: row.instanceId,
      sopInstanceUid: instance.sopInstanceUid,
      studyInstanceUid: instance.studyInstanceUid,
      callingAeTitle: instance.callingAeTitle,
      jobId: row.jobId,
      attempt: row.attempts,
      reason: fault.reason.code,
      errorCode: fault.errorCode,
      detail: fault.detail,
    });
  }
}

/** Ends the running job of this claim inside the caller's transaction; false when the claim is stale. */
export function finishJob(db: Database, claim: JobClaim, nowMs: number): boolean {
  const changed = db
    .sql(`UPDATE job SET state = 'DONE', finishedAtMs = @nowMs, claimToken = NULL, claimedBy = NULL, bootId = NULL
          WHERE jobId = @jobId AND claimToken = @claimToken AND state = 'RUNNING'`)
    .run({ jobId: claim.jobId, claimToken: claim.claimToken, nowMs });
  return changed === 1;
}

const nextAttempts = "SELECT attempts FROM job WHERE state = 'QUEUED' ORDER BY priority, jobId LIMIT 1";

/** The statement of `claim`; exported so that a test can see its plan. */
export const claimNext = `UPDATE job
  SET state = 'RUNNING', attempts = attempts + 1, claimToken = @claimToken, claimedBy = @claimedBy,
      bootId = @bootId, leaseUntilMonotonicMs = @leaseUntilMonotonicMs, startedAtMs = coalesce(startedAtMs, @nowMs)
  WHERE jobId = (SELECT jobId FROM job WHERE state = 'QUEUED' ORDER BY priority, jobId LIMIT 1)
  RETURNING *`;

/** A worker that died said nothing: what is known is that it did not finish. */
function lostFault(row: JobRow): JobFault {
  const detail =
    row.lastError === null
      ? 'the process ended during the attempt'
      : `the process ended during the attempt; before that: ${row.lastError}`;
  return {
    errorCode: 'WORKER_LOST',
    detail: detail.slice(0, 500),
    reason: { code: 'T03', detail: 'the process ended during the attempt' },
  };
}
