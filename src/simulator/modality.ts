import { NodeError } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';
import { commandField } from '../dicom/command-set.ts';
import { readPart10 } from '../dicom/part10-reader.ts';
import { formatStatus, statusCode } from '../dicom/status.ts';
import { requestAssociation } from '../upper-layer/association.ts';
import { associationError } from '../upper-layer/ending.ts';

export interface ModalityTarget {
  readonly host: string;
  readonly port: number;
  readonly callingAeTitle: string;
  readonly calledAeTitle: string;
}

/** What the node answered for one image. */
export interface SendAnswer {
  readonly sopInstanceUid: string;
  readonly status: number;
  /** When the response arrived, UTC epoch ms; the data set had been sent just before. */
  readonly answeredAtMs: number;
}

/**
 * Sends Part 10 files over one association as a modality does, each in its own transfer syntax. Stops at the first
 * image that is not answered 0000H; what was answered before it is in the answers that `onAnswer` got.
 */
export async function sendAsModality(
  files: readonly Uint8Array[],
  target: ModalityTarget,
  nowMs: () => number,
  onAnswer: (answer: SendAnswer) => void,
): Promise<Result<undefined, NodeError>> {
  const images = [];
  for (const bytes of files) {
    const file = readPart10(bytes);
    if (!file.ok) return file;
    const { dataSet, transferSyntax, dataSetOffset, source } = file.value;
    images.push({
      abstractSyntax: dataSet.string('SOPClassUID') ?? '',
      sopInstanceUid: dataSet.string('SOPInstanceUID') ?? '',
      transferSyntax: transferSyntax.uid,
      body: source.subarray(dataSetOffset),
    });
  }
  const contexts = new Map(
    images.map(({ abstractSyntax, transferSyntax }) => [
      `${abstractSyntax}|${transferSyntax}`,
      { abstractSyntax, transferSyntaxes: [transferSyntax] },
    ]),
  );
  const association = await requestAssociation({ ...target, contexts: [...contexts.values()] });
  if (!association.ok) return err(associationError(association.error));
  for (const { abstractSyntax, transferSyntax, sopInstanceUid, body } of images) {
    const context = association.value.contextFor(abstractSyntax, transferSyntax);
    if (context === undefined) {
      association.value.abort();
      return err(new NodeError('SCU_CONTEXT', `${abstractSyntax} in ${transferSyntax} was not accepted`));
    }
    const answer = await association.value.request(
      context.id,
      {
        commandField: commandField.cStoreRequest,
        affectedSopClassUid: abstractSyntax,
        affectedSopInstanceUid: sopInstanceUid,
        priority: 0,
      },
      body,
      { timeoutMs: 60_000 },
    );
    if (!answer.ok) return err(associationError(answer.error));
    const status = answer.value.command.status ?? statusCode.processingFailure;
    onAnswer({ sopInstanceUid, status, answeredAtMs: nowMs() });
    if (status !== statusCode.success) {
      association.value.abort();
      return err(new NodeError('SCU_STATUS', `an image was answered ${formatStatus(status)}`));
    }
  }
  await association.value.release();
  return ok(undefined);
}
