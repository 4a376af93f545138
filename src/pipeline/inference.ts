import { join } from 'node:path';
import { asNodeError, NodeError } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';
import { readPart10 } from '../dicom/part10-reader.ts';
import { decodeFrames } from '../imaging/decode-frames.ts';
import { float32From, type ModelPackage, type OpenedModel, readInside } from './model-package.ts';
import { openThreadedSession } from './inference-thread.ts';
import type { ModelOutput, ModelSession, ProviderFailure, SessionOptions } from './onnx-session.ts';
import { prepareImage } from './preprocess.ts';
import { readFineMapGraph } from './stride16.ts';

/** A verified model that answered its golden images correctly on this machine. */
export interface Inference {
  readonly model: OpenedModel;
  readonly session: ModelSession;
  /** Seconds and largest logit difference of the golden run, for the log and `doctor`. */
  readonly selfTest: SelfTest;
}

/** The feature map that Grad-CAM explains. */
export type MapLayer = 'last' | 'stride16';

/** `stride16` also opens the second graph; a package without one is then refused. */
export interface InferenceOptions extends SessionOptions {
  readonly map?: MapLayer;
}

export interface SelfTest {
  readonly images: number;
  readonly largestDifference: number;
  readonly elapsedMs: number;
}

/**
 * Opens the model on the first provider that loads it and answers its golden images as recorded, before the first
 * patient image. A provider that gives other numbers is left for the next one, its failure kept; when none is right
 * the last fault is returned (MODEL_PROVIDER, MODEL_GOLDEN), so that a damaged file, runtime or card fails closed.
 */
export async function openInference(
  model: ModelPackage,
  options: InferenceOptions,
): Promise<Result<Inference, NodeError>> {
  const failures: ProviderFailure[] = [];
  let fault = new NodeError('MODEL_PROVIDER', 'no execution provider is configured');
  for (const provider of options.providers) {
    const opened = await openOn(model, { ...options, providers: [provider] });
    if (opened.ok) {
      const { session } = opened.value;
      return ok({ ...opened.value, session: { ...session, failures } });
    }
    fault = opened.error;
    failures.push({ provider, error: opened.error.message });
  }
  return err(fault);
}

async function openOn(model: ModelPackage, options: InferenceOptions): Promise<Result<Inference, NodeError>> {
  const fineMap = options.map === 'stride16' ? readFineMapGraph(model) : ok(undefined);
  if (!fineMap.ok) return fineMap;
  const session = await openThreadedSession(model, options, fineMap.value);
  if (!session.ok) return session;
  const selfTest = await runSelfTest(model, session.value);
  if (!selfTest.ok) {
    await session.value.close();
    return selfTest;
  }
  const fault = await disagreement(model, session.value);
  if (fault === undefined) {
    const { bytes: _heldByTheSession, ...opened } = model;
    return ok({ model: opened, session: session.value, selfTest: selfTest.value });
  }
  await session.value.close();
  return err(fault);
}

/** Both graphs must give one golden image the same logits: then they hold the same network. */
async function disagreement(model: OpenedModel, session: ModelSession): Promise<NodeError | undefined> {
  const [golden] = model.manifest.golden;
  if (session.fineEvidence === undefined || golden === undefined) return undefined;
  const input = await goldenInput(model, golden);
  if (!input.ok) return input.error;
  try {
    const { logits } = await session.fineEvidence(input.value, 0);
    const differences = golden.logits.map((expected, index) =>
      Math.abs((logits[index] ?? Number.NaN) - expected),
    );
    if (differences.every((difference) => difference <= golden.tolerance)) return undefined;
    const largest = Math.max(...differences).toExponential(2);
    return new NodeError('MODEL_GOLDEN', `${golden.file}: a logit of the second graph differs by ${largest}`);
  } catch (error) {
    return asNodeError(error);
  }
}

/** Compares every golden image of the package with its recorded logits. */
export async function runSelfTest(
  model: OpenedModel,
  session: ModelSession,
): Promise<Result<SelfTest, NodeError>> {
  const start = performance.now();
  let largestDifference = 0;
  for (const golden of model.manifest.golden) {
    const input = await goldenInput(model, golden);
    if (!input.ok) return input;
    let output: ModelOutput;
    try {
      output = await session.run(input.value);
    } catch (error) {
      return err(asNodeError(error));
    }
    for (const [index, expected] of golden.logits.entries()) {
      const difference = Math.abs((output.logits[index] ?? Number.NaN) - expected);
      largestDifference = Math.max(largestDifference, difference);
      if (!(difference <= golden.tolerance)) {
        return err(
          new NodeError(
            'MODEL_GOLDEN',
            `${golden.file} on ${session.provider}: logit ${index} differs by ${difference.toExponential(2)}, allowed ${golden.tolerance}`,
          ),
        );
      }
    }
  }
  if (model.manifest.golden.length === 0)
    return err(new NodeError('MODEL_GOLDEN', 'the model has no golden images'));
  return ok({
    images: model.manifest.golden.length,
    largestDifference,
    elapsedMs: performance.now() - start,
  });
}

/** What a golden input puts into the network: a tensor as it is, a DICOM file through the whole preprocessing. */
export async function goldenInput(
  model: OpenedModel,
  golden: OpenedModel['manifest']['golden'][number],
): Promise<Result<Float32Array, NodeError>> {
  const [folder, name] = golden.file.split('/');
  const bytes = readInside(join(model.folder, folder ?? ''), name ?? '');
  if (!bytes.ok) return bytes;
  if (golden.kind === 'tensor') return ok(float32From(bytes.value));
  const file = readPart10(bytes.value);
  if (!file.ok) return file;
  const pixels = await decodeFrames(file.value);
  if (!pixels.ok) return pixels;
  return ok(prepareImage(pixels.value, file.value.dataSet, model.manifest).input);
}
