import type { NamedPeer } from '../admin/peers/peer-answer.ts';
import { tellRefusal } from '../admin/peers/peer-answer.ts';
import type { SentFile } from '../admin/peers/send-text.ts';
import { describeRefusalByHand } from '../dicom/refusal-sentences.ts';
import { sopClassName } from '../dicom/sop-class.ts';
import { decideDelivery, srFallbackChain } from '../scu/delivery-decision.ts';
import { refusalOf } from '../scu/store-outcome.ts';
import { type BurstOutcome, type OutgoingObject, storeObjects } from '../scu/store-scu.ts';
import type { PeerTarget } from './peer-target.ts';

/** Objects of one association: as many as a session of the sender carries. */
const perAssociation = 64;

/** A file to send by hand: an object, or why there is none in it. */
export type HandSent =
  | { readonly file: string; readonly object: OutgoingObject }
  | { readonly file: string; readonly unreadable: string };

/**
 * Sends objects in their order, each as it is, and tells the end of each as soon as its association is done. Nothing is
 * tried twice: whoever sends by hand sees what happened and decides.
 */
export async function sendFiles(
  { destination, named }: PeerTarget,
  files: readonly HandSent[],
  onEnd: (file: SentFile) => void,
): Promise<readonly SentFile[]> {
  const ends: SentFile[] = [];
  const end = (file: SentFile): void => {
    ends.push(file);
    onEnd(file);
  };
  for (let at = 0; at < files.length; at += perAssociation) {
    const burst = files.slice(at, at + perAssociation);
    const objects = burst.flatMap((one) => ('object' in one ? [one.object] : []));
    const outcomes = [...(await storeObjects(destination, objects))];
    for (const one of burst) {
      if ('object' in one)
        end(sentFile(one.file, one.object, outcomes.shift() ?? { kind: 'not-attempted' }, named));
      else end({ file: one.file, end: { kind: 'not sent', why: one.unreadable } });
    }
  }
  return ends;
}

function sentFile(
  file: string,
  { sopClassUid, sopInstanceUid }: OutgoingObject,
  outcome: BurstOutcome,
  named: NamedPeer,
): SentFile {
  return {
    file,
    sopClass: sopClassName(sopClassUid),
    sopInstanceUid,
    end: endOf(outcome, sopClassUid, named),
  };
}

function endOf(outcome: BurstOutcome, sopClassUid: string, named: NamedPeer): SentFile['end'] {
  if (outcome.kind === 'not-attempted')
    return { kind: 'not sent', why: 'the association ended before its turn; send it again' };
  if (outcome.kind === 'unreadable') return { kind: 'not sent', why: outcome.detail };
  if (outcome.kind === 'response' && outcome.status === 0) return { kind: 'stored', status: 0 };
  // What the delivery of results counts as stored (a warning, a duplicate) counts here too.
  const isStored =
    outcome.kind === 'response' &&
    decideDelivery(outcome, {
      sopClassUid,
      attempt: 1,
      refusals: 1,
      ageMs: 0,
      deadlineMs: Number.POSITIVE_INFINITY,
      srClassUids: srFallbackChain,
    }).state === 'stored';
  if (isStored) {
    const { sentence } = describeRefusalByHand(refusalOf(outcome), named.peer);
    return { kind: 'stored', status: outcome.status, remark: sentence };
  }
  return {
    kind: 'refused',
    ...tellRefusal(refusalOf(outcome), named),
    ...(outcome.kind === 'response' && outcome.errorComment !== undefined
      ? { errorComment: outcome.errorComment }
      : {}),
  };
}
