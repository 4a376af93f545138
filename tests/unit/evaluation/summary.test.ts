import { describe, expect, test } from 'vitest';
import { runCases } from '../../../src/evaluation/evaluate.ts';
import { evaluateRows, type FixtureRow, modelFixture, pipelineFixture } from './evaluation-fixture.ts';

const rows: readonly FixtureRow[] = [
  { label: 'normal', answer: [0.9, 0.05, 0.05] },
  { label: 'normal', answer: [0.3, 0.1, 0.6] },
  { label: 'spondylolysis', answer: [0.1, 0.8, 0.1] },
  { label: 'dls', answer: [0.1, 0.2, 0.7] },
  { label: 'dls', answer: { refused: 'Q01' } },
  { label: 'other', answer: { refused: 'S02' } },
  { label: 'other', answer: [0.9, 0.05, 0.05] },
];

describe('images without an answer', () => {
  test('are counted, never dropped, and stand apart from images that must not be answered', async () => {
    const { evaluation } = await evaluateRows(rows);
    expect(evaluation.rejection.reasons).toEqual([
      { reason: 'refused Q01', labelled: 1, other: 0 },
      { reason: 'refused S02', labelled: 0, other: 1 },
    ]);
    expect(evaluation.rejection.refused.value).toBeCloseTo(1 / 5, 12);
    expect(evaluation.rejection.otherStopped.value).toBe(0.5);
    expect(evaluation.answered.macro.accuracy.value).toBeCloseTo(3 / 4, 12);
  });
  test('count as wrong in the second table', async () => {
    const { worstCase } = (await evaluateRows(rows)).evaluation;
    expect(worstCase.accuracy.value).toBeCloseTo(3 / 5, 12);
    const dls = worstCase.perClass[2];
    expect(dls?.unanswered).toBe(1);
    expect(dls?.sensitivity.value).toBe(0.5);
    expect(dls?.specificity.value).toBeCloseTo(2 / 3, 12);
  });
  test('by label and outcome add up to all images', async () => {
    const { outcomes } = (await evaluateRows(rows)).evaluation;
    const sum = outcomes.flatMap(({ counts }) => Object.values(counts)).reduce((a, b) => a + b, 0);
    expect(sum).toBe(rows.length);
  });
});

describe('acceptance limits', () => {
  const limited = (acceptance: Record<string, unknown>): Promise<unknown> =>
    evaluateRows(rows, { ...modelFixture, acceptance }).then(({ evaluation }) => evaluation.acceptance);
  test('are floors, ceilings for errors, and may be set by class and on the lower end of an interval', async () => {
    expect(
      await limited({
        accuracy: 0.7,
        refused: 0.1,
        parity: 0.001,
        dls: { sensitivity: 1, sensitivityCiLow: 0.9 },
      }),
    ).toMatchObject([
      { name: 'accuracy', bound: 'at least', met: true },
      { name: 'refused', bound: 'at most', met: false },
      { name: 'parity', bound: 'at most', met: true },
      { name: 'dls.sensitivity', met: true },
      { name: 'dls.sensitivityCiLow', met: false },
    ]);
  });
  test('fail when nothing here measures them: a misspelled limit never passes', async () => {
    expect(await limited({ acuracy: 0.1, within15mm: 0.5, accuracy: 'high' })).toMatchObject([
      { name: 'acuracy', met: false },
      { name: 'within15mm', met: false },
      { name: 'accuracy', met: false },
    ]);
  });
});

test('maps of right findings are judged by box and by millimetres', async () => {
  const box = { left: 90, top: 90, right: 110, bottom: 110 };
  const { localisation } = (
    await evaluateRows([
      {
        label: 'dls',
        answer: [0.1, 0.1, 0.8],
        lesion: { x: 100, y: 100, box },
        peak: { x: 104, y: 103 },
      },
      { label: 'dls', answer: [0.1, 0.1, 0.8], lesion: { x: 100, y: 100, box }, peak: { x: 140, y: 130 } },
      { label: 'dls', answer: [0.1, 0.1, 0.8], lesion: { x: 100, y: 100 } },
      { label: 'dls', answer: [0.8, 0.1, 0.1], lesion: { x: 100, y: 100 }, peak: { x: 0, y: 0 } },
    ])
  ).evaluation;
  expect(localisation).toMatchObject({ images: 3, boxes: 2, withoutMap: 1, measured: 3, medianMm: 25 });
  expect(localisation?.pointingGame.value).toBe(0.5);
  expect(localisation?.failureRatio.value).toBe(0.5);
  expect(localisation?.within15mm.value).toBeCloseTo(1 / 3, 12);
  expect(localisation?.within25mm.value).toBeCloseTo(2 / 3, 12);
});

describe('readers', () => {
  const reader = (
    name: string,
    calls: readonly number[],
  ): { name: string; answers: Map<string, number> } => ({
    name,
    answers: new Map(calls.map((call, index) => [`image-${index}.dcm`, call])),
  });
  test('are set against the model image by image', async () => {
    const { readers, readerMean } = (
      await evaluateRows(rows, modelFixture, {
        readers: [reader('A', [0, 0, 0, 2]), reader('B', [0, 2, 1, 2])],
      })
    ).evaluation;
    expect(readers[0]).toMatchObject({
      name: 'A',
      images: 4,
      bothRight: 2,
      bothWrong: 0,
      onlyModelRight: 1,
      onlyReaderRight: 1,
      mcNemarP: 1,
      modelAccuracy: 0.75,
    });
    expect(readers[1]).toMatchObject({ kappa: 1, onlyModelRight: 0, onlyReaderRight: 0 });
    expect(readerMean?.accuracy).toBeCloseTo(0.75, 12);
  });
});

describe('groups', () => {
  test('below 20 images are not compared; numbers with many values are cut at quartiles', async () => {
    const many = Array.from(
      { length: 60 },
      (_, index): FixtureRow => ({
        label: 'normal',
        answer: index < 40 ? [0.9, 0.05, 0.05] : [0.1, 0.1, 0.8],
        columns: { site: index < 40 ? 'one' : index < 45 ? 'three' : 'two', age: String(20 + index) },
      }),
    );
    const { groups } = (await evaluateRows(many, modelFixture, { groupColumns: ['site', 'age'] })).evaluation;
    expect(groups.filter(({ column }) => column === 'site')).toMatchObject([
      { value: 'one', images: 40, comparison: 'higher' },
      { value: 'three', images: 5, comparison: 'not compared' },
      { value: 'two', images: 15, comparison: 'not compared' },
    ]);
    const ages = groups.filter(({ column }) => column === 'age');
    expect(ages.map(({ value }) => value)).toEqual(['20 to 34', '34 to 49', '49 to 64', '64 to 79']);
    expect(ages.reduce((sum, { images }) => sum + images, 0)).toBe(60);
  });
});

test('equal pixels under two names are found, and a contradiction in their labels is said', async () => {
  const { data } = (
    await evaluateRows([
      { label: 'normal', answer: [0.9, 0.05, 0.05], pixelSha256: 'x' },
      { label: 'dls', answer: [0.1, 0.1, 0.8], pixelSha256: 'x' },
      { label: 'dls', answer: [0.1, 0.1, 0.8], pixelSha256: 'y' },
    ])
  ).evaluation;
  expect(data.duplicates).toEqual([{ lines: [2, 3], labels: ['normal', 'dls'], contradiction: true }]);
});

test('predictive values at another prevalence follow Bayes', async () => {
  const { prevalence } = (await evaluateRows(rows, modelFixture, { prevalence: { normal: 0.5 } })).evaluation;
  // Of the answered normal images 1 of 2 was called so, of the others 0 of 2.
  expect(prevalence).toEqual([{ classId: 'normal', prevalence: 0.5, ppv: 1, npv: 0.5 / 0.75 }]);
});

test('a stopped run keeps what is done and says that it is not whole', async () => {
  const pipeline = pipelineFixture(rows);
  const stop = new AbortController();
  const done: string[] = [];
  const cases = await runCases(pipeline, pipeline.images, {
    pathOf: (file) => file,
    known: new Map([['image-6.dcm', await pipeline.analyse('image-6.dcm')]]),
    onAnswer: (file) => {
      done.push(file);
      if (done.length === 2) stop.abort();
    },
    onProgress: () => undefined,
    signal: stop.signal,
  });
  expect(done).toEqual(['image-0.dcm', 'image-1.dcm']);
  expect(cases.map(({ image }) => image.file)).toEqual(['image-0.dcm', 'image-1.dcm', 'image-6.dcm']);
});
