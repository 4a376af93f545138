import type { Clock } from '../core/clock.ts';
import { AlertNotices } from './alert-notices.ts';
import { Alerts } from './alerts.ts';
import { Arrivals } from './arrivals.ts';
import { AuditLog } from './audit-log.ts';
import { AuditOutbox } from './audit-outbox.ts';
import { AuditQuery } from './audit-query.ts';
import { Commitments } from './commitments.ts';
import { type Database, openDatabase, openReadOnlyDatabase } from './database.ts';
import { Explain, type ExplainKey, type StudyExplanation } from './explain.ts';
import { Feedback } from './feedback.ts';
import { Holds } from './holds.ts';
import { ImageList } from './image-list.ts';
import { Inbox } from './inbox.ts';
import { JobQueue } from './job-queue.ts';
import { Monitor } from './monitor.ts';
import { OperatorQueue } from './operator-queue.ts';
import { Outbox } from './outbox.ts';
import {
  type DayReport,
  type ImageFilter,
  type ImagePage,
  Queries,
  type SenderDrift,
  type StatusSummary,
} from './queries.ts';
import { Results } from './results.ts';
import { Retention } from './retention.ts';
import { ServiceLevel } from './service-level.ts';
import { Settings } from './settings.ts';
import { Studies } from './study.ts';

export { schemaVersion } from './migrations/migrations.ts';

export interface StoreOptions {
  readonly databasePath: string;
  readonly clock: Clock;
  /** `queue` also queues security-relevant audit rows for an audit record repository. */
  readonly atna?: 'queue' | 'off';
  /** `trusted` opens at once, for a command beside the service; absent: the file is checked first. */
  readonly integrity?: 'checked' | 'trusted';
}

/** Everything durable, on one connection. Each process opens its own; none is shared between threads. */
export interface Store {
  readonly db: Database;
  readonly settings: Settings;
  readonly audit: AuditLog;
  readonly auditOutbox: AuditOutbox;
  readonly auditQuery: AuditQuery;
  readonly inbox: Inbox;
  readonly jobs: JobQueue;
  readonly results: Results;
  readonly holds: Holds;
  readonly studies: Studies;
  readonly outbox: Outbox;
  readonly operatorQueue: OperatorQueue;
  readonly commitments: Commitments;
  readonly feedback: Feedback;
  readonly alerts: Alerts;
  readonly alertNotices: AlertNotices;
  readonly arrivals: Arrivals;
  readonly serviceLevel: ServiceLevel;
  readonly retention: Retention;
  readonly monitor: Monitor;
  readonly imageList: ImageList;
  /** The study that the key leads to; the newest, when an accession number names several. */
  explain(key: ExplainKey): StudyExplanation | undefined;
  /** Every study that the key leads to, newest first. */
  explainAll(key: ExplainKey): StudyExplanation[];
  images(filter: ImageFilter): ImagePage;
  dayReport(fromMs: number, toMs: number): DayReport;
  statusSummary(): StatusSummary;
  drift(fromMs: number, toMs: number): SenderDrift[];
  close(): void;
}

/** What a process that only looks may use. */
export type ReadOnlyStore = Pick<
  Store,
  | 'db'
  | 'arrivals'
  | 'auditQuery'
  | 'serviceLevel'
  | 'monitor'
  | 'imageList'
  | 'explain'
  | 'explainAll'
  | 'images'
  | 'dayReport'
  | 'statusSummary'
  | 'drift'
  | 'close'
> & {
  readonly settings: Pick<Settings, 'get'>;
  readonly audit: Pick<AuditLog, 'head' | 'verify' | 'row' | 'rowsAfter'>;
  readonly inbox: Pick<Inbox, 'instance'>;
  readonly jobs: Pick<JobQueue, 'depth'>;
  readonly holds: Pick<Holds, 'held'>;
  readonly studies: Pick<Studies, 'studiesDue' | 'nextDueAtMs' | 'analysesOfStudy' | 'images'>;
  readonly outbox: Pick<Outbox, 'list' | 'counts' | 'standing' | 'destinations' | 'nextDueAtMs'>;
  readonly operatorQueue: Pick<OperatorQueue, 'items'>;
  readonly commitments: Pick<Commitments, 'storedWithoutCommitment'>;
  readonly feedback: Pick<Feedback, 'of' | 'agreement'>;
  readonly alerts: Pick<Alerts, 'active' | 'history'>;
  readonly retention: Pick<Retention, 'plan'>;
};

/** Opens, migrates and checks the database. Throws NodeError (STORE_*); the service must not start then. */
export function openStore(options: StoreOptions): Store {
  return join(openDatabase(options.databasePath, options.integrity), options);
}

/** For the read commands: never writes, works beside a running service. NOT_FOUND when there is no database. */
export function openReadOnlyStore(options: StoreOptions): ReadOnlyStore {
  return join(openReadOnlyDatabase(options.databasePath), options);
}

/**
 * The machine's clock. `monotonicMs` is CLOCK_MONOTONIC, which all processes of one boot share, unlike
 * `performance.now()`; leases that one process takes and another judges need that.
 */
export const hostClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => Number(process.hrtime.bigint() / 1_000_000n),
};

function join(db: Database, { clock, atna = 'off' }: StoreOptions): Store {
  const audit = new AuditLog(db, clock, atna);
  const studies = new Studies(db, audit, clock);
  const holds = new Holds(db, audit, clock);
  const outbox = new Outbox(db, audit, clock);
  const explain = new Explain(db, studies);
  const queries = new Queries(db);
  return {
    db,
    audit,
    studies,
    settings: new Settings(db),
    auditOutbox: new AuditOutbox(db),
    auditQuery: new AuditQuery(db),
    inbox: new Inbox(db, audit, clock),
    jobs: new JobQueue(db, audit, clock),
    results: new Results(db, audit, clock),
    holds,
    outbox,
    operatorQueue: new OperatorQueue(db, audit, clock, { holds, outbox, studies }),
    commitments: new Commitments(db, audit, clock),
    feedback: new Feedback(db, audit, clock),
    alerts: new Alerts(db, audit, clock),
    alertNotices: new AlertNotices(db),
    arrivals: new Arrivals(db),
    serviceLevel: new ServiceLevel(db),
    retention: new Retention(db, audit, holds),
    monitor: new Monitor(db),
    imageList: new ImageList(db),
    explain: (key) => explain.explain(key)[0],
    explainAll: (key) => explain.explain(key),
    images: (filter) => queries.images(filter),
    dayReport: (fromMs, toMs) => queries.dayReport(fromMs, toMs),
    statusSummary: () => queries.statusSummary(clock.nowMs()),
    drift: (fromMs, toMs) => queries.drift(fromMs, toMs),
    close: () => db.close(),
  };
}
