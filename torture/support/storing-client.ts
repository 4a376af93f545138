import { commandField } from '../../src/dicom/command-set.ts';
import { requestAssociation } from '../../src/upper-layer/association.ts';
import type { TestImage } from './images.ts';

export interface StoringTarget {
  readonly port: number;
  readonly host?: string;
  readonly callingAeTitle: string;
  readonly calledAeTitle: string;
  readonly timeoutMs?: number;
}

/** What became of one image: the status of its response, or why there was none. */
export type StoreAnswer =
  | { readonly image: TestImage; readonly status: number }
  | { readonly image: TestImage; readonly status?: undefined; readonly why: string };

/** Stores images one after the other over one association. Reports each answer as it comes; never throws for the peer's deeds. */
export async function storeImages(
  images: readonly TestImage[],
  target: StoringTarget,
  onAnswer: (answer: StoreAnswer) => void,
): Promise<void> {
  const lost = (from: number, why: string): void => {
    for (const image of images.slice(from)) onAnswer({ image, why });
  };
  const contexts = new Map(
    images.map(({ sopClassUid, transferSyntax }) => [
      `${sopClassUid}|${transferSyntax}`,
      { abstractSyntax: sopClassUid, transferSyntaxes: [transferSyntax] },
    ]),
  );
  const association = await requestAssociation({
    host: target.host ?? '127.0.0.1',
    port: target.port,
    callingAeTitle: target.callingAeTitle,
    calledAeTitle: target.calledAeTitle,
    contexts: [...contexts.values()],
    connectTimeoutMs: target.timeoutMs ?? 60_000,
    associateTimeoutMs: target.timeoutMs ?? 60_000,
  });
  if (!association.ok) {
    lost(0, association.error.kind);
    return;
  }
  for (const [index, image] of images.entries()) {
    const context = association.value.contextFor(image.sopClassUid, image.transferSyntax);
    if (context === undefined) {
      association.value.abort();
      lost(index, 'context refused');
      return;
    }
    const answer = await association.value.request(
      context.id,
      {
        commandField: commandField.cStoreRequest,
        affectedSopClassUid: image.sopClassUid,
        affectedSopInstanceUid: image.sopInstanceUid,
        priority: 0,
      },
      image.dataSet,
      { timeoutMs: target.timeoutMs ?? 60_000 },
    );
    if (!answer.ok) {
      lost(index, answer.error.kind);
      return;
    }
    onAnswer({ image, status: answer.value.command.status ?? 0xffff });
  }
  await association.value.release();
}

/** Asks for a C-ECHO; true when it was answered 0000H within the time. */
export async function echo(target: StoringTarget): Promise<boolean> {
  const association = await requestAssociation({
    host: target.host ?? '127.0.0.1',
    port: target.port,
    callingAeTitle: target.callingAeTitle,
    calledAeTitle: target.calledAeTitle,
    contexts: [{ abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: ['1.2.840.10008.1.2'] }],
    connectTimeoutMs: target.timeoutMs ?? 10_000,
    associateTimeoutMs: target.timeoutMs ?? 10_000,
  });
  if (!association.ok) return false;
  const context = association.value.contextFor('1.2.840.10008.1.1', '1.2.840.10008.1.2');
  if (context === undefined) return false;
  const answer = await association.value.request(
    context.id,
    { commandField: commandField.cEchoRequest, affectedSopClassUid: '1.2.840.10008.1.1' },
    undefined,
    { timeoutMs: target.timeoutMs ?? 10_000 },
  );
  await association.value.release();
  return answer.ok && answer.value.command.status === 0;
}
