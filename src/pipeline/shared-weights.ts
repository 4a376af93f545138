import { NodeError } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';
import { type Field, fields } from './onnx-file.ts';
import { protobufHeader } from './protobuf-header.ts';

// Field numbers of onnx.proto3: ModelProto.graph 7; GraphProto.node 1, initializer 5, input 11;
// NodeProto.input 1, output 2; TensorProto.name 8; ValueInfoProto.name 1.
const modelGraph = 7;
const graphInitializer = 5;

/**
 * Completes a graph that was written without its weights by those of the same name in another model file, so that two
 * graphs over one network need no second copy of its weights on disk. Appending a message to a serialised message of
 * the same type merges both (Protocol Buffers encoding, "last one wins, repeated fields concatenate"), so the
 * weights are copied as they are, unparsed. MODEL_INVALID when a weight is in neither file.
 */
export function withWeightsOf(graph: Uint8Array, donor: Uint8Array): Result<Uint8Array, NodeError> {
  try {
    const missing = missingNames(graph);
    const chunks: Uint8Array[] = [];
    for (const tensor of initializersOf(donor)) {
      if (!missing.delete(tensorName(tensor))) continue;
      chunks.push(protobufHeader(graphInitializer, tensor.length), tensor);
    }
    const [absent] = missing;
    if (absent !== undefined) {
      return err(
        new NodeError('MODEL_INVALID', `the weight "${absent}" of the second graph is in neither file`),
      );
    }
    const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    return ok(Buffer.concat([graph, protobufHeader(modelGraph, length), ...chunks]));
  } catch (error) {
    if (error instanceof NodeError) return err(error);
    return err(new NodeError('MODEL_INVALID', 'the second graph is not readable as ONNX', { cause: error }));
  }
}

/** Names that some node reads and that nothing in the graph provides. */
function missingNames(model: Uint8Array): Set<string> {
  const provided = new Set<string>(['']);
  const read = new Set<string>();
  for (const field of graphFields(model)) {
    if (field.number === graphInitializer) provided.add(tensorName(field.bytes));
    if (field.number === 11)
      for (const part of fields(field.bytes)) if (part.number === 1) provided.add(text(part));
    if (field.number !== 1) continue;
    for (const part of fields(field.bytes)) {
      if (part.number === 1) read.add(text(part));
      if (part.number === 2) provided.add(text(part));
    }
  }
  for (const name of provided) read.delete(name);
  return read;
}

function* initializersOf(model: Uint8Array): Generator<Uint8Array> {
  for (const field of graphFields(model)) if (field.number === graphInitializer) yield field.bytes;
}

function* graphFields(model: Uint8Array): Generator<Field> {
  for (const field of fields(model)) if (field.number === modelGraph) yield* fields(field.bytes);
}

function tensorName(tensor: Uint8Array): string {
  for (const field of fields(tensor)) if (field.number === 8) return text(field);
  return '';
}

function text({ bytes }: Field): string {
  return Buffer.from(bytes).toString('utf8');
}
