import { resolve } from 'node:path';
import { type Composer, openComposer } from '../src/app/result-composer.ts';
import { product } from '../src/app/product.ts';
import { parseConfig } from '../src/core/config/index.ts';
import { type Part10File, readPart10 } from '../src/dicom/part10-reader.ts';
import { analyseImage } from '../src/pipeline/analyse-image.ts';
import { type Inference, openInference } from '../src/pipeline/inference.ts';
import { loadModelPackage, type ModelPackage } from '../src/pipeline/model-package.ts';
import type { AnalysedImage, ResultContext } from '../src/pipeline/result-input.ts';
import { readStudyContext } from '../src/pipeline/study-context.ts';
import { studyImages, type SimulatedImage } from '../src/simulator/study.ts';
import { transferSyntaxUid } from '../src/dicom/transfer-syntax.ts';
import type { SimulatedView } from '../src/simulator/header-habits.ts';

/** The paper's network as shipped; the nano network in a smoke run. */
export function benchModel(quick: boolean): ModelPackage {
  const id = quick ? 'lumbar-nano-sim' : 'lumbar-effnetv2m-sim';
  const model = loadModelPackage(resolve(import.meta.dirname, '../models', id));
  if (!model.ok) throw model.error;
  return model.value;
}

export async function benchInference(model: ModelPackage, threads: number): Promise<Inference> {
  const inference = await openInference(model, { providers: ['cpu'], threads });
  if (!inference.ok) throw inference.error;
  return inference.value;
}

/** Simulated images of one fictional patient at detector size, explicit little endian, orderly headers. */
export function simulatedStudy(seed: number, views: readonly SimulatedView[]): readonly SimulatedImage[] {
  return [
    ...studyImages(seed, {
      views,
      tags: 'orderly',
      transferSyntaxUid: transferSyntaxUid.explicitVrLittleEndian,
    }),
  ];
}

export function parsed(bytes: Uint8Array): Part10File {
  const file = readPart10(bytes);
  if (!file.ok) throw file.error;
  return file.value;
}

/** A composer with the shipped wording and settings, for a node nobody can reach. */
export function benchComposer(model: ModelPackage): Composer {
  const text = `aeTitle: BENCH
senders: [{ aeTitle: NOBODY, cidr: [127.0.0.1/32] }]
pacs: [{ name: nowhere, host: 127.0.0.1, port: 104, calledAeTitle: NOWHERE, deliver: 'off' }]
`;
  const loaded = parseConfig({
    files: [{ name: 'node.yaml', text }],
    environment: {},
    readSecretFile: () => '',
    folder: product.root,
  });
  if (!loaded.ok) throw new Error('the configuration of the bench is not valid');
  return openComposer({
    config: loaded.value.config,
    configSha256: loaded.value.sha256,
    configFolder: product.root,
    siteUuid: '00000000-0000-4000-8000-000000000000',
    model,
  });
}

/** One analysed image with everything its result objects need. */
export interface Sample {
  readonly file: Part10File;
  readonly image: AnalysedImage;
  readonly context: ResultContext;
}

export async function analysedSample(
  bytes: Uint8Array,
  inference: Inference,
  composer: Composer,
): Promise<Sample> {
  const file = parsed(bytes);
  const study = readStudyContext(file.dataSet);
  if (!study.ok) throw study.error;
  const { image } = await analyseImage(file, inference, {
    quality: { minimumRows: 1, minimumColumns: 1 },
    dynamic: undefined,
    thresholds: {},
  });
  return { file, image, context: composer.resultContext(study.value, 0) };
}
