import { asNodeError } from '../../core/errors.ts';
import { sha256Hex } from '../../core/identifiers.ts';
import { goldenInput } from '../../pipeline/inference.ts';
import { openThreadedSession } from '../../pipeline/inference-thread.ts';
import { type ModelPackage, readInside } from '../../pipeline/model-package.ts';
import type { ModelSession } from '../../pipeline/onnx-session.ts';
import type { Check } from './check.ts';

/**
 * Runs the golden inputs through the graph with float32 weights that a reduced package names, and compares the logits:
 * rounded weights must not change what the model says. No check when the manifest names none.
 */
export async function floatAgreement(model: ModelPackage, session: ModelSession): Promise<Check[]> {
  const { floatGraph } = model.manifest;
  if (floatGraph === undefined) return [];
  const name = 'float graph';
  const failed = (evidence: string): Check[] => [{ name, ok: false, evidence }];
  const bytes = readInside(model.folder, floatGraph.file);
  if (!bytes.ok) return failed(bytes.error.message);
  const sha256 = sha256Hex(bytes.value);
  if (sha256 !== floatGraph.sha256)
    return failed(`${floatGraph.file} has SHA-256 ${sha256}, the manifest pins ${floatGraph.sha256}`);
  const float = await openThreadedSession(
    { ...model, bytes: bytes.value },
    { providers: [session.provider], threads: 0 },
  );
  if (!float.ok) return failed(float.error.message);
  try {
    const largest = await largestDifference(model, session, float.value);
    return [
      {
        name,
        ok: largest <= floatGraph.tolerance,
        evidence: `largest logit difference ${largest.toExponential(1)} on ${model.manifest.golden.length} inputs, allowed ${floatGraph.tolerance}`,
      },
    ];
  } catch (error) {
    return failed(asNodeError(error).message);
  } finally {
    await float.value.close();
  }
}

async function largestDifference(
  model: ModelPackage,
  first: ModelSession,
  second: ModelSession,
): Promise<number> {
  let largest = 0;
  for (const golden of model.manifest.golden) {
    const input = await goldenInput(model, golden);
    if (!input.ok) throw input.error;
    const a = (await first.run(input.value.slice())).logits;
    const b = (await second.run(input.value.slice())).logits;
    a.forEach((value, index) => {
      const difference = Math.abs(value - (b[index] ?? Number.NaN));
      largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(largest, difference);
    });
  }
  return largest;
}
