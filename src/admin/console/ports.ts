import type { Disposition, Dynamic, Outcome } from '../../core/outcome.ts';
import type { Reason, ReasonCode } from '../../core/reasons.ts';
import type { EventName } from '../../core/events.ts';
import type { DriftFinding } from '../drift/drift.ts';
import type { Explanation } from '../explain/explanation.ts';
import type { NeverSeen } from '../explain/never-seen.ts';
import type { Readings } from '../readings.ts';
import type { SiteTime } from '../site-time.ts';
import type { StatusFacts } from '../status/status-report.ts';

/** What the console asks of the node. `src/app` joins it to the store; every member reads but the three at the end. */
export interface ConsolePorts {
  readonly time: SiteTime;
  readonly site: SiteFacts;
  nowMs(): number;
  readings(): Readings;
  /** Brings the counters up to date and gives the exposition text. */
  metrics(): Promise<{ readonly text: string; readonly contentType: string }>;
  status(): Promise<StatusFacts>;
  alerts(limit: number): readonly AlertRow[];
  senders(): readonly string[];
  senderRows(): readonly SenderRow[];
  drift(): { readonly atMs: number | undefined; readonly findings: readonly DriftFinding[] };
  images(query: ImageQuery): ImageRows;
  /** The studies that a person may mean, or what is known when there are none. */
  find(what: string): FoundStudy | NeverSeen;
  image(instanceId: string): ImageFile | undefined;
  /** PNG bytes; `capture` is what the PACS got, `source` the image as it came. */
  picture(instanceId: string, what: 'capture' | 'source'): Promise<Uint8Array | undefined>;
  held(after: ImagePlace | undefined, limit: number): ImageRows & { readonly total: number };
  unfinished(limit: number): { readonly rows: readonly UnfinishedRow[]; readonly total: number };
  model(): ModelLabel | undefined;
  /** The HTML of the model package's evaluation, when it has one. */
  evaluationReport(): string | undefined;
  audit(query: AuditQuery): AuditRows;
  release(instanceId: string, decision: OperatorDecision): 'done' | 'not-held' | 'not-found';
  dismiss(instanceId: string, decision: OperatorDecision): 'done' | 'not-held' | 'not-found';
  giveFeedback(feedback: GivenFeedback): 'stored' | 'not-found';
}

export interface SiteFacts {
  readonly aeTitle: string;
  readonly version: string;
  readonly destinations: readonly string[];
  /** What kind of model runs, for the banner on every page; undefined when it is cleared for clinical use. */
  readonly researchNotice: string;
}

export interface AlertRow {
  readonly cause: string;
  readonly detail: string;
  readonly startedAtMs: number;
  readonly recoveredAtMs: number | null;
}

/** A configured sender and whether its silence is usual. */
export interface SenderRow {
  readonly aeTitle: string;
  readonly name: string;
  readonly lastImageAtMs: number | undefined;
  readonly silence: 'usual' | 'too long' | 'not known yet';
  /** `Mon-Fri 07-18`, with where it comes from. */
  readonly usualHours: string;
}

export interface ImagePlace {
  readonly receivedAtMs: number;
  readonly instanceId: string;
}

export interface ImageQuery {
  readonly disposition?: Disposition;
  readonly outcome?: Outcome;
  readonly callingAeTitle?: string;
  readonly reason?: ReasonCode;
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly after?: ImagePlace;
  readonly limit: number;
}

/** One image in a list: nothing in it names a patient. */
export interface ImageRow {
  readonly instanceId: string;
  readonly sopInstanceUid: string;
  readonly receivedAtMs: number;
  readonly callingAeTitle: string;
  readonly disposition: Disposition;
  readonly outcome: Outcome | null;
  readonly reasons: readonly Reason[];
  readonly verdict: string | null;
  readonly dynamic: Dynamic | null;
}

export interface ImageRows {
  readonly rows: readonly ImageRow[];
  readonly next?: ImagePlace;
}

export interface FoundStudy {
  readonly explanations: readonly Explanation[];
  /** Set when one image was meant and not its whole study. */
  readonly sopInstanceUid?: string;
}

/** What the page of one image shows beside its explanation. */
export interface ImageFile {
  readonly instanceId: string;
  readonly sopInstanceUid: string;
  readonly disposition: Disposition;
  readonly hasCapture: boolean;
  readonly hasSource: boolean;
  readonly isAnalysed: boolean;
  /** Classes a reader may name, as the model labels them. */
  readonly classes: readonly { readonly id: string; readonly label: string }[];
  readonly feedback: readonly {
    readonly judgement: string;
    readonly readerClass: string | null;
    readonly comment: string | null;
    readonly operator: string;
    readonly atMs: number;
  }[];
}

export interface UnfinishedRow {
  readonly what: string;
  readonly state: string;
  readonly destination: string | null;
  readonly sinceMs: number;
  readonly attempts: number;
  readonly nextAtMs: number | null;
  readonly detail: string | null;
  readonly studyInstanceUid: string;
  readonly instanceId: string | null;
}

export interface ModelLabel {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  readonly licence: string;
  readonly clinicalUse: boolean;
  readonly intendedUse: string;
  readonly notFor: readonly string[];
  readonly trainingKind: string;
  readonly trainingStatement: string;
  readonly calibration: string | undefined;
  readonly classes: readonly {
    readonly id: string;
    readonly label: string;
    readonly threshold: number | undefined;
    readonly indeterminate: readonly [number, number] | undefined;
  }[];
  /** Figures of the manifest, as they stand there; `limit` is what the package demands of itself. */
  readonly figures: readonly {
    readonly name: string;
    readonly value: number;
    readonly limit: number | undefined;
  }[];
  readonly measuredOn: string | undefined;
  readonly loaded: { readonly atMs: number; readonly provider: string } | undefined;
  readonly hasEvaluation: boolean;
}

export interface AuditPlace {
  readonly atMs: number;
  readonly seq: number;
}

export interface AuditQuery {
  readonly accessionNumber?: string;
  readonly callingAeTitle?: string;
  readonly destination?: string;
  readonly outcome?: Outcome;
  readonly reason?: ReasonCode;
  readonly event?: EventName;
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly before?: AuditPlace;
  readonly limit: number;
}

export interface AuditRows {
  readonly rows: readonly {
    readonly seq: number;
    readonly atMs: number;
    readonly event: EventName;
    readonly fields: Readonly<Record<string, unknown>>;
  }[];
  readonly next?: AuditPlace;
}

export interface OperatorDecision {
  readonly operator: string;
  readonly why: string;
}

export interface GivenFeedback {
  readonly instanceId: string;
  readonly judgement: 'agree' | 'disagree' | 'unsure';
  readonly readerClass?: string;
  readonly comment?: string;
  readonly operator: string;
}
