import type { Clock } from '../core/clock.ts';
import { Alerts } from './alerts.ts';
import { AuditLog } from './audit-log.ts';
import { AuditOutbox } from './audit-outbox.ts';
import { AuditQuery } from './audit-query.ts';
import { Commitments } from './commitments.ts';
import { openDatabase, openReadOnlyDatabase, type Database } from './database.ts';
import { Explain } from './explain.ts';
import { Feedback } from './feedback.ts';
import { Holds } from './holds.ts';
import { Inbox } from './inbox.ts';
import { JobQueue } from './job-queue.ts';
import { Outbox } from './outbox.ts';
import { Queries } from './queries.ts';
import { Results } from './results.ts';
import { Retention } from './retention.ts';
import { Settings } from './settings.ts';
import { Studies } from './study.ts';

export interface StoreOptions {
  readonly databasePath: string;
  readonly clock: Clock;
  /** `queue` also queues security-relevant audit rows for an audit record repository. */
  readonly atna?: 'queue' | 'off';
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
  readonly commitments: Commitments;
  readonly feedback: Feedback;
  readonly alerts: Alerts;
  readonly queries: Queries;
  readonly explain: Explain;
  readonly retention: Retention;
  close(): void;
}

/** Opens, migrates and checks the database. Throws NodeError (STORE_*); the service must not start then. */
export function openStore(options: StoreOptions): Store {
  return join(openDatabase(options.databasePath), options);
}

/** For the read commands: never writes, works beside a running service. NOT_FOUND when there is no database. */
export function openReadOnlyStore(options: StoreOptions): Store {
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
    holds: new Holds(db, audit, clock),
    outbox: new Outbox(db, audit, clock),
    commitments: new Commitments(db, audit, clock),
    feedback: new Feedback(db, audit, clock),
    alerts: new Alerts(db, audit, clock),
    queries: new Queries(db),
    explain: new Explain(db, studies),
    retention: new Retention(db, audit),
    close: () => db.close(),
  };
}
