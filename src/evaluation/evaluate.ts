import { predictedClass } from './confusion.ts';
import type { LabelledImage } from './labels.ts';
import type { EvaluatedImage, EvaluationPipeline } from './ports.ts';

/** One image with its label and the pipeline's answer. */
export interface CaseResult {
  readonly image: LabelledImage;
  readonly answer: EvaluatedImage;
  /** Class index of the highest probability; undefined without an answer. */
  readonly called: number | undefined;
}

export interface RunOptions {
  /** Where an image of the list lies. */
  readonly pathOf: (file: string) => string;
  /** Answers of an earlier run, by file; they are taken as they are. */
  readonly known: ReadonlyMap<string, EvaluatedImage>;
  /** Called with each new answer, as soon as it is there. */
  readonly onAnswer: (file: string, answer: EvaluatedImage) => void;
  readonly onProgress: (done: number, total: number) => void;
  /** Stops before the next image; what is in flight is finished. */
  readonly signal: AbortSignal;
}

/**
 * Runs the production pipeline over the list, as many images at a time as the pipeline has sessions. Returns the cases
 * in the order of the list; fewer than the list has when it was stopped.
 */
export async function runCases(
  pipeline: EvaluationPipeline,
  images: readonly LabelledImage[],
  options: RunOptions,
): Promise<CaseResult[]> {
  const answers = new Map<string, EvaluatedImage>();
  const waiting: LabelledImage[] = [];
  for (const image of images) {
    const known = options.known.get(image.file);
    if (known === undefined) waiting.push(image);
    else answers.set(image.file, known);
  }
  const total = images.length;
  const work = async (): Promise<void> => {
    for (let image = waiting.shift(); image !== undefined; image = waiting.shift()) {
      if (options.signal.aborted) return;
      const answer = await pipeline.analyse(options.pathOf(image.file));
      answers.set(image.file, answer);
      options.onAnswer(image.file, answer);
      options.onProgress(answers.size, total);
    }
  };
  await Promise.all(Array.from({ length: pipeline.model.sessions }, work));
  const classIds = pipeline.model.classes.map(({ id }) => id);
  return images.flatMap((image) => {
    const answer = answers.get(image.file);
    return answer === undefined ? [] : [caseOf(image, answer, classIds)];
  });
}

function caseOf(image: LabelledImage, answer: EvaluatedImage, classIds: readonly string[]): CaseResult {
  const called =
    answer.probabilities === undefined ? undefined : predictedClass(probabilityRow(answer, classIds));
  return { image, answer, called };
}

/** Probabilities in the order of the classes. */
export function probabilityRow(answer: EvaluatedImage, classIds: readonly string[]): number[] {
  return classIds.map((id) => answer.probabilities?.[id] ?? 0);
}
