import { BlockList, isIP } from 'node:net';
import type { AssociationDecision } from '../upper-layer/acceptor.ts';
import type { AssociateRequest } from '../upper-layer/pdu.ts';
import { negotiateContexts } from './context-negotiation.ts';

/** One who may send. */
export interface AllowedSender {
  readonly aeTitle: string;
  /** Networks it may call from, `10.1.0.0/16` or `fd00::/8`. */
  readonly cidr: readonly string[];
  /** Lower-case hex SHA-256 of the client certificate it must show; absent = any or none, as TLS is set. */
  readonly certificateSha256?: string;
  readonly maxAssociations: number;
}

export interface AssociationPolicy {
  /** Compared exactly with the called AE title. */
  readonly calledAeTitle: string;
  readonly senders: readonly AllowedSender[];
  readonly maxAssociations: number;
  /** Below this much free space beyond what open associations may still bring, nobody new is let in. */
  readonly minFreeBytes: number;
  readonly maxObjectBytes: number;
}

/** Who is at the door, as the transport knows it. */
export interface PeerIdentity {
  readonly ip: string;
  /** Lower-case hex SHA-256 of the verified client certificate, if one was shown. */
  readonly certificateSha256?: string;
}

/** What goes on already, not counting the association to decide. */
export interface Load {
  readonly openAssociations: number;
  readonly openOfSender: (aeTitle: string) => number;
  readonly freeBytes: number;
  readonly isDraining: boolean;
}

/** Why somebody was refused: the stable cause for audit and metrics. */
export type RefusalCause =
  | 'called-ae-title'
  | 'calling-ae-title'
  | 'network'
  | 'certificate'
  | 'too-many-associations'
  | 'too-many-of-sender'
  | 'disk-low'
  | 'stopping';

export type PolicyDecision = AssociationDecision & { readonly cause?: RefusalCause };

/**
 * Accept or reject, and everything the answer carries (PS3.8 Table 9-21). Deny by default: the calling AE title must
 * be listed, call from its own network and show its own certificate. Refusals of identity are permanent and all look
 * alike to the caller ("calling AE title not recognized"); refusals of load are transient, so that a modality tries again.
 */
export function associationDecision(
  request: AssociateRequest,
  peer: PeerIdentity,
  policy: AssociationPolicy,
  load: Load,
): PolicyDecision {
  if (load.isDraining) return refuse('stopping');
  if (request.calledAeTitle !== policy.calledAeTitle) return refuse('called-ae-title');
  const sender = policy.senders.find((one) => one.aeTitle === request.callingAeTitle);
  if (sender === undefined) return refuse('calling-ae-title');
  if (!isInNetworks(peer.ip, sender.cidr)) return refuse('network');
  if (sender.certificateSha256 !== undefined && sender.certificateSha256 !== peer.certificateSha256) {
    return refuse('certificate');
  }
  if (load.openAssociations >= policy.maxAssociations) return refuse('too-many-associations');
  if (load.openOfSender(sender.aeTitle) >= sender.maxAssociations) return refuse('too-many-of-sender');
  // Each open association may be in the middle of one object: that space is spoken for (promise P4).
  const spokenFor = (load.openAssociations + 1) * Math.min(policy.maxObjectBytes, typicalObjectBytes);
  if (load.freeBytes - spokenFor < policy.minFreeBytes) return refuse('disk-low');
  const { userInformation } = request;
  return { kind: 'accept', ...negotiateContexts(request.contexts, userInformation.roleSelections) };
}

/** A large radiograph; counting the size limit itself (512 MiB) would refuse everybody on an ordinary disk. */
const typicalObjectBytes = 64 * 1024 * 1024;

/** True when the address lies in one of the networks. IPv4 addresses mapped into IPv6 count as IPv4. */
export function isInNetworks(ip: string, cidr: readonly string[]): boolean {
  const address = ip.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  const family = isIP(address);
  if (family === 0) return false;
  const list = new BlockList();
  for (const network of cidr) {
    const [base = '', prefix] = network.split('/');
    const baseFamily = isIP(base);
    if (baseFamily === 0) continue;
    list.addSubnet(base, Number(prefix ?? (baseFamily === 4 ? 32 : 128)), baseFamily === 4 ? 'ipv4' : 'ipv6');
  }
  return list.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

const rejects: Readonly<Record<RefusalCause, { result: number; source: number; reason: number }>> = {
  'called-ae-title': { result: 1, source: 1, reason: 7 },
  'calling-ae-title': { result: 1, source: 1, reason: 3 },
  network: { result: 1, source: 1, reason: 3 },
  certificate: { result: 1, source: 1, reason: 3 },
  'too-many-associations': { result: 2, source: 3, reason: 2 },
  'too-many-of-sender': { result: 2, source: 3, reason: 2 },
  'disk-low': { result: 2, source: 3, reason: 1 },
  stopping: { result: 2, source: 3, reason: 1 },
};

function refuse(cause: RefusalCause): PolicyDecision {
  return { kind: 'reject', reject: rejects[cause], cause };
}
