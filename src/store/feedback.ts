import type { Clock } from '../core/clock.ts';
import { newUlid } from '../core/identifiers.ts';
import type { AuditLog } from './audit-log.ts';
import type { Database } from './database.ts';

export type Judgement = 'agree' | 'disagree' | 'unsure';

/** What a reader said about a result. `readerClass` is the class the reader would have given. */
export interface FeedbackInput {
  readonly instanceId: string;
  readonly judgement: Judgement;
  readonly readerClass?: string;
  readonly comment?: string;
  readonly operator: string;
}

export interface FeedbackRecord {
  readonly feedbackId: string;
  readonly instanceId: string;
  readonly judgement: Judgement;
  readonly readerClass: string | null;
  readonly comment: string | null;
  readonly operator: string;
  readonly atMs: number;
  readonly modelSha256: string | null;
}

/** Readers' judgements, kept beside the result they judge; a later one does not erase an earlier one. */
export class Feedback {
  readonly #db: Database;
  readonly #audit: AuditLog;
  readonly #clock: Clock;

  constructor(db: Database, audit: AuditLog, clock: Clock) {
    this.#db = db;
    this.#audit = audit;
    this.#clock = clock;
  }

  /** Stores a judgement of the newest analysis of an image; the comment goes to no log and no audit row. */
  give(feedback: FeedbackInput): 'stored' | 'not-found' {
    return this.#db.transaction(() => {
      const { instanceId, judgement, operator } = feedback;
      const subject = this.#db
        .sql<{ instanceId: string; sopInstanceUid: string; studyInstanceUid: string }>(
          'SELECT instanceId, sopInstanceUid, studyInstanceUid FROM instance WHERE instanceId = @instanceId',
        )
        .get({ instanceId });
      if (subject === undefined) return 'not-found';
      const nowMs = this.#clock.nowMs();
      this.#db
        .sql(`INSERT INTO feedback (feedbackId, instanceId, judgement, readerClass, comment, operator, atMs, modelSha256)
              VALUES (@feedbackId, @instanceId, @judgement, @readerClass, @comment, @operator, @nowMs,
                (SELECT modelSha256 FROM analysis WHERE instanceId = @instanceId ORDER BY analysedAtMs DESC LIMIT 1))`)
        .run({
          feedbackId: newUlid(nowMs),
          instanceId,
          judgement,
          readerClass: feedback.readerClass ?? null,
          comment: feedback.comment ?? null,
          operator,
          nowMs,
        });
      this.#audit.append('FEEDBACK_GIVEN', { ...subject, operator, action: judgement });
      return 'stored';
    });
  }

  /** All judgements of one image, oldest first. */
  of(instanceId: string): FeedbackRecord[] {
    return this.#db
      .sql<FeedbackRecord>('SELECT * FROM feedback WHERE instanceId = @instanceId ORDER BY atMs, rowid')
      .all({ instanceId });
  }

  /** How often readers agreed, per model, in a span of time. */
  agreement(
    fromMs: number,
    toMs: number,
  ): { readonly modelSha256: string | null; readonly judgement: Judgement; readonly count: number }[] {
    return this.#db
      .sql<{ modelSha256: string | null; judgement: Judgement; count: number }>(
        'SELECT modelSha256, judgement, count(*) AS count FROM feedback WHERE atMs >= @fromMs AND atMs < @toMs GROUP BY modelSha256, judgement',
      )
      .all({ fromMs, toMs });
  }
}
