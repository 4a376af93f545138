/** Entry of the worker process: parse, filter, decode, infer, compose. Arguments: configuration folder, boot id. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { asNodeError } from '../../core/errors.ts';
import { openInference } from '../../pipeline/inference.ts';
import { loadModelPackage } from '../../pipeline/model-package.ts';
import { ownDeviceUids } from '../../pipeline/own-object.ts';
import { hostClock } from '../../store/store.ts';
import { openChildChannel } from '../child-channel.ts';
import { exitCodeOf } from '../fail-stop.ts';
import { imageStep, workerName } from '../image-step.ts';
import { activeModelFolder, activeModelSetting } from '../model-selection.ts';
import { openComposer } from '../result-composer.ts';
import { openRuntime, type Runtime } from '../runtime.ts';
import { studyStep } from '../study-step.ts';
import { openViewFilter } from '../view-decision.ts';
import { WorkerLoop } from '../worker-loop.ts';

const jobsPerLife = 5000;
const rssLimitBytes = 2 * 1024 ** 3;
const longestSleepMs = 2000;
/** One image in the inference thread, one before or behind it. */
const lanes = 2;

try {
  const [configFolder = 'config', bootId = ''] = process.argv.slice(2);
  await work(openRuntime(configFolder, 'worker'), configFolder, bootId);
  process.exit(0);
} catch (error) {
  const fault = asNodeError(error);
  process.stderr.write(`worker: ${fault.code}: ${fault.message}\n`);
  process.exit(exitCodeOf(fault));
}

async function work(runtime: Runtime, configFolder: string, bootId: string): Promise<void> {
  const { config, loaded, store, log, folders } = runtime;
  const folder = activeModelFolder(config.model, store.settings.get(activeModelSetting));
  if (!folder.ok) throw folder.error;
  const model = loadModelPackage(folder.value);
  if (!model.ok) {
    store.audit.append('MODEL_REFUSED', {
      modelId: config.model.id ?? folder.value,
      detail: model.error.message,
    });
    throw model.error;
  }
  const inference = await openInference(model.value, {
    providers: config.model.providers,
    threads: config.model.threads,
  });
  if (!inference.ok) throw inference.error;
  const { session, selfTest } = inference.value;
  const modelFacts = {
    modelId: model.value.manifest.id,
    modelSha256: model.value.sha256,
    provider: session.provider,
  };
  for (const { provider, error } of session.failures)
    log.event('PROVIDER_FAILED', { provider, detail: error });
  log.event('MODEL_LOADED', { ...modelFacts, durationMs: Math.round(selfTest.elapsedMs) });
  store.audit.append('MODEL_LOADED', { ...modelFacts, durationMs: Math.round(selfTest.elapsedMs) });

  store.jobs.recoverAfterStart(bootId);
  store.jobs.recoverClaimant(workerName);
  // Only one worker runs: whatever a report was claimed for, its builder is gone, in this run of the service too.
  store.studies.recoverAll();

  const composer = openComposer({
    config,
    configSha256: loaded.sha256,
    configFolder,
    siteUuid: store.settings.siteUuid(),
    model: model.value,
  });
  const filter = openViewFilter(config, configFolder, ownDeviceUids(composer.node, [composer.model]));
  const shared = { store, config, resultsFolder: folders.results, bootId, clock: hostClock };
  const channel = openChildChannel({
    wake: () => loop.wake(),
    drain: () => loop.drain(),
    reload: () => channel.tell({ kind: 'recycle' }),
  });
  const { quietTime, hardMaximum } = config.results.study;
  const loop = new WorkerLoop({
    channel,
    jobsPerLife,
    rssLimitBytes,
    lanes,
    steps: [
      imageStep({
        ...shared,
        channel,
        configSha256: loaded.sha256,
        tools: {
          inference: inference.value,
          analysis: {
            quality: { minimumRows: config.rules.minimumRows, minimumColumns: config.rules.minimumColumns },
            thresholds: config.results.thresholds,
          },
          charsetDefault: config.charsetDefault,
          noResult: config.results.noResult,
          readSpoolFile: (path) => readFile(resolve(folders.spool, path)),
          decideView: filter,
          resultContext: (study, startedAtMs) => composer.resultContext(study, startedAtMs),
          buildObjects: (context, image, source) => composer.buildObjects(context, image, source),
        },
      }),
      studyStep({
        ...shared,
        channel,
        modelSha256: model.value.sha256,
        tools: {
          noResult: config.results.noResult,
          resultContext: (study, startedAtMs) => composer.resultContext(study, startedAtMs),
          build: (plan) => composer.buildReport(plan),
        },
      }),
    ],
    idleMs: () => {
      const due = store.studies.nextDueAtMs({ quietMs: quietTime, hardMaxMs: hardMaximum });
      return due === undefined
        ? longestSleepMs
        : Math.min(longestSleepMs, Math.max(5, due - hostClock.nowMs()));
    },
  });
  channel.tell({ kind: 'ready' });
  await loop.run();
  await session.close();
  store.close();
  await log.close();
}
