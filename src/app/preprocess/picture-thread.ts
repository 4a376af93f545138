/** Entry of a preprocessing thread: decodes and letterboxes one picture at a time; no model runs. */
import { workerData } from 'node:worker_threads';
import { readManifest } from '../../pipeline/model-package.ts';
import { shippedConfig } from '../evaluation/offline-tools.ts';
import { product } from '../product.ts';
import { serveThread } from '../serve-thread.ts';
import { vocabularyFolder } from '../companions.ts';
import { openViewFilter } from '../view-decision.ts';
import { type PictureJob, preparePicture } from './prepared-picture.ts';

export interface PictureThreadData {
  readonly modelFolder: string;
}

await serveThread(() => {
  const { modelFolder } = workerData as PictureThreadData;
  const manifest = readManifest(modelFolder);
  if (!manifest.ok) throw manifest.error;
  const { config } = shippedConfig();
  const { minimumRows, minimumColumns } = config.rules;
  const tools = {
    filter: openViewFilter(config.rules, vocabularyFolder(config.rules, product.root), []),
    quality: { minimumRows, minimumColumns },
    manifest: manifest.value,
  };
  return Promise.resolve({
    facts: undefined,
    answer: (job: PictureJob) => preparePicture(job, tools),
  });
});
