import { readdirSync, readFileSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { sha256Hex } from '../identifiers.ts';
import { err, ok, type Result } from '../result.ts';
import type { PathStep } from '../yaml-document.ts';
import {
  applyOverrides,
  type Environment,
  environmentFault,
  type Override,
  readOverrides,
} from './environment.ts';
import { type ConfigFault, sortFaults } from './faults.ts';
import { plainIssues } from './issue-text.ts';
import { completeConfig, type NodeConfig } from './node-config.ts';
import { companionFiles, configFiles, homeFileOf, nodeConfigSchema } from './schema/index.ts';
import { type ReadSecretFile, resolveReferences } from './secrets.ts';
import { nearest, type Setting, settingAt, settingTree, valueAt } from './setting-tree.ts';
import { type Origin, readSources, type SourceFile, type SourceSet } from './source-set.ts';

/** A configuration that passed every check. */
export interface LoadedConfig {
  readonly config: NodeConfig;
  /** Lower-case hex SHA-256 of the effective settings without secrets: equal hash, equal behaviour. */
  readonly sha256: string;
  /** One entry per effective value, in schema order; secrets are already masked. */
  readonly entries: readonly ConfigEntry[];
  /** The settings as written, with secrets filled in and without defaults; never printed or logged. */
  readonly settings: unknown;
}

/** One effective value for `config show --origin`. Lists of plain values are one entry. */
export interface ConfigEntry {
  /** Dotted path with list indices: `pacs.0.host`. */
  readonly path: string;
  /** Milliseconds and bytes for durations and sizes; `********` for a secret. */
  readonly value: unknown;
  readonly origin: Origin;
}

/** What `parseConfig` reads: texts and functions, so that it does no input itself. */
export interface ConfigSources {
  readonly files: readonly SourceFile[];
  readonly environment: Environment;
  readonly readSecretFile: ReadSecretFile;
  /** How the folder is named in faults. */
  readonly folder: string;
}

export const secretMask = '********';

const maxFileBytes = 1024 * 1024;

/**
 * Loads the YAML (or JSON) files of a configuration folder. Either a complete configuration or every fault there
 * is; never a part of it. Reads only the folder, the environment given and the secret files named; writes nothing.
 */
export function loadConfig(
  folder: string,
  environment: Environment,
): Result<LoadedConfig, readonly ConfigFault[]> {
  const read = readFolder(folder);
  if (!read.ok) return read;
  return parseConfig({
    files: read.value,
    environment,
    folder,
    readSecretFile: (path) => readFileSync(isAbsolute(path) ? path : resolve(folder, path), 'utf8'),
  });
}

/**
 * One text setting as it is written, in files that may be full of faults otherwise: for a command that must find the
 * running node while its configuration on disk is broken. Undefined when it is not there or not text.
 */
export function writtenSetting(
  folder: string,
  environment: Environment,
  path: readonly string[],
): string | undefined {
  const read = readFolder(folder);
  const { value } = readSources(read.ok ? read.value : []);
  const { overrides } = readOverrides(environment, settingTree(nodeConfigSchema));
  const found = valueAt(applyOverrides(value, overrides), path);
  return typeof found === 'string' ? found : undefined;
}

function readFolder(folder: string): Result<readonly SourceFile[], readonly ConfigFault[]> {
  let names: readonly string[];
  try {
    names = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [] : [entry.name],
    );
  } catch (cause) {
    const code = (cause as { code?: unknown }).code;
    const message =
      code === 'ENOENT'
        ? 'the configuration folder does not exist'
        : `the configuration folder cannot be read (${String(code ?? cause)})`;
    return err([
      folderFault(folder, message, 'run "lumbar-node init", or name another folder with --config'),
    ]);
  }
  const known = Object.keys(configFiles);
  const stems = new Map(known.map((name) => [name.replace(/\.yaml$/, ''), name]));
  const files: SourceFile[] = [];
  const faults: ConfigFault[] = [];
  for (const name of [...names].sort((a, b) => rank(a, known) - rank(b, known) || a.localeCompare(b))) {
    const match = /^([^.].*)\.(?:yaml|yml|json)$/.exec(name);
    if (match === null || companionFiles.includes(name)) continue;
    const shown = shownPath(folder, name);
    if (!stems.has(match[1] ?? '')) {
      const near = nearest(match[1] ?? '', stems.keys());
      faults.push({
        ...folderFault(
          shown,
          `"${name}" is not a configuration file`,
          near === undefined ? `the files are ${known.join(', ')}` : `did you mean "${near}.yaml"?`,
        ),
      });
      continue;
    }
    const text = readText(join(folder, name));
    if (text.ok) files.push({ name: shown, text: text.value });
    else faults.push(folderFault(shown, text.error, undefined));
  }
  return faults.length > 0 ? err(faults) : ok(files);
}

function rank(name: string, known: readonly string[]): number {
  const index = known.indexOf(name.replace(/\.(yml|json)$/, '.yaml'));
  return index < 0 ? known.length : index;
}

function shownPath(folder: string, name: string): string {
  const path = join(folder, name);
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : near;
}

function readText(path: string): Result<string, string> {
  try {
    const bytes = readFileSync(path);
    if (bytes.length > maxFileBytes) return err('the file is larger than 1 MiB');
    return ok(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    const code = (cause as { code?: unknown }).code;
    return err(
      code === 'ERR_ENCODING_INVALID_ENCODED_DATA'
        ? 'the file is not UTF-8 text'
        : `the file cannot be read (${String(code ?? cause)})`,
    );
  }
}

function folderFault(file: string, message: string, help: string | undefined): ConfigFault {
  return { file, span: undefined, sourceLine: undefined, path: '', message, help };
}

/** The pure part of `loadConfig`: the same, from texts. */
export function parseConfig(sources: ConfigSources): Result<LoadedConfig, readonly ConfigFault[]> {
  const root = settingTree(nodeConfigSchema);
  const set = readSources(sources.files);
  const { overrides, faults: environmentFaults } = readOverrides(sources.environment, root);
  const raw = applyOverrides(set.value, overrides);
  const resolved = resolveReferences(raw, sources.environment, sources.readSecretFile);
  const context: FaultContext = { set, overrides, folder: sources.folder };
  const faults: ConfigFault[] = [...set.faults, ...environmentFaults];
  for (const problem of resolved.problems)
    faults.push(placeFault(problem.path, 'value', problem.message, problem.help, context));
  const parsed = nodeConfigSchema.safeParse(resolved.value);
  const unreadable = new Set(set.faults.filter((fault) => fault.path === '').map((fault) => fault.file));
  const issues = (parsed.error?.issues ?? []).flatMap((issue) =>
    plainIssues(issue, root, resolved.value, set.written),
  );
  const meant = new Set(issues.flatMap((issue) => issue.meant ?? []));
  for (const issue of issues) {
    // What a misspelled key took away is not also reported as missing.
    if (issue.at === 'parent' && (unreadable.size > 0 || meant.has(issue.path.join('.')))) continue;
    const fault = placeFault(issue.path, issue.at, issue.message, issue.help, context);
    // In a file that is not YAML the settings may have slipped into one another; only the syntax counts.
    if (!unreadable.has(fault.file)) faults.push(fault);
  }
  if (!parsed.success || faults.length > 0) return err(sortFaults(faults, set.names));
  const config = completeConfig(parsed.data);
  const entries = effectiveEntries(config, root, resolved.replaced, context);
  return ok({ config, sha256: hashOfEntries(entries), entries, settings: resolved.value });
}

/** The hash of effective values; secrets are masked in them already. */
export function hashOfEntries(entries: readonly ConfigEntry[]): string {
  return sha256Hex(JSON.stringify(entries.map(({ path, value }) => [path, value])));
}

interface FaultContext {
  readonly set: SourceSet;
  readonly overrides: readonly Override[];
  readonly folder: string;
}

function placeFault(
  path: readonly PathStep[],
  at: 'key' | 'value' | 'parent',
  message: string,
  help: string | undefined,
  context: FaultContext,
): ConfigFault {
  const dotted = path.join('.');
  const override = context.overrides.find((one) => isPrefix(one.path, path));
  if (override !== undefined) return environmentFault(override.variable, dotted, message, help);
  const place = context.set.place(path, at);
  if (place !== undefined)
    return { file: place.file, span: place.span, sourceLine: place.sourceLine, path: dotted, message, help };
  const home = homeFileOf(String(path[0]));
  const named = context.set.names.find((name) => name === home || name.endsWith(`/${home}`));
  const missing =
    named === undefined
      ? { ...folderFault(context.folder, message, help) }
      : { ...folderFault(named, message, help) };
  return {
    ...missing,
    path: dotted,
    help: named === undefined && help?.startsWith('add "') ? `${help} (in ${home})` : help,
  };
}

function isPrefix(prefix: readonly PathStep[], path: readonly PathStep[]): boolean {
  return prefix.length <= path.length && prefix.every((step, index) => String(step) === String(path[index]));
}

function effectiveEntries(
  config: NodeConfig,
  root: Setting,
  replaced: ReadonlySet<string>,
  context: FaultContext,
): ConfigEntry[] {
  const entries: ConfigEntry[] = [];
  const visit = (value: unknown, path: readonly PathStep[]): void => {
    const setting = settingAt(root, path);
    const isGroup =
      setting?.kind === 'group' ||
      setting?.kind === 'map' ||
      (setting?.kind === 'list' && setting.item?.kind === 'group');
    if (isGroup && typeof value === 'object' && value !== null && Object.keys(value).length > 0) {
      for (const [key, inner] of Object.entries(value))
        visit(inner, [...path, Array.isArray(value) ? Number(key) : key]);
      return;
    }
    if (value === undefined) return;
    const hidden = setting?.secret === true || replaced.has(path.join('.'));
    entries.push({
      path: path.join('.'),
      value: hidden ? secretMask : value,
      origin: originOf(path, context),
    });
  };
  for (const key of root.children.keys()) visit(config[key as keyof NodeConfig], [key]);
  return entries;
}

function originOf(path: readonly PathStep[], context: FaultContext): Origin {
  const override = context.overrides.find((one) => isPrefix(one.path, path));
  if (override !== undefined) return { kind: 'environment', variable: override.variable };
  if (valueAt(context.set.value, path) === undefined) return { kind: 'default' };
  const place = context.set.place(path, 'key');
  return place === undefined
    ? { kind: 'default' }
    : { kind: 'file', file: place.file, line: place.span.line };
}
