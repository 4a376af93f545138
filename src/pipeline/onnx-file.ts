import { NodeError } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';

/**
 * Looks through the protobuf of an ONNX file for anything that would make the runtime read another file:
 * `TensorProto.external_data` / `data_location = EXTERNAL` and sparse initializers (CVE-2022-25882,
 * CVE-2024-27318 and their relatives). A model must be one self-contained file.
 *
 * Field numbers are those of onnx.proto3: ModelProto.graph 7; GraphProto.node 1, initializer 5,
 * sparse_initializer 15; NodeProto.attribute 5; AttributeProto.t 5, g 6, tensors 10, graphs 11,
 * sparse_tensor 22; TensorProto.external_data 13, data_location 14.
 */
export function refuseExternalData(model: Uint8Array): Result<undefined, NodeError> {
  try {
    for (const field of fields(model)) {
      if (field.number === 7) walkGraph(field.bytes);
      if (field.number === 25) walkFunction(field.bytes);
    }
    return ok(undefined);
  } catch (error) {
    if (error instanceof NodeError) return err(error);
    return err(new NodeError('MODEL_INVALID', 'the model file is not readable as ONNX', { cause: error }));
  }
}

/** One field of a protobuf message: its content, and the whole of it as it stands in the file. */
export interface Field {
  readonly number: number;
  readonly varint: number;
  readonly bytes: Uint8Array;
  readonly whole: Uint8Array;
}

const empty = new Uint8Array(0);
const maxGraphDepth = 16;

function walkGraph(graph: Uint8Array, depth = 0): void {
  if (depth > maxGraphDepth) throw new NodeError('MODEL_INVALID', 'the model nests graphs too deeply');
  for (const field of fields(graph)) {
    if (field.number === 1) walkNode(field.bytes, depth);
    if (field.number === 5) checkTensor(field.bytes);
    if (field.number === 15) throw new NodeError('MODEL_INVALID', 'the model holds a sparse initializer');
  }
}

function walkFunction(body: Uint8Array): void {
  for (const field of fields(body)) if (field.number === 7) walkNode(field.bytes, 0);
}

function walkNode(node: Uint8Array, depth: number): void {
  for (const attribute of fields(node)) {
    if (attribute.number !== 5) continue;
    for (const value of fields(attribute.bytes)) {
      if (value.number === 5 || value.number === 10) checkTensor(value.bytes);
      if (value.number === 6 || value.number === 11) walkGraph(value.bytes, depth + 1);
      if (value.number === 22 || value.number === 23) {
        throw new NodeError('MODEL_INVALID', 'the model holds a sparse tensor');
      }
    }
  }
}

function checkTensor(tensor: Uint8Array): void {
  for (const field of fields(tensor)) {
    if (field.number === 13 || (field.number === 14 && field.varint !== 0)) {
      throw new NodeError('MODEL_INVALID', 'the model refers to data outside its own file');
    }
  }
}

/** The fields of a protobuf message in order. Throws MODEL_INVALID where they do not fit. */
export function* fields(bytes: Uint8Array): Generator<Field> {
  let offset = 0;
  const varint = (): number => {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      const byte = bytes[offset++];
      if (byte === undefined) throw new NodeError('MODEL_INVALID', 'the model file ends inside a field');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new NodeError('MODEL_INVALID', 'the model file holds an endless integer');
  };
  while (offset < bytes.length) {
    const start = offset;
    const key = varint();
    const number = Math.floor(key / 8);
    const wire = key % 8;
    if (wire === 0) {
      const value = varint();
      yield { number, varint: value, bytes: empty, whole: bytes.subarray(start, offset) };
    } else {
      const length = wire === 2 ? varint() : wire === 1 ? 8 : wire === 5 ? 4 : -1;
      if (length < 0 || offset + length > bytes.length) {
        throw new NodeError('MODEL_INVALID', 'the model file holds a field that does not fit');
      }
      const content = bytes.subarray(offset, offset + length);
      offset += length;
      yield { number, varint: 0, bytes: content, whole: bytes.subarray(start, offset) };
    }
  }
}
