import type { Clock } from '../core/clock.ts';
import type { AuditLog } from './audit-log.ts';
import type { Database } from './database.ts';
import type { Holds } from './holds.ts';
import type { DeliveryState, Outbox } from './outbox.ts';
import type { Studies } from './study.ts';

/** Something unfinished that an operator can act on: an image, the delivery of an object, or the report of a study. */
export type QueueItem = QueuedImage | QueuedDelivery | QueuedReport;

interface QueueItemBase {
  readonly studyInstanceUid: string;
  readonly accessionNumber: string | null;
  readonly callingAeTitle: string | null;
  readonly sinceMs: number;
  readonly attempts: number;
  readonly nextAtMs: number | null;
  readonly reason: string | null;
  /** What was seen or answered, for people. */
  readonly detail: string | null;
}

export interface QueuedImage extends QueueItemBase {
  readonly kind: 'image';
  readonly instanceId: string;
  readonly sopInstanceUid: string;
  readonly state: 'HELD' | 'SET ASIDE' | 'QUEUED' | 'IN WORK' | 'RETRYING';
}

export interface QueuedDelivery extends QueueItemBase {
  readonly kind: 'delivery';
  readonly outboxId: number;
  readonly objectId: string;
  readonly objectKind: string;
  readonly sopInstanceUid: string;
  readonly destination: string;
  readonly state: Extract<DeliveryState, 'WAITING' | 'SENDING' | 'PARKED'> | 'HELD BACK';
}

export interface QueuedReport extends QueueItemBase {
  readonly kind: 'report';
  readonly state: 'FAILED';
}

/** What an operator can have done to unfinished things. */
export const queueActions = ['retry', 'cancel', 'hold', 'release', 'dismiss'] as const;
export type QueueAction = (typeof queueActions)[number];

/** Reason code of a delivery that an operator holds back (core/reasons.ts). */
const heldBack = 'D06';

/** Items changed in one transaction, so that the listener never waits long for the write lock. */
const batchItems = 500;

/**
 * Everything unfinished, and what an operator may do about it. Each act is audited with the operator's name and
 * checks again that the item still stands as it was shown: what a process took up meanwhile is left alone.
 */
export class OperatorQueue {
  readonly #db: Database;
  readonly #audit: AuditLog;
  readonly #clock: Clock;
  readonly #parts: { readonly holds: Holds; readonly outbox: Outbox; readonly studies: Studies };

  constructor(
    db: Database,
    audit: AuditLog,
    clock: Clock,
    parts: { readonly holds: Holds; readonly outbox: Outbox; readonly studies: Studies },
  ) {
    this.#db = db;
    this.#audit = audit;
    this.#clock = clock;
    this.#parts = parts;
  }

  /** All of it, oldest first. As fast with years of history as without: only unfinished rows are read. */
  items(): QueueItem[] {
    const images = this.#db.sql<QueuedImage>(unfinishedImages).all();
    const deliveries = this.#db.sql<QueuedDelivery>(unfinishedDeliveries).all();
    const reports = this.#db.sql<QueuedReport>(failedReports).all();
    return [...images, ...deliveries, ...reports].toSorted((a, b) => a.sinceMs - b.sinceMs);
  }

  /** Does it to every item that still allows it; returns how many that were. */
  act(action: QueueAction, items: readonly QueueItem[], operator: string): number {
    let changed = 0;
    for (let start = 0; start < items.length; start += batchItems) {
      const batch = items.slice(start, start + batchItems);
      changed += this.#db.transaction(
        () => batch.filter((item) => this.#actOn(action, item, operator)).length,
      );
    }
    return changed;
  }

  #actOn(action: QueueAction, item: QueueItem, operator: string): boolean {
    switch (item.kind) {
      case 'image':
        return this.#actOnImage(action, item, operator);
      case 'delivery':
        return this.#actOnDelivery(action, item, operator);
      case 'report':
        if (action === 'retry') return this.#parts.studies.retryFailed(item.studyInstanceUid, operator);
        return action === 'dismiss' && this.#parts.studies.giveUpFailed(item.studyInstanceUid, operator);
    }
  }

  #actOnImage(action: QueueAction, { instanceId, state }: QueuedImage, operator: string): boolean {
    const { holds } = this.#parts;
    if (action === 'release') return state === 'HELD' && holds.release(instanceId, operator) === 'done';
    if (action === 'dismiss') return holds.dismiss(instanceId, operator) === 'done';
    return action === 'retry' && state === 'SET ASIDE' && holds.requeue(instanceId, operator) === 'queued';
  }

  #actOnDelivery(action: QueueAction, item: QueuedDelivery, operator: string): boolean {
    const { outbox } = this.#parts;
    const { outboxId } = item;
    switch (action) {
      case 'retry':
        return outbox.retry({ outboxId }, operator) === 1;
      case 'cancel':
        // One that is being sent cannot be called back: whether the destination has it is not known.
        return item.state !== 'SENDING' && outbox.cancel({ outboxId }, operator) === 1;
      case 'hold':
        return this.#holdBack(item, operator);
      case 'release':
        return item.state === 'HELD BACK' && outbox.retry({ outboxId }, operator) === 1;
      case 'dismiss':
        return false;
    }
  }

  #holdBack(
    { outboxId, objectId, destination, studyInstanceUid }: QueuedDelivery,
    operator: string,
  ): boolean {
    const changed = this.#db
      .sql(`UPDATE outbox SET state = 'PARKED', lastReason = '${heldBack}', lastError = @why, lastRefusalJson = NULL,
              changedAtMs = @nowMs, nextAtMs = 0 WHERE outboxId = @outboxId AND state = 'WAITING'`)
      .run({ outboxId, why: `held back by ${operator}`, nowMs: this.#clock.nowMs() });
    if (changed === 1)
      this.#audit.append('OPERATOR_ACTION', {
        operator,
        action: 'held back',
        destination,
        objectId,
        studyInstanceUid,
      });
    return changed === 1;
  }
}

/** Exported so that a test can see that no history is read. */
export const unfinishedImages = `SELECT 'image' AS kind, i.instanceId, i.sopInstanceUid, i.studyInstanceUid, i.accessionNumber,
    i.callingAeTitle, coalesce(i.decidedAtMs, i.receivedAtMs) AS sinceMs, coalesce(j.attempts, 0) AS attempts, j.nextAtMs,
    json_extract(i.reasonsJson, '$[0].code') AS reason,
    coalesce(json_extract(i.reasonsJson, '$[0].detail'), j.lastError) AS detail,
    CASE i.disposition WHEN 'held' THEN 'HELD' WHEN 'quarantined' THEN 'SET ASIDE'
      ELSE CASE j.state WHEN 'RUNNING' THEN 'IN WORK' WHEN 'WAITING' THEN 'RETRYING' ELSE 'QUEUED' END END AS state
  FROM instance i LEFT JOIN job j ON j.instanceId = i.instanceId AND j.modelSha256 = ''
  WHERE i.disposition IN ('pending','held','quarantined')`;

/** A report has no image of its own; the sender and accession number of its study's first image stand for it. */
const delivery = (
  where: string,
): string => `SELECT 'delivery' AS kind, x.outboxId, x.objectId, o.kind AS objectKind,
    o.sopInstanceUid, x.destination, x.studyInstanceUid, i.accessionNumber, i.callingAeTitle, x.createdAtMs AS sinceMs,
    x.attempts, x.nextAtMs, x.lastReason AS reason, x.lastError AS detail,
    CASE WHEN x.state = 'PARKED' AND x.lastReason = '${heldBack}' THEN 'HELD BACK' ELSE x.state END AS state
  FROM outbox x JOIN object o ON o.objectId = x.objectId
    LEFT JOIN instance i ON i.instanceId = coalesce(o.instanceId,
      (SELECT z.instanceId FROM instance z WHERE z.studyInstanceUid = x.studyInstanceUid LIMIT 1))
  WHERE ${where}`;

/** Exported so that a test can see that no history is read. */
export const unfinishedDeliveries = ['WAITING', 'SENDING', 'PARKED']
  .map((state) => delivery(`x.state = '${state}'`))
  .join(' UNION ALL ');

const failedReports = `SELECT 'report' AS kind, 'FAILED' AS state, s.studyInstanceUid, i.accessionNumber, i.callingAeTitle,
    s.lastActivityMs AS sinceMs, s.attempts, NULL AS nextAtMs, s.lastErrorCode AS reason, s.lastError AS detail
  FROM study s LEFT JOIN instance i ON i.instanceId =
    (SELECT z.instanceId FROM instance z WHERE z.studyInstanceUid = s.studyInstanceUid LIMIT 1)
  WHERE s.state = 'FAILED'`;
