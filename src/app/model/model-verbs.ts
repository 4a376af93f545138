import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { NodeError } from '../../core/errors.ts';
import { withBooks } from '../books.ts';
import { storedMetrics } from '../evaluation/compare-reports.ts';
import { activeModelFolder, activeModelSetting, packageFolder } from '../model-selection.ts';
import { modelTrust } from '../model-trust.ts';
import { newestVersionSetting } from '../model-version.ts';
import { operatorName } from '../operator.ts';
import { exitCodes } from '../restart-policy.ts';
import { readConfig } from '../runtime.ts';
import { UsageError } from '../usage-error.ts';
import { withWritableBooks } from '../writable-books.ts';
import { activationObjections, installedPackage, manifestSha256 } from './activation.ts';
import { chooseModel, choosePrevious, previousModel } from './model-choice.ts';
import { listModels, modelListText } from './model-list.ts';
import { takenByNode, takenText } from './taken-by-node.ts';
import { type Verification, type VerifyOptions, verificationText, verifyModel } from './verify-model.ts';

/** `model list`: what is in the model folder, and which one runs. */
export async function modelListVerb(configFolder: string, format: 'text' | 'json'): Promise<number> {
  const { config } = readConfig(configFolder);
  const activated = await withBooks(configFolder, ({ store }) =>
    store.settings.get(activeModelSetting),
  ).catch(noDatabase);
  const running = existsSync(config.model.folder) ? activeModelFolder(config.model, activated) : undefined;
  const models = listModels(config.model.folder, running?.ok === true ? basename(running.value) : undefined);
  const text =
    format === 'json'
      ? JSON.stringify({ schema: 1, folder: config.model.folder, models }, null, 2)
      : modelListText(models, config.model.folder);
  process.stdout.write(`${text}\n`);
  return exitCodes.ok;
}

/** A node that never started has activated nothing. */
function noDatabase(error: unknown): undefined {
  if (!(error instanceof NodeError && error.code === 'NOT_FOUND')) throw error;
}

/** `model verify`: does the package hold on this machine? */
export async function modelVerifyVerb(
  named: string,
  { options, format }: { readonly options: VerifyOptions; readonly format: 'text' | 'json' },
): Promise<number> {
  const result = await verifyModel(existing(packageFolder(named)), options);
  process.stdout.write(`${format === 'json' ? JSON.stringify(result, null, 2) : verificationText(result)}\n`);
  return result.passed ? exitCodes.ok : exitCodes.failed;
}

export interface ActivateOptions {
  readonly evaluation?: string;
  readonly force?: true;
  readonly reason?: string;
}

/** `model activate`: verified on this machine and evaluated, or forced with a reason; audited. */
export async function modelActivateVerb(
  configFolder: string,
  named: string,
  options: ActivateOptions,
): Promise<number> {
  const reason = options.reason?.trim() ?? '';
  if (options.force === true && reason === '') throw new UsageError('--force needs --reason "why"');
  const { config } = readConfig(configFolder);
  const found = installedPackage(named, config.model);
  if (!found.ok) return refuse([found.error]);
  const { folder, name } = found.value;
  const trust = modelTrust(config.model);
  if (!trust.ok) return refuse([trust.error.message]);
  const verification = await verifyModel(folder, { ...config.model, trust: trust.value });
  process.stdout.write(`${verificationText(verification)}\n`);
  const evaluation = evaluationOf(folder, options.evaluation);
  const { fatal, forceable } = activationObjections({
    verification,
    manifestSha256: manifestSha256(folder),
    evaluation,
  });
  if (fatal.length > 0) return refuse(fatal);
  if (forceable.length > 0 && options.force !== true)
    return refuse([...forceable, 'to run it all the same: --force --reason "why"']);
  const why = forceable.length === 0 ? '' : `forced: ${reason} (${forceable.join('; ')})`;
  return await writeChoice(configFolder, verification, {
    detail: why,
    choose: (settings) => chooseModel(settings, name),
    announce: (before) =>
      `${evaluation?.notice == null ? '' : `${evaluation.notice}\n`}${name} is the active model${before === undefined ? '' : `; before it was ${before}`}.`,
  });
}

/** `model rollback`: back to the package that was active before, if it still holds on this machine. */
export async function modelRollbackVerb(configFolder: string, reason: string | undefined): Promise<number> {
  const { config } = readConfig(configFolder);
  const previous = await withBooks(configFolder, ({ store }) => previousModel(store.settings));
  if (previous === undefined) return refuse(['no model was active before this one']);
  const found = installedPackage(join(config.model.folder, previous), config.model);
  if (!found.ok) return refuse([found.error]);
  const trust = modelTrust(config.model);
  if (!trust.ok) return refuse([trust.error.message]);
  const verification = await verifyModel(found.value.folder, { ...config.model, trust: trust.value });
  process.stdout.write(`${verificationText(verification)}\n`);
  if (!verification.passed) return refuse([`${previous} does not pass its verification any more`]);
  return await writeChoice(configFolder, verification, {
    detail: `rollback${reason === undefined ? '' : `: ${reason}`}`,
    choose: choosePrevious,
    announce: () => `${previous} is the active model again.`,
  });
}

interface ChoiceSettings {
  get(key: string): string | undefined;
  set(key: string, value: string): void;
}

interface Choice {
  /** For the audit; empty when there is nothing to add. */
  readonly detail: string;
  readonly choose: (settings: ChoiceSettings) => void;
  /** The sentence for the terminal; `before` is the model that was active. */
  readonly announce: (before: string | undefined) => string;
}

/** The setting and its audit row in one transaction; then tells what a running node makes of it. */
function writeChoice(
  configFolder: string,
  { model }: Verification,
  { detail, choose, announce }: Choice,
): Promise<number> {
  if (model === null) throw new NodeError('BUG_INVARIANT', 'an unverified model cannot be activated');
  return withWritableBooks(configFolder, async ({ store, folders }) => {
    const { seq } = store.audit.head();
    const before = store.db.transaction(() => {
      const active = store.settings.get(activeModelSetting);
      choose(store.settings);
      // Whoever chooses by name and in the books may go back; only a silent exchange of packages may not.
      store.settings.set(newestVersionSetting(model.id), model.version);
      store.audit.append('MODEL_ACTIVATED', {
        operator: operatorName(),
        modelId: model.id,
        modelSha256: model.sha256,
        ...(detail === '' ? {} : { detail }),
      });
      return active;
    });
    process.stdout.write(`${announce(before)}\n`);
    const taken = await takenByNode(store, folders.data, { sha256: model.sha256, seq });
    process.stdout.write(`${takenText(taken)}\n`);
    return taken.kind === 'refused' ? exitCodes.failed : exitCodes.ok;
  });
}

/** The evaluation that was named, else the one that travels with the package. */
function evaluationOf(
  folder: string,
  named: string | undefined,
): ReturnType<typeof storedMetrics> | undefined {
  const own = join(folder, 'evaluation', 'metrics.json');
  if (named === undefined) return existsSync(own) ? storedMetrics(own) : undefined;
  return storedMetrics(named);
}

function existing(folder: string): string {
  if (!existsSync(folder)) throw new NodeError('NOT_FOUND', `${folder} does not exist`);
  return folder;
}

function refuse(reasons: readonly string[]): number {
  process.stderr.write(`Not activated:\n${reasons.map((reason) => `  - ${reason}`).join('\n')}\n`);
  return exitCodes.refused;
}
