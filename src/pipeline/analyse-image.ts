import type { Dynamic } from '../core/outcome.ts';
import type { Reason } from '../core/reasons.ts';
import type { Part10File } from '../dicom/part10-reader.ts';
import { decodeFrames } from '../imaging/decode-frames.ts';
import { classify } from './classification.ts';
import { activationMap } from './grad-cam.ts';
import type { Inference } from './inference.ts';
import type { ModelOutput } from './onnx-session.ts';
import type { AnalysisFacts } from './ports.ts';
import { type PreparedImage, prepareImage } from './preprocess.ts';
import { type QualityLimits, qualityFault } from './quality.ts';
import { rejectUnfamiliar } from './rejection.ts';
import type { AnalysedImage, DisplayImage } from './result-input.ts';
import { describeSource } from './source-description.ts';

export interface Analysis {
  readonly image: AnalysedImage;
  readonly facts: AnalysisFacts;
}

export interface AnalysisOptions {
  readonly quality: QualityLimits;
  readonly dynamic: Dynamic | undefined;
  /** Site thresholds by class id; they replace those of the manifest. */
  readonly thresholds: Readonly<Record<string, number>>;
}

/**
 * One image from file to answer: decode, display chain, quality gate, network, rejection gate, call, map.
 * What the image itself makes impossible ends as NO_RESULT with its reason; only faults of this machine throw.
 */
export async function analyseImage(
  file: Part10File,
  inference: Inference,
  options: AnalysisOptions,
): Promise<Analysis> {
  const timingsMs: Record<string, number> = {};
  const timed = async <T>(name: string, work: () => T | Promise<T>): Promise<T> => {
    const start = performance.now();
    const value = await work();
    timingsMs[name] = Math.round((performance.now() - start) * 10) / 10;
    return value;
  };
  const source = describeSource(file.dataSet, options.dynamic);
  const noResult = (
    reason: Reason,
    prepared?: PreparedImage,
    scores: AnalysisFacts['rejectionScores'] = {},
  ): Analysis => ({
    image: {
      ...source,
      outcome: 'NO_RESULT',
      classes: [],
      reason,
      ...(prepared === undefined ? {} : { display: displayOf(prepared) }),
    },
    facts: {
      outcome: 'NO_RESULT',
      probabilities: {},
      reason,
      provider: inference.session.provider,
      rejectionScores: scores,
      notes: prepared?.display.notes ?? [],
      timingsMs,
    },
  });

  const pixels = await timed('decode', () => decodeFrames(file));
  if (!pixels.ok) {
    const code = pixels.error.code === 'PIXEL_LIMIT' ? 'T05' : 'T01';
    return noResult({ code, detail: pixels.error.message });
  }
  const prepared = await timed('preprocess', () =>
    prepareImage(pixels.value, file.dataSet, inference.model.manifest),
  );
  const fault = qualityFault(prepared.display, options.quality);
  if (fault !== undefined) return noResult(fault, prepared);

  const output = await timed('inference', () => inference.session.run(prepared.input));
  const familiarity = rejectUnfamiliar(output, inference.model);
  const scores = { ...familiarity.scores };
  if (familiarity.reason !== undefined) return noResult(familiarity.reason, prepared, scores);

  const classification = classify(output.logits, inference.model.manifest, options.thresholds);
  const shown = classification.classes[classification.mapClassIndex];
  const map = await timed('map', async () => {
    const evidence = await evidenceOf(classification.mapClassIndex, prepared.input, output, inference);
    return activationMap(
      evidence.planes,
      evidence.grid,
      {
        classIndex: evidence.planeIndex,
        classId: shown?.id ?? '',
        focalLimit: inference.model.manifest.cam.focalLimit,
      },
      prepared.letterbox,
    );
  });
  return {
    image: {
      ...source,
      outcome: classification.outcome,
      classes: classification.classes,
      display: displayOf(prepared),
      ...(map === undefined ? {} : { map }),
    },
    facts: {
      outcome: classification.outcome,
      probabilities: Object.fromEntries(
        classification.classes.map(({ id, probability }) => [id, probability]),
      ),
      provider: inference.session.provider,
      rejectionScores: scores,
      ...(map === undefined ? {} : { mapPeak: map.peak }),
      notes: prepared.display.notes,
      timingsMs,
    },
  };
}

/** The last map's planes of all classes come with every answer; the finer plane costs a second pass for its class. */
async function evidenceOf(
  classIndex: number,
  input: Float32Array,
  output: ModelOutput,
  { session }: Inference,
): Promise<{ planes: Float32Array; planeIndex: number; grid: readonly [number, number] }> {
  if (session.fineEvidence === undefined)
    return { planes: output.cam, planeIndex: classIndex, grid: output.camGrid };
  const { plane, grid } = await session.fineEvidence(input, classIndex);
  return { planes: plane, planeIndex: 0, grid };
}

function displayOf({ display }: PreparedImage): DisplayImage {
  return {
    columns: display.columns,
    rows: display.rows,
    gray: display.pixels,
    pixelHeightToWidth: display.pixelAspectRatio,
    voi: display.voi.source === 'percentile' ? 'auto' : 'stored',
  };
}
