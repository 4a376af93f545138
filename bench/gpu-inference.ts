/**
 * `node bench/gpu-inference.ts --model DIR [--provider webgpu|cuda|cpu] [--seconds N] [--json FILE]`: the node's own inference
 * on a graphics card. Batch sizes straight on the session; then the inference thread with 1, 10 and 100 images in flight,
 * where images that wait go into one run. bench/torch_gpu.py measures PyTorch on the same card.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openThreadedSession } from '../src/pipeline/inference-thread.ts';
import { loadModelPackage } from '../src/pipeline/model-package.ts';
import { openSession, type Provider } from '../src/pipeline/onnx-session.ts';
import { quantile } from './measure.ts';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    provider: { type: 'string', default: 'webgpu' },
    seconds: { type: 'string', default: '4' },
    json: { type: 'string' },
  },
});
if (values.model === undefined) throw new Error('--model is needed');
const loaded = loadModelPackage(values.model);
if (!loaded.ok) throw loaded.error;
const model = loaded.value;
const provider = values.provider as Provider;
const budgetMs = 1000 * Number(values.seconds);
const side = model.manifest.input.size;
const images = Array.from({ length: 100 }, (_, index) => picture(index));
const options = { providers: [provider], threads: 1 };
const results: Record<string, unknown>[] = [];

function picture(seed: number): Float32Array {
  return Float32Array.from({ length: side * side }, (_, index) => ((index * (37 + seed)) % 101) / 101);
}

function report(result: Record<string, unknown>): void {
  results.push(result);
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

const session = await openSession(model, options);
if (!session.ok) throw session.error;
const reference = await openSession(model, { providers: ['cpu'], threads: 4 });
if (!reference.ok) throw reference.error;
const [first] = images;
if (first === undefined) throw new Error('no image');
const began = performance.now();
const answer = await session.value.run(first);
const firstRunMs = performance.now() - began;
const expected = await reference.value.run(first);
const difference = (a: Float32Array, b: Float32Array): number =>
  Math.max(...a.map((value, index) => Math.abs(value - (b[index] ?? Number.NaN))));
report({
  what: 'agreement with the processor',
  provider: session.value.provider,
  firstRunMs,
  logits: difference(answer.logits, expected.logits),
  cam: difference(answer.cam, expected.cam),
  features: difference(answer.features, expected.features),
});

for (const batch of [1, 4, 16]) {
  const chosen = images.slice(0, batch);
  for (let warm = 0; warm < 3; warm++) await session.value.runAll(chosen);
  const times: number[] = [];
  const start = performance.now();
  while (performance.now() - start < budgetMs) {
    const turn = performance.now();
    const answers = await session.value.runAll(chosen);
    if (answers.some((each) => !each.ok)) throw new Error('a run failed');
    times.push(performance.now() - turn);
  }
  times.sort((a, b) => a - b);
  const median = quantile(times, 0.5);
  report({
    what: 'session',
    batch,
    runs: times.length,
    msPerRun: median,
    p95: quantile(times, 0.95),
    imagesPerSecond: (1000 * batch) / median,
  });
}
await session.value.close();
await reference.value.close();

const threaded = await openThreadedSession(model, options);
if (!threaded.ok) throw threaded.error;
for (const inFlight of [1, 10, 100]) {
  const run = threaded.value.run;
  for (let warm = 0; warm < 2; warm++) await Promise.all(images.slice(0, inFlight).map(run));
  const latencies: number[] = [];
  const start = performance.now();
  const lane = async (lead: number): Promise<void> => {
    for (let turn = lead; performance.now() - start < budgetMs; turn++) {
      const asked = performance.now();
      await run(images[turn % images.length] ?? first);
      latencies.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, (_, lead) => lane(lead)));
  const elapsed = performance.now() - start;
  latencies.sort((a, b) => a - b);
  report({
    what: 'inference thread',
    inFlight,
    images: latencies.length,
    p50: quantile(latencies, 0.5),
    p95: quantile(latencies, 0.95),
    imagesPerSecond: (1000 * latencies.length) / elapsed,
  });
}
await threaded.value.close();
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
// Dawn keeps its device for the life of the process.
process.exit(0);
