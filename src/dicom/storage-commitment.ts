import { NodeError } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { CommandSet } from './command-set.ts';
import type { DataSet } from './data-set.ts';
import { readDataSet } from './part10-reader.ts';
import { writeDataSet } from './part10-writer.ts';

/** One SOP Instance by reference. */
export interface SopReference {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
}

/** The answer of an archive to one transaction (PS3.4 J.3.3, PS3.3 C.14.1). */
export interface CommitmentReport {
  readonly transactionUid: string;
  readonly committed: readonly string[];
  /** Failure Reason (0008,1197) as the archive gave it. */
  readonly failed: readonly { readonly sopInstanceUid: string; readonly failureReason: number }[];
}

/** Event Type IDs of the Storage Commitment Push Model (PS3.4 Table J.3-3): all committed, or some failed. */
const eventTypes = { successful: 1, failuresExist: 2 } as const;

/** Processing failure, for a failed item without its mandatory reason. */
const unstatedFailure = 0x0110;

/** Data set of the N-ACTION that asks for commitment (PS3.4 J.3.2, Action Type ID 1). */
export function encodeCommitmentRequest(
  transactionUid: string,
  references: readonly SopReference[],
  transferSyntaxUid: string,
): Uint8Array {
  return writeDataSet(
    {
      TransactionUID: transactionUid,
      ReferencedSOPSequence: references.map((reference) => ({
        ReferencedSOPClassUID: reference.sopClassUid,
        ReferencedSOPInstanceUID: reference.sopInstanceUid,
      })),
    },
    { transferSyntaxUid },
  );
}

/**
 * Reads an N-EVENT-REPORT-RQ of the Storage Commitment Push Model. An instance that stands in both lists counts as
 * failed, and event type 1 with failed items is read by its items: the careful reading wins.
 * Errors: DATASET_MALFORMED, DATASET_MISSING_ATTRIBUTE, and those of `readDataSet`.
 */
export function parseCommitmentReport(
  command: Pick<CommandSet, 'eventTypeId'>,
  dataSet: Uint8Array | undefined,
  transferSyntaxUid: string,
): Result<CommitmentReport, NodeError> {
  const { eventTypeId } = command;
  if (eventTypeId !== eventTypes.successful && eventTypeId !== eventTypes.failuresExist) {
    return err(
      new NodeError(
        'DATASET_MALFORMED',
        `event type ${eventTypeId ?? 'absent'} is not one of storage commitment`,
      ),
    );
  }
  if (dataSet === undefined)
    return err(new NodeError('DATASET_MISSING_ATTRIBUTE', 'the event report has no data set'));
  const read = readDataSet(dataSet, transferSyntaxUid);
  if (!read.ok) return read;
  const transactionUid = read.value.dataSet.string('TransactionUID');
  if (transactionUid === undefined) {
    return err(
      new NodeError('DATASET_MISSING_ATTRIBUTE', 'the event report has no Transaction UID (0008,1195)'),
    );
  }
  const failed = readFailed(read.value.dataSet);
  const failedUids = new Set(failed.map((item) => item.sopInstanceUid));
  const committed = references(read.value.dataSet, 'ReferencedSOPSequence').filter(
    (uid) => !failedUids.has(uid),
  );
  return ok({ transactionUid, committed, failed });
}

function readFailed(dataSet: DataSet): CommitmentReport['failed'] {
  return dataSet.sequence('FailedSOPSequence').flatMap((item) => {
    const sopInstanceUid = item.string('ReferencedSOPInstanceUID');
    if (sopInstanceUid === undefined) return [];
    return [{ sopInstanceUid, failureReason: item.number('FailureReason') ?? unstatedFailure }];
  });
}

function references(dataSet: DataSet, keyword: string): readonly string[] {
  return dataSet.sequence(keyword).flatMap((item) => item.string('ReferencedSOPInstanceUID') ?? []);
}
