import { ok, type Result } from '../core/result.ts';
import {
  type AssociateAccept,
  type AssociateRequest,
  abortReason,
  type ExtendedNegotiation,
  type PduFault,
  type PresentationContextProposal,
  type PresentationContextResult,
  pduFault,
  pduType,
  type RoleSelection,
  type UserInformation,
} from './pdu.ts';

const item = {
  applicationContext: 0x10,
  presentationContextProposal: 0x20,
  presentationContextResult: 0x21,
  abstractSyntax: 0x30,
  transferSyntax: 0x40,
  userInformation: 0x50,
  maxPduLength: 0x51,
  implementationClassUid: 0x52,
  asynchronousOperations: 0x53,
  roleSelection: 0x54,
  implementationVersionName: 0x55,
  extendedNegotiation: 0x56,
  commonExtendedNegotiation: 0x57,
  userIdentity: 0x58,
} as const;

/** Thrown inside this file only, so that nested readers stay short; `decode*` turns it into a Result. */
class Malformed extends Error {}

interface Item {
  readonly type: number;
  readonly value: Buffer;
}

/** Body (after the 6-byte header) of A-ASSOCIATE-RQ to values (PS3.8 9.3.2). Context ids: odd, unique, in any order. */
export function decodeAssociateRequest(body: Buffer): Result<AssociateRequest, PduFault> {
  return decode(body, item.presentationContextProposal, readProposal);
}

/** Body of A-ASSOCIATE-AC to values (PS3.8 9.3.3). */
export function decodeAssociateAccept(body: Buffer): Result<AssociateAccept, PduFault> {
  return decode(body, item.presentationContextResult, readResult);
}

/** Bytes of A-ASSOCIATE-RQ (PS3.8 9.3.2). */
export function encodeAssociateRequest(request: AssociateRequest): Buffer {
  const contexts = request.contexts.map((context) =>
    encodeItem(
      item.presentationContextProposal,
      Buffer.from([context.id, 0, 0, 0]),
      encodeItem(item.abstractSyntax, Buffer.from(context.abstractSyntax, 'latin1')),
      ...context.transferSyntaxes.map((uid) => encodeItem(item.transferSyntax, Buffer.from(uid, 'latin1'))),
    ),
  );
  return encodePdu(pduType.associateRequest, request, contexts);
}

/** Bytes of A-ASSOCIATE-AC (PS3.8 9.3.3). */
export function encodeAssociateAccept(accept: AssociateAccept): Buffer {
  const contexts = accept.contexts.map((context) =>
    encodeItem(
      item.presentationContextResult,
      Buffer.from([context.id, 0, context.result, 0]),
      encodeItem(item.transferSyntax, Buffer.from(context.transferSyntax, 'latin1')),
    ),
  );
  return encodePdu(pduType.associateAccept, accept, contexts);
}

interface AssociatePdu<Context> {
  readonly protocolVersion: number;
  readonly calledAeTitle: string;
  readonly callingAeTitle: string;
  readonly applicationContext: string;
  readonly contexts: readonly Context[];
  readonly userInformation: UserInformation;
}

function decode<Context extends { readonly id: number }>(
  body: Buffer,
  contextType: number,
  readContext: (value: Buffer) => Context,
): Result<AssociatePdu<Context>, PduFault> {
  try {
    return ok(readPdu(body, contextType, readContext));
  } catch (error) {
    if (error instanceof Malformed) return pduFault(abortReason.invalidParameter, error.message);
    throw error;
  }
}

function readPdu<Context extends { readonly id: number }>(
  body: Buffer,
  contextType: number,
  readContext: (value: Buffer) => Context,
): AssociatePdu<Context> {
  if (body.length < 68) throw new Malformed('associate PDU is too short');
  let applicationContext: string | undefined;
  let userInformation: UserInformation | undefined;
  const contexts = new Map<number, Context>();
  for (const { type, value } of readItems(body.subarray(68))) {
    if (type === item.applicationContext) {
      if (applicationContext !== undefined) throw new Malformed('two application contexts');
      applicationContext = readUid(value, 'application context');
    } else if (type === contextType) {
      const context = readContext(value);
      if (context.id % 2 === 0) throw new Malformed(`presentation context id ${context.id} is even`);
      if (contexts.has(context.id)) throw new Malformed(`presentation context id ${context.id} occurs twice`);
      contexts.set(context.id, context);
    } else if (type === item.userInformation) {
      if (userInformation !== undefined) throw new Malformed('two user information items');
      userInformation = readUserInformation(value);
    }
    // PS3.8 9.3.1: items with unrecognized types are ignored.
  }
  if (applicationContext === undefined) throw new Malformed('no application context');
  if (contexts.size === 0) throw new Malformed('no presentation context');
  if (userInformation === undefined) throw new Malformed('no user information');
  return {
    protocolVersion: body.readUInt16BE(0),
    calledAeTitle: readAeTitle(body.subarray(4, 20), 'called'),
    callingAeTitle: readAeTitle(body.subarray(20, 36), 'calling'),
    applicationContext,
    contexts: [...contexts.values()],
    userInformation,
  };
}

function readItems(bytes: Buffer): Item[] {
  const items: Item[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + 4 > bytes.length) throw new Malformed('an item header is cut off');
    const type = bytes.readUInt8(at);
    const length = bytes.readUInt16BE(at + 2);
    if (at + 4 + length > bytes.length) throw new Malformed(`item ${type} is longer than its PDU`);
    items.push({ type, value: bytes.subarray(at + 4, at + 4 + length) });
    at += 4 + length;
  }
  return items;
}

function readProposal(value: Buffer): PresentationContextProposal {
  if (value.length < 4) throw new Malformed('presentation context item is too short');
  let abstractSyntax: string | undefined;
  const transferSyntaxes: string[] = [];
  for (const sub of readItems(value.subarray(4))) {
    if (sub.type === item.abstractSyntax) {
      if (abstractSyntax !== undefined) throw new Malformed('two abstract syntaxes in one context');
      abstractSyntax = readUid(sub.value, 'abstract syntax');
    } else if (sub.type === item.transferSyntax) transferSyntaxes.push(readUid(sub.value, 'transfer syntax'));
  }
  if (abstractSyntax === undefined) throw new Malformed('presentation context without abstract syntax');
  return { id: value.readUInt8(0), abstractSyntax, transferSyntaxes };
}

function readResult(value: Buffer): PresentationContextResult {
  if (value.length < 4) throw new Malformed('presentation context item is too short');
  const result = value.readUInt8(2);
  if (result > 4) throw new Malformed(`presentation context result ${result}`);
  const syntaxes = readItems(value.subarray(4)).filter((sub) => sub.type === item.transferSyntax);
  // PS3.8 9.3.3.2: the transfer syntax of a context that was not accepted is not significant and may be empty.
  const syntax = result === 0 ? readUid(syntaxes[0]?.value ?? Buffer.alloc(0), 'transfer syntax') : '';
  return {
    id: value.readUInt8(0),
    result: result as PresentationContextResult['result'],
    transferSyntax: syntax,
  };
}

function readUserInformation(value: Buffer): UserInformation {
  let maxPduLength = 0;
  let implementationClassUid = '';
  let implementationVersionName = '';
  const roleSelections: RoleSelection[] = [];
  const extendedNegotiations: ExtendedNegotiation[] = [];
  let optional: Pick<UserInformation, 'asynchronousOperations' | 'userIdentity'> = {};
  for (const sub of readItems(value)) {
    switch (sub.type) {
      case item.maxPduLength:
        if (sub.value.length !== 4) throw new Malformed('maximum length item is not 4 bytes');
        maxPduLength = sub.value.readUInt32BE(0);
        break;
      case item.implementationClassUid:
        implementationClassUid = readUid(sub.value, 'implementation class');
        break;
      case item.implementationVersionName:
        implementationVersionName = readPrintable(sub.value, 16);
        break;
      case item.asynchronousOperations:
        if (sub.value.length !== 4) throw new Malformed('asynchronous operations item is not 4 bytes');
        optional = {
          ...optional,
          asynchronousOperations: {
            maxInvoked: sub.value.readUInt16BE(0),
            maxPerformed: sub.value.readUInt16BE(2),
          },
        };
        break;
      case item.roleSelection:
        roleSelections.push(readRoleSelection(sub.value));
        break;
      case item.extendedNegotiation:
      case item.commonExtendedNegotiation:
        extendedNegotiations.push({ itemType: sub.type, value: sub.value });
        break;
      case item.userIdentity:
        optional = { ...optional, userIdentity: readUserIdentity(sub.value) };
        break;
      default:
        break;
    }
  }
  return {
    maxPduLength,
    implementationClassUid,
    implementationVersionName,
    roleSelections,
    extendedNegotiations,
    ...optional,
  };
}

function readRoleSelection(value: Buffer): RoleSelection {
  const uidLength = value.length < 2 ? -1 : value.readUInt16BE(0);
  if (uidLength < 0 || value.length !== uidLength + 4) throw new Malformed('role selection lengths disagree');
  return {
    sopClassUid: readUid(value.subarray(2, 2 + uidLength), 'role selection'),
    scuRole: value.readUInt8(2 + uidLength) === 1,
    scpRole: value.readUInt8(3 + uidLength) === 1,
  };
}

function readUserIdentity(value: Buffer): NonNullable<UserInformation['userIdentity']> {
  if (value.length < 6) throw new Malformed('user identity is too short');
  const primaryLength = value.readUInt16BE(2);
  const secondaryAt = 4 + primaryLength;
  if (secondaryAt + 2 > value.length) throw new Malformed('user identity lengths disagree');
  const secondaryLength = value.readUInt16BE(secondaryAt);
  if (secondaryAt + 2 + secondaryLength !== value.length)
    throw new Malformed('user identity lengths disagree');
  return {
    type: value.readUInt8(0),
    positiveResponseRequested: value.readUInt8(1) === 1,
    primaryField: value.subarray(4, secondaryAt),
    secondaryField: value.subarray(secondaryAt + 2),
  };
}

/** UIDs in PDUs carry no padding (PS3.8 F); one trailing NUL, seen from old devices, is tolerated. */
function readUid(value: Buffer, what: string): string {
  const text = value.toString('latin1');
  if (!/^(?=.{1,64}\0?$)[0-9]+(\.[0-9]+)*\0?$/.test(text)) throw new Malformed(`the ${what} is not a UID`);
  return text.endsWith('\0') ? text.slice(0, -1) : text;
}

/** PS3.5 6.2 AE: printable ASCII without backslash. Trailing NULs, seen from old devices, count as padding. */
function readAeTitle(value: Buffer, what: string): string {
  const text = value
    .toString('latin1')
    .replace(/[\0 ]+$/, '')
    .trimStart();
  if (!/^[\x20-\x5b\x5d-\x7e]{1,16}$/.test(text)) throw new Malformed(`the ${what} AE title is not legal`);
  return text;
}

/** Free text of the peer made safe to show: at most `limit` characters, anything not printable ASCII becomes `?`. */
function readPrintable(value: Buffer, limit: number): string {
  return value
    .subarray(0, limit)
    .toString('latin1')
    .trimEnd()
    .replace(/[^\x20-\x7e]/g, '?');
}

function encodeItem(type: number, ...parts: readonly Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const header = Buffer.from([type, 0, 0, 0]);
  header.writeUInt16BE(value.length, 2);
  return Buffer.concat([header, value]);
}

function encodeUserInformation(user: UserInformation): Buffer {
  const maxLength = Buffer.alloc(4);
  maxLength.writeUInt32BE(user.maxPduLength, 0);
  const parts = [
    encodeItem(item.maxPduLength, maxLength),
    encodeItem(item.implementationClassUid, Buffer.from(user.implementationClassUid, 'latin1')),
  ];
  if (user.asynchronousOperations !== undefined) {
    const window = Buffer.alloc(4);
    window.writeUInt16BE(user.asynchronousOperations.maxInvoked, 0);
    window.writeUInt16BE(user.asynchronousOperations.maxPerformed, 2);
    parts.push(encodeItem(item.asynchronousOperations, window));
  }
  for (const role of user.roleSelections) {
    const uid = Buffer.from(role.sopClassUid, 'latin1');
    const roles = Buffer.from([role.scuRole ? 1 : 0, role.scpRole ? 1 : 0]);
    parts.push(encodeItem(item.roleSelection, Buffer.from([uid.length >> 8, uid.length & 0xff]), uid, roles));
  }
  parts.push(
    encodeItem(item.implementationVersionName, Buffer.from(user.implementationVersionName, 'latin1')),
  );
  for (const negotiation of user.extendedNegotiations) {
    parts.push(encodeItem(negotiation.itemType, negotiation.value));
  }
  if (user.userIdentity !== undefined) {
    const { type, positiveResponseRequested, primaryField, secondaryField } = user.userIdentity;
    const head = Buffer.from([type, positiveResponseRequested ? 1 : 0, 0, 0]);
    head.writeUInt16BE(primaryField.length, 2);
    const tail = Buffer.alloc(2);
    tail.writeUInt16BE(secondaryField.length, 0);
    parts.push(encodeItem(item.userIdentity, head, primaryField, tail, secondaryField));
  }
  return encodeItem(item.userInformation, ...parts);
}

function encodePdu(type: number, pdu: AssociatePdu<unknown>, contexts: readonly Buffer[]): Buffer {
  const fixed = Buffer.alloc(74);
  fixed.writeUInt8(type, 0);
  fixed.writeUInt16BE(pdu.protocolVersion, 6);
  fixed.write(pdu.calledAeTitle.padEnd(16), 10, 16, 'latin1');
  fixed.write(pdu.callingAeTitle.padEnd(16), 26, 16, 'latin1');
  const bytes = Buffer.concat([
    fixed,
    encodeItem(item.applicationContext, Buffer.from(pdu.applicationContext, 'latin1')),
    ...contexts,
    encodeUserInformation(pdu.userInformation),
  ]);
  bytes.writeUInt32BE(bytes.length - 6, 2);
  return bytes;
}
