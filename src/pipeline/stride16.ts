import { NodeError } from '../core/errors.ts';
import { sha256Hex } from '../core/identifiers.ts';
import { err, type Result } from '../core/result.ts';
import { type ModelPackage, readInside } from './model-package.ts';
import { refuseExternalData } from './onnx-file.ts';
import { withWeightsOf } from './shared-weights.ts';

/**
 * The second graph, complete. Its file holds no weights: they come from the model file, so both answers are those of
 * one network. The manifest pins its sum. MODEL_INVALID when the package has none, MODEL_HASH when it differs.
 */
export function readFineMapGraph(
  model: Pick<ModelPackage, 'folder' | 'manifest' | 'bytes'>,
): Result<Uint8Array, NodeError> {
  const { stride16, id } = model.manifest;
  if (stride16 === undefined)
    return err(new NodeError('MODEL_INVALID', `${id} has no second graph; set model.map to "last"`));
  const graph = readInside(model.folder, stride16.file);
  if (!graph.ok) return graph;
  const actual = sha256Hex(graph.value);
  if (actual !== stride16.sha256) {
    const detail = `${stride16.file} has SHA-256 ${actual}, the manifest pins ${stride16.sha256}`;
    return err(new NodeError('MODEL_HASH', detail));
  }
  const selfContained = refuseExternalData(graph.value);
  return selfContained.ok ? withWeightsOf(graph.value, model.bytes) : selfContained;
}
