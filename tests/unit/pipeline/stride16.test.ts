import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openInference } from '../../../src/pipeline/inference.ts';
import { loadModelPackage, type ModelPackage } from '../../../src/pipeline/model-package.ts';
import { readFineMapGraph } from '../../../src/pipeline/stride16.ts';

function nano(): ModelPackage {
  const model = loadModelPackage(resolve(import.meta.dirname, '../../../models/lumbar-nano-sim'));
  if (!model.ok) throw model.error;
  return model.value;
}

const options = { providers: ['cpu'], threads: 1 } as const;

describe('the second graph (Grad-CAM at stride 16)', () => {
  test('answers with the logits of the first, and with evidence on its own finer grid', async () => {
    const model = nano();
    const opened = await openInference(model, { ...options, map: 'stride16' });
    if (!opened.ok) throw opened.error;
    const { session } = opened.value;
    const { size } = model.manifest.input;
    const image = Float32Array.from({ length: size * size }, (_, i) => ((i * 2654435761) % 1000) / 1000);
    const output = await session.run(image);
    const evidence = await session.fineEvidence?.(image, 1);
    expect(evidence?.grid).toEqual(model.manifest.stride16?.grid);
    expect(evidence?.plane).toHaveLength((size / 16) ** 2);
    expect(evidence?.plane.every((value) => value >= 0)).toBe(true);
    evidence?.logits.forEach((value, index) =>
      expect(value).toBeCloseTo(output.logits[index] ?? Number.NaN, 4),
    );
    await session.close();
  });

  test('is not opened unless asked for', async () => {
    const opened = await openInference(nano(), options);
    if (!opened.ok) throw opened.error;
    expect(opened.value.session.fineEvidence).toBeUndefined();
    await opened.value.session.close();
  });

  test('is refused when its file is not the one the manifest pins, or when the package has none', () => {
    const model = nano();
    const { stride16, ...without } = model.manifest;
    if (stride16 === undefined) throw new Error('the package should have one');
    const changed = {
      ...model,
      manifest: { ...model.manifest, stride16: { ...stride16, sha256: '0'.repeat(64) } },
    };
    expect(readFineMapGraph(changed)).toMatchObject({ ok: false, error: { code: 'MODEL_HASH' } });
    expect(readFineMapGraph({ ...model, manifest: without })).toMatchObject({
      ok: false,
      error: { code: 'MODEL_INVALID' },
    });
  });
});
