import { NodeError } from '../core/errors.ts';
import type { Database } from './database.ts';
import type { ObjectInput } from './records.ts';

interface ObjectOwner {
  readonly studyInstanceUid: string;
  readonly instanceId: string | null;
  readonly reportId: string | null;
  readonly modelSha256: string;
}

/**
 * Records a result object inside the caller's transaction and returns its id: the new one, or that of the same
 * object recorded before. A known UID with other bytes is a fault of the program, because a PACS that holds the
 * first would keep it (PS3.5 B.2, results.md section 6) - such an object needs a new UID.
 */
export function insertObject(db: Database, object: ObjectInput, owner: ObjectOwner, nowMs: number): string {
  const known = db
    .sql<{ objectId: string; sha256: string }>(
      'SELECT objectId, sha256 FROM object WHERE sopInstanceUid = @sopInstanceUid',
    )
    .get({ sopInstanceUid: object.sopInstanceUid });
  if (known !== undefined) {
    if (known.sha256 === object.sha256) return known.objectId;
    throw new NodeError(
      'BUG_INVARIANT',
      `the ${object.kind} object ${object.sopInstanceUid} was built again with other bytes`,
    );
  }
  db.sql(`INSERT INTO object (objectId, kind, sopClassUid, sopInstanceUid, seriesInstanceUid, transferSyntaxUid,
            studyInstanceUid, instanceId, reportId, modelSha256, path, sha256, sizeBytes, createdAtMs)
          VALUES (@objectId, @kind, @sopClassUid, @sopInstanceUid, @seriesInstanceUid, @transferSyntaxUid,
            @studyInstanceUid, @instanceId, @reportId, @modelSha256, @path, @sha256, @sizeBytes, @nowMs)`).run(
    {
      ...object,
      ...owner,
      nowMs,
    },
  );
  return object.objectId;
}

/** One delivery per destination, inside the caller's transaction; those that exist stay as they are. */
export function queueObject(
  db: Database,
  object: { readonly objectId: string; readonly studyInstanceUid: string },
  destinations: readonly string[],
  nowMs: number,
): void {
  for (const destination of destinations) {
    const made = db
      .sql<{
        outboxId: number;
      }>(`INSERT INTO outbox (objectId, destination, studyInstanceUid, orderKey, state, nextAtMs, changedAtMs, createdAtMs)
            VALUES (@objectId, @destination, @studyInstanceUid, 0, 'WAITING', @nowMs, @nowMs, @nowMs)
            ON CONFLICT (objectId, destination) DO NOTHING RETURNING outboxId`)
      .get({ objectId: object.objectId, studyInstanceUid: object.studyInstanceUid, destination, nowMs });
    if (made === undefined) continue;
    db.sql('UPDATE outbox SET orderKey = outboxId WHERE outboxId = @outboxId').run({
      outboxId: made.outboxId,
    });
  }
}
