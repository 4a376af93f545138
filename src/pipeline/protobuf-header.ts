/** Key and length that precede a length-delimited field of a protobuf message. */
export function protobufHeader(number: number, length: number): Uint8Array {
  return Uint8Array.from([...varintBytes(number * 8 + 2), ...varintBytes(length)]);
}

function varintBytes(value: number): number[] {
  const low = value % 128;
  return value < 128 ? [low] : [low + 128, ...varintBytes(Math.floor(value / 128))];
}
