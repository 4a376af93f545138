import { NodeError } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';

/** Command Field values of the services this node speaks (PS3.7 E.1). */
export const commandField = {
  cStoreRequest: 0x0001,
  cStoreResponse: 0x8001,
  cFindRequest: 0x0020,
  cFindResponse: 0x8020,
  cEchoRequest: 0x0030,
  cEchoResponse: 0x8030,
  nEventReportRequest: 0x0100,
  nEventReportResponse: 0x8100,
  nActionRequest: 0x0130,
  nActionResponse: 0x8130,
  cCancelRequest: 0x0fff,
} as const;

/** Most bytes a command set may have here; the longest legal ones are below 1 KiB. */
export const maxCommandSetBytes = 16 * 1024;

/**
 * A DIMSE command set (PS3.7 Annex E). Absent elements are absent properties. UIDs were checked on the raw bytes;
 * texts are the peer's and must be cleaned before they are shown.
 */
export interface CommandSet {
  readonly commandField: number;
  /** Command Data Set Type (0000,0800) is anything but 0101H: a data set follows. */
  readonly hasDataSet: boolean;
  readonly messageId?: number;
  readonly messageIdBeingRespondedTo?: number;
  readonly affectedSopClassUid?: string;
  readonly requestedSopClassUid?: string;
  readonly affectedSopInstanceUid?: string;
  readonly requestedSopInstanceUid?: string;
  /** 0 medium, 1 high, 2 low. */
  readonly priority?: number;
  readonly status?: number;
  readonly errorComment?: string;
  readonly errorId?: number;
  readonly eventTypeId?: number;
  readonly actionTypeId?: number;
  readonly moveOriginatorAeTitle?: string;
  readonly moveOriginatorMessageId?: number;
}

type Field = Exclude<keyof CommandSet, 'hasDataSet'>;
type Kind = 'US' | 'UI' | 'LO' | 'AE';

const commandDataSetType = 0x0800;
const noDataSet = 0x0101;

/** Element numbers of group 0000 (PS3.7 E.1), ascending as they must be written. */
const elements: readonly { readonly element: number; readonly kind: Kind; readonly field: Field }[] = [
  { element: 0x0002, kind: 'UI', field: 'affectedSopClassUid' },
  { element: 0x0003, kind: 'UI', field: 'requestedSopClassUid' },
  { element: 0x0100, kind: 'US', field: 'commandField' },
  { element: 0x0110, kind: 'US', field: 'messageId' },
  { element: 0x0120, kind: 'US', field: 'messageIdBeingRespondedTo' },
  { element: 0x0700, kind: 'US', field: 'priority' },
  { element: 0x0900, kind: 'US', field: 'status' },
  { element: 0x0902, kind: 'LO', field: 'errorComment' },
  { element: 0x0903, kind: 'US', field: 'errorId' },
  { element: 0x1000, kind: 'UI', field: 'affectedSopInstanceUid' },
  { element: 0x1001, kind: 'UI', field: 'requestedSopInstanceUid' },
  { element: 0x1002, kind: 'US', field: 'eventTypeId' },
  { element: 0x1008, kind: 'US', field: 'actionTypeId' },
  { element: 0x1030, kind: 'AE', field: 'moveOriginatorAeTitle' },
  { element: 0x1031, kind: 'US', field: 'moveOriginatorMessageId' },
];

const byElement = new Map(elements.map((entry) => [entry.element, entry]));

/** What each request must carry (PS3.7 9.3, 10.3); a response must answer a message and carry a status. */
const required: ReadonlyMap<number, readonly Field[]> = new Map([
  [commandField.cStoreRequest, ['messageId', 'affectedSopClassUid', 'affectedSopInstanceUid']],
  [commandField.cFindRequest, ['messageId', 'affectedSopClassUid']],
  [commandField.cEchoRequest, ['messageId']],
  [
    commandField.nEventReportRequest,
    ['messageId', 'affectedSopClassUid', 'affectedSopInstanceUid', 'eventTypeId'],
  ],
  [
    commandField.nActionRequest,
    ['messageId', 'requestedSopClassUid', 'requestedSopInstanceUid', 'actionTypeId'],
  ],
]);

/**
 * Reads a command set: Implicit VR Little Endian, group 0000 only (PS3.7 6.3.1). Refuses more than 16 KiB, elements
 * of other groups, an element twice, lengths that do not fit, UIDs that are not UIDs byte by byte, a missing Command
 * Field or Command Data Set Type, and requests without the elements that PS3.7 makes mandatory.
 * Group Length is not trusted and not needed. Error: SCP_PROTOCOL.
 */
export function parseCommandSet(bytes: Buffer): Result<CommandSet, NodeError> {
  if (bytes.length > maxCommandSetBytes) return fault('the command set is longer than 16 KiB');
  const values: Partial<Record<Field, string | number>> = {};
  const seen = new Set<number>();
  let dataSetType: number | undefined;
  let at = 0;
  while (at < bytes.length) {
    if (at + 8 > bytes.length) return fault('the command set ends inside an element');
    const group = bytes.readUInt16LE(at);
    const element = bytes.readUInt16LE(at + 2);
    const length = bytes.readUInt32LE(at + 4);
    if (group !== 0) return fault('the command set holds an element outside group 0000');
    if (length > bytes.length - at - 8) return fault('a command element is longer than the command set');
    if (seen.has(element)) return fault('a command element occurs twice');
    seen.add(element);
    const raw = bytes.subarray(at + 8, at + 8 + length);
    at += 8 + length;
    if (element === commandDataSetType) {
      if (length !== 2) return fault('Command Data Set Type is not 2 bytes');
      dataSetType = raw.readUInt16LE(0);
      continue;
    }
    const entry = byElement.get(element);
    if (entry === undefined || length === 0) continue;
    const value = readValue(entry.kind, raw);
    if (value === undefined) return fault(`command element ${entry.field} is not legal`);
    values[entry.field] = value;
  }
  const { commandField: field } = values;
  if (typeof field !== 'number') return fault('the command set has no Command Field');
  if (dataSetType === undefined) return fault('the command set has no Command Data Set Type');
  const isResponse = (field & 0x8000) !== 0;
  const needed = isResponse
    ? (['messageIdBeingRespondedTo', 'status'] as const)
    : (required.get(field) ?? []);
  const missing = needed.find((name) => values[name] === undefined);
  if (missing !== undefined) return fault(`the command set has no ${missing}`);
  // Each value was read by the kind that its field has in `elements`.
  return ok({
    ...(values as Partial<CommandSet>),
    commandField: field,
    hasDataSet: dataSetType !== noDataSet,
  });
}

/** Bytes of a command set in Implicit VR Little Endian with Group Length first (PS3.7 6.3.1, E.1). */
export function encodeCommandSet(command: CommandSet): Buffer {
  const parts: Buffer[] = [];
  let dataSetTypeWritten = false;
  for (const { element, kind, field } of elements) {
    if (!dataSetTypeWritten && element > commandDataSetType) {
      parts.push(
        encodeElement(commandDataSetType, encodeUnsignedShort(command.hasDataSet ? 0x0001 : noDataSet)),
      );
      dataSetTypeWritten = true;
    }
    const value = command[field];
    if (value === undefined) continue;
    parts.push(
      encodeElement(
        element,
        typeof value === 'number' ? encodeUnsignedShort(value) : encodeText(value, kind),
      ),
    );
  }
  const body = Buffer.concat(parts);
  const groupLength = Buffer.alloc(4);
  groupLength.writeUInt32LE(body.length, 0);
  return Buffer.concat([encodeElement(0x0000, groupLength), body]);
}

/** The response to a request, with the elements that PS3.7 makes a response repeat. */
export function responseTo(
  request: CommandSet,
  status: number,
  extra: Pick<CommandSet, 'errorComment'> = {},
): CommandSet {
  const sopClassUid = request.affectedSopClassUid ?? request.requestedSopClassUid;
  const sopInstanceUid = request.affectedSopInstanceUid ?? request.requestedSopInstanceUid;
  return {
    commandField: request.commandField | 0x8000,
    hasDataSet: false,
    messageIdBeingRespondedTo: request.messageId ?? 0,
    status,
    ...(sopClassUid === undefined ? {} : { affectedSopClassUid: sopClassUid }),
    ...(sopInstanceUid === undefined ? {} : { affectedSopInstanceUid: sopInstanceUid }),
    ...(request.eventTypeId === undefined ? {} : { eventTypeId: request.eventTypeId }),
    ...(request.actionTypeId === undefined ? {} : { actionTypeId: request.actionTypeId }),
    ...extra,
  };
}

function fault(detail: string): { readonly ok: false; readonly error: NodeError } {
  return err(new NodeError('SCP_PROTOCOL', detail));
}

function readValue(kind: Kind, raw: Buffer): string | number | undefined {
  const text = raw.toString('latin1');
  switch (kind) {
    case 'US':
      return raw.length === 2 ? raw.readUInt16LE(0) : undefined;
    case 'UI':
      // Judged before anything is stripped: a reader that strips first turns "../../x" into a harmless-looking name.
      // Leading zeros of components, illegal but sent by real devices, are let through; padding is one NUL or space.
      return /^(?=.{1,64}[\0 ]?$)[0-9]+(\.[0-9]+)*[\0 ]?$/.test(text)
        ? text.replace(/[\0 ]$/, '')
        : undefined;
    case 'AE':
      return text.length <= 16 ? text.trim() : undefined;
    case 'LO':
      return text.length <= 1024 ? text.trimEnd() : undefined;
  }
}

function encodeUnsignedShort(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeUInt16LE(value, 0);
  return bytes;
}

function encodeText(value: string, kind: Kind): Buffer {
  const padding = kind === 'UI' ? '\0' : ' ';
  return Buffer.from(value.length % 2 === 0 ? value : value + padding, 'latin1');
}

function encodeElement(element: number, value: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(8 + value.length);
  bytes.writeUInt16LE(0, 0);
  bytes.writeUInt16LE(element, 2);
  bytes.writeUInt32LE(value.length, 4);
  value.copy(bytes, 8);
  return bytes;
}
