import { existsSync, readdirSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { countFindings, doctorText, type Finding, failure, fine } from '../admin/doctor/finding.ts';
import {
  judgeBackup,
  judgeNewerSchema,
  judgeRelease,
  judgeRoom,
  judgeSchema,
} from '../admin/doctor/upgrade.ts';
import { type ConfigFault, formatFaults, type LoadedConfig } from '../core/config/index.ts';
import { asNodeError } from '../core/errors.ts';
import { loadModelPackage } from '../pipeline/model-package.ts';
import { type EarlierDatabase, readEarlierDatabase } from '../store/earlier-database.ts';
import { hostClock, schemaVersion } from '../store/store.ts';
import { setMadeAtMs } from './backup/backup-set.ts';
import { checkConfigFolder } from './checked-config.ts';
import type { Folders } from './folders.ts';
import { activeModelFolder, activeModelSetting } from './model-selection.ts';
import { modelTrust } from './model-trust.ts';
import { compareVersions } from './model-version.ts';
import { product } from './product.ts';
import { exitCodes } from './restart-policy.ts';
import { foldersOf } from './runtime.ts';
import type { VerbAnswer } from './verb-answer.ts';

/**
 * `upgrade check`: whether this release can take over what is here - settings, database, model - before anything is
 * changed. Run it from the folder of the new release, beside the one that runs.
 */
export function checkUpgrade(configFolder: string, format: 'text' | 'json'): VerbAnswer {
  const checked = checkConfigFolder(configFolder);
  const findings = checked.ok
    ? [settingsFinding(checked.value, configFolder), ...dataFindings(checked.value, configFolder)]
    : [settingsFault(checked.error)];
  const counts = countFindings(findings);
  return {
    exitCode: counts.fail === 0 ? exitCodes.ok : exitCodes.failed,
    text:
      format === 'json'
        ? `${JSON.stringify({ schema: 1, version: product.version, ...counts, findings }, undefined, 2)}\n`
        : `${checked.ok ? '' : formatFaults(checked.error)}${doctorText(findings)}`,
  };
}

function settingsFinding({ sha256 }: LoadedConfig, configFolder: string): Finding {
  return fine('settings', `${configFolder} is right for ${product.version} (sha256 ${sha256.slice(0, 12)}).`);
}

function settingsFault(faults: readonly ConfigFault[]): Finding {
  return failure(
    'settings',
    `${faults.length} of them this release does not take. Nothing else was looked at.`,
    'Correct them as shown; the release that runs keeps its configuration until a reload or restart.',
  );
}

function dataFindings(loaded: LoadedConfig, configFolder: string): readonly Finding[] {
  const folders = foldersOf(loaded.config, configFolder);
  const database = earlierDatabase(folders.database);
  if ('refusal' in database) return [judgeNewerSchema(database.refusal), modelFinding(loaded, undefined)];
  const { found } = database;
  const last = found?.lastVersion;
  const order = last === undefined ? 0 : compareVersions(product.version, last);
  return [
    judgeRelease({ last, offered: product.version, order }),
    judgeSchema(found?.schemaVersion, schemaVersion),
    ...(found === undefined ? [] : [judgeRoom(found.sizeBytes, freeBytes(folders.database))]),
    ...(found === undefined ? [] : [judgeBackup(newestBackupAtMs(folders), hostClock.nowMs())]),
    modelFinding(loaded, found),
  ];
}

function earlierDatabase(
  path: string,
): { readonly found: EarlierDatabase | undefined } | { readonly refusal: string } {
  if (!existsSync(path)) return { found: undefined };
  try {
    return { found: readEarlierDatabase(path) };
  } catch (error) {
    const { code, message } = asNodeError(error);
    if (code !== 'STORE_NEWER_SCHEMA') throw error;
    return { refusal: message };
  }
}

/** The package that runs must also be one that this release reads and believes. */
function modelFinding({ config }: LoadedConfig, database: EarlierDatabase | undefined): Finding {
  const trust = modelTrust(config.model);
  const folder = activeModelFolder(config.model, database?.settings[activeModelSetting]);
  const model = trust.ok && folder.ok ? loadModelPackage(folder.value, trust.value) : undefined;
  const fault = [trust, folder, model].find((one) => one?.ok === false);
  if (fault?.ok === false)
    return failure(
      'model',
      `${fault.error.message}.`,
      'Until that is corrected images would be received and wait. lumbar-node model list shows what is there.',
    );
  if (model?.ok !== true) return failure('model', 'there is none.', 'lumbar-node model list');
  const { id, version } = model.value.manifest;
  return fine('model', `${id} ${version} is read by this release; its SHA-256 is the one of its manifest.`);
}

function newestBackupAtMs({ backups }: Folders): number | undefined {
  const times = (existsSync(backups) ? readdirSync(backups) : []).flatMap((name) => setMadeAtMs(name) ?? []);
  return times.length === 0 ? undefined : Math.max(...times);
}

function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(dirname(path));
  return bavail * bsize;
}
