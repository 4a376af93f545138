import { err, ok, type Result } from '../core/result.ts';

/** PDU types of PS3.8 9.3.1. */
export const pduType = {
  associateRequest: 0x01,
  associateAccept: 0x02,
  associateReject: 0x03,
  data: 0x04,
  releaseRequest: 0x05,
  releaseResponse: 0x06,
  abort: 0x07,
} as const;

/** DICOM Application Context Name (PS3.7 Annex A.2.1). */
export const dicomApplicationContext = '1.2.840.10008.3.1.1.1';

/** One proposed presentation context (PS3.8 9.3.2.2); `transferSyntaxes` keeps the requestor's order. */
export interface PresentationContextProposal {
  readonly id: number;
  readonly abstractSyntax: string;
  readonly transferSyntaxes: readonly string[];
}

/** Answer to one proposal (PS3.8 9.3.3.2). `transferSyntax` is meaningful only when `result` is 0. */
export interface PresentationContextResult {
  readonly id: number;
  readonly result: 0 | 1 | 2 | 3 | 4;
  readonly transferSyntax: string;
}

/** SCP/SCU Role Selection (PS3.7 D.3.3.4). */
export interface RoleSelection {
  readonly sopClassUid: string;
  readonly scuRole: boolean;
  readonly scpRole: boolean;
}

/** Asynchronous Operations Window (PS3.7 D.3.3.3); this node never negotiates more than one operation. */
export interface AsynchronousOperationsWindow {
  readonly maxInvoked: number;
  readonly maxPerformed: number;
}

/** SOP Class Extended (56H) or Common Extended (57H) Negotiation, passed through uninterpreted (PS3.7 D.3.3.5, D.3.3.6). */
export interface ExtendedNegotiation {
  readonly itemType: 0x56 | 0x57;
  readonly value: Buffer;
}

/** User Identity Negotiation (PS3.7 D.3.3.7). The fields may be secrets: never log them. */
export interface UserIdentity {
  readonly type: number;
  readonly positiveResponseRequested: boolean;
  readonly primaryField: Buffer;
  readonly secondaryField: Buffer;
}

/** User Information item (PS3.8 9.3.2.3, PS3.7 D.3.3). */
export interface UserInformation {
  /** Longest P-DATA-TF PDU length the sender of this item takes; 0 = no limit (PS3.8 D.1). */
  readonly maxPduLength: number;
  readonly implementationClassUid: string;
  readonly implementationVersionName: string;
  readonly roleSelections: readonly RoleSelection[];
  readonly extendedNegotiations: readonly ExtendedNegotiation[];
  readonly asynchronousOperations?: AsynchronousOperationsWindow;
  readonly userIdentity?: UserIdentity;
}

/** A-ASSOCIATE-RQ (PS3.8 9.3.2). AE titles are without padding. */
export interface AssociateRequest {
  readonly protocolVersion: number;
  readonly calledAeTitle: string;
  readonly callingAeTitle: string;
  readonly applicationContext: string;
  readonly contexts: readonly PresentationContextProposal[];
  readonly userInformation: UserInformation;
}

/** A-ASSOCIATE-AC (PS3.8 9.3.3). The AE titles repeat those of the request. */
export interface AssociateAccept {
  readonly protocolVersion: number;
  readonly calledAeTitle: string;
  readonly callingAeTitle: string;
  readonly applicationContext: string;
  readonly contexts: readonly PresentationContextResult[];
  readonly userInformation: UserInformation;
}

/** A-ASSOCIATE-RJ (PS3.8 9.3.4, Table 9-21). */
export interface AssociateReject {
  /** 1 rejected permanent, 2 rejected transient. */
  readonly result: number;
  /** 1 service user, 2 service provider (ACSE), 3 service provider (presentation). */
  readonly source: number;
  readonly reason: number;
}

/** A-ABORT (PS3.8 9.3.8): source 0 service user, 2 service provider. */
export interface Abort {
  readonly source: number;
  readonly reason: number;
}

/** Reason of a provider abort (PS3.8 Table 9-26). */
export const abortReason = {
  notSpecified: 0,
  unrecognizedPdu: 1,
  unexpectedPdu: 2,
  unrecognizedParameter: 4,
  unexpectedParameter: 5,
  invalidParameter: 6,
} as const;

export type AbortReason = (typeof abortReason)[keyof typeof abortReason];

/** Why bytes are not a legal PDU; `reason` is what the A-ABORT will carry. `detail` never holds peer text. */
export interface PduFault {
  readonly reason: AbortReason;
  readonly detail: string;
}

/** A PDU fault as a failed Result. */
export function pduFault(
  reason: AbortReason,
  detail: string,
): { readonly ok: false; readonly error: PduFault } {
  return err({ reason, detail });
}

/** Bytes of A-ASSOCIATE-RJ (PS3.8 9.3.4). */
export function encodeAssociateReject(reject: AssociateReject): Buffer {
  return Buffer.from([
    pduType.associateReject,
    0,
    0,
    0,
    0,
    4,
    0,
    reject.result,
    reject.source,
    reject.reason,
  ]);
}

/** Body (after the 6-byte header) of A-ASSOCIATE-RJ to values; its length was checked by the framer. */
export function decodeAssociateReject(body: Buffer): Result<AssociateReject, PduFault> {
  const [, result, source, reason] = body;
  if (result === undefined || source === undefined || reason === undefined) {
    return pduFault(abortReason.invalidParameter, 'A-ASSOCIATE-RJ is too short');
  }
  return ok({ result, source, reason });
}

/** Bytes of A-RELEASE-RQ (PS3.8 9.3.6). */
export function encodeReleaseRequest(): Buffer {
  return Buffer.from([pduType.releaseRequest, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
}

/** Bytes of A-RELEASE-RP (PS3.8 9.3.7). */
export function encodeReleaseResponse(): Buffer {
  return Buffer.from([pduType.releaseResponse, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
}

/** Bytes of A-ABORT (PS3.8 9.3.8). */
export function encodeAbort(abort: Abort): Buffer {
  return Buffer.from([pduType.abort, 0, 0, 0, 0, 4, 0, 0, abort.source, abort.reason]);
}

/** Body of A-ABORT to values; tolerant of unknown sources and reasons, the association is over anyway. */
export function decodeAbort(body: Buffer): Abort {
  return { source: body[2] ?? 0, reason: body[3] ?? 0 };
}

/** Bytes that a P-DATA-TF PDU with one PDV costs on top of its fragment: 6 PDU header, 4 length, 1 context, 1 control. */
export const pdvOverheadBytes = 12;

/**
 * Header of a P-DATA-TF PDU that carries exactly one PDV (PS3.8 9.3.5, E.2); the caller writes the fragment after it,
 * so that data is never copied.
 */
export function encodePdvHeader(contextId: number, controlHeader: number, fragmentLength: number): Buffer {
  const header = Buffer.allocUnsafe(pdvOverheadBytes);
  header.writeUInt8(pduType.data, 0);
  header.writeUInt8(0, 1);
  header.writeUInt32BE(fragmentLength + 6, 2);
  header.writeUInt32BE(fragmentLength + 2, 6);
  header.writeUInt8(contextId, 10);
  header.writeUInt8(controlHeader, 11);
  return header;
}
