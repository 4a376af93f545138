import { asNodeError } from '../core/errors.ts';
import { type CommandSet, responseTo } from '../dicom/command-set.ts';
import { parseCommitmentReport } from '../dicom/storage-commitment.ts';
import type { AcceptorAssociation, NegotiatedContext } from '../upper-layer/acceptor.ts';
import type { DataSetSink } from '../upper-layer/message-reader.ts';
import type { CommitmentReceiver } from './ports.ts';

/** 10,000 references of two UIDs each are below 2 MiB. */
const maxReportBytes = 2 * 1024 * 1024;
const noSuchEventType = 0x0113;
const invalidArgumentValue = 0x0115;

/**
 * Storage Commitment result: N-EVENT-REPORT that an archive sends on an association of its own (PS3.4 J.3.3). Answers
 * what the receiver decides once the report is in the books, 0113H for an event type other than 1 or 2, 0115H for one that cannot be read.
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
      else parts.push(Buffer.from(bytes));
    },
    end: () => {
      association.waitForAnswer();
      const report = parseCommitmentReport(command, Buffer.concat(parts), context.transferSyntax);
      if (!report.ok) {
        const known = command.eventTypeId === 1 || command.eventTypeId === 2;
        answer(known ? invalidArgumentValue : noSuchEventType);
        return;
      }
      receiver
        .report(report.value)
        .then(answer, (error: unknown) => association.abortInternal(asNodeError(error)));
    },
    discard: () => undefined,
  };
}
