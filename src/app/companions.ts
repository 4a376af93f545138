import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import type { ConfigFault, NodeConfig, RulesConfig } from '../core/config/index.ts';
import { loadResultResources, type ResourceFault, type ResourceFiles } from '../pipeline/result-resources.ts';
import { loadViewVocabulary } from '../pipeline/view-filter/index.ts';
import { product } from './product.ts';

/** Where the vocabulary of views lies: the folder named, else the site's own beside its configuration, else the shipped one. */
export function vocabularyFolder(rules: Pick<RulesConfig, 'vocabulary'>, configFolder: string): string {
  if (rules.vocabulary !== undefined) return rules.vocabulary;
  return ownOrShipped(configFolder, 'views');
}

/** The files that decide how results are worded, coded and drawn; a site may replace each by one of its own. */
export function resourceFiles(language: string, configFolder: string): ResourceFiles {
  return {
    wordingFile: ownOrShipped(configFolder, `wording/${language}.yaml`),
    englishFile: ownOrShipped(configFolder, 'wording/en.yaml'),
    codesFile: ownOrShipped(configFolder, 'codes.yaml'),
    fontFolder: join(product.root, 'assets', 'fonts'),
  };
}

export function resourceFault({ file, span, message }: ResourceFault): ConfigFault {
  const sourceLine = readFileSync(file, 'utf8').split('\n')[span.line - 1];
  return { file, span, sourceLine, path: '', message, help: undefined };
}

/** Every fault in the files that go with a configuration: vocabulary, wording, codes. */
export function checkCompanions(config: NodeConfig, configFolder: string): readonly ConfigFault[] {
  const vocabulary = loadViewVocabulary(vocabularyFolder(config.rules, configFolder));
  const files = resourceFiles(config.results.language, configFolder);
  const absent = [files.wordingFile, files.codesFile].filter((file) => !existsSync(file));
  if (absent.length > 0) {
    return absent.map((file) => ({
      file,
      span: undefined,
      sourceLine: undefined,
      path: 'results.language',
      message: 'this file does not exist',
      help: 'choose a language that has a wording file (en, de, zh), or write one',
    }));
  }
  const resources = loadResultResources(files);
  return [
    ...(vocabulary.ok ? [] : vocabulary.error),
    ...(resources.ok ? [] : resources.error.map(resourceFault)),
  ];
}

/**
 * Keeps a copy of the files that go with a configuration below `keepFolder` and returns its folder, which is named by
 * their content: what was accepted stays as it was, whatever is edited afterwards.
 */
export function keepCompanions(config: NodeConfig, configFolder: string, keepFolder: string): string {
  const sources = [
    ['views', vocabularyFolder(config.rules, configFolder)],
    ['wording', join(configFolder, 'wording')],
    ['codes.yaml', join(configFolder, 'codes.yaml')],
  ] as const;
  mkdirSync(keepFolder, { recursive: true, mode: 0o700 });
  const part = join(keepFolder, 'part');
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { mode: 0o700 });
  for (const [name, from] of sources) {
    if (existsSync(from)) cpSync(from, join(part, name), { recursive: true });
  }
  // A copy keeps the modes of its source; in the data folder everything is for the node alone.
  for (const entry of readdirSync(part, { recursive: true, withFileTypes: true }))
    chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o700 : 0o600);
  const kept = join(keepFolder, contentHash(part));
  if (existsSync(kept)) rmSync(part, { recursive: true });
  else renameSync(part, kept);
  return kept;
}

/** Removes copies of earlier runs; only while no process works by one of them. */
export function forgetCompanions(keepFolder: string): void {
  rmSync(keepFolder, { recursive: true, force: true });
}

function contentHash(folder: string): string {
  const hash = createHash('sha256');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  for (const path of files.map(({ parentPath, name }) => join(parentPath, name)).sort()) {
    hash
      .update(`${relative(folder, path)}\0`)
      .update(readFileSync(path))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

function ownOrShipped(configFolder: string, name: string): string {
  const own = join(configFolder, name);
  return existsSync(own) ? own : join(product.root, 'config', name);
}
