import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { asNodeError } from '../../core/errors.ts';
import type { Part10File } from '../../dicom/part10-reader.ts';
import type { EvaluatedImage } from '../../evaluation/ports.ts';
import { type Analysis, analyseImage } from '../../pipeline/analyse-image.ts';
import { examineImage, type InScopeImage } from '../../pipeline/run-image-job.ts';
import { showsMap } from '../../pipeline/secondary-capture/capture-content.ts';
import { isSimulatedFile, spacingMm } from './file-facts.ts';
import type { OfflineTools } from './offline-tools.ts';
import { pixelHash } from './pixel-hash.ts';

export interface AnswerOptions {
  /** Take images whose view cannot be told, as the node does once an operator has released them. */
  readonly released: boolean;
}

const thumbnailWidth = 640;

/** What the node would have done with this file. Never throws: a fault of the machine is an image that failed. */
export async function evaluatedImage(
  path: string,
  tools: OfflineTools,
  options: AnswerOptions,
): Promise<EvaluatedImage> {
  const start = performance.now();
  try {
    const { file, answer } = await answerOf(path, tools, options);
    return {
      ...answer,
      ...(file === undefined ? {} : fileFacts(file)),
      totalMs: Math.round((performance.now() - start) * 10) / 10,
    };
  } catch (error) {
    return without('failed', [`T06 ${asNodeError(error).message}`]);
  }
}

/** JPEG of the capture the node would have sent; undefined when there is none. */
export async function captureThumbnail(
  path: string,
  tools: OfflineTools,
  options: AnswerOptions,
): Promise<Uint8Array | undefined> {
  const { inScope, analysis } = await answerOf(path, tools, options);
  if (inScope === undefined || analysis === undefined) return undefined;
  const context = tools.composer.resultContext(inScope.study, 0);
  const { rgb, columns, rows } = tools.composer.renderCapture(context, analysis.image);
  return await sharp(rgb, { raw: { width: columns, height: rows, channels: 3 } })
    .resize({ width: thumbnailWidth })
    .jpeg({ quality: 82 })
    .toBuffer();
}

interface Answer {
  readonly answer: EvaluatedImage;
  readonly file?: Part10File;
  readonly inScope?: InScopeImage;
  readonly analysis?: Analysis;
}

async function answerOf(path: string, tools: OfflineTools, options: AnswerOptions): Promise<Answer> {
  const examined = examineImage(
    await readFile(path),
    { callingAeTitle: 'EVALUATION', released: options.released },
    { charsetDefault: undefined, decideView: tools.filter },
  );
  if (examined.kind === 'ended') {
    const { disposition, reasons } = examined.end;
    const answer = without(
      disposition,
      reasons.map(({ code, detail }) => `${code} ${detail}`),
    );
    return examined.file === undefined ? { answer } : { answer, file: examined.file };
  }
  const { minimumRows, minimumColumns } = tools.config.rules;
  const analysis = await analyseImage(examined.file, tools.inference, {
    quality: { minimumRows, minimumColumns },
    dynamic: examined.filter.dynamic,
    thresholds: {},
  });
  return { answer: answered(analysis, tools), file: examined.file, inScope: examined, analysis };
}

function answered({ image, facts }: Analysis, { config }: OfflineTools): EvaluatedImage {
  if (image.outcome === 'NO_RESULT') {
    const reason = facts.reason === undefined ? 'NO_RESULT' : `${facts.reason.code} ${facts.reason.detail}`;
    return {
      ...without('refused', [reason]),
      outcome: 'NO_RESULT',
      modelMs: facts.timingsMs['inference'] ?? 0,
    };
  }
  return {
    disposition: 'analysed',
    outcome: image.outcome,
    reasons: [],
    probabilities: facts.probabilities,
    ...(image.map === undefined ? {} : { peak: image.map.peak }),
    mapShown: showsMap(image, config.results.capture),
    simulated: false,
    modelMs: facts.timingsMs['inference'] ?? 0,
    totalMs: 0,
  };
}

/** What the file itself says: its pixels' hash, its spacing, whether it was simulated. */
function fileFacts({
  dataSet,
  pixelData,
}: Part10File): Pick<EvaluatedImage, 'pixelSha256' | 'mmPerPixel' | 'simulated'> {
  const spacing = spacingMm(dataSet);
  return {
    simulated: isSimulatedFile(dataSet),
    ...(spacing === undefined ? {} : { mmPerPixel: spacing }),
    ...(pixelData === undefined ? {} : { pixelSha256: pixelHash(pixelData) }),
  };
}

function without(disposition: EvaluatedImage['disposition'], reasons: readonly string[]): EvaluatedImage {
  return { disposition, reasons, mapShown: false, simulated: false, modelMs: 0, totalMs: 0 };
}
