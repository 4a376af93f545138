import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openInference } from '../../../src/pipeline/inference.ts';
import { loadModelPackage, type ModelPackage } from '../../../src/pipeline/model-package.ts';

function nano(): ModelPackage {
  const loaded = loadModelPackage(resolve(import.meta.dirname, '../../../models/lumbar-nano-sim'));
  if (!loaded.ok) throw loaded.error;
  return loaded.value;
}

/** The package with one recorded answer moved, as if the machine gave other numbers. */
function withOtherAnswers(model: ModelPackage): ModelPackage {
  const golden = model.manifest.golden.map((one) => ({
    ...one,
    logits: one.logits.map((value) => value + 0.1),
  }));
  return { ...model, manifest: { ...model.manifest, golden } };
}

describe('openInference', () => {
  test('a provider that is not there is left for the next, and its failure is kept (G01)', async () => {
    const opened = await openInference(nano(), { providers: ['cuda', 'cpu'], threads: 1 });
    if (!opened.ok) throw opened.error;
    expect(opened.value.session.provider).toBe('cpu');
    expect(opened.value.session.failures).toMatchObject([{ provider: 'cuda' }]);
    expect(opened.value.selfTest.images).toBeGreaterThan(0);
    await opened.value.session.close();
  });

  test('a machine that gives other numbers than recorded analyses nothing (G02)', async () => {
    const opened = await openInference(withOtherAnswers(nano()), { providers: ['cpu'], threads: 1 });
    expect(opened).toMatchObject({ ok: false, error: { code: 'MODEL_GOLDEN' } });
  });

  test('a model without golden images is not believed', async () => {
    const model = nano();
    const opened = await openInference(
      { ...model, manifest: { ...model.manifest, golden: [] } },
      { providers: ['cpu'], threads: 1 },
    );
    expect(opened).toMatchObject({ ok: false, error: { code: 'MODEL_GOLDEN' } });
  });
});
