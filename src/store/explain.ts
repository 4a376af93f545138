import type { AuditRow } from './audit-log.ts';
import { readAuditRow } from './audit-log.ts';
import type { Database } from './database.ts';
import type { FeedbackRecord } from './feedback.ts';
import { deliveriesOfObject, type OutboxEntry } from './outbox.ts';
import type { ObjectRecord } from './records.ts';
import type { StoredAnalysis, Studies, StudyImage } from './study.ts';

/** What to explain; `last` is the image received last. */
export type ExplainKey =
  | { readonly accessionNumber: string }
  | { readonly sopInstanceUid: string }
  | { readonly studyInstanceUid: string }
  | { readonly instanceId: string }
  | 'last';

export interface ExplainedObject {
  readonly object: ObjectRecord;
  readonly deliveries: readonly OutboxEntry[];
}

export interface ExplainedImage extends Omit<StudyImage, 'objects'> {
  readonly objects: readonly ExplainedObject[];
  /** By every model that has seen the image, newest first; `analysis` is the one that decided how the image ended. */
  readonly analyses: readonly StoredAnalysis[];
  readonly feedback: readonly FeedbackRecord[];
  readonly job: {
    readonly state: string;
    readonly attempts: number;
    readonly nextAtMs: number | null;
    readonly lastErrorCode: string | null;
    readonly lastError: string | null;
  } | null;
}

export interface ExplainedReport {
  readonly revision: number;
  readonly sopInstanceUid: string;
  readonly predecessorSopInstanceUid: string | null;
  readonly modelSha256: string;
  readonly createdAtMs: number;
  readonly instanceIds: readonly string[];
  readonly objects: readonly ExplainedObject[];
}

/** One study from arrival to delivery. `timeline` is its audit rows, oldest first. */
export interface StudyExplanation {
  readonly studyInstanceUid: string;
  readonly state: string;
  readonly lastError: string | null;
  readonly accessionNumber: string | null;
  readonly images: readonly ExplainedImage[];
  readonly reports: readonly ExplainedReport[];
  readonly timeline: readonly AuditRow[];
}

/** Where a person's question "what happened to this?" is answered from the tables alone. */
export class Explain {
  readonly #db: Database;
  readonly #studies: Studies;

  constructor(db: Database, studies: Studies) {
    this.#db = db;
    this.#studies = studies;
  }

  /** Every study that the key leads to, newest first; empty when nothing matches. */
  explain(key: ExplainKey): StudyExplanation[] {
    return this.#studyUids(key).map((uid) => this.#study(uid));
  }

  #studyUids(key: ExplainKey): string[] {
    const read = (where: string, value: string): string[] =>
      this.#db
        .sql<{ uid: string }>(
          `SELECT studyInstanceUid AS uid FROM ${where} GROUP BY uid ORDER BY max(rowid) DESC`,
        )
        .all({ value })
        .map((row) => row.uid);
    if (key === 'last') {
      const last = this.#db
        .sql<{ uid: string }>(
          'SELECT studyInstanceUid AS uid FROM instance ORDER BY receivedAtMs DESC LIMIT 1',
        )
        .get();
      return last === undefined ? [] : [last.uid];
    }
    if ('accessionNumber' in key) return read('instance WHERE accessionNumber = @value', key.accessionNumber);
    if ('instanceId' in key) return read('instance WHERE instanceId = @value', key.instanceId);
    if ('studyInstanceUid' in key) return read('study WHERE studyInstanceUid = @value', key.studyInstanceUid);
    const images = read('instance WHERE sopInstanceUid = @value', key.sopInstanceUid);
    return images.length > 0 ? images : read('object WHERE sopInstanceUid = @value', key.sopInstanceUid);
  }

  #study(studyInstanceUid: string): StudyExplanation {
    const study = this.#db
      .sql<{ state: string; lastError: string | null }>(
        'SELECT state, lastError FROM study WHERE studyInstanceUid = @studyInstanceUid',
      )
      .get({ studyInstanceUid });
    const images = this.#studies.images(studyInstanceUid).map((image) => this.#image(image));
    return {
      studyInstanceUid,
      state: study?.state ?? 'CLOSED',
      lastError: study?.lastError ?? null,
      accessionNumber:
        images.find(({ instance }) => instance.accessionNumber !== null)?.instance.accessionNumber ?? null,
      images,
      reports: this.#reports(studyInstanceUid),
      timeline: this.#timeline(studyInstanceUid),
    };
  }

  #image(image: StudyImage): ExplainedImage {
    const job = this.#db
      .sql<
        NonNullable<ExplainedImage['job']>
      >(`SELECT state, attempts, nextAtMs, lastErrorCode, lastError FROM job
            WHERE instanceId = @instanceId ORDER BY modelSha256 = '' DESC, createdAtMs DESC LIMIT 1`)
      .get({ instanceId: image.instance.instanceId });
    const { instanceId, decidedAtMs } = image.instance;
    const analyses = this.#studies.analyses(instanceId);
    return {
      ...image,
      // An image and the analysis that decided it are written in one transaction, at one time.
      analysis: analyses.find(({ analysedAtMs }) => analysedAtMs === decidedAtMs) ?? image.analysis,
      analyses,
      feedback: this.#db
        .sql<FeedbackRecord>('SELECT * FROM feedback WHERE instanceId = @instanceId ORDER BY atMs, rowid')
        .all({ instanceId }),
      job: job ?? null,
      objects: image.objects.map((object) => this.#object(object)),
    };
  }

  #reports(studyInstanceUid: string): ExplainedReport[] {
    const rows = this.#db
      .sql<Omit<ExplainedReport, 'objects' | 'instanceIds'> & { reportId: string; instanceIdsJson: string }>(
        'SELECT * FROM studyReport WHERE studyInstanceUid = @studyInstanceUid ORDER BY createdAtMs, revision',
      )
      .all({ studyInstanceUid });
    return rows.map(({ reportId, instanceIdsJson, ...row }) => ({
      revision: row.revision,
      sopInstanceUid: row.sopInstanceUid,
      predecessorSopInstanceUid: row.predecessorSopInstanceUid,
      modelSha256: row.modelSha256,
      createdAtMs: row.createdAtMs,
      instanceIds: JSON.parse(instanceIdsJson) as string[],
      objects: this.#db
        .sql<ObjectRecord>('SELECT * FROM object WHERE reportId = @reportId ORDER BY createdAtMs, objectId')
        .all({ reportId })
        .map((object) => this.#object(object)),
    }));
  }

  #object(object: ObjectRecord): ExplainedObject {
    return {
      object,
      deliveries: this.#db.sql<OutboxEntry>(deliveriesOfObject).all({ objectId: object.objectId }),
    };
  }

  #timeline(studyInstanceUid: string): AuditRow[] {
    return this.#db
      .sql<Parameters<typeof readAuditRow>[0]>(`SELECT * FROM audit WHERE studyInstanceUid = @studyInstanceUid
            OR instanceId IN (SELECT instanceId FROM instance WHERE studyInstanceUid = @studyInstanceUid)
            ORDER BY seq LIMIT 1000`)
      .all({ studyInstanceUid })
      .map(readAuditRow);
  }
}
