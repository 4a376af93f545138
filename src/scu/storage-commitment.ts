import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../core/clock.ts';
import { commandField } from '../dicom/command-set.ts';
import { describeRefusal } from '../dicom/refusal-sentences.ts';
import { sopClassUid, storageCommitmentPushModelInstanceUid } from '../dicom/sop-class.ts';
import { statusCode } from '../dicom/status.ts';
import {
  type CommitmentReport,
  encodeCommitmentRequest,
  parseCommitmentReport,
} from '../dicom/storage-commitment.ts';
import { transferSyntaxUid } from '../dicom/transfer-syntax.ts';
import type { Association, DimseMessage } from '../upper-layer/association.ts';
import { alertCause } from './alert-cause.ts';
import { type Destination, refusalPeer } from './destination.ts';
import type { Commitments, DeliveryEvents, StoredReference } from './ports.ts';
import { findInstance } from './queries.ts';
import { type RetrySettings, retryDelayMs } from './retry-schedule.ts';
import { refusalOf } from './store-outcome.ts';
import { associate } from './store-scu.ts';

export interface CommitmentSettings {
  readonly destination: Destination;
  /** After the request was accepted: how long the association stays open for a report on it, milliseconds. */
  readonly lingerMs: number;
  /** Age at which a missing report counts as lost and is asked for anew, milliseconds (24 h by default). */
  readonly reportDeadlineMs: number;
  /** Most objects of one transaction. */
  readonly maxObjects: number;
  readonly retry: RetrySettings;
}

export interface CommitmentPorts {
  readonly commitments: Commitments;
  readonly events: DeliveryEvents;
  readonly clock: Clock;
  readonly random: () => number;
  /** A new Transaction UID, never used before (PS3.4 J.3.2.1.1). */
  readonly newTransactionUid: () => string;
}

/** What came of one look at the objects that are stored but not committed. */
export type CommitmentRound =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'not-yet'; readonly untilMs: number }
  | { readonly kind: 'requested'; readonly transactionUid: string; readonly reported: boolean }
  | { readonly kind: 'failed'; readonly transactionUid: string; readonly detail: string }
  /** The archive has no storage commitment: stored-unverified, with a C-FIND as the weaker check. */
  | { readonly kind: 'unsupported'; readonly detail: string };

/** One context each, so that a report's encoding is known from its context id even before our request is out. */
const proposedSyntaxes = [transferSyntaxUid.explicitVrLittleEndian, transferSyntaxUid.implicitVrLittleEndian];

/** How often an archive without storage commitment is asked whether it has learnt it. */
const askAgainMs = 24 * 3_600_000;

/**
 * Storage Commitment Push Model as SCU (PS3.4 Annex J) for one destination. "Stored" is the C-STORE response,
 * "committed" only ever the archive's report. The transaction is persisted before the request leaves, so a report
 * that arrives after a crash, on whatever association, still finds it.
 */
export class CommitmentRequester {
  readonly #settings: CommitmentSettings;
  readonly #ports: CommitmentPorts;
  readonly #checked = new Set<number>();
  #failures = 0;
  #notBeforeMs = Number.NEGATIVE_INFINITY;

  constructor(settings: CommitmentSettings, ports: CommitmentPorts) {
    this.#settings = settings;
    this.#ports = ports;
  }

  /** Gives up lost reports, then asks for what is stored and in no transaction. Call it after deliveries and now and then. */
  async round(): Promise<CommitmentRound> {
    const { commitments, clock, newTransactionUid } = this.#ports;
    const { destination, maxObjects, reportDeadlineMs } = this.#settings;
    if (clock.monotonicMs() < this.#notBeforeMs) return { kind: 'not-yet', untilMs: this.#notBeforeMs };
    await commitments.expire(clock.nowMs());
    const stored = await commitments.storedWithoutCommitment(destination.name, maxObjects);
    if (stored.length === 0) return { kind: 'nothing' };
    const transactionUid = newTransactionUid();
    await commitments.open({
      transactionUid,
      destination: destination.name,
      outboxIds: stored.map((object) => object.outboxId),
      deadlineMs: clock.nowMs() + reportDeadlineMs,
    });
    const outcome = await this.#request(transactionUid, stored);
    if (outcome.kind === 'requested') {
      this.#failures = 0;
      await this.#ports.events.alertRecovered(alertCause(destination.name, 'no-commitment'));
      return outcome;
    }
    await commitments.fail(transactionUid);
    if (outcome.kind === 'unsupported') {
      this.#notBeforeMs = clock.monotonicMs() + askAgainMs;
      await this.#ports.events.alertStarted(alertCause(destination.name, 'no-commitment'), outcome.detail);
      await this.#checkPresence(stored);
      return outcome;
    }
    this.#failures++;
    this.#notBeforeMs =
      clock.monotonicMs() + retryDelayMs(this.#failures, this.#ports.random(), this.#settings.retry);
    return outcome;
  }

  async #request(transactionUid: string, stored: readonly StoredReference[]): Promise<CommitmentRound> {
    const { destination } = this.#settings;
    const peer = refusalPeer(destination);
    const reported = Promise.withResolvers<undefined>();
    let isReported = false;
    const opened = await associate(
      destination,
      proposedSyntaxes.map((syntax) => ({
        abstractSyntax: sopClassUid.storageCommitmentPushModel,
        transferSyntaxes: [syntax],
      })),
      {
        onRequest: async (message) => {
          const taken = await takeReport(message, syntaxOfContext(message.contextId), this.#ports);
          if (taken.transactionUid === transactionUid) {
            isReported = true;
            reported.resolve(undefined);
          }
          return taken.status;
        },
      },
    );
    if (!opened.ok) {
      const detail =
        opened.error.kind === 'unreadable'
          ? opened.error.detail
          : describeRefusal(refusalOf(opened.error), peer).sentence;
      return { kind: 'failed', transactionUid, detail };
    }
    const association = opened.value;
    const context = association.contextFor(sopClassUid.storageCommitmentPushModel);
    if (context === undefined) {
      await association.release(destination.timeouts.responseMs);
      return { kind: 'unsupported', detail: describeRefusal({ kind: 'context', result: 3 }, peer).sentence };
    }
    const answer = await association.request(
      context.id,
      {
        commandField: commandField.nActionRequest,
        requestedSopClassUid: sopClassUid.storageCommitmentPushModel,
        requestedSopInstanceUid: storageCommitmentPushModelInstanceUid,
        actionTypeId: 1,
      },
      encodeCommitmentRequest(transactionUid, stored, context.transferSyntax),
      { timeoutMs: destination.timeouts.responseMs },
    );
    if (!answer.ok)
      return { kind: 'failed', transactionUid, detail: `no answer to N-ACTION: ${answer.error.kind}` };
    const status = answer.value.command.status ?? statusCode.processingFailure;
    if (status !== statusCode.success) {
      await association.release(destination.timeouts.responseMs);
      const detail = describeRefusal({ kind: 'status', status }, peer).sentence;
      return isUnsupported(status)
        ? { kind: 'unsupported', detail }
        : { kind: 'failed', transactionUid, detail };
    }
    await lingerForReport(association, this.#settings.lingerMs, reported.promise);
    return { kind: 'requested', transactionUid, reported: isReported };
  }

  /** Once per object and process: the catalogue is a weaker witness, not worth asking again every day. */
  async #checkPresence(stored: readonly StoredReference[]): Promise<void> {
    for (const object of stored.filter(({ outboxId }) => !this.#checked.has(outboxId))) {
      this.#checked.add(object.outboxId);
      const presence = await findInstance(this.#settings.destination, object);
      await this.#ports.events.presenceChecked(this.#settings.destination.name, object, presence);
    }
  }
}

/**
 * Takes an N-EVENT-REPORT-RQ, whichever association it came on: the listener calls this for reports on an association
 * that the archive opened. Idempotent on the Transaction UID. `status` is what the response must carry: 0000H also for
 * a duplicate, a failure only for what cannot be read or was never asked.
 */
export async function takeReport(
  message: DimseMessage,
  contextTransferSyntaxUid: string,
  ports: Pick<CommitmentPorts, 'commitments' | 'events'>,
): Promise<{ readonly status: number; readonly transactionUid?: string }> {
  const { commandField: field, affectedSopClassUid } = message.command;
  if (field === commandField.cEchoRequest) return { status: statusCode.success };
  if (field !== commandField.nEventReportRequest) return { status: statusCode.unrecognisedOperation };
  if (affectedSopClassUid !== sopClassUid.storageCommitmentPushModel)
    return { status: statusCode.sopClassNotSupported };
  const report = parseCommitmentReport(message.command, message.dataSet, contextTransferSyntaxUid);
  if (!report.ok) return { status: statusCode.processingFailure };
  return {
    status: await commitmentReported(report.value, ports),
    transactionUid: report.value.transactionUid,
  };
}

/** Books a parsed report and returns the status to answer with (PS3.4 J.3.3.4). */
export async function commitmentReported(
  report: CommitmentReport,
  ports: Pick<CommitmentPorts, 'commitments' | 'events'>,
): Promise<number> {
  const booked = await ports.commitments.report(report);
  if (booked.kind === 'unknown') return statusCode.noSuchSopInstance;
  if (booked.kind === 'recorded' && report.failed.length > 0) {
    await ports.events.alertStarted(
      alertCause(booked.destination, 'commitment-failed'),
      describeFailures(report),
    );
  }
  return statusCode.success;
}

function describeFailures(report: CommitmentReport): string {
  const reasons = new Map<number, number>();
  for (const { failureReason } of report.failed)
    reasons.set(failureReason, (reasons.get(failureReason) ?? 0) + 1);
  const parts = [...reasons].map(
    ([reason, count]) => `${count} with reason ${reason.toString(16).toUpperCase().padStart(4, '0')}H`,
  );
  return `${report.failed.length} of ${report.failed.length + report.committed.length} objects were not committed: ${parts.join(', ')}`;
}

function isUnsupported(status: number): boolean {
  return status === 0x0118 || status === 0x0122 || status === 0x0123 || status === 0x0211;
}

async function lingerForReport(
  association: Association,
  lingerMs: number,
  reported: Promise<undefined>,
): Promise<void> {
  await Promise.race([reported, association.linger(lingerMs)]);
  // The response to the report is written after the handler has returned its status: let it go out before A-RELEASE-RQ.
  await nextTurn();
  await association.release();
}

function syntaxOfContext(contextId: number): string {
  return proposedSyntaxes[(contextId - 1) / 2] ?? transferSyntaxUid.implicitVrLittleEndian;
}
