import { type BenchRow, type Suite, summarise } from '../measure.ts';
import { analysedSample, benchComposer, benchInference, benchModel, simulatedStudy } from '../sample.ts';

/** Milliseconds to make one capture and one report of an analysed image of detector size. */
export const composing: Suite = {
  name: 'composing',
  async run({ quick }) {
    const model = benchModel(true);
    const inference = await benchInference(model, 1);
    const composer = benchComposer(model);
    const [source] = simulatedStudy(30_000_002, ['flexion']);
    if (source === undefined) throw new Error('the simulator gave no image');
    const { file, image, context } = await analysedSample(source.bytes, inference, composer);
    await inference.session.close();
    const work = {
      'compose SC': () => composer.buildObjects(context, image, file.dataSet),
      'compose SR': () => composer.buildReport({ images: [image], context, revision: 1 }),
    };
    const bars = { 'compose SC': 60, 'compose SR': 10 };
    return Object.entries(work).map(([name, once]): BenchRow => {
      const times: number[] = [];
      for (let turn = 0; turn < (quick ? 2 : 40); turn++) {
        const start = performance.now();
        once();
        times.push(performance.now() - start);
      }
      const bar = { sign: '<=', value: bars[name as keyof typeof bars] } as const;
      return { work: name, unit: 'ms', ours: summarise(times.slice(quick ? 1 : 10)), peer: '-', bar };
    });
  },
};
