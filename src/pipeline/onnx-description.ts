import { asNodeError, type NodeError } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';
import { type Field, fields, refuseExternalData } from './onnx-file.ts';

/** One input or output of a graph. */
export interface OnnxValue {
  readonly name: string;
  /** As TensorProto.DataType names it, such as `float`. */
  readonly elementType: string;
  /** A number, the name of a free dimension, or `?`. */
  readonly shape: readonly (number | string)[];
}

/** What an ONNX file says about itself; onnxruntime-node does not give it away. */
export interface OnnxDescription {
  readonly irVersion: number;
  readonly producer: string;
  readonly opsets: readonly { readonly domain: string; readonly version: number }[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** Numbers stored in initializers. */
  readonly parameters: number;
  readonly nodes: number;
  /** How often each operator occurs, most frequent first. */
  readonly operators: readonly { readonly name: string; readonly count: number }[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Why the node would not load the file, when it would not. */
  readonly refusal: string | null;
}

/** TensorProto.DataType of onnx.proto3, from 0. */
const elementTypes =
  'undefined float uint8 int8 uint16 int16 int32 int64 string bool float16 double uint32 uint64 complex64 complex128 bfloat16'.split(
    ' ',
  );

/**
 * Reads the top level of an ONNX file. Field numbers are those of onnx.proto3: ModelProto.ir_version 1, producer_name 2,
 * producer_version 3, graph 7, opset_import 8, metadata_props 14; GraphProto.node 1, initializer 5, input 11, output 12;
 * ValueInfoProto.name 1, type 2; TypeProto.tensor_type 1; Tensor.elem_type 1, shape 2; Dimension.dim_value 1,
 * dim_param 2; NodeProto.op_type 4, domain 7; TensorProto.dims 1, name 8.
 */
export function describeOnnx(model: Uint8Array): Result<OnnxDescription, NodeError> {
  try {
    const top = [...fields(model)];
    const graph = [...fields(only(top, 7))];
    const initializers = many(graph, 5).map((tensor) => [...fields(tensor)]);
    const stored = new Set(initializers.map((tensor) => text(tensor, 8)));
    const external = refuseExternalData(model);
    const operators = operatorCounts(many(graph, 1));
    return ok({
      irVersion: number(top, 1),
      producer: [text(top, 2), text(top, 3)].filter((part) => part !== '').join(' '),
      opsets: many(top, 8).map((opset) => {
        const parts = [...fields(opset)];
        return { domain: text(parts, 1) || 'ai.onnx', version: number(parts, 2) };
      }),
      inputs: many(graph, 11)
        .map(valueOf)
        .filter(({ name }) => !stored.has(name)),
      outputs: many(graph, 12).map(valueOf),
      parameters: initializers.reduce((sum, tensor) => sum + elementsOf(tensor), 0),
      nodes: operators.reduce((sum, { count }) => sum + count, 0),
      operators,
      metadata: Object.fromEntries(
        many(top, 14).map((entry) => {
          const parts = [...fields(entry)];
          return [text(parts, 1), text(parts, 2)];
        }),
      ),
      refusal: external.ok ? null : external.error.message,
    });
  } catch (error) {
    return err(asNodeError(error));
  }
}

function valueOf(bytes: Uint8Array): OnnxValue {
  const parts = [...fields(bytes)];
  const tensor = [...fields(only([...fields(only(parts, 2))], 1))];
  const shape = many([...fields(only(tensor, 2))], 1).map((dimension): number | string => {
    const found = [...fields(dimension)];
    if (found.some((field) => field.number === 1)) return number(found, 1);
    return text(found, 2) || '?';
  });
  return { name: text(parts, 1), elementType: elementTypes[number(tensor, 1)] ?? 'unknown', shape };
}

function operatorCounts(nodes: readonly Uint8Array[]): { name: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const node of nodes) {
    const parts = [...fields(node)];
    const domain = text(parts, 7);
    const name = domain === '' ? text(parts, 4) : `${domain}.${text(parts, 4)}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts]
    .map(([name, count]) => ({ name, count }))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
}

/** Product of TensorProto.dims, which a writer may pack into one field or repeat. */
function elementsOf(tensor: readonly Field[]): number {
  let product = 1;
  for (const field of tensor) {
    if (field.number !== 1) continue;
    if (field.bytes.length === 0) product *= field.varint;
    else for (const dimension of packed(field.bytes)) product *= dimension;
  }
  return product;
}

function packed(bytes: Uint8Array): number[] {
  const values: number[] = [];
  let value = 0;
  let scale = 1;
  for (const byte of bytes) {
    value += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte >= 0x80) continue;
    values.push(value);
    value = 0;
    scale = 1;
  }
  return values;
}

function many(found: readonly Field[], wanted: number): Uint8Array[] {
  return found.filter((field) => field.number === wanted).map(({ bytes }) => bytes);
}

function only(found: readonly Field[], wanted: number): Uint8Array {
  return found.find((field) => field.number === wanted)?.bytes ?? new Uint8Array(0);
}

function number(found: readonly Field[], wanted: number): number {
  return found.find((field) => field.number === wanted)?.varint ?? 0;
}

function text(found: readonly Field[], wanted: number): string {
  return Buffer.from(only(found, wanted)).toString('utf8');
}
