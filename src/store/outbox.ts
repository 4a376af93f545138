import type { Clock } from '../core/clock.ts';
import { NodeError } from '../core/errors.ts';
import { newUlid } from '../core/identifiers.ts';
import type { ReasonCode } from '../core/reasons.ts';
import type { AuditLog } from './audit-log.ts';
import { commitmentRefused } from './commitments.ts';
import type { Database } from './database.ts';
import { insertObject } from './objects.ts';
import { type ObjectInput, type ObjectRecord, writeJson } from './records.ts';

export type DeliveryState = 'WAITING' | 'SENDING' | 'STORED' | 'COMMITTED' | 'PARKED' | 'CANCELLED';

/** One object that the sender holds for one destination. `claimToken` proves it and is given back with the result. */
export interface Delivery {
  readonly outboxId: number;
  readonly claimToken: string;
  readonly attempt: number;
  readonly destination: string;
  readonly studyInstanceUid: string;
  readonly object: ObjectRecord;
}

/** What a destination said: `status` is the DIMSE status (PS3.7 C), `comment` its Error Comment (0000,0902). */
export interface DeliveryAnswer {
  readonly status?: number;
  readonly comment?: string;
  readonly reason?: ReasonCode;
  readonly error: string;
  /** The answer as a JSON value (dicom/refusal-sentences.ts); the store only keeps it. */
  readonly refusal?: unknown;
}

/** One delivery as the queue view shows it. */
export interface OutboxEntry {
  readonly outboxId: number;
  readonly objectId: string;
  readonly kind: string;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly instanceId: string | null;
  readonly destination: string;
  readonly studyInstanceUid: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly nextAtMs: number;
  readonly changedAtMs: number;
  readonly createdAtMs: number;
  readonly storedAtMs: number | null;
  readonly committedAtMs: number | null;
  readonly lastStatus: number | null;
  readonly lastReason: string | null;
  readonly lastError: string | null;
  readonly errorComment: string | null;
  readonly lastRefusalJson: string | null;
}

/** Where one destination stands. `lastError` is the newest answer among what waits or is parked there. */
export interface DestinationStanding {
  readonly destination: string;
  readonly waiting: number;
  readonly parked: number;
  readonly oldestWaitingAtMs: number | null;
  readonly stored: number;
  readonly lastError: string | null;
}

/** Which deliveries an operator means; all members together narrow it, and at least one must be given. */
export interface DeliverySelection {
  readonly destination?: string;
  readonly studyInstanceUid?: string;
  readonly outboxId?: number;
}

/**
 * What is on its way to the destinations: one row per object and destination, kept until it is stored, through
 * restarts and days of outage. Order is kept inside a study (captures before their report); between studies
 * nothing waits for anything, so one object that a destination refuses holds up no other study.
 */
export class Outbox {
  readonly #db: Database;
  readonly #audit: AuditLog;
  readonly #clock: Clock;

  constructor(db: Database, audit: AuditLog, clock: Clock) {
    this.#db = db;
    this.#audit = audit;
    this.#clock = clock;
  }

  /**
   * Takes up to `limit` due objects for one destination, oldest first, at most one per study: the next of that
   * study comes when this one is stored or parked. The attempt is counted before this returns.
   */
  claimDue(request: {
    readonly destination: string;
    readonly limit: number;
    readonly nowMs: number;
    readonly bootId: string;
  }): Delivery[] {
    return this.#db.transaction(() => {
      this.#wakeAfterClockJump(request.nowMs);
      const due = this.#db
        .sql<{ outboxId: number }>(dueDeliveries)
        .all({ destination: request.destination, nowMs: request.nowMs, limit: request.limit });
      return due.map(({ outboxId }) => this.#claim(outboxId, request));
    });
  }

  /** The destination has it (0000H, or a warning status, which also means stored: PS3.4 B.2.3). */
  markStored(delivery: Delivery, answer: { readonly status: number; readonly comment?: string }): boolean {
    return this.#end(delivery, 'STORED', { ...answer, error: '' }, 0, () => {
      this.#audit.append('OBJECT_STORED', {
        ...subject(delivery),
        dimseStatus: answer.status,
        attempt: delivery.attempt,
        detail: answer.comment,
      });
    });
  }

  /** The attempt failed and will be repeated at `nextAtMs`. */
  markWaiting(delivery: Delivery, answer: DeliveryAnswer & { readonly nextAtMs: number }): boolean {
    return this.#end(delivery, 'WAITING', answer, answer.nextAtMs, () => {
      this.#audit.append('OBJECT_WAITING', { ...subject(delivery), ...auditedAnswer(delivery, answer) });
    });
  }

  /** No repetition can help: kept, shown, and sent again only by an operator. */
  park(delivery: Delivery, answer: DeliveryAnswer): boolean {
    return this.#end(delivery, 'PARKED', answer, 0, () => {
      this.#audit.append('OBJECT_PARKED', { ...subject(delivery), ...auditedAnswer(delivery, answer) });
    });
  }

  /** Gives a delivery back untried (orderly stop, circuit breaker opened): the attempt is not counted. */
  unclaim(delivery: Delivery): boolean {
    const changed = this.#db
      .sql(`UPDATE outbox SET state = 'WAITING', attempts = attempts - 1, claimToken = NULL, bootId = NULL
            WHERE outboxId = @outboxId AND claimToken = @claimToken AND state = 'SENDING'`)
      .run({ outboxId: delivery.outboxId, claimToken: delivery.claimToken });
    return changed === 1;
  }

  /**
   * The destination does not take this class of object: the same content in another class, with its own UID,
   * takes its place in the order. Returns false when the claim is stale.
   */
  replaceObject(delivery: Delivery, object: ObjectInput, why: string): boolean {
    return this.#db.transaction(() => {
      const nowMs = this.#clock.nowMs();
      const old = this.#db
        .sql<{
          orderKey: number;
          reportId: string | null;
        }>(`SELECT x.orderKey, o.reportId FROM outbox x JOIN object o ON o.objectId = x.objectId
              WHERE x.outboxId = @outboxId AND x.claimToken = @claimToken AND x.state = 'SENDING'`)
        .get({ outboxId: delivery.outboxId, claimToken: delivery.claimToken });
      if (old === undefined) return false;
      const { studyInstanceUid, destination } = delivery;
      const { instanceId, modelSha256 } = delivery.object;
      const objectId = insertObject(
        this.#db,
        object,
        { studyInstanceUid, instanceId, reportId: old.reportId, modelSha256 },
        nowMs,
      );
      this.#db
        .sql('UPDATE object SET replacesObjectId = @replaced WHERE objectId = @objectId')
        .run({ objectId, replaced: delivery.object.objectId });
      this.#db
        .sql(`UPDATE outbox SET state = 'CANCELLED', lastError = @why, changedAtMs = @nowMs, claimToken = NULL, bootId = NULL
              WHERE outboxId = @outboxId`)
        .run({ outboxId: delivery.outboxId, why, nowMs });
      this.#db
        .sql(`INSERT INTO outbox (objectId, destination, studyInstanceUid, orderKey, state, nextAtMs, changedAtMs, createdAtMs)
              VALUES (@objectId, @destination, @studyInstanceUid, @orderKey, 'WAITING', @nowMs, @nowMs, @nowMs)
              ON CONFLICT (objectId, destination) DO NOTHING`)
        .run({ objectId, destination, studyInstanceUid, orderKey: old.orderKey, nowMs });
      this.#audit.append('OBJECT_REPLACED', {
        ...subject(delivery),
        objectId,
        sopInstanceUid: object.sopInstanceUid,
        detail: why,
      });
      return true;
    });
  }

  /** What a destination got in the place of this object, when it refused its class; `undefined` when nothing. */
  standIn(
    destination: string,
    sopInstanceUid: string,
  ): { readonly sopClassUid: string; readonly sopInstanceUid: string } | undefined {
    return this.#db
      .sql<{ sopClassUid: string; sopInstanceUid: string }>(
        `WITH RECURSIVE standIn (objectId, studyInstanceUid, depth) AS (
           SELECT objectId, studyInstanceUid, 0 FROM object WHERE sopInstanceUid = @sopInstanceUid
           UNION ALL
           SELECT o.objectId, o.studyInstanceUid, s.depth + 1 FROM standIn s
             JOIN object o ON o.studyInstanceUid = s.studyInstanceUid AND o.replacesObjectId = s.objectId
             JOIN outbox x ON x.objectId = o.objectId AND x.destination = @destination)
         SELECT o.sopClassUid, o.sopInstanceUid FROM standIn s JOIN object o ON o.objectId = s.objectId
         WHERE s.depth > 0 ORDER BY s.depth DESC LIMIT 1`,
      )
      .get({ destination, sopInstanceUid });
  }

  /** An operator has parked and waiting deliveries sent now; returns how many. */
  retry(selection: DeliverySelection, operator: string): number {
    return this.#db.transaction(() => {
      const nowMs = this.#clock.nowMs();
      const changed = this.#db
        .sql<{ objectId: string; destination: string; studyInstanceUid: string }>(
          `UPDATE outbox AS x SET state = 'WAITING', nextAtMs = @nowMs, changedAtMs = @nowMs, attempts = CASE state WHEN 'PARKED' THEN 0 ELSE attempts END
              WHERE state IN ('WAITING','PARKED') AND ${selected} RETURNING objectId, destination, studyInstanceUid`,
        )
        .all({ ...selectionParameters(selection), nowMs });
      const [only] = changed;
      const about = selection.outboxId === undefined ? selectionFields(selection) : only;
      if (changed.length > 0)
        this.#audit.append('OPERATOR_RESENT', { ...about, operator, count: changed.length });
      return changed.length;
    });
  }

  /**
   * Gives up waiting or parked deliveries (an operator), or the one being sent when it is named by its number (shadow
   * mode, which claims an object and sends nothing); returns how many.
   */
  cancel(selection: DeliverySelection, operator: string): number {
    return this.#db.transaction(() => {
      const rows = this.#db
        .sql<OutboxEntry>(
          `${selectEntry} WHERE (x.state IN ('WAITING','PARKED') OR (x.state = 'SENDING' AND x.outboxId = @outboxId)) AND ${selected}`,
        )
        .all(selectionParameters(selection));
      for (const row of rows) {
        this.#db
          .sql("UPDATE outbox SET state = 'CANCELLED', changedAtMs = @nowMs WHERE outboxId = @outboxId")
          .run({ outboxId: row.outboxId, nowMs: this.#clock.nowMs() });
        this.#audit.append('DELIVERY_CANCELLED', {
          objectId: row.objectId,
          objectKind: row.kind,
          sopInstanceUid: row.sopInstanceUid,
          studyInstanceUid: row.studyInstanceUid,
          destination: row.destination,
          operator,
        });
      }
      return rows.length;
    });
  }

  /** Deliveries for the queue view, newest first. */
  list(
    filter: DeliverySelection & {
      readonly state?: DeliveryState;
      readonly limit: number;
      readonly offset: number;
    },
  ): OutboxEntry[] {
    return this.#db
      .sql<OutboxEntry>(
        `${selectEntry} WHERE (@state IS NULL OR x.state = @state) AND ${selected} ORDER BY x.outboxId DESC LIMIT @limit OFFSET @offset`,
      )
      .all({
        ...selectionParameters(filter),
        state: filter.state ?? null,
        limit: filter.limit,
        offset: filter.offset,
      });
  }

  /** Every destination that has deliveries not yet stored. */
  destinations(): string[] {
    return this.#db
      .sql<{ destination: string }>(
        "SELECT DISTINCT destination FROM outbox WHERE state IN ('WAITING','SENDING') ORDER BY destination",
      )
      .all()
      .map((row) => row.destination);
  }

  /** How many deliveries stand in each state per destination, and since when the oldest. */
  counts(): {
    readonly destination: string;
    readonly state: DeliveryState;
    readonly count: number;
    readonly oldestAtMs: number;
  }[] {
    return this.#db
      .sql<{ destination: string; state: DeliveryState; count: number; oldestAtMs: number }>(
        'SELECT destination, state, count(*) AS count, min(createdAtMs) AS oldestAtMs FROM outbox GROUP BY destination, state ORDER BY destination, state',
      )
      .all();
  }

  /** Deliveries of this destination that only a person moves on: refused by it, or missing there by its own report. */
  parked(destination: string): { readonly refused: number; readonly uncommitted: number } {
    const counted = this.#db
      .sql<{ refused: number; uncommitted: number }>(
        `SELECT count(*) FILTER (WHERE lastError IS NOT @commitmentRefused) AS refused,
                count(*) FILTER (WHERE lastError IS @commitmentRefused) AS uncommitted
         FROM outbox WHERE destination = @destination AND state = 'PARKED'`,
      )
      .get({ destination, commitmentRefused });
    return counted ?? { refused: 0, uncommitted: 0 };
  }

  /**
   * What is on its way to each destination and what it stored since then. Counts only what is unfinished and what is
   * recent, so that years of history cost nothing.
   */
  standing(sinceMs: number): DestinationStanding[] {
    return this.#db.sql<DestinationStanding>(destinationStandings).all({ sinceMs: Math.trunc(sinceMs) });
  }

  /**
   * When the next delivery for this destination is due, or `undefined` when none waits. One that stands behind an
   * earlier object of its study does not count: it becomes due when that one ends.
   */
  nextDueAtMs(destination: string): number | undefined {
    const at = this.#db
      .sql<{ at: number | null }>(
        `SELECT min(x.nextAtMs) AS at FROM outbox x WHERE x.destination = @destination AND x.state = 'WAITING' AND ${nothingEarlier}`,
      )
      .get({ destination })?.at;
    return at ?? undefined;
  }

  /** At start: what an earlier run was sending has an unknown fate; the same UID and bytes are sent again at once. */
  recoverAfterStart(bootId: string): number {
    return this.#db.sql(`${recover} AND bootId <> @bootId`).run({ nowMs: this.#clock.nowMs(), bootId });
  }

  /** After the sender died: everything it was sending is due again at once. */
  recoverAll(): number {
    return this.#db.sql(recover).run({ nowMs: this.#clock.nowMs() });
  }

  #wakeAfterClockJump(nowMs: number): void {
    // A clock that stands before the moment a delay was decided has jumped back: such a delay is void.
    this.#db
      .sql(
        "UPDATE outbox SET nextAtMs = @nowMs, changedAtMs = @nowMs WHERE state = 'WAITING' AND changedAtMs > @nowMs",
      )
      .run({ nowMs });
  }

  #claim(outboxId: number, request: { destination: string; nowMs: number; bootId: string }): Delivery {
    const claimToken = newUlid(request.nowMs);
    this.#db
      .sql(
        "UPDATE outbox SET state = 'SENDING', attempts = attempts + 1, claimToken = @claimToken, bootId = @bootId WHERE outboxId = @outboxId",
      )
      .run({ outboxId, claimToken, bootId: request.bootId });
    const row = this.#db
      .sql<ObjectRecord & { attempts: number }>(
        'SELECT o.*, x.attempts FROM outbox x JOIN object o ON o.objectId = x.objectId WHERE x.outboxId = @outboxId',
      )
      .get({ outboxId });
    if (row === undefined) throw new NodeError('BUG_INVARIANT', `delivery ${outboxId} has no object`);
    const { attempts, ...object } = row;
    return {
      outboxId,
      claimToken,
      attempt: attempts,
      destination: request.destination,
      studyInstanceUid: object.studyInstanceUid,
      object,
    };
  }

  #end(
    delivery: Delivery,
    state: 'STORED' | 'WAITING' | 'PARKED',
    answer: DeliveryAnswer,
    nextAtMs: number,
    audit: () => void,
  ): boolean {
    return this.#db.transaction(() => {
      const nowMs = this.#clock.nowMs();
      const changed = this.#db
        .sql(`UPDATE outbox SET state = @state, nextAtMs = @nextAtMs, changedAtMs = @nowMs, claimToken = NULL, bootId = NULL,
                lastStatus = @status, lastReason = @reason, lastError = @error, errorComment = @comment,
                lastRefusalJson = @refusalJson,
                storedAtMs = CASE @state WHEN 'STORED' THEN @nowMs ELSE storedAtMs END
              WHERE outboxId = @outboxId AND claimToken = @claimToken AND state = 'SENDING'`)
        .run({
          state,
          nextAtMs: Math.trunc(nextAtMs),
          nowMs,
          status: answer.status ?? null,
          reason: answer.reason ?? null,
          error: answer.error === '' ? null : answer.error,
          comment: answer.comment ?? null,
          refusalJson: writeJson(answer.refusal),
          outboxId: delivery.outboxId,
          claimToken: delivery.claimToken,
        });
      if (changed === 0) return false;
      audit();
      return true;
    });
  }
}

const nothingEarlier = `NOT EXISTS (
  SELECT 1 FROM outbox earlier
  WHERE earlier.destination = x.destination AND earlier.studyInstanceUid = x.studyInstanceUid
    AND earlier.state IN ('WAITING','SENDING') AND earlier.orderKey < x.orderKey)`;

/** The statement of `claimDue`; exported so that a test can see its plan. */
export const dueDeliveries = `SELECT x.outboxId FROM outbox x
  WHERE x.destination = @destination AND x.state = 'WAITING' AND x.nextAtMs <= @nowMs AND ${nothingEarlier}
  ORDER BY x.orderKey LIMIT @limit`;

/** The statement of `standing`; exported so that a test can see its plan. */
export const destinationStandings = `WITH unsent AS (
    SELECT destination, state, createdAtMs, changedAtMs, lastError FROM outbox WHERE state = 'WAITING'
    UNION ALL SELECT destination, state, createdAtMs, changedAtMs, lastError FROM outbox WHERE state = 'SENDING'
    UNION ALL SELECT destination, state, createdAtMs, changedAtMs, lastError FROM outbox WHERE state = 'PARKED'),
  stored AS (
    SELECT x.destination, count(*) AS n FROM object o CROSS JOIN outbox x ON x.objectId = o.objectId
    WHERE o.createdAtMs >= @sinceMs AND x.storedAtMs IS NOT NULL GROUP BY x.destination)
  SELECT name.destination,
    (SELECT count(*) FROM unsent u WHERE u.destination = name.destination AND u.state <> 'PARKED') AS waiting,
    (SELECT count(*) FROM unsent u WHERE u.destination = name.destination AND u.state = 'PARKED') AS parked,
    (SELECT min(createdAtMs) FROM unsent u WHERE u.destination = name.destination AND u.state <> 'PARKED') AS oldestWaitingAtMs,
    coalesce((SELECT n FROM stored s WHERE s.destination = name.destination), 0) AS stored,
    (SELECT lastError FROM unsent u WHERE u.destination = name.destination AND u.lastError IS NOT NULL
      ORDER BY changedAtMs DESC LIMIT 1) AS lastError
  FROM (SELECT destination FROM unsent UNION SELECT destination FROM stored) name ORDER BY name.destination`;

const recover = `UPDATE outbox SET state = 'WAITING', nextAtMs = @nowMs, changedAtMs = @nowMs, claimToken = NULL, bootId = NULL,
  lastError = 'the sender ended before the answer was recorded' WHERE state = 'SENDING'`;

const selectEntry = `SELECT x.outboxId, x.objectId, o.kind, o.sopClassUid, o.sopInstanceUid, o.instanceId, x.destination,
  x.studyInstanceUid, x.state, x.attempts, x.nextAtMs, x.changedAtMs, x.createdAtMs, x.storedAtMs, x.committedAtMs,
  x.lastStatus, x.lastReason, x.lastError, x.errorComment, x.lastRefusalJson
  FROM outbox x JOIN object o ON o.objectId = x.objectId`;

/** Every delivery of one object, for `explain`. */
export const deliveriesOfObject = `${selectEntry} WHERE x.objectId = @objectId ORDER BY x.outboxId`;

const selected = `(@destination IS NULL OR x.destination = @destination)
  AND (@studyInstanceUid IS NULL OR x.studyInstanceUid = @studyInstanceUid) AND (@outboxId IS NULL OR x.outboxId = @outboxId)`;

function selectionParameters(
  selection: DeliverySelection,
): Record<'destination' | 'studyInstanceUid' | 'outboxId', string | number | null> {
  return {
    destination: selection.destination ?? null,
    studyInstanceUid: selection.studyInstanceUid ?? null,
    outboxId: selection.outboxId ?? null,
  };
}

function selectionFields(selection: DeliverySelection): { destination?: string; studyInstanceUid?: string } {
  return {
    ...(selection.destination === undefined ? {} : { destination: selection.destination }),
    ...(selection.studyInstanceUid === undefined ? {} : { studyInstanceUid: selection.studyInstanceUid }),
  };
}

function subject(delivery: Delivery): {
  objectId: string;
  objectKind: string;
  sopInstanceUid: string;
  studyInstanceUid: string;
  destination: string;
} {
  return {
    objectId: delivery.object.objectId,
    objectKind: delivery.object.kind,
    sopInstanceUid: delivery.object.sopInstanceUid,
    studyInstanceUid: delivery.studyInstanceUid,
    destination: delivery.destination,
  };
}

function auditedAnswer(
  delivery: Delivery,
  answer: DeliveryAnswer,
): { attempt: number; detail: string; dimseStatus?: number | undefined; reason?: ReasonCode | undefined } {
  return {
    attempt: delivery.attempt,
    detail: answer.error,
    dimseStatus: answer.status,
    reason: answer.reason,
  };
}
