import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { demoTitles } from '../../src/app/demo-config.ts';
import { openStore, hostClock } from '../../src/store/store.ts';
import { readPart10 } from '../../src/dicom/part10-reader.ts';
import { decodeFrames } from '../../src/imaging/decode-frames.ts';
import { prepareImage } from '../../src/pipeline/preprocess.ts';
import { writeBenchConfig } from '../bench-config.ts';
import { transportImage } from '../images.ts';
import type { GrowthPoint } from '../growth-plot.ts';
import { type BenchContext, type BenchRow, type Suite, summarise } from '../measure.ts';
import { requiredPeer, run, startNodeProcess } from '../processes.ts';
import { admitMany } from '../seeding.ts';
import { analysedSample, benchComposer, benchInference, benchModel, simulatedStudy } from '../sample.ts';

/**
 * How cost grows with its cause. A row's figure is the exponent of the fitted power law cost = a * x^b over the upper
 * half of the range: 1 is linear. The points go to growth-points.json for the plots of docs/performance.md.
 */
export const growth: Suite = {
  name: 'growth',
  async run(context) {
    const series = {
      'images in a study, one report': await reportGrowth(context),
      'megapixels, preprocess': await sizeGrowth(context),
      'associations at once, 263 KB images, total': await associationGrowth(context),
      'rows in the store, one claim': await rowGrowth(context),
    };
    const plots = join(context.folder, '..');
    mkdirSync(plots, { recursive: true });
    writeFileSync(join(plots, 'growth-points.json'), `${JSON.stringify(series, undefined, 1)}\n`);
    return Object.entries(series).map(
      ([work, points]): BenchRow => ({
        work: `growth with ${work} (${points.map(({ x, ms }) => `${x}: ${Number(ms.toPrecision(3))} ms`).join(', ')})`,
        unit: 'exponent',
        ours: summarise([exponent(points)]),
        peer: '-',
        bar: { sign: '<=', value: 1.1 },
      }),
    );
  },
};

async function reportGrowth({ quick }: BenchContext): Promise<GrowthPoint[]> {
  const model = benchModel(true);
  const inference = await benchInference(model, 1);
  const composer = benchComposer(model);
  const [source] = simulatedStudy(30_000_002, ['neutral']);
  if (source === undefined) throw new Error('the simulator gave no image');
  const { image, context } = await analysedSample(source.bytes, inference, composer);
  await inference.session.close();
  return [1, 2, 4, 8, 16, 32, 64].slice(0, quick ? 2 : 7).map((count) => {
    const images = Array.from({ length: count }, (_, index) => ({
      ...image,
      sourceSopInstanceUid: `${image.sourceSopInstanceUid.slice(0, -3)}${String(index).padStart(3, '1')}`,
    }));
    return { x: count, ms: best(quick, () => composer.buildReport({ images, context, revision: 1 })) };
  });
}

async function sizeGrowth({ quick }: BenchContext): Promise<GrowthPoint[]> {
  const model = benchModel(true);
  const points: GrowthPoint[] = [];
  for (const megapixels of [1, 2, 4, 8, 16, 32].slice(0, quick ? 2 : 6)) {
    const side = Math.round(Math.sqrt(megapixels * 1e6));
    const file = readPart10(transportImage('DX', side, side, `2.25.8${megapixels}`));
    if (!file.ok) throw file.error;
    const pixels = await decodeFrames(file.value);
    if (!pixels.ok) throw pixels.error;
    const ms = best(quick, () => prepareImage(pixels.value, file.value.dataSet, model.manifest));
    points.push({ x: megapixels, ms });
  }
  return points;
}

async function associationGrowth({ folder, quick }: BenchContext): Promise<GrowthPoint[]> {
  const file = join(folder, 'growth-cr.dcm');
  writeFileSync(file, transportImage('CR', 362, 363, '2.25.1003'));
  const listener = await startNodeProcess(
    'listener',
    writeBenchConfig(join(folder, 'growth'), 9, 'lumbar-nano-sim'),
  );
  const points: GrowthPoint[] = [];
  try {
    for (const parallel of [1, 2, 4, 8, 16, 32, 64].slice(0, quick ? 2 : 7)) {
      const args = [
        '-aet',
        demoTitles.modality,
        '-aec',
        demoTitles.node,
        '--repeat',
        quick ? '2' : '10',
        '+II',
        '127.0.0.1',
        `${listener.port}`,
        file,
      ];
      const start = performance.now();
      await Promise.all(Array.from({ length: parallel }, () => run(requiredPeer('storescu'), args)));
      points.push({ x: parallel, ms: performance.now() - start });
    }
  } finally {
    await listener.stop();
  }
  return points;
}

function rowGrowth({ folder, quick }: BenchContext): Promise<GrowthPoint[]> {
  const store = openStore({ databasePath: join(folder, 'growth.sqlite'), clock: hostClock });
  const points: GrowthPoint[] = [];
  let rows = 0;
  for (const target of [1e4, 1e5, 3e5, 1e6]
    .slice(0, quick ? 1 : 4)
    .map((count) => (quick ? count / 10 : count))) {
    admitMany(store, rows, target);
    rows = target;
    const claim = (): void => {
      const claimed = store.jobs.claim({ claimedBy: 'bench', bootId: 'bench', leaseMs: 1000 });
      if (claimed !== undefined) store.jobs.complete(claimed);
    };
    points.push({ x: target, ms: best(quick, claim) });
  }
  store.close();
  return Promise.resolve(points);
}

function best(quick: boolean, work: () => unknown): number {
  let least = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < (quick ? 1 : 9); turn++) {
    const start = performance.now();
    work();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

/** Slope of log(cost) over log(x) between the middle and the last point. */
function exponent(points: readonly GrowthPoint[]): number {
  const last = points.at(-1);
  const middle = points[Math.floor((points.length - 1) / 2)];
  if (last === undefined || middle === undefined || last.x === middle.x) return Number.NaN;
  return Math.log(last.ms / middle.ms) / Math.log(last.x / middle.x);
}
