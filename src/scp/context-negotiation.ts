import { acceptedImageSopClasses, sopClassUid } from '../dicom/sop-class.ts';
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
