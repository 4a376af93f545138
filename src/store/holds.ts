import type { Clock } from '../core/clock.ts';
import { newUlid } from '../core/identifiers.ts';
import type { AuditLog } from './audit-log.ts';
import type { Database } from './database.ts';
import { type InstanceRecord, type InstanceRow, readInstance } from './records.ts';
import { openStudy } from './study.ts';

/** Reprocessing waits behind what arrives. */
const reprocessPriority = 8;

/** What a person decides about single images: release, dismiss, analyse again. Each decision is audited by name. */
export class Holds {
  readonly #db: Database;
  readonly #audit: AuditLog;
  readonly #clock: Clock;

  constructor(db: Database, audit: AuditLog, clock: Clock) {
    this.#db = db;
    this.#audit = audit;
    this.#clock = clock;
  }

  /** The held images, oldest first. */
  held(limit: number, offset: number): InstanceRecord[] {
    return this.#db
      .sql<InstanceRow>(
        "SELECT * FROM instance WHERE disposition = 'held' ORDER BY receivedAtMs, instanceId LIMIT @limit OFFSET @offset",
      )
      .all({ limit, offset })
      .map(readInstance);
  }

  /** A held image is to be analysed although its view could not be told. */
  release(instanceId: string, operator: string, why?: string): 'done' | 'not-held' | 'not-found' {
    return this.#ifHeld(instanceId, (row) => {
      this.#enqueue(row, '', 1);
      this.#audit.append('OPERATOR_RELEASED', { ...subject(row), operator, detail: why });
    });
  }

  /**
   * A held image is out of scope: it ends as skipped with reason S16. One that was set aside after its last attempt is
   * taken note of: it ends as failed, with the reason it has.
   */
  dismiss(instanceId: string, operator: string, why?: string): 'done' | 'not-held' | 'not-found' {
    return this.#db.transaction(() => {
      const row = this.#row(instanceId);
      if (row === undefined) return 'not-found';
      if (row.disposition === 'held')
        this.#end(
          instanceId,
          'skipped',
          JSON.stringify([{ code: 'S16', detail: 'dismissed by an operator' }]),
        );
      else if (row.disposition === 'quarantined') {
        this.#end(instanceId, 'failed', row.reasonsJson);
        this.#db
          .sql("UPDATE job SET state = 'CANCELLED' WHERE instanceId = @instanceId AND state = 'QUARANTINED'")
          .run({ instanceId });
      } else return 'not-held';
      this.#audit.append('OPERATOR_DISMISSED', { ...subject(row), operator, detail: why });
      return 'done';
    });
  }

  /**
   * Has an image analysed again, by the active model or by a named one; also the way out of quarantine.
   * `pending`: it is in the queue anyway. `purged`: its file was removed by retention or lost.
   */
  requeue(
    instanceId: string,
    operator: string,
    modelSha256 = '',
  ): 'queued' | 'pending' | 'purged' | 'not-found' {
    return this.#db.transaction(() => {
      const row = this.#row(instanceId);
      if (row === undefined) return 'not-found';
      if (row.spoolState !== 'present') return 'purged';
      const unfinished = this.#db
        .sql(
          "SELECT 1 FROM job WHERE instanceId = @instanceId AND modelSha256 = @modelSha256 AND state IN ('QUEUED','WAITING','RUNNING')",
        )
        .get({ instanceId, modelSha256 });
      if (unfinished !== undefined) return 'pending';
      this.#enqueue(row, modelSha256, 0);
      this.#audit.append('OPERATOR_REQUEUED', {
        ...subject(row),
        operator,
        modelSha256: modelSha256 === '' ? undefined : modelSha256,
      });
      return 'queued';
    });
  }

  #ifHeld(instanceId: string, act: (row: InstanceRow) => void): 'done' | 'not-held' | 'not-found' {
    return this.#db.transaction(() => {
      const row = this.#row(instanceId);
      if (row === undefined) return 'not-found';
      if (row.disposition !== 'held') return 'not-held';
      act(row);
      return 'done';
    });
  }

  #end(instanceId: string, disposition: 'skipped' | 'failed', reasonsJson: string): void {
    this.#db
      .sql(
        'UPDATE instance SET disposition = @disposition, reasonsJson = @reasonsJson, decidedAtMs = @nowMs WHERE instanceId = @instanceId',
      )
      .run({ instanceId, disposition, reasonsJson, nowMs: this.#clock.nowMs() });
  }

  #row(instanceId: string): InstanceRow | undefined {
    return this.#db
      .sql<InstanceRow>('SELECT * FROM instance WHERE instanceId = @instanceId')
      .get({ instanceId });
  }

  #enqueue(row: InstanceRow, modelSha256: string, operatorReleased: 0 | 1): void {
    const nowMs = this.#clock.nowMs();
    this.#db
      .sql(`INSERT INTO job (jobId, instanceId, modelSha256, state, priority, operatorReleased, createdAtMs)
            VALUES (@jobId, @instanceId, @modelSha256, 'QUEUED', ${reprocessPriority}, @operatorReleased, @nowMs)
            ON CONFLICT (instanceId, modelSha256) DO UPDATE SET state = 'QUEUED', priority = excluded.priority, attempts = 0,
              operatorReleased = max(operatorReleased, excluded.operatorReleased), createdAtMs = excluded.createdAtMs,
              startedAtMs = NULL, finishedAtMs = NULL, nextAtMs = NULL, lastErrorCode = NULL, lastError = NULL`)
      .run({ jobId: newUlid(nowMs), instanceId: row.instanceId, modelSha256, operatorReleased, nowMs });
    if (modelSha256 !== '') return;
    this.#db
      .sql(
        "UPDATE instance SET disposition = 'pending', reasonsJson = '[]', outcome = NULL, decidedAtMs = NULL WHERE instanceId = @instanceId",
      )
      .run({ instanceId: row.instanceId });
    openStudy(this.#db, row.studyInstanceUid, nowMs);
  }
}

function subject(row: InstanceRow): { instanceId: string; sopInstanceUid: string; studyInstanceUid: string } {
  return {
    instanceId: row.instanceId,
    sopInstanceUid: row.sopInstanceUid,
    studyInstanceUid: row.studyInstanceUid,
  };
}
