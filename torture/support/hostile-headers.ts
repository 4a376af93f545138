/** One element in Explicit VR Little Endian; VRs with 32-bit lengths included (PS3.5 7.1.2). */
export function explicitElement(group: number, element: number, vr: string, value: Buffer): Buffer {
  const isLong = ['OB', 'OW', 'SQ', 'UN', 'UT'].includes(vr);
  const head = Buffer.alloc(isLong ? 12 : 8);
  head.writeUInt16LE(group, 0);
  head.writeUInt16LE(element, 2);
  head.write(vr, 4, 'latin1');
  if (isLong) head.writeUInt32LE(value.length, 8);
  else head.writeUInt16LE(value.length, 6);
  return Buffer.concat([head, value]);
}

/** Sequences of undefined length, one inside the other. */
export function nestedSequences(levels: number): Buffer {
  const open = Buffer.from('19000110535100 00ffffffff feff00e0ffffffff'.replaceAll(' ', ''), 'hex');
  const close = Buffer.from('feff0de000000000feffdde000000000', 'hex');
  return Buffer.concat([
    ...Array.from({ length: levels }, () => open),
    ...Array.from({ length: levels }, () => close),
  ]);
}
