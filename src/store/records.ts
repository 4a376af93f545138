import type { Disposition, Dynamic, Outcome, Verdict } from '../core/outcome.ts';
import type { Reason } from '../core/reasons.ts';

/** An image that the listener has made durable and wants to acknowledge. `path` is relative or absolute, as given. */
export interface AdmitRecord {
  readonly instanceId: string;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly transferSyntaxUid: string;
  readonly callingAeTitle: string;
  readonly calledAeTitle: string;
  readonly peerIp: string;
  readonly associationId: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly path: string;
  readonly receivedAtMs: number;
}

/** An image as stored, with where it stands. */
export interface InstanceRecord extends Omit<AdmitRecord, 'associationId'> {
  readonly associationId: string | null;
  readonly spoolState: 'present' | 'missing' | 'purged';
  readonly disposition: Disposition;
  readonly reasons: readonly Reason[];
  readonly outcome: Outcome | null;
  readonly decidedAtMs: number | null;
  readonly patientId: string | null;
  readonly patientName: string | null;
  readonly accessionNumber: string | null;
  readonly duplicateCount: number;
}

/** What the view filter said about one image. `evidence` is any JSON value; it is shown by `explain`. */
export interface DecisionInput {
  readonly verdict: Verdict;
  readonly dynamic: Dynamic | null;
  readonly ruleName?: string;
  readonly ruleVersion: string;
  readonly reasons: readonly Reason[];
  readonly evidence: unknown;
}

/** What the model said about one image. The `unknown` members are JSON values that the store only keeps. */
export interface AnalysisInput {
  readonly modelSha256: string;
  readonly modelId: string;
  readonly modelVersion: string;
  readonly configSha256: string;
  readonly provider: string;
  readonly outcome: Outcome;
  readonly probabilities: unknown;
  readonly reasons: readonly Reason[];
  readonly timings: unknown;
  readonly mapPeak?: unknown;
  readonly mapBox?: unknown;
  readonly notes: unknown;
  /** What the study's report needs later, as the pipeline wrote it; the store only keeps it. */
  readonly record?: string;
}

/** Identifiers by which people look a study up; stored for queries, never logged. */
export interface PatientKey {
  readonly patientId: string | null;
  readonly patientName: string | null;
  readonly accessionNumber: string | null;
}

export type ObjectKind = 'SC' | 'SR' | 'GSPS' | 'PM';

/** A result object whose bytes are already durable at `path`. */
export interface ObjectInput {
  readonly objectId: string;
  readonly kind: ObjectKind;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly transferSyntaxUid: string;
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** A stored result object. */
export interface ObjectRecord extends ObjectInput {
  readonly studyInstanceUid: string;
  readonly instanceId: string | null;
  readonly modelSha256: string;
  readonly createdAtMs: number;
}

/** The `instance` row as SQLite gives it. */
export interface InstanceRow extends Omit<InstanceRecord, 'reasons'> {
  readonly reasonsJson: string;
}

export function readInstance(row: InstanceRow): InstanceRecord {
  const { reasonsJson, ...rest } = row;
  return { ...rest, reasons: readJson<readonly Reason[]>(reasonsJson, []) };
}

/** The JSON value of a column that this store wrote; `fallback` for NULL. */
export function readJson<T>(text: string | null, fallback: T): T {
  return text === null ? fallback : (JSON.parse(text) as T);
}

/** JSON text for a column; `null` for an absent value. */
export function writeJson(value: unknown): string | null {
  return value === undefined || value === null ? null : JSON.stringify(value);
}
