import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { NodeError } from '../core/errors.ts';
import { err, type Result } from '../core/result.ts';
import { type Inference, openInference } from '../pipeline/inference.ts';
import { loadModelPackage } from '../pipeline/model-package.ts';
import { hostClock } from '../store/store.ts';
import { activeModelFolder, activeModelSetting } from './model-selection.ts';
import { ModelWatch } from './model-watch.ts';
import { modelTrust } from './model-trust.ts';
import { newestVersionSetting, refuseRollback } from './model-version.ts';
import type { Runtime } from './runtime.ts';

const alertCause = 'model-refused';
const changedCause = 'model-changed';
const retryMs = 15_000;

/**
 * The model that may look at patients' images: the package chosen, whole, signed where that is required, not older
 * than one that ran before, and right about its golden images on this machine. Until there is one nothing is
 * analysed: images are still received and wait, the alert stands, and the package is looked at again every 15 s.
 * Resolves with undefined when the signal came first.
 */
export async function modelInForce(
  runtime: Runtime,
  signal: AbortSignal,
  refused: () => void,
): Promise<Inference | undefined> {
  const { store, log } = runtime;
  let told: string | undefined;
  while (!signal.aborted) {
    const opened = await openActiveModel(runtime);
    if (opened.ok) {
      accept(opened.value, runtime);
      return opened.value;
    }
    const { code, message } = opened.error;
    const detail = `${code}: ${message}`;
    if (told !== detail) {
      const modelId = runtime.config.model.id ?? store.settings.get(activeModelSetting) ?? 'unknown';
      log.event('MODEL_REFUSED', { modelId, detail });
      store.audit.append('MODEL_REFUSED', { modelId, detail });
      store.alerts.recover(alertCause);
      store.alerts.start(alertCause, `No image is analysed: ${detail}. Received images wait.`);
      told = detail;
      refused();
    }
    await delay(retryMs, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}

/** Tells, by event and alert, when the file of the model in use is replaced or gone (model-watch.ts). */
export function watchModel({ model }: Inference, { store, log }: Runtime): ModelWatch {
  const cause = changedCause;
  const { id: modelId, file } = model.manifest;
  return new ModelWatch({
    path: join(model.folder, file),
    sha256: model.sha256,
    monotonicMs: () => hostClock.monotonicMs(),
    events: {
      changed: (detail) => {
        log.event('MODEL_REFUSED', { modelId, detail });
        store.audit.append('MODEL_REFUSED', { modelId, detail });
        store.alerts.start(
          cause,
          `${detail}. Analysis goes on with the verified model in memory; the next start will check the new file.`,
        );
      },
      restored: () => {
        if (store.alerts.recover(cause)) log.event('ALERT_RECOVERED', { cause });
      },
    },
  });
}

/**
 * Whether an operator has made another package the active one since this model was opened: then its worker claims
 * nothing more and leaves, and the next one opens that package.
 */
export function isReplaced(
  { model }: Inference,
  { config, store }: Pick<Runtime, 'config'> & { readonly store: Pick<Runtime['store'], 'settings'> },
): boolean {
  const folder = activeModelFolder(config.model, store.settings.get(activeModelSetting));
  return folder.ok && folder.value !== model.folder;
}

/** The active package, opened under every rule that it must keep before it may look at an image. */
export async function openActiveModel({
  config,
  store,
}: {
  readonly config: Runtime['config'];
  readonly store: Pick<Runtime['store'], 'settings'>;
}): Promise<Result<Inference, NodeError>> {
  const folder = activeModelFolder(config.model, store.settings.get(activeModelSetting));
  if (!folder.ok) return folder;
  const trust = modelTrust(config.model);
  if (!trust.ok) return trust;
  const model = loadModelPackage(folder.value, trust.value);
  if (!model.ok) return model;
  const { id, version } = model.value.manifest;
  const rollback = refuseRollback(
    version,
    store.settings.get(newestVersionSetting(id)),
    config.model.allowRollback,
  );
  if (!rollback.ok) return rollback;
  const { providers, threads, map } = config.model;
  return await openInference(model.value, { providers, threads, map });
}

/**
 * The same package once more, on the processor: read, hashed and proven again, because nobody keeps its bytes. A file
 * that was exchanged meanwhile is refused; its own turn comes with the next worker.
 */
export async function openOnProcessor(
  { model }: Inference,
  { config }: Pick<Runtime, 'config'>,
): Promise<Result<Inference, NodeError>> {
  const trust = modelTrust(config.model);
  if (!trust.ok) return trust;
  const again = loadModelPackage(model.folder, trust.value);
  if (!again.ok) return again;
  if (again.value.sha256 !== model.sha256)
    return err(new NodeError('MODEL_HASH', `${model.folder} holds another model than the one in use`));
  const { threads, map } = config.model;
  return openInference(again.value, { providers: ['cpu'], threads, map });
}

function accept({ model, session, selfTest }: Inference, { config, store, log }: Runtime): void {
  const { id, version } = model.manifest;
  for (const { provider, error } of session.failures)
    log.event('PROVIDER_FAILED', { provider, detail: error });
  const facts = {
    modelId: id,
    modelSha256: model.sha256,
    provider: session.provider,
    durationMs: Math.round(selfTest.elapsedMs),
  };
  log.event('MODEL_LOADED', facts);
  store.audit.append('MODEL_LOADED', facts);
  // What is loaded now is what lies on the disk, so neither alert of an earlier process holds any longer.
  for (const cause of [alertCause, changedCause])
    if (store.alerts.recover(cause)) log.event('ALERT_RECOVERED', { cause });
  // What ran stays chosen when another package is copied beside it, or when model.id leaves the configuration.
  if (config.model.id !== undefined || store.settings.get(activeModelSetting) === undefined)
    store.settings.set(activeModelSetting, basename(model.folder));
  // Also after an allowed step back: from there on only forward again.
  store.settings.set(newestVersionSetting(id), version);
}
