import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { analyseImage } from '../../src/pipeline/analyse-image.ts';
import { prepareImage } from '../../src/pipeline/preprocess.ts';
import { decodeFrames } from '../../src/imaging/decode-frames.ts';
import {
  alternate,
  type BenchContext,
  type BenchRow,
  compared,
  quantile,
  type Suite,
  summarise,
} from '../measure.ts';
import { benchInference, benchModel, parsed, simulatedStudy } from '../sample.ts';

const threads = 2;
/** Debian's Python, which has Debian's torch; another one on the PATH may have none. */
const systemPython = '/usr/bin/python3';

/** One image through preprocessing, network and Grad-CAM, against the bare session and against torch. */
export const inference: Suite = {
  name: 'inference',
  async run(context) {
    const model = benchModel(context.quick);
    const ours = await benchInference(model, threads);
    const { input } = model.manifest;
    const bare = await InferenceSession.create(model.bytes, {
      executionProviders: ['cpu'],
      intraOpNumThreads: threads,
      extra: { session: { disable_quant_qdq: '1' } },
    });
    const rows: BenchRow[] = [];
    for (const source of simulatedStudy(30_000_002, context.quick ? ['neutral'] : ['neutral', 'flexion'])) {
      const file = parsed(source.bytes);
      const pixels = await decodeFrames(file);
      if (!pixels.ok) throw pixels.error;
      const prepared = prepareImage(pixels.value, file.dataSet, model.manifest);
      const tensor = new Tensor('float32', prepared.input, [1, 1, input.size, input.size]);
      const results = await alternate(context.quick ? 2 : 25, [
        {
          name: 'ours',
          once: timed(() =>
            analyseImage(file, ours, {
              quality: { minimumRows: 1, minimumColumns: 1 },
              dynamic: undefined,
              thresholds: {},
            }),
          ),
        },
        {
          name: 'bare session',
          once: timed(() => bare.run({ [input.name]: tensor }, [model.manifest.outputs.logits])),
        },
      ]);
      const megapixels = (source.columns * source.rows) / 1e6;
      rows.push(
        compared(`preprocess + inference + Grad-CAM, ${megapixels.toFixed(1)} MP`, 'ms', results, {
          ours: 'ours',
          peer: 'bare session',
          bar: { sign: '<=', value: 1.1 },
        }),
        againstTorch(context, `the same, ${megapixels.toFixed(1)} MP`, results.get('ours'), input.size),
      );
    }
    await bare.release();
    await ours.session.close();
    return rows;
  },
};

function againstTorch(
  { quick }: BenchContext,
  work: string,
  ours: BenchRow['ours'] | undefined,
  size: number,
): BenchRow {
  if (ours === undefined) throw new Error('ours was not measured');
  const script = join(import.meta.dirname, '../torch_gradcam.py');
  const network = quick ? 'nano' : 'effnetv2m';
  const printed = execFileSync(systemPython, [script, network, `${size}`, `${threads}`, quick ? '2' : '8']);
  const times = printed.toString().trim().split('\n').map(Number).slice(1);
  const theirs = summarise(times);
  return {
    work,
    unit: 'ms',
    ours,
    peer: 'torch forward + Grad-CAM by autograd',
    theirs,
    ratio:
      ours.median /
      quantile(
        times.toSorted((a, b) => a - b),
        0.5,
      ),
    bar: { sign: '<=', value: 0.25 },
  };
}

function timed(work: () => Promise<unknown>): () => Promise<number> {
  return async () => {
    const start = performance.now();
    await work();
    return performance.now() - start;
  };
}
