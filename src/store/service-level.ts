import type { Database } from './database.ts';

/** How long results took, milliseconds, unsorted. One number per picture, and one per report and destination. */
export interface Latencies {
  /** From the durable image to the destination's answer for its capture. */
  readonly captureMs: readonly number[];
  /** From the last image that a report speaks of to the destination's answer for the report; holds the quiet time. */
  readonly reportMs: readonly number[];
}

/** What the running service last said about itself in the audit trail. */
export interface ServiceFacts {
  /** When the configuration in force was read, and which; undefined when no start is in the books. */
  readonly configuration: { readonly atMs: number; readonly sha256: string | undefined } | undefined;
  /** The last configuration that was refused, when that was after the one in force was read. */
  readonly refusedAtMs: number | undefined;
  readonly startedAtMs: number | undefined;
  readonly model:
    | { readonly atMs: number; readonly id: string; readonly sha256: string; readonly provider: string }
    | undefined;
}

/** Figures of the service for the status screen. Reads only. */
export class ServiceLevel {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Of everything stored at a destination since then. */
  latencies(sinceMs: number): Latencies {
    const span = { sinceMs: Math.trunc(sinceMs) };
    return {
      captureMs: this.#db
        .sql<{ ms: number }>(captureLatencies)
        .all(span)
        .map(({ ms }) => ms),
      reportMs: this.#db
        .sql<{ ms: number }>(reportLatencies)
        .all(span)
        .map(({ ms }) => ms),
    };
  }

  facts(): ServiceFacts {
    const started = this.#last('NODE_STARTED');
    const reloaded = this.#last('CONFIG_RELOADED');
    const refused = this.#last('CONFIG_REFUSED');
    const model = this.#last('MODEL_LOADED');
    const inForce = [started, reloaded]
      .filter((row) => row !== undefined)
      .toSorted((a, b) => b.atMs - a.atMs)[0];
    return {
      configuration:
        inForce === undefined
          ? undefined
          : { atMs: inForce.atMs, sha256: textOr(inForce.fields['configSha256'], undefined) },
      refusedAtMs: refused !== undefined && refused.atMs > (inForce?.atMs ?? 0) ? refused.atMs : undefined,
      startedAtMs: started?.atMs,
      model:
        model === undefined
          ? undefined
          : {
              atMs: model.atMs,
              id: textOr(model.fields['modelId'], ''),
              sha256: textOr(model.fields['modelSha256'], ''),
              provider: textOr(model.fields['provider'], ''),
            },
    };
  }

  #last(
    event: string,
  ): { readonly atMs: number; readonly fields: Readonly<Record<string, unknown>> } | undefined {
    const row = this.#db
      .sql<{ atMs: number; fieldsJson: string }>(
        'SELECT atMs, fieldsJson FROM audit WHERE event = @event ORDER BY atMs DESC, seq DESC LIMIT 1',
      )
      .get({ event });
    return row === undefined
      ? undefined
      : { atMs: row.atMs, fields: JSON.parse(row.fieldsJson) as Record<string, unknown> };
  }
}

// CROSS JOIN: the recent objects drive, because SQLite would rather read the whole outbox.
const captureLatencies = `SELECT x.storedAtMs - i.receivedAtMs AS ms
  FROM object o CROSS JOIN outbox x ON x.objectId = o.objectId JOIN instance i ON i.instanceId = o.instanceId
  WHERE o.createdAtMs >= @sinceMs AND o.kind = 'SC' AND x.storedAtMs IS NOT NULL`;

const reportLatencies = `SELECT x.storedAtMs - (
    SELECT max(i.receivedAtMs) FROM json_each(r.instanceIdsJson) one JOIN instance i ON i.instanceId = one.value) AS ms
  FROM object o CROSS JOIN outbox x ON x.objectId = o.objectId JOIN studyReport r ON r.reportId = o.reportId
  WHERE o.createdAtMs >= @sinceMs AND o.kind = 'SR' AND x.storedAtMs IS NOT NULL`;

function textOr<T>(value: unknown, otherwise: T): string | T {
  return typeof value === 'string' ? value : otherwise;
}
