import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openThreadedSession } from '../../../src/pipeline/inference-thread.ts';
import { loadModelPackage, type ModelPackage } from '../../../src/pipeline/model-package.ts';
import { type ModelSession, openSession } from '../../../src/pipeline/onnx-session.ts';

const options = { providers: ['cpu'], threads: 1 } as const;
let model: ModelPackage;
let direct: ModelSession;
let threaded: ModelSession;

beforeAll(async () => {
  const loaded = loadModelPackage(resolve(import.meta.dirname, '../../../models/lumbar-nano-sim'));
  if (!loaded.ok) throw loaded.error;
  model = loaded.value;
  const [here, there] = await Promise.all([openSession(model, options), openThreadedSession(model, options)]);
  if (!here.ok || !there.ok) throw new Error('the model did not open');
  [direct, threaded] = [here.value, there.value];
});

afterAll(async () => {
  await Promise.all([direct.close(), threaded.close()]);
});

function picture(value: number): Float32Array {
  const { size } = model.manifest.input;
  return Float32Array.from({ length: size * size }, (_, index) => ((index * value) % 97) / 97);
}

describe('openThreadedSession', () => {
  test('answers bit by bit what the session itself answers, each run its own picture', async () => {
    const pictures = [1, 2, 3].map(picture);
    const answers = await Promise.all(pictures.map((image) => threaded.run(image)));
    for (const [index, image] of pictures.entries()) expect(answers[index]).toEqual(await direct.run(image));
  });

  test('the thread that asks stays free during a run', async () => {
    let turns = 0;
    let isDone = false;
    const turn = (): void => {
      turns++;
      if (!isDone) setImmediate(turn);
    };
    turn();
    await threaded.run(picture(5));
    isDone = true;
    expect(turns).toBeGreaterThan(10);
  });

  test('a picture of the wrong size is a fault of that run alone', async () => {
    await expect(threaded.run(new Float32Array(7))).rejects.toMatchObject({ code: 'BUG_INVARIANT' });
    await expect(threaded.run(picture(1))).resolves.toBeDefined();
  });

  test('a model that no provider takes is an error with the words of the runtime', async () => {
    const broken = { ...model, bytes: model.bytes.slice(0, 1000) };
    const opened = await openThreadedSession(broken, options);
    expect(opened).toMatchObject({ ok: false, error: { code: 'MODEL_PROVIDER' } });
  });

  test('runs asked for after the end are refused, not left waiting', async () => {
    const opened = await openThreadedSession(model, options);
    if (!opened.ok) throw opened.error;
    await opened.value.close();
    await expect(opened.value.run(picture(1))).rejects.toMatchObject({ code: 'MODEL_PROVIDER' });
  });
});
