/** Entry of the worker process: parse, filter, decode, infer, compose. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { asNodeError } from '../../core/errors.ts';
import { runSelfTest } from '../../pipeline/inference.ts';
import { ownDeviceUids } from '../../pipeline/own-object.ts';
import { hostClock } from '../../store/store.ts';
import { openChildChannel, receiveOrder } from '../child-channel.ts';
import { exitCodeOf } from '../fail-stop.ts';
import { imageStep, workerName } from '../image-step.ts';
import { inferenceByAttempt } from '../inference-by-attempt.ts';
import { isReplaced, modelInForce, openOnProcessor, watchModel } from '../model-gate.ts';
import { modelChoiceStep } from '../model-choice-step.ts';
import { offerWhenMemoryRunsOut } from '../out-of-memory.ts';
import { holdPart } from '../process-lock.ts';
import type { StartOrder } from '../process-messages.ts';
import { openComposer } from '../result-composer.ts';
import { openRuntime, type Runtime } from '../runtime.ts';
import { SelfTestSchedule } from '../self-test-schedule.ts';
import { selfTestStep } from '../self-test-step.ts';
import { studyStep } from '../study-step.ts';
import { openViewFilter } from '../view-decision.ts';
import { WorkerLoop } from '../worker-loop.ts';

/** More than an hour's work at 5,000 images an hour and their reports; L02 of docs/reliability.md shows what it grows by. */
const jobsPerLife = 10_000;
const rssLimitBytes = 2 * 1024 ** 3;
const longestSleepMs = 2000;
/** One image in the inference thread, one before or behind it. */
const lanes = 2;

try {
  offerWhenMemoryRunsOut(800);
  const order = await receiveOrder();
  await work(openRuntime(order, 'worker'), order);
  process.exit(0);
} catch (error) {
  const fault = asNodeError(error);
  process.stderr.write(`worker: ${fault.code}: ${fault.message}\n`);
  process.exit(exitCodeOf(fault));
}

async function work(runtime: Runtime, { bootId, companionFolder }: StartOrder): Promise<void> {
  const { config, loaded, store, log, folders } = runtime;
  await holdPart(folders.data, 'worker');
  const draining = new AbortController();
  let loop: WorkerLoop | undefined = undefined;
  const channel = openChildChannel({
    wake: () => loop?.wake(),
    drain: () => {
      draining.abort();
      loop?.drain();
    },
    reload: () => channel.tell({ kind: 'recycle', why: 'works by a new configuration' }),
  });
  // Without a model that may run the node still receives: this process serves in that it waits for one.
  const inference = await modelInForce(runtime, draining.signal, () => channel.tell({ kind: 'ready' }));
  if (inference === undefined) {
    store.close();
    await log.close();
    return;
  }
  const { model, session } = inference;

  store.jobs.recoverAfterStart(bootId);
  store.jobs.recoverClaimant(workerName);
  // Only one worker runs: whatever a report was claimed for, its builder is gone, in this run of the service too.
  store.studies.recoverAll();

  const composer = openComposer({
    config,
    configSha256: loaded.sha256,
    configFolder: companionFolder,
    siteUuid: store.settings.siteUuid(),
    model,
  });
  const filter = openViewFilter(
    config.rules,
    join(companionFolder, 'views'),
    ownDeviceUids(composer.node, [composer.model]),
  );
  const shared = { store, config, resultsFolder: folders.results, bootId, clock: hostClock };
  const { quietTime, hardMaximum } = config.results.study;
  const schedule = new SelfTestSchedule(() => hostClock.monotonicMs());
  const watch = watchModel(inference, runtime).start();
  loop = new WorkerLoop({
    channel,
    jobsPerLife,
    rssLimitBytes,
    lanes,
    steps: [
      modelChoiceStep(channel, () => isReplaced(inference, runtime)),
      selfTestStep({
        schedule,
        run: () => runSelfTest(model, session),
        channel,
        timeoutMs: config.model.timeout * (model.manifest.golden.length + 1),
        log,
        provider: session.provider,
      }),
      // Before the images: behind a backlog of them no report would ever leave, and there is at most one per image.
      studyStep({
        ...shared,
        channel,
        modelSha256: model.sha256,
        tools: {
          noResult: config.results.noResult,
          resultContext: (study, startedAtMs) => composer.resultContext(study, startedAtMs),
          build: (plan) => composer.buildReport(plan),
        },
      }),
      imageStep({
        ...shared,
        channel,
        configSha256: loaded.sha256,
        inference: inferenceByAttempt(inference, () => openOnProcessor(inference, runtime)),
        mayClaim: () => !schedule.isDue && !isReplaced(inference, runtime),
        faulted: () => schedule.suspect(),
        tools: {
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
    ],
    idleMs: () => {
      const due = store.studies.nextDueAtMs({ quietMs: quietTime, hardMaxMs: hardMaximum });
      return due === undefined
        ? longestSleepMs
        : Math.min(longestSleepMs, Math.max(5, due - hostClock.nowMs()));
    },
  });
  channel.tell({ kind: 'ready' });
  // Told to leave while the model was still being opened: then there was no loop yet to hear it.
  if (draining.signal.aborted) loop.drain();
  await loop.run();
  watch.stop();
  await session.close();
  store.close();
  await log.close();
}
