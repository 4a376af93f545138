import type { Clock } from '../core/clock.ts';
import { newUlid } from '../core/identifiers.ts';
import type { AuditLog } from './audit-log.ts';
import type { Database } from './database.ts';
import { type AdmitRecord, type InstanceRecord, type InstanceRow, readInstance } from './records.ts';
import { openStudy } from './study.ts';

/** Priority of work that arrived just now; reprocessing waits behind it. Smaller comes first. */
export const arrivalPriority = 5;

export interface AssociationRecord {
  readonly associationId: string;
  readonly callingAeTitle: string;
  readonly calledAeTitle: string;
  readonly peerIp: string;
  /** Presentation contexts that were offered and not taken, in words: for the audit row alone. */
  readonly refusals?: string;
}

/**
 * The way in: what the listener calls between the durable file and the C-STORE response. `admit` returns only
 * after the commit is on disk, so that 0000H may follow (promise P1).
 */
export class Inbox {
  readonly #db: Database;
  readonly #audit: AuditLog;
  readonly #clock: Clock;

  constructor(db: Database, audit: AuditLog, clock: Clock) {
    this.#db = db;
    this.#audit = audit;
    this.#clock = clock;
  }

  /**
   * One transaction: image, image job, study and audit row. `duplicate`: the same UID with the same bytes is
   * known, nothing is queued and the caller deletes its new file. `content-changed`: the UID is known with other
   * bytes; both are kept and the new one is processed. A resend of an image whose file was lost before it was
   * processed takes the lost file's place and is `stored`.
   */
  admit(record: AdmitRecord): 'stored' | 'duplicate' | 'content-changed' {
    return this.#db.transaction(() => {
      const known = this.#db
        .sql<{ instanceId: string; spoolState: string }>(
          'SELECT instanceId, spoolState FROM instance WHERE sopInstanceUid = @sopInstanceUid AND sha256 = @sha256',
        )
        .get({ sopInstanceUid: record.sopInstanceUid, sha256: record.sha256 });
      if (known?.spoolState === 'missing') return this.#replaceLostFile(known.instanceId, record);
      if (known !== undefined) return this.#countDuplicate(known.instanceId, record);
      const changed = this.#db
        .sql('SELECT 1 FROM instance WHERE sopInstanceUid = @sopInstanceUid LIMIT 1')
        .get({ sopInstanceUid: record.sopInstanceUid });
      this.#insert(record);
      if (changed === undefined) return 'stored';
      this.#audit.append('INSTANCE_CONTENT_CHANGED', {
        ...subject(record),
        callingAeTitle: record.callingAeTitle,
        sha256: record.sha256,
        associationId: record.associationId,
        peerIp: record.peerIp,
      });
      return 'content-changed';
    });
  }

  /** The stored image, or `undefined`. */
  instance(instanceId: string): InstanceRecord | undefined {
    const row = this.#db
      .sql<InstanceRow>('SELECT * FROM instance WHERE instanceId = @instanceId')
      .get({ instanceId });
    return row === undefined ? undefined : readInstance(row);
  }

  /** Notes an accepted association: its study stays open for more images until it is closed. */
  associationOpened({ refusals, ...association }: AssociationRecord, bootId: string): void {
    this.#db.transaction(() => {
      this.#db
        .sql(`INSERT INTO association (associationId, callingAeTitle, calledAeTitle, peerIp, bootId, openedAtMs)
              VALUES (@associationId, @callingAeTitle, @calledAeTitle, @peerIp, @bootId, @openedAtMs)
              ON CONFLICT (associationId) DO NOTHING`)
        .run({ ...association, bootId, openedAtMs: this.#clock.nowMs() });
      this.#audit.append('ASSOCIATION_OPENED', {
        ...association,
        ...(refusals === undefined ? {} : { detail: refusals }),
      });
    });
  }

  /** Notes the end of an association: `ending` is what ended it (release, abort, timeout, lost). Idempotent. */
  associationClosed(associationId: string, ending: string): void {
    this.#db.transaction(() => {
      const nowMs = this.#clock.nowMs();
      const row = this.#db
        .sql<{ callingAeTitle: string; openedAtMs: number }>(
          'SELECT callingAeTitle, openedAtMs FROM association WHERE associationId = @associationId AND closedAtMs IS NULL',
        )
        .get({ associationId });
      if (row === undefined) return;
      this.#db
        .sql(
          'UPDATE association SET closedAtMs = @nowMs, ending = @ending WHERE associationId = @associationId',
        )
        .run({ associationId, nowMs, ending });
      // The quiet time of a study begins when the association that brought its images is over.
      this.#db
        .sql(`UPDATE study SET lastActivityMs = @nowMs WHERE state = 'OPEN' AND studyInstanceUid IN
                (SELECT studyInstanceUid FROM instance WHERE associationId = @associationId)`)
        .run({ associationId, nowMs });
      const count = this.#db
        .sql<{ count: number }>('SELECT count(*) AS count FROM instance WHERE associationId = @associationId')
        .get({ associationId });
      this.#audit.append('ASSOCIATION_CLOSED', {
        associationId,
        callingAeTitle: row.callingAeTitle,
        count: count?.count ?? 0,
        detail: ending,
        durationMs: nowMs - row.openedAtMs,
      });
    });
  }

  /** At start: associations of an earlier run can no longer be open. Returns how many were closed. */
  closeAssociationsOfOtherBoots(bootId: string): number {
    return this.#db
      .sql(
        "UPDATE association SET closedAtMs = @nowMs, ending = 'lost' WHERE closedAtMs IS NULL AND bootId <> @bootId",
      )
      .run({ nowMs: this.#clock.nowMs(), bootId });
  }

  #insert(record: AdmitRecord): void {
    this.#db
      .sql(`INSERT INTO instance (instanceId, sopClassUid, sopInstanceUid, studyInstanceUid, seriesInstanceUid,
              transferSyntaxUid, callingAeTitle, calledAeTitle, peerIp, associationId, sha256, sizeBytes, path, receivedAtMs)
            VALUES (@instanceId, @sopClassUid, @sopInstanceUid, @studyInstanceUid, @seriesInstanceUid,
              @transferSyntaxUid, @callingAeTitle, @calledAeTitle, @peerIp, @associationId, @sha256, @sizeBytes, @path, @receivedAtMs)`)
      .run({ ...record });
    this.#db
      .sql(`INSERT INTO job (jobId, instanceId, state, priority, createdAtMs)
            VALUES (@jobId, @instanceId, 'QUEUED', @priority, @createdAtMs)`)
      .run({
        jobId: newUlid(record.receivedAtMs),
        instanceId: record.instanceId,
        priority: arrivalPriority,
        createdAtMs: record.receivedAtMs,
      });
    openStudy(this.#db, record.studyInstanceUid, record.receivedAtMs);
    this.#auditStored(record, record.instanceId);
  }

  #countDuplicate(instanceId: string, record: AdmitRecord): 'duplicate' {
    this.#db
      .sql('UPDATE instance SET duplicateCount = duplicateCount + 1 WHERE instanceId = @instanceId')
      .run({ instanceId });
    this.#audit.append('INSTANCE_DUPLICATE', {
      ...subject({ ...record, instanceId }),
      callingAeTitle: record.callingAeTitle,
      sha256: record.sha256,
      associationId: record.associationId,
      peerIp: record.peerIp,
    });
    return 'duplicate';
  }

  #replaceLostFile(instanceId: string, record: AdmitRecord): 'stored' {
    this.#db
      .sql("UPDATE instance SET path = @path, spoolState = 'present' WHERE instanceId = @instanceId")
      .run({ instanceId, path: record.path });
    this.#db
      .sql(`UPDATE job SET state = 'QUEUED', attempts = 0, nextAtMs = NULL, finishedAtMs = NULL
            WHERE instanceId = @instanceId AND state IN ('WAITING','QUARANTINED')`)
      .run({ instanceId });
    this.#db
      .sql(
        "UPDATE instance SET disposition = 'pending', reasonsJson = '[]' WHERE instanceId = @instanceId AND disposition = 'quarantined'",
      )
      .run({ instanceId });
    openStudy(this.#db, record.studyInstanceUid, record.receivedAtMs);
    this.#auditStored(record, instanceId);
    return 'stored';
  }

  #auditStored(record: AdmitRecord, instanceId: string): void {
    this.#audit.append('INSTANCE_STORED', {
      ...subject({ ...record, instanceId }),
      callingAeTitle: record.callingAeTitle,
      peerIp: record.peerIp,
      sopClassUid: record.sopClassUid,
      transferSyntaxUid: record.transferSyntaxUid,
      sizeBytes: record.sizeBytes,
      sha256: record.sha256,
      associationId: record.associationId,
    });
  }
}

function subject(record: Pick<AdmitRecord, 'instanceId' | 'sopInstanceUid' | 'studyInstanceUid'>): {
  instanceId: string;
  sopInstanceUid: string;
  studyInstanceUid: string;
} {
  return {
    instanceId: record.instanceId,
    sopInstanceUid: record.sopInstanceUid,
    studyInstanceUid: record.studyInstanceUid,
  };
}
