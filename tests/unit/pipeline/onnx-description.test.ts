import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { describeOnnx } from '../../../src/pipeline/onnx-description.ts';
import { peer } from '../../support/peer.ts';

const file = join(resolve(import.meta.dirname, '../../..'), 'models', 'lumbar-nano-sim', 'model.onnx');

const script = `
import json, sys
import numpy as np, onnx
m = onnx.load(sys.argv[1])
def value(v):
    t = v.type.tensor_type
    name = onnx.TensorProto.DataType.Name(t.elem_type).lower()
    return {"name": v.name, "elementType": name, "shape": [d.dim_value if d.HasField("dim_value") else (d.dim_param or "?") for d in t.shape.dim]}
print(json.dumps({
  "irVersion": m.ir_version, "inputs": [value(v) for v in m.graph.input], "outputs": [value(v) for v in m.graph.output],
  "opsets": [{"domain": o.domain or "ai.onnx", "version": o.version} for o in m.opset_import],
  "nodes": len(m.graph.node), "parameters": int(sum(np.prod(t.dims, dtype=np.int64) for t in m.graph.initializer)),
  "metadata": {p.key: p.value for p in m.metadata_props},
}))
`;

const python = '/usr/bin/python3';
const hasOnnx = peer('python3') !== undefined && spawnSync(python, ['-c', 'import onnx']).status === 0;

test.skipIf(!hasOnnx)("describes a model as Python's onnx package does", () => {
  const { stdout, stderr } = spawnSync(python, ['-c', script, file], { encoding: 'utf8' });
  expect(stderr).toBe('');
  const description = describeOnnx(readFileSync(file));
  expect(description.ok && description.value).toMatchObject(JSON.parse(stdout) as object);
});

test('counts operators and says that the node would load it', () => {
  const description = describeOnnx(readFileSync(file));
  if (!description.ok) throw description.error;
  expect(description.value.refusal).toBeNull();
  expect(description.value.operators[0]).toMatchObject({ name: expect.any(String) as string });
  expect(description.value.operators.reduce((sum, { count }) => sum + count, 0)).toBe(
    description.value.nodes,
  );
});

test('a file that is no model is an error, not a description', () =>
  expect(describeOnnx(Buffer.from('This is no protobuf.')).ok).toBe(false));
