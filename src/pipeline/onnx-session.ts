import { InferenceSession, Tensor } from 'onnxruntime-node';
import { asNodeError, NodeError } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';
import { withoutDeadNodes } from './live-graph.ts';
import type { ModelManifest, ModelPackage } from './model-package.ts';
import { refuseRuntimeTelemetry } from './runtime-telemetry.ts';

/** Execution providers in the order the configuration may name them. */
export type Provider = 'cuda' | 'webgpu' | 'cpu';

/** A provider that could not be used, and the runtime's own words about it. */
export interface ProviderFailure {
  readonly provider: Provider;
  readonly error: string;
}

/** One forward pass. Row-major: logits float32[N,K], cam float32[N,K,h,w], features float32[N,D], stats float32[N,2C]. */
export interface ModelOutput {
  readonly logits: Float32Array;
  readonly cam: Float32Array;
  readonly camGrid: readonly [rows: number, columns: number];
  readonly features: Float32Array;
  readonly stats: Float32Array;
}

/** Evidence of one class at the finer map: row-major, not negative; and the logits of the same pass. */
export interface FineEvidence {
  readonly plane: Float32Array;
  readonly grid: readonly [rows: number, columns: number];
  readonly logits: Float32Array;
}

/** A warm session on the provider that really runs. `run` takes float32[1,1,S,S] values in [0,1], NCHW. */
export interface ModelSession {
  readonly provider: Provider;
  readonly failures: readonly ProviderFailure[];
  run(image: Float32Array): Promise<ModelOutput>;
  /** A second pass for the finer map of one class; absent unless it was asked for at opening. */
  fineEvidence?(image: Float32Array, classIndex: number): Promise<FineEvidence>;
  close(): Promise<void>;
}

/** What `openSession` gives: also several images in one run, for those who know that it pays. */
export interface BatchSession extends ModelSession {
  /**
   * One answer or fault for each image, in their order. Sizes of a run are powers of two up to 16, so that a GPU
   * compiles its programs for five shapes and not for every number that happens to wait. Where batching does not pay (a CPU takes
   * as long for four images as for four times one) the images run one by one.
   */
  runAll(images: readonly Float32Array[]): Promise<readonly Result<ModelOutput, NodeError>[]>;
}

export interface SessionOptions {
  readonly providers: readonly Provider[];
  readonly threads: number;
}

/**
 * Opens the model on the first provider that takes it. ONNX Runtime does not fall back by itself: a list such as
 * `['cuda','cpu']` throws when the CUDA library is missing, so each provider is tried alone and its error kept.
 * Weight-only int8 files are folded to float32 at load (`disable_quant_qdq`), so they run at float32 speed.
 */
export async function openSession(
  model: Pick<ModelPackage, 'bytes' | 'manifest'>,
  options: SessionOptions,
): Promise<Result<BatchSession, NodeError>> {
  refuseRuntimeTelemetry();
  const failures: ProviderFailure[] = [];
  for (const provider of options.providers) {
    try {
      const session = await InferenceSession.create(
        withoutDeadNodes(model.bytes),
        sessionOptions(provider, options.threads),
      );
      return ok(wrap(session, provider, failures, model));
    } catch (error) {
      failures.push({ provider, error: asNodeError(error).message.split('\n')[0] ?? '' });
    }
  }
  const text = failures.map(({ provider, error }) => `${provider}: ${error}`).join(' | ');
  return err(new NodeError('MODEL_PROVIDER', `no execution provider could load the model (${text})`));
}

function sessionOptions(provider: Provider, threads: number): InferenceSession.SessionOptions {
  return {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    extra: {
      session: { disable_quant_qdq: '1', ...(provider === 'cpu' ? {} : { disable_cpu_ep_fallback: '1' }) },
    },
  };
}

const batchSizes: Readonly<Record<Provider, readonly number[]>> = {
  cuda: [16, 8, 4, 2, 1],
  webgpu: [16, 8, 4, 2, 1],
  cpu: [1],
};

/** The most images that one run of this provider takes. */
export function largestBatch(provider: Provider): number {
  return batchSizes[provider][0] ?? 1;
}

function wrap(
  session: InferenceSession,
  provider: Provider,
  failures: readonly ProviderFailure[],
  model: Pick<ModelPackage, 'manifest'>,
): BatchSession {
  const { input, outputs } = model.manifest;
  const size = input.size;
  const plane = size * size;

  async function forward(images: readonly Float32Array[]): Promise<ModelOutput[]> {
    const [only] = images;
    const values = images.length === 1 && only !== undefined ? only : joined(images, plane);
    if (values.length !== images.length * plane)
      throw new NodeError('BUG_INVARIANT', `the model takes ${plane} values, got ${only?.length ?? 0}`);
    const shape = [images.length, 1, size, size];
    const result = await session.run({ [input.name]: new Tensor('float32', values, shape) });
    const take = (name: string): Tensor => {
      const tensor = result[name];
      if (tensor === undefined) throw new NodeError('MODEL_INVALID', `the model has no output "${name}"`);
      return tensor;
    };
    const [logits, cam, features, stats] = [
      take(outputs.logits),
      take(outputs.cam),
      take(outputs.features),
      take(outputs.stats),
    ];
    const camGrid = [cam.dims[2] ?? 0, cam.dims[3] ?? 0] as const;
    const own = (tensor: Tensor, index: number): Float32Array => {
      const data = tensor.data as Float32Array;
      if (images.length === 1) return data;
      const length = data.length / images.length;
      return data.slice(index * length, (index + 1) * length);
    };
    return images.map((_, index) => ({
      logits: own(logits, index),
      cam: own(cam, index),
      camGrid,
      features: own(features, index),
      stats: own(stats, index),
    }));
  }

  async function run(image: Float32Array): Promise<ModelOutput> {
    const [output] = await forward([image]);
    if (output === undefined) throw new NodeError('BUG_INVARIANT', 'a run without an output');
    const isFinite = output.logits.every(Number.isFinite) && output.cam.every(Number.isFinite);
    if (!isFinite)
      throw new NodeError('MODEL_OUTPUT', 'the model returned values that are not finite numbers');
    return output;
  }

  return {
    provider,
    failures,
    run,
    async runAll(images) {
      const answers: Result<ModelOutput, NodeError>[] = [];
      while (answers.length < images.length) {
        const left = images.length - answers.length;
        const count = batchSizes[provider].find((each) => each <= left) ?? 1;
        const chosen = images.slice(answers.length, answers.length + count);
        answers.push(...(await together(chosen)));
      }
      return answers;
    },
    close: () => session.release(),
  };

  /** A run that fails as a whole, or an image that spoils its own answer, is asked again alone: it harms no other. */
  async function together(images: readonly Float32Array[]): Promise<Result<ModelOutput, NodeError>[]> {
    const outputs = images.length === 1 ? [] : await forward(images).catch(() => []);
    const answers: Result<ModelOutput, NodeError>[] = [];
    for (const [index, image] of images.entries()) {
      const output = outputs[index];
      if (output?.logits.every(Number.isFinite) && output.cam.every(Number.isFinite)) {
        answers.push(ok(output));
        continue;
      }
      try {
        answers.push(ok(await run(image)));
      } catch (error) {
        answers.push(err(asNodeError(error)));
      }
    }
    return answers;
  }
}

function joined(images: readonly Float32Array[], plane: number): Float32Array {
  const values = new Float32Array(images.length * plane);
  for (const [index, image] of images.entries()) {
    if (image.length !== plane)
      throw new NodeError('BUG_INVARIANT', `the model takes ${plane} values, got ${image.length}`);
    values.set(image, index * plane);
  }
  return values;
}

/** The second graph of a package on its provider: Grad-CAM at the last stride-16 map, its backward pass in the graph. */
export interface FineMapSession {
  /** `image` float32[1,1,S,S] in [0,1]; the class whose evidence is asked for. About 1.7 times the network's own time. */
  run(image: Float32Array, classIndex: number): Promise<FineEvidence>;
  close(): Promise<void>;
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
