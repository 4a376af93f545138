import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type ComparedImage, comparisonJson, comparisonText } from '../admin/reprocess/comparison-text.ts';
import { readPart10 } from '../dicom/part10-reader.ts';
import { analyseImage } from '../pipeline/analyse-image.ts';
import { type Inference, openInference } from '../pipeline/inference.ts';
import { loadModelPackage } from '../pipeline/model-package.ts';
import type { ExplainedImage } from '../store/explain.ts';
import { type Books, withBooks } from './books.ts';
import { modelFigures } from './model-figures.ts';
import { packageFolder } from './model-selection.ts';
import { progressReport } from './progress-line.ts';
import { imageTarget, type WrittenTarget } from './reprocess-target.ts';
import { exitCodes } from './restart-policy.ts';
import type { VerbAnswer } from './verb-answer.ts';

/**
 * What another model says about images that this site has received, beside what was said: a shadow evaluation on the
 * site's own images. Runs in this process; the node, its results and the PACS do not notice.
 */
export function compareModel(
  configFolder: string,
  written: WrittenTarget,
  model: string,
  format: 'text' | 'json',
): Promise<VerbAnswer> {
  return withBooks(configFolder, async (books) => {
    const target = imageTarget(written, books);
    if (!target.ok) return { exitCode: exitCodes.usage, text: `${target.error}\n` };
    const inference = await openOther(model, books);
    try {
      const figure = modelFigures(books.config.model.folder);
      const progress = written.what === undefined ? progressReport('studies compared') : () => undefined;
      const compared: ComparedImage[] = [];
      let seen = 0;
      let done = 0;
      for (const { images } of target.value.studies()) {
        seen += images.length;
        for (const image of images.filter(isComparable)) {
          const one = await compareOne(image, inference, figure, books);
          if (one !== undefined) compared.push(one);
        }
        progress(++done, target.value.studyCount);
      }
      if (compared.length === 0) return nothingToCompare(target.value.asked);
      const { id, version } = inference.model.manifest;
      const comparison = {
        asked: target.value.asked,
        model: { id, version, sha256: inference.model.sha256 },
        images: compared,
        leftOut: seen - compared.length,
      };
      return {
        exitCode: exitCodes.ok,
        text: format === 'json' ? comparisonJson(comparison) : comparisonText(comparison),
      };
    } finally {
      await inference.session.close();
    }
  });
}

function isComparable({ analysis, instance }: ExplainedImage): boolean {
  return analysis !== null && instance.spoolState === 'present';
}

function nothingToCompare(asked: string): VerbAnswer {
  return {
    exitCode: exitCodes.notFound,
    text: `No analysed image with its file is named by ${asked}: lumbar-node explain says more.\n`,
  };
}

async function openOther(model: string, { config }: Books): Promise<Inference> {
  const loaded = loadModelPackage(packageFolder(model, config.model.folder));
  if (!loaded.ok) throw loaded.error;
  const inference = await openInference(loaded.value, {
    providers: config.model.providers,
    threads: config.model.threads,
  });
  if (!inference.ok) throw inference.error;
  return inference.value;
}

/** Both answers for one image; undefined when its file is gone or cannot be read any more. */
async function compareOne(
  { instance, decision, analysis }: ExplainedImage,
  inference: Inference,
  figure: ReturnType<typeof modelFigures>,
  { config, folders }: Books,
): Promise<ComparedImage | undefined> {
  const bytes = await readFile(resolve(folders.spool, instance.path)).catch(goneMeanwhile);
  const file = bytes === undefined ? undefined : readPart10(bytes);
  if (file?.ok !== true) return undefined;
  const { facts } = await analyseImage(file.value, inference, {
    quality: { minimumRows: config.rules.minimumRows, minimumColumns: config.rules.minimumColumns },
    dynamic: decision?.dynamic ?? undefined,
    // Thresholds of the site belong to the model they were set for.
    thresholds: {},
  });
  const findings = new Set(
    inference.model.manifest.classes.filter(({ role }) => role === 'finding').map(({ id }) => id),
  );
  const before = (analysis?.probabilities ?? {}) as Readonly<Record<string, number>>;
  return {
    sopInstanceUid: instance.sopInstanceUid,
    accessionNumber: instance.accessionNumber,
    before: {
      outcome: analysis?.outcome ?? '-',
      figure: highest(before, findings, (value) => figure(analysis?.modelSha256 ?? '', value)),
    },
    after: {
      outcome: facts.outcome,
      figure: highest(facts.probabilities, findings, (value) => figure(inference.model.sha256, value)),
    },
  };
}

/** Retention may have removed the file since it was listed. */
function goneMeanwhile(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

/** The highest finding with its figure: `dls 82 %`; empty when the model gave none. */
function highest(
  probabilities: Readonly<Record<string, number>>,
  findings: ReadonlySet<string>,
  print: (value: number) => string,
): string {
  const [best] = Object.entries(probabilities)
    .filter(([id]) => findings.has(id))
    .toSorted(([, a], [, b]) => b - a);
  return best === undefined ? '' : `${best[0]} ${print(best[1])}`;
}
