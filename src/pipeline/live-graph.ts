import { type Field, fields } from './onnx-file.ts';

interface Node {
  readonly whole: Uint8Array;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Holds a graph of its own, whose use of outer values is not looked into: then nothing is left out. */
  readonly nests: boolean;
}

/**
 * The model without the nodes whose results nobody uses. They change no output, but a provider that has no kernel for
 * one of them is refused as a whole: the shape arithmetic that an export leaves behind kept every graphics card out.
 * ModelProto.graph is field 7; GraphProto.node 1, output 12; NodeProto.input 1, output 2, attribute 5 (onnx.proto3).
 */
export function withoutDeadNodes(model: Uint8Array): Uint8Array {
  const parts = [...fields(model)].map((field) => (field.number === 7 ? liveGraph(field.bytes) : undefined));
  // Most models have none, and a second copy of their weights would be the largest thing in the process.
  if (parts.every((graph) => graph === undefined)) return model;
  return Buffer.concat([...fields(model)].flatMap((field, index) => parts[index] ?? field.whole));
}

/** The graph field anew; undefined when all of its nodes are used. */
function liveGraph(graph: Uint8Array): Uint8Array[] | undefined {
  const parts = [...fields(graph)];
  const nodes = parts.flatMap((field) => (field.number === 1 ? readNode(field) : []));
  const live = liveNodes(
    nodes,
    parts.flatMap((field) => (field.number === 12 ? namesIn(field.bytes, 1) : [])),
  );
  if (nodes.every(({ whole }) => live.has(whole))) return undefined;
  const kept = parts.filter(({ number, whole }) => number !== 1 || live.has(whole)).map(({ whole }) => whole);
  const length = kept.reduce((sum, part) => sum + part.length, 0);
  return [Uint8Array.of((7 << 3) | 2), encodeVarint(length), ...kept];
}

function liveNodes(nodes: readonly Node[], outputs: readonly string[]): ReadonlySet<Uint8Array> {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  if (nodes.some(({ nests }) => nests)) return new Set(nodes.map(({ whole }) => whole));
  const live = new Set<Uint8Array>();
  const wanted = [...outputs];
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    const maker = makers.get(name);
    if (maker === undefined || live.has(maker.whole)) continue;
    live.add(maker.whole);
    wanted.push(...maker.inputs);
  }
  return live;
}

function readNode({ bytes, whole }: Field): Node {
  const nests = [...fields(bytes)].some(
    ({ number, bytes: attribute }) =>
      number === 5 && [...fields(attribute)].some((value) => value.number === 6 || value.number === 11),
  );
  return { whole, inputs: namesIn(bytes, 1), outputs: namesIn(bytes, 2), nests };
}

function namesIn(message: Uint8Array, number: number): string[] {
  return [...fields(message)].flatMap((field) =>
    field.number === number ? Buffer.from(field.bytes).toString('utf8') : [],
  );
}

function encodeVarint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) | 0x80);
  }
}
