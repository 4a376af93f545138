import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { withoutDeadNodes } from '../../../src/pipeline/live-graph.ts';
import { fields, refuseExternalData } from '../../../src/pipeline/onnx-file.ts';

const utf8 = (text: string) => Buffer.from(text, 'utf8');
/** A length-delimited protobuf field shorter than 128 bytes. */
const field = (number: number, ...parts: readonly Uint8Array[]) => {
  const content = Buffer.concat(parts);
  return Buffer.concat([Uint8Array.of((number << 3) | 2, content.length), content]);
};
const node = (
  type: string,
  inputs: readonly string[],
  outputs: readonly string[],
  ...more: readonly Uint8Array[]
) =>
  field(
    1,
    ...inputs.map((name) => field(1, utf8(name))),
    ...outputs.map((name) => field(2, utf8(name))),
    field(4, utf8(type)),
    ...more,
  );
const model = (...nodes: readonly Uint8Array[]) =>
  Buffer.concat([
    field(2, utf8('test')),
    field(7, ...nodes, field(12, field(1, utf8('y')))),
    field(8, utf8('end')),
  ]);
const typesOf = (bytes: Uint8Array) =>
  [...fields(bytes)]
    .filter(({ number }) => number === 7)
    .flatMap((graph) => [...fields(graph.bytes)])
    .filter(({ number }) => number === 1)
    .map((one) => [...fields(one.bytes)].find(({ number }) => number === 4)?.bytes.toString());

describe('withoutDeadNodes', () => {
  const conv = node('Conv', ['x'], ['a']);
  const relu = node('Relu', ['a'], ['y']);

  test('leaves out a chain that no output needs, and nothing else', () => {
    const dead = [node('Shape', ['a'], ['s']), node('Cast', ['s'], ['t'])];
    expect(typesOf(withoutDeadNodes(model(conv, ...dead, relu)))).toEqual(typesOf(model(conv, relu)));
    expect(withoutDeadNodes(model(conv, ...dead, relu))).toEqual(model(conv, relu));
  });

  test('a model without dead nodes stays as it is, byte for byte', () => {
    expect(withoutDeadNodes(model(conv, relu))).toEqual(model(conv, relu));
  });

  test('a model with nested graphs is left alone: they may use any value', () => {
    const branch = field(5, field(6, field(1, utf8('inner'))));
    const whole = model(conv, node('Shape', ['a'], ['s']), node('If', ['a'], ['y'], branch));
    expect(withoutDeadNodes(whole)).toEqual(whole);
  });

  test('a shipped model has none, and its bytes are not copied', () => {
    const bytes = readFileSync(resolve(import.meta.dirname, '../../../models/lumbar-nano-sim/model.onnx'));
    expect(refuseExternalData(bytes)).toMatchObject({ ok: true });
    expect(withoutDeadNodes(bytes)).toBe(bytes);
  });
});
