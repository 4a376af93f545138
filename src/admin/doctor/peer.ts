import { type Refusal, type RefusalPeer, describeRefusal } from '../../dicom/refusal-sentences.ts';
import { sopClassName } from '../../dicom/sop-class.ts';
import { type Finding, failure, fine, warning } from './finding.ts';

/** A destination, and whether results are really sent there. */
export interface AskedPeer extends RefusalPeer {
  readonly deliver: 'on' | 'shadow';
}

/** In shadow nothing is sent yet, so that what the PACS refuses harms nobody today. */
function trouble(peer: AskedPeer, name: string, evidence: string, next: string): Finding {
  return peer.deliver === 'on'
    ? failure(name, evidence, next)
    : warning(name, `${evidence} (deliver: shadow, nothing is sent yet.)`, next);
}

/** What came of a C-ECHO. `implementation` is what the peer calls itself. */
export type EchoAnswer =
  | { readonly ok: true; readonly implementation: string }
  | { readonly ok: false; readonly refusal: Refusal };

export function judgeEcho(peer: AskedPeer, answer: EchoAnswer): Finding {
  const name = `peer-echo:${peer.name}`;
  const place = `${peer.calledAe} at ${peer.host}:${peer.port}`;
  if (answer.ok) return fine(name, `${place} answers (${answer.implementation || 'no name'}).`);
  const { sentence, next } = describeRefusal(answer.refusal, peer);
  // Some archives take objects and no Verification; the checks of the contexts decide.
  if (answer.refusal.kind === 'context')
    return warning(
      name,
      `${place} accepts the association but not Verification (C-ECHO).`,
      `Nothing to do when peer-accepts-sr and peer-accepts-sc are ok; else allow Verification for ${peer.callingAe}.`,
    );
  return trouble(peer, name, `${place}: ${sentence}`, next);
}

/** A presentation context as it was proposed, and whether the peer took it. */
export interface ContextAnswer {
  readonly sopClassUid: string;
  readonly accepted: boolean;
}

export type ContextAnswers =
  | { readonly ok: true; readonly contexts: readonly ContextAnswer[] }
  | { readonly ok: false; readonly refusal: Refusal };

/**
 * Whether the peer takes one kind of result. `contexts` stand in the order in which they would be tried; the first that
 * is accepted is used (PS3.8 9.3.3.2; nothing is stored).
 */
export function judgeContexts(
  peer: AskedPeer,
  kind: { readonly check: string; readonly what: string },
  answers: ContextAnswers,
): Finding {
  const name = `${kind.check}:${peer.name}`;
  if (!answers.ok) {
    const { sentence, next } = describeRefusal(answers.refusal, peer);
    return trouble(peer, name, `could not be asked: ${sentence}`, next);
  }
  const refused = answers.contexts.filter(({ accepted }) => !accepted).map(nameOf);
  const taken = answers.contexts.find(({ accepted }) => accepted);
  if (taken === undefined)
    return trouble(
      peer,
      name,
      `${peer.name} refuses ${refused.join(', ')} (Explicit VR Little Endian).`,
      `At ${peer.name} allow ${kind.what} (${answers.contexts.map(({ sopClassUid }) => sopClassUid).join(' or ')}) from ${peer.callingAe}, or take it out of "objects" in pacs.yaml.`,
    );
  const isFirst = taken === answers.contexts[0];
  const evidence = `${peer.name} takes ${nameOf(taken)}${refused.length === 0 ? '' : `; it refuses ${refused.join(', ')}`}.`;
  return isFirst
    ? fine(name, evidence)
    : warning(
        name,
        evidence,
        `Reports go as ${nameOf(taken)}. Allow the refused class at ${peer.name}, or name only what it takes in "srClass" of pacs.yaml.`,
      );
}

function nameOf({ sopClassUid }: ContextAnswer): string {
  return sopClassName(sopClassUid);
}

/** The listener as the node itself meets it over its own port. */
export function judgeSelf(place: string, answer: EchoAnswer): Finding {
  const name = 'listener-reachable-from-self';
  if (answer.ok) return fine(name, `C-ECHO to ${place} is answered.`);
  const { refusal } = answer;
  // Deny by default: this host need not be a sender, and the refusal itself is the answer of a listener that works.
  if (refusal.kind === 'rejected' && refusal.source === 1 && refusal.reason !== 7)
    return fine(name, `${place} answers; it refuses this host, which senders.yaml does not list.`);
  if (refusal.kind === 'rejected' && refusal.source === 1)
    return failure(
      name,
      `what answers on ${place} has another AE title.`,
      'Compare aeTitle in node.yaml with the running node: lumbar-node status. A new title counts from the next start.',
    );
  if (refusal.kind === 'rejected')
    return warning(
      name,
      `${place} answers and refuses for the moment (source ${refusal.source}, reason ${refusal.reason}).`,
      'lumbar-node status tells whether the disk is full or too many associations are open.',
    );
  return failure(
    name,
    `${place} does not answer as it should (${refusal.kind}${refusal.kind === 'unreachable' ? ` ${refusal.code}` : ''}).`,
    'lumbar-node status, then the log of the listener: journalctl -u lumbar-node.',
  );
}
