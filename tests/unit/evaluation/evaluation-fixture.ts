import { type CaseResult, runCases } from '../../../src/evaluation/evaluate.ts';
import type { LabelledImage } from '../../../src/evaluation/labels.ts';
import type { EvaluatedImage, EvaluatedModel, EvaluationPipeline } from '../../../src/evaluation/ports.ts';
import { type Evaluation, type SummaryOptions, summarise } from '../../../src/evaluation/summary.ts';

export const modelFixture: EvaluatedModel = {
  id: 'fictional-model',
  version: '1.0.0',
  sha256: 'a'.repeat(64),
  manifestSha256: 'b'.repeat(64),
  classes: [
    { id: 'normal', label: 'normal', role: 'negative' },
    { id: 'spondylolysis', label: 'spondylolysis', role: 'finding', threshold: 0.5 },
    { id: 'dls', label: 'degenerative spondylolisthesis', role: 'finding', threshold: 0.4 },
  ],
  intendedUse: 'tests',
  notFor: ['anything else'],
  trainingStatement: 'Trained on nothing.',
  simulated: false,
  calibrated: true,
  acceptance: {},
  mapLayer: 'features.8',
  provider: 'cpu',
  sessions: 1,
  threadsPerSession: 1,
  parity: { images: 4, largestDifference: 1e-6 },
};

/** An answer as the pipeline gives it: [normal, spondylolysis, dls], or why there is none. */
export type Answer = readonly [number, number, number] | { readonly refused: string };

export interface FixtureRow {
  readonly label: string;
  readonly answer: Answer;
  readonly patientId?: string;
  readonly columns?: Readonly<Record<string, string>>;
  readonly lesion?: LabelledImage['lesion'];
  readonly peak?: EvaluatedImage['peak'];
  readonly pixelSha256?: string;
}

export function caseOf(row: FixtureRow, index: number): { image: LabelledImage; answer: EvaluatedImage } {
  const image: LabelledImage = {
    line: index + 2,
    file: `image-${index}.dcm`,
    label: row.label,
    patientId: row.patientId ?? `fictional-${index}`,
    columns: row.columns ?? {},
    mmPerPixel: 0.5,
    ...(row.lesion === undefined ? {} : { lesion: row.lesion }),
  };
  const shared = {
    simulated: false,
    modelMs: 10,
    totalMs: 20,
    ...(row.pixelSha256 === undefined ? {} : { pixelSha256: row.pixelSha256 }),
  };
  if ('refused' in row.answer) {
    const reasons = [`${row.answer.refused} because`];
    return {
      image,
      answer: { ...shared, disposition: 'refused', outcome: 'NO_RESULT', reasons, mapShown: false },
    };
  }
  const [normal, spondylolysis, dls] = row.answer;
  return {
    image,
    answer: {
      ...shared,
      disposition: 'analysed',
      outcome: spondylolysis >= 0.5 || dls >= 0.4 ? 'SUSPECTED' : 'NOT_DETECTED',
      reasons: [],
      probabilities: { normal, spondylolysis, dls },
      mapShown: normal < 0.5,
      ...(row.peak === undefined ? {} : { peak: row.peak }),
    },
  };
}

export function pipelineFixture(
  rows: readonly FixtureRow[],
  model: EvaluatedModel = modelFixture,
): EvaluationPipeline & { readonly images: readonly LabelledImage[] } {
  const all = rows.map(caseOf);
  return {
    model,
    images: all.map(({ image }) => image),
    analyse: (path) => {
      const found = all.find(({ image }) => image.file === path);
      return found === undefined ? Promise.reject(new Error(path)) : Promise.resolve(found.answer);
    },
    thumbnail: () => Promise.resolve(undefined),
    close: () => Promise.resolve(),
  };
}

/** The whole way from rows to figures. */
export async function evaluateRows(
  rows: readonly FixtureRow[],
  model: EvaluatedModel = modelFixture,
  options: Partial<SummaryOptions> = {},
): Promise<{ evaluation: Evaluation; cases: CaseResult[] }> {
  const pipeline = pipelineFixture(rows, model);
  const cases = await runCases(pipeline, pipeline.images, {
    pathOf: (file) => file,
    known: new Map(),
    onAnswer: () => undefined,
    onProgress: () => undefined,
    signal: new AbortController().signal,
  });
  const evaluation = summarise(pipeline.model, cases, {
    product: { name: 'lumbar-node', version: '0.0.0' },
    createdAt: '2026-11-26T09:00:00.000Z',
    list: { file: 'labels.csv', sha256: 'c'.repeat(64), images: rows.length },
    readers: [],
    groupColumns: [],
    prevalence: {},
    bootstrap: { draws: 100, seed: 1 },
    imagesPerSecond: 5,
    residentMb: 100,
    ...options,
  });
  return { evaluation, cases };
}
