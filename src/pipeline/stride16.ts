import { InferenceSession, Tensor } from 'onnxruntime-node';
import { NodeError } from '../core/errors.ts';
import { sha256Hex } from '../core/identifiers.ts';
import { err, type Result } from '../core/result.ts';
import { type ModelManifest, type ModelPackage, readInside } from './model-package.ts';
import { refuseExternalData } from './onnx-file.ts';
import { type FineEvidence, type Provider, sessionOptions } from './onnx-session.ts';
import { withWeightsOf } from './shared-weights.ts';

/** The second graph of a package on its provider: Grad-CAM at the last stride-16 map, its backward pass in the graph. */
export interface FineMapSession {
  /** `image` float32[1,1,S,S] in [0,1]; the class whose evidence is asked for. About 1.7 times the network's own time. */
  run(image: Float32Array, classIndex: number): Promise<FineEvidence>;
  close(): Promise<void>;
}

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

/** Opens the completed graph; what the runtime says against it is thrown. */
export async function openFineMap(
  graph: Uint8Array,
  manifest: ModelManifest,
  options: { readonly provider: Provider; readonly threads: number },
): Promise<FineMapSession> {
  const entry = manifest.stride16;
  if (entry === undefined) throw new NodeError('BUG_INVARIANT', 'the manifest has no second graph');
  const { size } = manifest.input;
  const session = await InferenceSession.create(graph, sessionOptions(options.provider, options.threads));
  return {
    async run(image, classIndex) {
      const chosen = Float32Array.from(manifest.classes, (_, index) => (index === classIndex ? 1 : 0));
      const result = await session.run({
        [entry.inputs.image]: new Tensor('float32', image, [1, 1, size, size]),
        [entry.inputs.classWeight]: new Tensor('float32', chosen, [1, chosen.length]),
      });
      const gradcam = result[entry.outputs.gradcam];
      const logits = result[entry.outputs.logits];
      if (gradcam === undefined || logits === undefined)
        throw new NodeError('MODEL_INVALID', 'the second graph lacks an output that the manifest names');
      const plane = gradcam.data as Float32Array;
      if (!plane.every(Number.isFinite))
        throw new NodeError('MODEL_OUTPUT', 'the second graph returned values that are not finite numbers');
      const grid = [gradcam.dims[2] ?? 0, gradcam.dims[3] ?? 0] as const;
      return { plane, grid, logits: logits.data as Float32Array };
    },
    close: () => session.release(),
  };
}
