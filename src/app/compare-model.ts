import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type ComparedImage, comparisonText } from '../admin/reprocess/comparison-text.ts';
import { NodeError } from '../core/errors.ts';
import { readPart10 } from '../dicom/part10-reader.ts';
import { analyseImage } from '../pipeline/analyse-image.ts';
import { type Inference, openInference } from '../pipeline/inference.ts';
import { loadModelPackage } from '../pipeline/model-package.ts';
import type { ExplainedImage } from '../store/explain.ts';
import { type Books, withBooks } from './books.ts';
import { findTarget } from './explain-target.ts';
import { modelFigures } from './model-figures.ts';
import { packageFolder } from './model-selection.ts';
import { exitCodes } from './restart-policy.ts';

/**
 * What another model says about images that this site has received, beside what was said: a shadow evaluation on the
 * site's own images. Runs in this process; the node, its results and the PACS do not notice.
 */
export function compareModel(
  configFolder: string,
  what: string,
  model: string,
  format: 'text' | 'json',
): Promise<{ readonly exitCode: number; readonly text: string }> {
  return withBooks(configFolder, async (books) => {
    const { studies, sopInstanceUid } = findTarget(what, books.store);
    const images = studies
      .flatMap((study) => study.images)
      .filter(({ instance }) => sopInstanceUid === undefined || instance.sopInstanceUid === sopInstanceUid);
    const able = images.filter(
      ({ analysis, instance }) => analysis !== null && instance.spoolState === 'present',
    );
    if (able.length === 0) {
      return {
        exitCode: exitCodes.notFound,
        text: `No analysed image with its file is named by ${what}: lumbar-node explain says more.\n`,
      };
    }
    const inference = await openOther(model, books);
    try {
      const figure = modelFigures(books.config.model.folder);
      const compared: ComparedImage[] = [];
      for (const image of able) compared.push(await compareOne(image, inference, figure, books));
      const { id, version } = inference.model.manifest;
      const comparison = {
        model: { id, version, sha256: inference.model.sha256 },
        images: compared,
        leftOut: images.length - able.length,
      };
      const text =
        format === 'json'
          ? `${JSON.stringify({ schema: 1, ...comparison }, undefined, 2)}\n`
          : comparisonText(comparison);
      return { exitCode: exitCodes.ok, text };
    } finally {
      await inference.session.close();
    }
  });
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

async function compareOne(
  { instance, decision, analysis }: ExplainedImage,
  inference: Inference,
  figure: ReturnType<typeof modelFigures>,
  { config, folders }: Books,
): Promise<ComparedImage> {
  const file = readPart10(await readFile(resolve(folders.spool, instance.path)));
  if (!file.ok) throw new NodeError('STORE_CORRUPT', `${instance.instanceId}: ${file.error.message}`);
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
