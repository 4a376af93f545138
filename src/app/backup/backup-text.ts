import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { siteTime } from '../../admin/site-time.ts';
import { counted, size } from '../../admin/text-layout.ts';
import type { ModelConfig } from '../../core/config/index.ts';
import { readManifest as readModelManifest } from '../../pipeline/model-package.ts';
import type { CopyReport } from '../../store/backup.ts';
import type { RebuildReport } from '../../store/rebuild.ts';
import { schemaVersion } from '../../store/store.ts';
import { modelsFolder } from '../model-selection.ts';
import type { BackupManifest } from './backup-set.ts';
import type { PutBack } from './settings-copy.ts';

/** One backup and what was found by reading it. */
export interface BackupFacts {
  readonly path: string;
  readonly database: CopyReport;
  readonly manifest: BackupManifest | undefined;
}

export function backupJson({ path, database, manifest }: BackupFacts): string {
  return `${JSON.stringify({ schema: 1, ...database, path, manifest: manifest ?? null }, null, 2)}\n`;
}

/** A backup in sentences, with what it does not hold. */
export function backupText({ path, database, manifest }: BackupFacts, timeZone: string): string {
  const newest =
    database.newestAuditAtMs === null ? 'never used' : siteTime(timeZone).moment(database.newestAuditAtMs);
  const chain = database.audit.intact
    ? 'its audit trail is whole'
    : `ITS AUDIT TRAIL IS BROKEN: ${database.audit.finding}`;
  const older =
    database.schemaVersion < schemaVersion
      ? `It was made by an older release (schema ${database.schemaVersion}); putting it in place brings it to schema ${schemaVersion}.\n`
      : '';
  return `${path}: ${size(database.sizeBytes)}, ${counted(database.images, 'image')}, ${database.unfinishedJobs} not analysed, ${database.undelivered} not delivered, last entry ${newest} (${timeZone}); it can be read from end to end, ${chain}.\n${older}${manifest === undefined ? 'It is a bare copy of a database, without settings and model.\n' : besidesText(manifest)}`;
}

function besidesText({ settings, model, version }: BackupManifest): string {
  const missing = [
    ...settings.leftOut.map(({ path, why }) => `${path} (${why})`),
    ...settings.outside.map((path) => `${path} (outside ${settings.folder})`),
    ...settings.variables.map((name) => `variable ${name}`),
  ];
  return `With it: ${counted(settings.files.length, 'file')} of ${settings.folder}; ${model === null ? 'no active model' : `the model ${model.name} by name and SHA-256 ${model.sha256.slice(0, 8)}`}; made by version ${version}.\n${missing.length === 0 ? '' : `Not in it, and needed on a new machine: ${missing.join(', ')}.\n`}`;
}

/** What a restore did with the images: taken up, and those whose file this machine does not have. */
export interface TakenUp extends RebuildReport {
  readonly withoutFile: number;
}

/** What became of the images when a backup was put in place. */
export function restoredText({ restored, known, failed, withoutFile }: TakenUp, database: string): string {
  const lost =
    withoutFile === 0
      ? ''
      : `${counted(withoutFile, 'image')} of the copy ${withoutFile === 1 ? 'has' : 'have'} no file on this machine: what is not delivered of them has to be sent again by the modality.\n`;
  const unread =
    failed.length === 0
      ? ''
      : `Not readable, and left where they are only until the next start:\n${failed.map(({ path, why }) => `  ${path}: ${why}`).join('\n')}\n`;
  return `It is in place. ${counted(restored, 'image')} newer than the copy taken up from the spool, ${known} known to it.\n${lost}${unread}What was there before, if anything, is beside it: ${database}.replaced-*\n`;
}

export function settingsText(putBack: PutBack | undefined, manifest: BackupManifest | undefined): string {
  if (manifest === undefined) return '';
  if (putBack === undefined)
    return 'The settings stay as they are; on a new machine say --with-config as well.\n';
  const aside =
    putBack.asideFolder === undefined ? '' : `, what was there before is in ${putBack.asideFolder}`;
  return `Settings: ${counted(putBack.written.length, 'file')} put back${aside}.\n`;
}

/** Whether the model that was active lies here, or what has to be brought. */
export function modelText(manifest: BackupManifest | undefined, config: ModelConfig): string {
  const model = manifest?.model;
  if (model === undefined || model === null) return '';
  const folder = join(modelsFolder(config), model.name);
  const present = existsSync(folder) ? readModelManifest(folder) : undefined;
  if (present?.ok === true && present.value.sha256 === model.sha256)
    return `The model ${model.name} is here (SHA-256 ${model.sha256.slice(0, 8)}).\n`;
  return `THE MODEL IS NOT HERE: bring the package ${model.name} with SHA-256 ${model.sha256} to ${folder}. Until then images are received and wait.\n`;
}
