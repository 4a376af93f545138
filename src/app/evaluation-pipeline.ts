import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { readPart10 } from '../dicom/part10-reader.ts';
import type { EvaluatedImage, EvaluationPipeline } from '../evaluation/ports.ts';
import { type Analysis, analyseImage } from '../pipeline/analyse-image.ts';
import type { Inference } from '../pipeline/inference.ts';
import type { FilterRecord, ImageJob } from '../pipeline/ports.ts';
import type { QualityLimits } from '../pipeline/quality.ts';
import { readStudyContext } from '../pipeline/study-context.ts';
import type { Composer } from './result-composer.ts';
import type { ViewFilter } from './view-decision.ts';

export interface EvaluationTools {
  readonly inference: Inference;
  readonly filter: ViewFilter;
  readonly composer: Composer;
  readonly quality: QualityLimits;
  readonly charsetDefault: string | undefined;
}

const thumbnailWidth = 640;

/** The production pipeline as the evaluation drives it: same filter, gates, pixels, network and call. */
export function evaluationPipeline(tools: EvaluationTools): EvaluationPipeline {
  const { inference, composer } = tools;
  const { manifest, sha256 } = inference.model;
  return {
    model: {
      id: manifest.id,
      version: manifest.version,
      sha256,
      classIds: manifest.classes.map(({ id }) => id),
      trainingStatement: manifest.trainingData.statement,
      simulated: manifest.trainingData.kind === 'simulated',
      provider: inference.session.provider,
      acceptance: manifest.acceptance ?? {},
    },
    analyse: async (path) => {
      const answer = await answerOf(path, tools);
      return 'analysis' in answer ? evaluated(answer.analysis) : answer;
    },
    thumbnail: async (path) => {
      const answer = await answerOf(path, tools);
      if (!('analysis' in answer) || !answer.study.ok) return undefined;
      const context = composer.resultContext(answer.study.value, 0);
      const capture = composer.renderCapture(context, answer.analysis.image);
      const { rgb, columns, rows } = capture;
      return await sharp(rgb, { raw: { width: columns, height: rows, channels: 3 } })
        .resize({ width: thumbnailWidth })
        .png()
        .toBuffer();
    },
  };
}

interface Answer {
  readonly analysis: Analysis;
  readonly study: ReturnType<typeof readStudyContext>;
}

async function answerOf(path: string, tools: EvaluationTools): Promise<Answer | EvaluatedImage> {
  const options = tools.charsetDefault === undefined ? {} : { siteDefaultCharacterSet: tools.charsetDefault };
  const file = readPart10(await readFile(path), options);
  if (!file.ok) return without('refused', [`T04 ${file.error.message}`]);
  const sopClassUid = file.value.dataSet.string('SOPClassUID') ?? '';
  const job: Pick<ImageJob, 'sopClassUid' | 'callingAeTitle'> = { sopClassUid, callingAeTitle: 'EVALUATION' };
  const filter: FilterRecord = tools.filter(file.value, job);
  const reasons = filter.reasons.map(({ code, detail }) => `${code} ${detail}`);
  if (filter.verdict !== 'include')
    return without(filter.verdict === 'exclude' ? 'skipped' : 'held', reasons);
  const analysis = await analyseImage(file.value, tools.inference, {
    quality: tools.quality,
    dynamic: filter.dynamic,
    thresholds: {},
  });
  return { analysis, study: readStudyContext(file.value.dataSet) };
}

function evaluated({ image, facts }: Analysis): EvaluatedImage {
  if (image.outcome === 'NO_RESULT') return without('refused', [facts.reason?.code ?? 'NO_RESULT']);
  return {
    disposition: 'analysed',
    outcome: image.outcome,
    reasons: [],
    probabilities: facts.probabilities,
    ...(image.map === undefined ? {} : { peak: image.map.peak }),
    mapShown: image.map?.reliability === 'focal',
    modelMs: facts.timingsMs['inference'] ?? 0,
  };
}

function without(disposition: EvaluatedImage['disposition'], reasons: readonly string[]): EvaluatedImage {
  return { disposition, reasons, mapShown: false, modelMs: 0 };
}
