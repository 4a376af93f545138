import { asNodeError, NodeError } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';
import { type CommandSet, responseTo } from '../dicom/command-set.ts';
import type { DataSet } from '../dicom/data-set.ts';
import { readDataSet } from '../dicom/part10-reader.ts';
import { statusCode } from '../dicom/status.ts';
import { parseUid } from '../dicom/uid.ts';
import type { AcceptorAssociation, NegotiatedContext } from '../upper-layer/acceptor.ts';
import type { DataSetSink } from '../upper-layer/message-reader.ts';
import type { CommitmentReceiver, CommitmentReport } from './ports.ts';

/** 10,000 references of two UIDs each are below 2 MiB. */
const maxReportBytes = 2 * 1024 * 1024;
const noSuchEventType = 0x0113;
const invalidArgumentValue = 0x0115;

/**
 * Storage Commitment result: N-EVENT-REPORT that an archive sends on an association of its own (PS3.4 J.3.3). Answers
 * 0000H after the report is in the books, 0113H for an event type other than 1 or 2, 0115H for one that cannot be read.
 */
export function receiveCommitmentReport(
  association: AcceptorAssociation,
  context: NegotiatedContext,
  command: CommandSet,
  receiver: CommitmentReceiver,
): DataSetSink {
  const parts: Buffer[] = [];
  let length = 0;
  const answer = (status: number) => association.respond(context.id, responseTo(command, status));
  return {
    write: (bytes) => {
      length += bytes.length;
      if (length > maxReportBytes) association.abort('a Storage Commitment report of more than 2 MiB');
      else parts.push(bytes);
    },
    end: () => {
      association.waitForAnswer();
      const { eventTypeId } = command;
      if (eventTypeId !== 1 && eventTypeId !== 2) {
        answer(noSuchEventType);
        return;
      }
      const report = parseCommitmentReport(Buffer.concat(parts), context.transferSyntax, eventTypeId);
      if (!report.ok) {
        answer(invalidArgumentValue);
        return;
      }
      receiver.report(report.value).then(
        () => answer(statusCode.success),
        (error: unknown) => association.abortInternal(asNodeError(error)),
      );
    },
    discard: () => undefined,
  };
}

/** Event Information of PS3.4 Table J.3-3. Error: DATASET_* when it is not a legal report. */
export function parseCommitmentReport(
  bytes: Buffer,
  transferSyntaxUid: string,
  eventTypeId: 1 | 2,
): Result<CommitmentReport, NodeError> {
  const parsed = readDataSet(bytes, transferSyntaxUid);
  if (!parsed.ok) return parsed;
  const { dataSet } = parsed.value;
  const transactionUid = parseUid(dataSet.string('TransactionUID') ?? '');
  if (!transactionUid.ok) return err(new NodeError('DATASET_MISSING_ATTRIBUTE', 'no Transaction UID'));
  return ok({
    transactionUid: transactionUid.value,
    eventTypeId,
    committedSopInstanceUids: dataSet.sequence('ReferencedSOPSequence').flatMap(instanceUid),
    failed: dataSet.sequence('FailedSOPSequence').flatMap((item) =>
      instanceUid(item).map((sopInstanceUid) => ({
        sopInstanceUid,
        failureReason: item.number('FailureReason') ?? statusCode.processingFailure,
      })),
    ),
  });
}

function instanceUid(item: DataSet): string[] {
  const uid = item.string('ReferencedSOPInstanceUID');
  return uid === undefined ? [] : [uid];
}
