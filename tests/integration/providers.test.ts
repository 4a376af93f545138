import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { initialiseCodecs } from '../../src/imaging/native-codec.ts';
import { openInference } from '../../src/pipeline/inference.ts';
import { loadModelPackage, type ModelPackage } from '../../src/pipeline/model-package.ts';

const modelFolder = resolve(import.meta.dirname, '../../models/lumbar-nano-sim');
/** Vulkan without a graphics card: the software device that Debian's chromium brings. */
const softwareVulkan = '/usr/lib/chromium/vk_swiftshader_icd.json';
const hasVulkan =
  existsSync(softwareVulkan) &&
  ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu'].some((folder) =>
    existsSync(join(folder, 'libvulkan.so.1')),
  );
if (!hasVulkan && process.env['CI'] === 'true')
  throw new Error(
    'chromium and libvulkan1 are required under CI=true, to run WebGPU without a graphics card',
  );

let model: ModelPackage;

beforeAll(async () => {
  await initialiseCodecs();
  const loaded = loadModelPackage(modelFolder);
  if (!loaded.ok) throw loaded.error;
  model = loaded.value;
});

describe('execution providers are tried in the configured order', () => {
  test('one that cannot be loaded is recorded in its own words, and the next one serves', async () => {
    const opened = await openInference(model, { providers: ['cuda', 'cpu'], threads: 1 });
    if (!opened.ok) throw opened.error;
    const { session, selfTest } = opened.value;
    expect(session.provider).toBe('cpu');
    expect(session.failures).toHaveLength(1);
    expect(session.failures[0]).toMatchObject({ provider: 'cuda' });
    expect(session.failures[0]?.error).toMatch(/\S/);
    expect(selfTest.images).toBeGreaterThan(0);
    await session.close();
  });

  test.skipIf(!hasVulkan)(
    'WebGPU runs the whole network (software Vulkan) and answers as the processor does',
    () => {
      const source = (path: string) => JSON.stringify(resolve(import.meta.dirname, '../../src', path));
      // Its own process: the Vulkan loader reads the variable once, and ONNX Runtime keeps its device for good.
      const script = `
        import { openSession } from ${source('pipeline/onnx-session.ts')};
        import { loadModelPackage } from ${source('pipeline/model-package.ts')};
        const model = loadModelPackage(${JSON.stringify(modelFolder)});
        const size = model.value.manifest.input.size;
        const image = Float32Array.from({ length: size * size }, (_, i) => ((i * 37) % 101) / 101);
        const answers = [];
        for (const providers of [['webgpu', 'cpu'], ['cpu']]) {
          const session = await openSession(model.value, { providers, threads: 1 });
          if (!session.ok) throw session.error;
          const { provider, failures } = session.value;
          const together = await session.value.runAll([image, image.toReversed(), image]);
          const logits = together.map((each) => [...each.value.logits]);
          answers.push({ provider, failures, alone: [...(await session.value.run(image)).logits], logits });
        }
        console.log(JSON.stringify(answers));
        process.exit(0);`;
      const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
        encoding: 'utf8',
        env: { ...process.env, VK_ICD_FILENAMES: softwareVulkan, XDG_RUNTIME_DIR: tmpdir() },
        timeout: 170_000,
      });
      expect(stdout, stderr).not.toBe('');
      const [webgpu, cpu] = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as {
        provider: string;
        failures: unknown[];
        alone: number[];
        logits: number[][];
      }[];
      expect(webgpu).toMatchObject({ provider: 'webgpu', failures: [] });
      expect(webgpu?.logits).toHaveLength(3);
      for (const [image, logits] of [webgpu?.alone ?? [], ...(webgpu?.logits ?? [])].entries()) {
        const expected = image === 0 ? cpu?.alone : cpu?.logits[image - 1];
        for (const [index, logit] of logits.entries())
          expect(logit).toBeCloseTo(expected?.[index] ?? Number.NaN, 3);
      }
    },
    180_000,
  );
});
