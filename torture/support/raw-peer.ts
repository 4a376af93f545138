import {
  type CommandSet,
  commandField,
  encodeCommandSet,
  parseCommandSet,
} from '../../src/dicom/command-set.ts';
import type { AssociateRequest } from '../../src/upper-layer/pdu.ts';
import {
  associateRequestBytes,
  BytePeer,
  crUid,
  dataPdu,
  explicitLittleUid,
  implicitLittleUid,
  verificationUid,
} from '../../tests/support/byte-peer.ts';
import type { AttackedNode } from './attacked-node.ts';
import type { TestImage } from './images.ts';
import { titles } from './node-config.ts';
import { within } from './waiting.ts';

/** Presentation contexts of `requestBytes`: 1 Verification, 3 DX, 5 CR, 7 CT (which the node refuses). */
export const contextIds = { verification: 1, dx: 3, cr: 5, ct: 7 } as const;
export const dxUid = '1.2.840.10008.5.1.4.1.1.1.1';
const ctUid = '1.2.840.10008.5.1.4.1.1.2';

/** An A-ASSOCIATE-RQ that the node accepts, as bytes, with changes. */
export function requestBytes(changes: Partial<AssociateRequest> = {}): Buffer {
  return associateRequestBytes({
    calledAeTitle: titles.node,
    callingAeTitle: titles.modality,
    contexts: [
      { id: contextIds.verification, abstractSyntax: verificationUid, transferSyntaxes: [implicitLittleUid] },
      { id: contextIds.dx, abstractSyntax: dxUid, transferSyntaxes: [explicitLittleUid] },
      { id: contextIds.cr, abstractSyntax: crUid, transferSyntaxes: [explicitLittleUid] },
      { id: contextIds.ct, abstractSyntax: ctUid, transferSyntaxes: [explicitLittleUid] },
    ],
    ...changes,
  });
}

export function connectTo(node: AttackedNode): Promise<BytePeer> {
  return BytePeer.connect(node.port);
}

/** A peer whose association stands. */
export async function associatedWith(
  node: AttackedNode,
  changes: Partial<AssociateRequest> = {},
): Promise<BytePeer> {
  const peer = await connectTo(node);
  peer.send(requestBytes(changes));
  const answer = await within(peer.nextPdu(), 20_000);
  if (answer?.type !== 2) {
    peer.destroy();
    throw new Error(`no A-ASSOCIATE-AC: ${answer === undefined ? 'nothing came' : `PDU ${answer.type}`}`);
  }
  return peer;
}

export function echoBytes(messageId = 1): Buffer {
  const command = encodeCommandSet({
    commandField: commandField.cEchoRequest,
    hasDataSet: false,
    messageId,
    affectedSopClassUid: verificationUid,
  });
  return dataPdu(contextIds.verification, 3, command);
}

export function storeCommand(image: TestImage, changes: Partial<CommandSet> = {}): Buffer {
  return encodeCommandSet({
    commandField: commandField.cStoreRequest,
    hasDataSet: true,
    messageId: 7,
    affectedSopClassUid: image.sopClassUid,
    affectedSopInstanceUid: image.sopInstanceUid,
    priority: 0,
    ...changes,
  });
}

export function contextOf(image: TestImage): number {
  return image.sopClassUid === crUid ? contextIds.cr : contextIds.dx;
}

/** A whole C-STORE-RQ as bytes, the data set in fragments of that length. */
export function storeBytes(image: TestImage, fragmentBytes = 16_000, command = storeCommand(image)): Buffer {
  const context = contextOf(image);
  const parts = [dataPdu(context, 3, command)];
  for (let at = 0; at < image.dataSet.length; at += fragmentBytes) {
    const isLast = at + fragmentBytes >= image.dataSet.length;
    parts.push(dataPdu(context, isLast ? 2 : 0, image.dataSet.subarray(at, at + fragmentBytes)));
  }
  return Buffer.concat(parts);
}

/** Status of the next DIMSE response, or undefined when none comes within the time. */
export async function nextStatus(peer: BytePeer, deadlineMs = 30_000): Promise<number | undefined> {
  const pdu = await within(peer.nextPdu(), deadlineMs);
  if (pdu?.type !== 4) return undefined;
  const command = parseCommandSet(pdu.body.subarray(6));
  return command.ok ? command.value.status : undefined;
}

/** Types of the PDUs that come until the node closes; undefined when it does not close within the time. */
export function untilClosed(peer: BytePeer, deadlineMs = 20_000): Promise<readonly number[] | undefined> {
  return within(peer.rest(), deadlineMs);
}
