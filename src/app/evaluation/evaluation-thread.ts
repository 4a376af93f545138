/** Entry of an evaluation's worker thread: one model session, one image at a time. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { workerData } from 'node:worker_threads';
import { sha256Hex } from '../../core/identifiers.ts';
import type { EvaluatedModel } from '../../evaluation/ports.ts';
import type { MapLayer } from '../../pipeline/inference.ts';
import { modelFacts } from '../result-composer.ts';
import { serveThread } from '../serve-thread.ts';
import { captureThumbnail, evaluatedImage } from './evaluated-image.ts';
import { type OfflineOptions, type OfflineTools, openOfflineTools } from './offline-tools.ts';

export interface EvaluationThreadData extends OfflineOptions {
  readonly released: boolean;
}

export interface EvaluationJob {
  readonly verb: 'analyse' | 'thumbnail';
  readonly path: string;
}

/** What a thread knows about the model; how many threads there are, the pool knows. */
export type ThreadFacts = Omit<EvaluatedModel, 'sessions' | 'threadsPerSession'>;

await serveThread(async () => {
  const data = workerData as EvaluationThreadData;
  const tools = await openOfflineTools(data);
  return {
    facts: factsOf(tools, data.map),
    answer: ({ verb, path }: EvaluationJob) =>
      verb === 'analyse' ? evaluatedImage(path, tools, data) : captureThumbnail(path, tools, data),
  };
});

function factsOf({ inference: { model, session, selfTest } }: OfflineTools, map: MapLayer): ThreadFacts {
  const { manifest, sha256, folder } = model;
  return {
    id: manifest.id,
    version: manifest.version,
    sha256,
    manifestSha256: sha256Hex(readFileSync(join(folder, 'manifest.json'))),
    classes: manifest.classes.map(({ id, label, role, threshold, indeterminate }) => ({
      id,
      label,
      role,
      ...(threshold === undefined ? {} : { threshold }),
      ...(indeterminate === undefined ? {} : { indeterminate }),
    })),
    intendedUse: manifest.intendedUse,
    notFor: manifest.notFor,
    trainingStatement: manifest.trainingData.statement,
    simulated: manifest.trainingData.kind === 'simulated',
    calibrated: manifest.calibration !== undefined,
    acceptance: manifest.acceptance ?? {},
    mapLayer: modelFacts(model, map).mapLayer ?? manifest.cam.layer,
    provider: session.provider,
    parity: { images: selfTest.images, largestDifference: selfTest.largestDifference },
  };
}
