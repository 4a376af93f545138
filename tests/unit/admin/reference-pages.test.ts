import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandReference } from '../../../src/admin/command-reference.ts';
import { completionScript } from '../../../src/admin/completion.ts';
import { errorsPage, eventsPage, reasonsPage } from '../../../src/admin/reference-pages.ts';
import { commandTree } from '../../../src/app/command-tree.ts';
import { buildProgram } from '../../../src/app/program.ts';
import { peer } from '../../support/peer.ts';
import { spawnSync } from 'node:child_process';

const docs = resolve(import.meta.dirname, '../../../docs');
const tree = () => commandTree(buildProgram(() => undefined));

const pages: Readonly<Record<string, () => string>> = {
  'events.md': eventsPage,
  'errors.md': errorsPage,
  'reasons.md': reasonsPage,
  'commands.md': () => commandReference(tree()),
};

describe('the reference pages say what the code says', () => {
  // UPDATE_DOCS=1 writes the pages; read them before committing.
  test.each(Object.entries(pages))('docs/%s', (name, page) => {
    const file = resolve(docs, name);
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(file, page());
    expect(readFileSync(file, 'utf8')).toBe(page());
  });

  test('what they tell to run exists', () => {
    const verbs = new Set(tree().commands.map(({ name }) => name));
    // Verbs of other rooms of the house that advice may name before they are registered.
    for (const planned of ['reload', 'backup', 'restore', 'model', 'test-rule']) verbs.add(planned);
    const text = Object.values(pages)
      .map((page) => page())
      .join('\n');
    for (const [, verb] of text.matchAll(/lumbar-node ([a-z][a-z-]*)/g)) expect(verbs).toContain(verb);
  });
});

describe('completion', () => {
  test.each(['bash', 'zsh', 'fish'] as const)(
    '%s knows every verb, noun, option and closed list',
    (shell) => {
      const script = completionScript(shell, tree());
      for (const word of ['explain', 'verify', 'disagree', 'peer']) expect(script).toContain(word);
    },
  );

  test('bash completes a verb, its noun and its options', () => {
    const complete = (...words: readonly string[]): string[] => {
      const script = `${completionScript('bash', tree())}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _lumbar_node; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return spawnSync('bash', ['-c', script], { encoding: 'utf8' }).stdout.trim().split('\n');
    };
    expect(complete('lumbar-node', 'expl')).toEqual(['explain']);
    expect(complete('lumbar-node', 'queue', 're')).toEqual(['retry', 'release']);
    expect(complete('lumbar-node', '-c', 'config', 'queue', 'list', '--fai')).toEqual(['--failed']);
    expect(complete('lumbar-node', 'feedback', '1.2.3', 'dis')).toEqual(['disagree']);
  });

  test('bash takes the script without a complaint', () => {
    const { status, stderr } = spawnSync(peer('bash')!, ['-n'], {
      input: completionScript('bash', tree()),
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, '']);
  });
});
