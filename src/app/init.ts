import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configFiles, configJsonSchema } from '../core/config/index.ts';
import { replaceYamlValues, type YamlReplacement } from '../core/yaml-values.ts';
import type { InitAnswers } from './init-answers.ts';
import { product } from './product.ts';

/**
 * Files of the folder that are the site's own: `init` writes only when there is none. A file that install.sh put there
 * and nobody has changed is not; install.sh sets nothing but where the models are and that none is named.
 */
export function existingConfig(folder: string): readonly string[] {
  return Object.keys(configFiles).filter((name) => {
    const text = textOf(join(folder, name));
    return text !== undefined && withoutModelLines(text) !== withoutModelLines(shippedText(name));
  });
}

/** Writes the commented configuration that comes with the program, with the site's answers in it. Returns the files. */
export function writeFirstConfig(
  folder: string,
  answers: InitAnswers,
  dataFolder: string | undefined,
): readonly string[] {
  mkdirSync(join(folder, 'schema'), { recursive: true });
  const written = Object.keys(configFiles).map((name) => {
    const path = join(folder, name);
    const installed = textOf(path);
    const template = installed ?? shippedText(name);
    const text = replaceYamlValues(template, replacementsOf(name, answers, dataFolder));
    // wx: a file that appeared since the check is never overwritten.
    writeFileSync(path, text, { flag: installed === undefined ? 'wx' : 'w', mode: 0o640 });
    return path;
  });
  writeFileSync(
    join(folder, 'schema', 'lumbar-node.json'),
    `${JSON.stringify(configJsonSchema(), null, 2)}\n`,
  );
  return written;
}

function textOf(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function shippedText(name: string): string {
  return readFileSync(join(product.root, 'config', name), 'utf8');
}

function withoutModelLines(text: string): string {
  return text.replace(/^ {2}folder: .*\n {2}(# )?id: .*$/m, '');
}

function replacementsOf(
  name: string,
  { aeTitle, port, timeZone, sender, pacs, deliver }: InitAnswers,
  dataFolder: string | undefined,
): readonly YamlReplacement[] {
  switch (name) {
    case 'node.yaml':
      return [
        { path: ['aeTitle'], value: aeTitle },
        { path: ['timeZone'], value: timeZone },
        { path: ['listener', 'port'], value: port },
        ...(dataFolder === undefined ? [] : [{ path: ['storage', 'directory'], value: dataFolder }]),
      ];
    case 'senders.yaml':
      return [
        { path: ['senders', 0, 'aeTitle'], value: sender.aeTitle },
        { path: ['senders', 0, 'name'], value: sender.aeTitle },
        { path: ['senders', 0, 'cidr'], value: [sender.network] },
      ];
    case 'pacs.yaml':
      return [
        { path: ['pacs', 0, 'host'], value: pacs.host },
        { path: ['pacs', 0, 'port'], value: pacs.port },
        { path: ['pacs', 0, 'calledAeTitle'], value: pacs.aeTitle },
        { path: ['pacs', 0, 'deliver'], value: deliver },
      ];
    default:
      return [];
  }
}
