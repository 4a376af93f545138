import { describe, expect, test } from 'vitest';
import { refuseExternalData } from '../../../src/pipeline/onnx-file.ts';

/** Minimal protobuf writer: enough to build hostile ONNX files field by field. */
function field(number: number, content: Uint8Array | number): Uint8Array {
  if (typeof content === 'number') return Uint8Array.of(...varint(number * 8), ...varint(content));
  return Uint8Array.of(...varint(number * 8 + 2), ...varint(content.length), ...content);
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

const join = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const graphWith = (...parts: Uint8Array[]): Uint8Array => field(7, join(...parts));
const externalEntry = field(13, join(field(1, text('location')), field(2, text('../../etc/passwd'))));

describe('refuseExternalData', () => {
  test('lets a self-contained initializer pass', () => {
    expect(refuseExternalData(graphWith(field(5, join(field(2, 1), field(9, text('raw'))))))).toEqual({
      ok: true,
      value: undefined,
    });
  });
  test.each([
    ['external_data of an initializer', graphWith(field(5, externalEntry))],
    ['data_location EXTERNAL', graphWith(field(5, field(14, 1)))],
    ['a sparse initializer', graphWith(field(15, field(1, text('x'))))],
    ['external data in a Constant node', graphWith(field(1, field(5, field(5, externalEntry))))],
    [
      'external data in a subgraph of an If node',
      graphWith(field(1, field(5, field(6, field(5, externalEntry))))),
    ],
    ['external data in a model function', field(25, field(7, field(5, field(5, externalEntry))))],
    ['a truncated file', graphWith(field(5, externalEntry)).subarray(0, 9)],
  ])('refuses %s', (_, bytes) => {
    const result = refuseExternalData(bytes);
    expect(result.ok ? 'accepted' : result.error.code).toBe('MODEL_INVALID');
  });
});
