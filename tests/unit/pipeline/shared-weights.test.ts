import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { protobufHeader } from '../../../src/pipeline/protobuf-header.ts';
import { withWeightsOf } from '../../../src/pipeline/shared-weights.ts';

const text = (value: string): Buffer => Buffer.from(value, 'utf8');
const field = (number: number, body: Uint8Array): Buffer =>
  Buffer.concat([protobufHeader(number, body.length), body]);
/** TensorProto: dims 1, data_type 2, name 8, raw_data 9. */
const tensor = (name: string, value: number): Buffer =>
  Buffer.concat([
    Buffer.from([0x08, 1, 0x10, 1]),
    field(8, text(name)),
    field(9, Buffer.from(Float32Array.of(value).buffer)),
  ]);
/** ValueInfoProto of a float vector of one. */
const value = (name: string): Buffer =>
  Buffer.concat([
    field(1, text(name)),
    field(2, field(1, Buffer.concat([Buffer.from([0x08, 1]), field(2, field(1, Buffer.from([0x08, 1])))]))),
  ]);
/** y = x * w */
const node = Buffer.concat([
  field(1, text('x')),
  field(1, text('w')),
  field(2, text('y')),
  field(4, text('Mul')),
]);
const graph = (...initializers: Buffer[]): Buffer =>
  Buffer.concat([
    field(1, node),
    field(2, text('g')),
    ...initializers.map((one) => field(5, one)),
    field(11, value('x')),
    field(12, value('y')),
  ]);
const model = (body: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0x08, 8]), field(7, body), field(8, Buffer.from([0x10, 17]))]);

describe('withWeightsOf', () => {
  test('gives a graph without weights those of the same name, and ONNX Runtime runs the result', async () => {
    const whole = withWeightsOf(model(graph()), model(graph(tensor('other', 5), tensor('w', 3))));
    if (!whole.ok) throw whole.error;
    const session = await InferenceSession.create(whole.value, { logSeverityLevel: 4 });
    const { y } = await session.run({ x: new Tensor('float32', Float32Array.of(2), [1]) });
    expect(Array.from(y?.data as Float32Array)).toEqual([6]);
    await session.release();
  });
  test('leaves weights alone that the graph has itself', () => {
    const own = model(graph(tensor('w', 7)));
    const whole = withWeightsOf(own, model(graph(tensor('w', 3))));
    expect(whole.ok && whole.value.length).toBe(own.length + 2);
  });
  test('names a weight that is in neither file', () => {
    const whole = withWeightsOf(model(graph()), model(graph(tensor('other', 5))));
    expect(whole.ok ? '' : whole.error.message).toContain('"w"');
  });
  test('refuses bytes that are no protobuf', () => {
    expect(withWeightsOf(Buffer.from([0x3a, 0xff]), model(graph())).ok).toBe(false);
    expect(
      withWeightsOf(readFileSync(resolve(import.meta.dirname, 'rejection.test.ts')), model(graph())).ok,
    ).toBe(false);
  });
});
