import type { Judgement } from '../store/feedback.ts';
import type { Store } from '../store/store.ts';
import { operatorName } from './operator.ts';
import { exitCodes } from './restart-policy.ts';
import { withWritableBooks } from './writable-books.ts';

export interface ReaderJudgement {
  /** SOP Instance UID of an image or of its picture in the PACS. */
  readonly uid: string;
  readonly judgement: Judgement;
  readonly readerClass?: string;
  readonly comment?: string;
  /** Who judged, when it is not the one at the keyboard. */
  readonly reader?: string;
}

/** `feedback`: keeps a reader's judgement beside the result; it changes no result and is sent nowhere. */
export function giveFeedback(
  configFolder: string,
  { uid, judgement, readerClass, comment, reader }: ReaderJudgement,
): Promise<{ readonly exitCode: number; readonly text: string }> {
  return withWritableBooks(configFolder, ({ store }) => {
    const found = judgedImages(uid, store);
    const [image] = found;
    if (image === undefined)
      return {
        exitCode: exitCodes.notFound,
        text: `No analysed image has this UID, and no picture of one: ${uid}. Which there are: lumbar-node explain\n`,
      };
    const known = Object.keys(image.probabilities);
    if (readerClass !== undefined && known.length > 0 && !known.includes(readerClass))
      return {
        exitCode: exitCodes.usage,
        text: `${readerClass} is no class of the model; its classes are ${known.join(', ')}.\n`,
      };
    store.feedback.give({
      instanceId: image.instanceId,
      judgement,
      operator: (reader ?? operatorName()).slice(0, 64),
      ...(readerClass === undefined ? {} : { readerClass }),
      ...(comment === undefined ? {} : { comment: comment.slice(0, 500) }),
    });
    return {
      exitCode: exitCodes.ok,
      text: `Kept beside the result: ${judgement}. The result itself is not changed.\n`,
    };
  });
}

interface JudgedImage {
  readonly instanceId: string;
  readonly probabilities: Readonly<Record<string, unknown>>;
}

/** The newest content first, when a UID came with other content. */
function judgedImages(uid: string, store: Store): JudgedImage[] {
  return store
    .explainAll({ sopInstanceUid: uid })
    .flatMap(({ images }) => images)
    .filter(
      ({ instance, analysis, objects }) =>
        analysis !== null &&
        (instance.sopInstanceUid === uid || objects.some(({ object }) => object.sopInstanceUid === uid)),
    )
    .toReversed()
    .map(({ instance, analysis }) => ({
      instanceId: instance.instanceId,
      probabilities: (analysis?.probabilities ?? {}) as Readonly<Record<string, unknown>>,
    }));
}
