/** Hand-made encoded elements for tests of the parser: nothing here checks anything. */

const longVrs = new Set(['OB', 'OW', 'SQ', 'UN', 'UT']);

/** One Explicit VR Little Endian element; `length` may lie about the value. */
export function element(tag: number, vr: string, value: Uint8Array, length = value.length): Uint8Array {
  const isLong = longVrs.has(vr);
  const header = Buffer.alloc(isLong ? 12 : 8);
  header.writeUInt16LE(tag >>> 16, 0);
  header.writeUInt16LE(tag & 0xffff, 2);
  header.write(vr, 4, 'latin1');
  if (isLong) header.writeUInt32LE(length, 8);
  else header.writeUInt16LE(length, 6);
  return Buffer.concat([header, value]);
}

export function text(tag: number, vr: string, value: string): Uint8Array {
  return element(tag, vr, Buffer.from(value, 'latin1'));
}

export function us(tag: number, ...values: readonly number[]): Uint8Array {
  return element(tag, 'US', Buffer.from(new Uint16Array(values).buffer));
}

/** An item or delimiter header (FFFE,eeee). */
export function item(low: number, length: number): Uint8Array {
  const header = Buffer.alloc(8);
  header.writeUInt16LE(0xfffe, 0);
  header.writeUInt16LE(low, 2);
  header.writeUInt32LE(length, 4);
  return header;
}

/** Implicit VR Little Endian. */
export function implicit(tag: number, value: Uint8Array, length = value.length): Uint8Array {
  const header = Buffer.alloc(8);
  header.writeUInt16LE(tag >>> 16, 0);
  header.writeUInt16LE(tag & 0xffff, 2);
  header.writeUInt32LE(length, 4);
  return Buffer.concat([header, value]);
}

/** A file: preamble, prefix, transfer syntax, then the data set. */
export function file(transferSyntaxUid: string, ...dataSet: readonly Uint8Array[]): Uint8Array {
  const uid = transferSyntaxUid + (transferSyntaxUid.length % 2 === 1 ? '\0' : '');
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), text(0x00020010, 'UI', uid), ...dataSet]);
}

export const explicitLittleEndian = '1.2.840.10008.1.2.1';
export const implicitLittleEndian = '1.2.840.10008.1.2';
