import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, join, normalize } from 'node:path';
import { z } from 'zod';
import { asNodeError, NodeError } from '../../core/errors.ts';
import { err, ok, type Result } from '../../core/result.ts';

/** One backup is a folder with these in it; it carries its name only when all of them are on the disk. */
export const setParts = { database: 'database.sqlite', settings: 'config', manifest: 'backup.json' } as const;

const setPattern = /^lumbar-node-(\d{8})T\d{6}Z$/;

/** The name of a backup made at this time. */
export function setName(nowMs: number): string {
  return `lumbar-node-${new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
}

export function isSetName(name: string): boolean {
  return setPattern.test(name);
}

/** When the backup of this name was made, UTC epoch ms; undefined for any other name. */
export function setMadeAtMs(name: string): number | undefined {
  const [, , year, month, day, hour, minute, second] =
    /^(lumbar-node-)(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(name) ?? [];
  return year === undefined ? undefined : Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** Names that must go, so that the newest `keep` stay, and the last of each of the newest `keepDaily` days (UTC). */
export function setsToDelete(
  names: readonly string[],
  { keep, keepDaily }: { readonly keep: number; readonly keepDaily: number },
): readonly string[] {
  const newestFirst = names.filter(isSetName).toSorted().toReversed();
  const lastOfDay = new Map<string, string>();
  for (const name of newestFirst) {
    const [, day = ''] = setPattern.exec(name) ?? [];
    if (!lastOfDay.has(day)) lastOfDay.set(day, name);
  }
  const kept = new Set([...newestFirst.slice(0, keep), ...[...lastOfDay.values()].slice(0, keepDaily)]);
  return newestFirst.filter((name) => !kept.has(name));
}

/** A path below a folder: what a manifest names must not lead out of it. */
const innerPath = z
  .string()
  .min(1)
  .refine((path) => !isAbsolute(path) && normalize(path) === path && !path.startsWith('..'));

const manifestSchema = z.object({
  schema: z.literal(1),
  /** Version of the program that made it. */
  version: z.string(),
  madeAtMs: z.int(),
  database: z.object({ sha256: z.string(), schemaVersion: z.int() }),
  settings: z.object({
    folder: z.string(),
    files: z.array(z.object({ path: innerPath, sha256: z.string() })),
    /** What could not be taken, and why. */
    leftOut: z.array(z.object({ path: z.string(), why: z.string() })),
    /** Names of the environment variables that replaced settings; their values are not kept. */
    variables: z.array(z.string()),
    /** Files outside the folder that the settings name: certificates, keys, secrets. */
    outside: z.array(z.string()),
  }),
  /** The active model; its package is not in the backup. */
  model: z
    .object({ name: z.string(), id: z.string(), version: z.string(), sha256: z.string(), folder: z.string() })
    .nullable(),
});

export type BackupManifest = z.infer<typeof manifestSchema>;

/** What a backup says about itself. NOT_FOUND when the folder is none, STORE_CORRUPT when it cannot be read. */
export function readManifest(folder: string): Result<BackupManifest, NodeError> {
  const path = join(folder, setParts.manifest);
  if (!existsSync(path))
    return err(new NodeError('NOT_FOUND', `${folder} is no backup: it has no ${setParts.manifest}`));
  try {
    const parsed = manifestSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    if (parsed.success) return ok(parsed.data);
    return err(new NodeError('STORE_CORRUPT', `${path} is not the description of a backup`));
  } catch (cause) {
    const { message } = asNodeError(cause);
    return err(new NodeError('STORE_CORRUPT', `${path} cannot be read: ${message}`, { cause }));
  }
}
