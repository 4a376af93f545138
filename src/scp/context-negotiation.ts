import { acceptedImageSopClasses, sopClassName, sopClassUid } from '../dicom/sop-class.ts';
import { acceptedStorageTransferSyntaxes, transferSyntaxUid } from '../dicom/transfer-syntax.ts';
import type {
  PresentationContextProposal,
  PresentationContextResult,
  RoleSelection,
} from '../upper-layer/pdu.ts';

/** Answer to the proposed contexts and roles: exactly what the A-ASSOCIATE-AC carries. */
export interface Negotiation {
  readonly contexts: readonly PresentationContextResult[];
  readonly roleSelections: readonly RoleSelection[];
}

const plainSyntaxes: readonly string[] = [
  transferSyntaxUid.explicitVrLittleEndian,
  transferSyntaxUid.implicitVrLittleEndian,
];

/** What is taken, and in which encodings: images in all that can be decoded, the services in the two plain ones. */
const accepted: ReadonlyMap<string, readonly string[]> = new Map([
  ...acceptedImageSopClasses.map((uid) => [uid, acceptedStorageTransferSyntaxes] as const),
  [sopClassUid.verification, plainSyntaxes],
  [sopClassUid.storageCommitmentPushModel, plainSyntaxes],
]);

/**
 * Decides each presentation context by itself (PS3.8 9.3.3.2): abstract syntax unknown here -> 3, no common transfer
 * syntax -> 4, else accepted in Explicit VR Little Endian when offered, otherwise in the first offered syntax that
 * can be decoded. Role selection (PS3.7 D.3.3.4): an archive that reports Storage Commitment is SCP on its own
 * association and is answered so; for every other class the proposal is answered with the default roles.
 */
export function negotiateContexts(
  proposals: readonly PresentationContextProposal[],
  roles: readonly RoleSelection[],
): Negotiation {
  return {
    contexts: proposals.map(negotiateContext),
    roleSelections: roles.filter((role) => accepted.has(role.sopClassUid)).map(answerRole),
  };
}

/** Names in one audit row; a workstation may offer every storage class there is. */
const namedRefusals = 12;

/**
 * What was offered and not taken, in one line for the audit trail: a sender never sends an object whose context was
 * refused, so this is the only trace that it has one. Undefined when everything was taken.
 */
export function describeRefusals(
  proposals: readonly PresentationContextProposal[],
  results: readonly PresentationContextResult[],
): string | undefined {
  const resultOf = new Map(results.map(({ id, result }) => [id, result]));
  const classes = new Set<string>();
  const encodings = new Set<string>();
  for (const { id, abstractSyntax, transferSyntaxes } of proposals) {
    const result = resultOf.get(id);
    if (result === 3) classes.add(sopClassName(abstractSyntax));
    if (result === 4) encodings.add(`${sopClassName(abstractSyntax)} in ${transferSyntaxes.join(' or ')}`);
  }
  const parts = [
    ...(classes.size === 0 ? [] : [`SOP class not taken: ${enumerate([...classes])}`]),
    ...(encodings.size === 0 ? [] : [`encoding not taken: ${enumerate([...encodings])}`]),
  ];
  return parts.length === 0 ? undefined : parts.join('; ');
}

function enumerate(names: readonly string[]): string {
  const more = names.length - namedRefusals;
  return more > 0 ? `${names.slice(0, namedRefusals).join(', ')} and ${more} more` : names.join(', ');
}

function negotiateContext(proposal: PresentationContextProposal): PresentationContextResult {
  const syntaxes = accepted.get(proposal.abstractSyntax);
  const [firstOffered = transferSyntaxUid.implicitVrLittleEndian] = proposal.transferSyntaxes;
  if (syntaxes === undefined) return { id: proposal.id, result: 3, transferSyntax: firstOffered };
  const transferSyntax = proposal.transferSyntaxes.includes(transferSyntaxUid.explicitVrLittleEndian)
    ? transferSyntaxUid.explicitVrLittleEndian
    : proposal.transferSyntaxes.find((uid) => syntaxes.includes(uid));
  if (transferSyntax === undefined) return { id: proposal.id, result: 4, transferSyntax: firstOffered };
  return { id: proposal.id, result: 0, transferSyntax };
}

function answerRole(role: RoleSelection): RoleSelection {
  if (role.sopClassUid === sopClassUid.storageCommitmentPushModel) {
    return { sopClassUid: role.sopClassUid, scuRole: role.scuRole, scpRole: role.scpRole };
  }
  return { sopClassUid: role.sopClassUid, scuRole: role.scuRole, scpRole: false };
}
