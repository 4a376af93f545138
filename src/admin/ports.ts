import type { EventName } from '../core/events.ts';
import type { Disposition, Dynamic, Outcome, Verdict } from '../core/outcome.ts';
import type { Reason } from '../core/reasons.ts';
import type { RefusalPeer } from '../dicom/refusal-sentences.ts';

/** One study from arrival to delivery, as the store explains it. */
export interface StudyFacts {
  readonly studyInstanceUid: string;
  /** OPEN, REPORTING, CLOSED or FAILED. */
  readonly state: string;
  readonly lastError: string | null;
  readonly accessionNumber: string | null;
  readonly images: readonly ImageFacts[];
  readonly reports: readonly ReportFacts[];
  /** The audit rows of the study, oldest first. */
  readonly timeline: readonly TimelineRow[];
}

export interface ImageFacts {
  readonly instance: {
    readonly instanceId: string;
    readonly sopInstanceUid: string;
    readonly callingAeTitle: string;
    readonly peerIp: string;
    readonly sizeBytes: number;
    readonly spoolState: 'present' | 'missing' | 'purged';
    readonly receivedAtMs: number;
    readonly disposition: Disposition;
    readonly reasons: readonly Reason[];
    readonly outcome: Outcome | null;
    readonly decidedAtMs: number | null;
    readonly duplicateCount: number;
  };
  readonly decision: {
    readonly verdict: Verdict;
    readonly dynamic: Dynamic | null;
    readonly ruleVersion: string;
    /** What the view filter saw, as it was kept; read tolerantly (explain/evidence.ts). */
    readonly evidence: unknown;
    readonly decidedAtMs: number;
  } | null;
  readonly analysis: AnalysisFacts | null;
  readonly analyses: readonly AnalysisFacts[];
  readonly job: {
    readonly state: string;
    readonly attempts: number;
    readonly nextAtMs: number | null;
    readonly lastError: string | null;
  } | null;
  readonly objects: readonly ObjectFacts[];
  readonly feedback: readonly FeedbackFacts[];
}

export interface AnalysisFacts {
  readonly modelSha256: string;
  readonly modelId: string;
  readonly modelVersion: string;
  readonly provider: string;
  readonly outcome: Outcome;
  readonly timings: unknown;
  /** The pipeline's record of the analysis (JSON text); read tolerantly. */
  readonly record?: string;
  readonly analysedAtMs: number;
}

export interface FeedbackFacts {
  readonly judgement: string;
  readonly readerClass: string | null;
  readonly comment: string | null;
  readonly operator: string;
  readonly atMs: number;
}

export interface ReportFacts {
  readonly revision: number;
  readonly sopInstanceUid: string;
  readonly predecessorSopInstanceUid: string | null;
  readonly modelSha256: string;
  readonly createdAtMs: number;
  readonly instanceIds: readonly string[];
  readonly objects: readonly ObjectFacts[];
}

export interface ObjectFacts {
  readonly object: {
    readonly objectId: string;
    readonly kind: string;
    readonly sopInstanceUid: string;
    readonly sopClassUid: string;
    readonly createdAtMs: number;
  };
  readonly deliveries: readonly DeliveryFacts[];
}

export interface DeliveryFacts {
  readonly outboxId: number;
  readonly destination: string;
  readonly state: 'WAITING' | 'SENDING' | 'STORED' | 'COMMITTED' | 'PARKED' | 'CANCELLED';
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

/** One row of the audit trail. */
export interface TimelineRow {
  readonly seq: number;
  readonly atMs: number;
  readonly event: EventName;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A destination as it is configured now. */
export interface DestinationFacts extends RefusalPeer {
  readonly deliver: 'on' | 'shadow' | 'off';
  readonly storageCommitment: 'on' | 'off';
}

export interface SenderFacts {
  readonly callingAeTitle: string;
  readonly lastImageAtMs: number;
}

/** One way in which something was turned away at the door. */
export interface DoorFacts {
  readonly callingAeTitle: string;
  readonly peerIp: string | null;
  readonly cause: string;
  readonly count: number;
  readonly lastAtMs: number;
}

/** Something unfinished, as the store lists it. */
export interface QueueFacts {
  readonly kind: 'image' | 'delivery' | 'report';
  readonly state: string;
  readonly studyInstanceUid: string;
  readonly accessionNumber: string | null;
  readonly callingAeTitle: string | null;
  readonly sinceMs: number;
  readonly attempts: number;
  readonly nextAtMs: number | null;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly instanceId?: string;
  readonly sopInstanceUid?: string;
  readonly outboxId?: number;
  readonly objectKind?: string;
  readonly destination?: string;
}

/** One row of the audit trail with its place in the chain. */
export interface AuditRowFacts extends TimelineRow {
  readonly prevSha256: string;
  readonly sha256: string;
}
