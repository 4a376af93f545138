import type { Dynamic, Outcome, Verdict } from '../core/outcome.ts';
import type { Reason } from '../core/reasons.ts';

/** One image that waits for analysis, as the queue hands it out. */
export interface ImageJob {
  readonly jobId: string;
  readonly instanceId: string;
  /** Part 10 file in the spool. */
  readonly path: string;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly studyInstanceUid: string;
  readonly callingAeTitle: string;
  /** UTC epoch ms; kept in the row, so that a second attempt makes the same bytes. */
  readonly startedAtMs: number;
  /** Counted when the job was claimed: 1 on the first try. */
  readonly attempt: number;
  /** An operator released a held image: the filter's "unknown" no longer stops it. */
  readonly released: boolean;
}

/** One object on its way out, already encoded; the store writes it durably before anything refers to it. */
export interface NewObject {
  readonly kind: 'SR' | 'SC' | 'GSPS' | 'PM';
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly bytes: Uint8Array;
}

/** What the filter saw and decided; kept for `explain` and the audit. */
export interface FilterRecord {
  readonly verdict: Verdict;
  readonly dynamic?: Dynamic;
  readonly reasons: readonly Reason[];
  readonly evidence: unknown;
  readonly ruleVersion: string;
}

export interface AnalysisFacts {
  readonly outcome: Outcome;
  readonly probabilities: Readonly<Record<string, number>>;
  readonly reason?: Reason;
  readonly provider: string;
  readonly rejectionScores: Readonly<Record<string, number>>;
  readonly mapPeak?: { readonly x: number; readonly y: number };
  readonly notes: readonly string[];
  readonly timingsMs: Readonly<Record<string, number>>;
}

/** How an image job ended. Everything in it is written in one transaction, or nothing is. */
export interface ImageEnd {
  readonly disposition: 'analysed' | 'skipped' | 'held' | 'refused';
  readonly reasons: readonly Reason[];
  /** Absent when the file could not even be parsed. */
  readonly filter?: FilterRecord;
  /** Present when the image was in scope: it will stand in the study's report, as a result or as NO RESULT. */
  readonly analysis?: AnalysisFacts & {
    /** What the study's report needs later, without pixels (analysis-record.ts). */
    readonly record: string;
  };
  readonly identity?: QueryIdentity;
  readonly objects: readonly NewObject[];
}

/** The identifiers an administrator searches by; they live in the database only, never in a log. */
export interface QueryIdentity {
  readonly patientId: string;
  readonly patientName: string;
  readonly accessionNumber: string;
}

/** An object that is already stored and that another one refers to. */
export interface ObjectReference {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly seriesInstanceUid: string;
}

/** A study whose report is due. */
export interface StudyJob {
  readonly studyInstanceUid: string;
  readonly revision: number;
  readonly predecessor?: ObjectReference;
  /** UTC epoch ms kept with the claim, so that a second attempt makes the same bytes. */
  readonly startedAtMs: number;
  readonly images: readonly StudyImage[];
}

/** One in-scope image of a study: analysed, rejected by a gate, or lost to a technical fault. */
export interface StudyImage {
  readonly instanceId: string;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly seriesInstanceUid: string;
  /** Absent when every attempt died before an answer. */
  readonly record?: string;
  readonly reasons: readonly Reason[];
  readonly capture?: ObjectReference;
}
