import { describe, expect, test } from 'vitest';
import { floatAgreement } from '../../../src/app/model/float-agreement.ts';
import { loadModelPackage, type ModelPackage } from '../../../src/pipeline/model-package.ts';
import { openThreadedSession } from '../../../src/pipeline/inference-thread.ts';
import { resolve } from 'node:path';

const loaded = loadModelPackage(resolve(import.meta.dirname, '../../../models/lumbar-nano-sim'));

/** The nano model as its own float graph: the same file, named by another field. */
function withFloatGraph(change: Partial<NonNullable<ModelPackage['manifest']['floatGraph']>>): ModelPackage {
  if (!loaded.ok) throw loaded.error;
  const { manifest, sha256 } = loaded.value;
  const floatGraph = { file: manifest.file, sha256, tolerance: 1e-4, ...change };
  return { ...loaded.value, manifest: { ...manifest, floatGraph } };
}

async function agreement(
  model: ModelPackage,
  disturb = 0,
): Promise<Awaited<ReturnType<typeof floatAgreement>>> {
  const session = await openThreadedSession(model, { providers: ['cpu'], threads: 1 });
  if (!session.ok) throw session.error;
  try {
    return await floatAgreement(model, {
      ...session.value,
      run: async (image) => {
        const output = await session.value.run(image);
        return { ...output, logits: output.logits.map((value) => value + disturb) };
      },
    });
  } finally {
    await session.value.close();
  }
}

describe('agreement with the float graph', () => {
  test('holds when the logits are the same', async () =>
    expect(await agreement(withFloatGraph({}))).toMatchObject([{ name: 'float graph', ok: true }]));
  test('fails when the weights in use say something else', async () =>
    expect(await agreement(withFloatGraph({}), 0.01)).toMatchObject([{ ok: false }]));
  test('fails when the named file is another one', async () =>
    expect(await agreement(withFloatGraph({ sha256: '0'.repeat(64) }))).toMatchObject([{ ok: false }]));
  test('is no check when the manifest names none', async () => {
    if (!loaded.ok) throw loaded.error;
    expect(await agreement(loaded.value)).toEqual([]);
  });
});
