import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';

const main = join(import.meta.dirname, '../../../src/main.ts');

function lumbarNode(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    env: { ...process.env, NO_COLOR: '1' },
  });
  return { status, output: stdout.toString(), complaint: stderr.toString() };
}

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lumbar-init-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'config');
}

const answers = [
  ...['--ae-title', 'LUMBAR_TEST', '--port', '11112', '--time-zone', 'Europe/Berlin'],
  ...['--sender', 'DX_ROOM9@10.0.0.31/32', '--pacs', 'ARCHIVE9@10.0.0.5:104', '--deliver', 'shadow'],
];

describe('init', () => {
  test('writes a commented configuration that passes check and holds the answers', () => {
    const folder = emptyFolder();
    const data = join(folder, '../data');
    const made = lumbarNode('--config', folder, 'init', ...answers, '--data', data);
    expect(made).toMatchObject({ status: 0, complaint: '' });
    expect(made.output).toContain('passes check');
    const node = readFileSync(join(folder, 'node.yaml'), 'utf8');
    expect(node).toMatch(/^aeTitle: LUMBAR_TEST/m);
    expect(node).toMatch(/#/);
    expect(lumbarNode('--config', folder, 'check').status).toBe(0);
  });

  test('never overwrites and says which files are there', () => {
    const folder = emptyFolder();
    expect(lumbarNode('--config', folder, 'init', ...answers).status).toBe(0);
    const before = readFileSync(join(folder, 'pacs.yaml'), 'utf8');
    const again = lumbarNode('--config', folder, 'init', ...answers);
    expect(again.status).toBe(5);
    expect(again.complaint).toContain('pacs.yaml');
    expect(readFileSync(join(folder, 'pacs.yaml'), 'utf8')).toBe(before);
  });

  test('takes the untouched files of an installation as its own, and keeps the folder of the models', () => {
    const folder = emptyFolder();
    mkdirSync(folder);
    const shipped = join(import.meta.dirname, '../../../config');
    for (const name of readdirSync(shipped).filter((file) => file.endsWith('.yaml')))
      copyFileSync(join(shipped, name), join(folder, name));
    const models = join(import.meta.dirname, '../../../models');
    const node = join(folder, 'node.yaml');
    writeFileSync(node, readFileSync(node, 'utf8').replace('  folder: models', `  folder: ${models}`));
    expect(lumbarNode('--config', folder, 'init', ...answers)).toMatchObject({ status: 0, complaint: '' });
    expect(readFileSync(node, 'utf8')).toMatch(/^aeTitle: LUMBAR_TEST/m);
    expect(readFileSync(node, 'utf8')).toContain(`  folder: ${models}`);
  });

  test('names every answer that is missing or wrong, and writes nothing', () => {
    const folder = emptyFolder();
    const refused = lumbarNode('--config', folder, 'init', '--port', '70000');
    expect(refused.status).toBe(2);
    expect(refused.complaint).toMatch(/--port/);
    expect(refused.complaint).toMatch(/Nothing was written/);
  });
});

describe('config', () => {
  test('show names the origin of each value and masks secrets', () => {
    const folder = emptyFolder();
    lumbarNode('--config', folder, 'init', ...answers);
    writeFileSync(
      join(folder, 'alerts.yaml'),
      'alerts:\n  webhook: { url: "https://alerts.example.org/x", token: very-secret }\n',
    );
    const shown = lumbarNode('--config', folder, 'config', 'show', '--origin');
    expect(shown.status).toBe(0);
    expect(shown.output).toMatch(/aeTitle: "LUMBAR_TEST" +# .*node\.yaml:\d+/);
    expect(shown.output).not.toContain('very-secret');
  });

  test('explain tells what a setting means, and 4 with a suggestion for one that does not exist', () => {
    const folder = emptyFolder();
    const known = lumbarNode('--config', folder, 'config', 'explain', 'listener.maxAssociations');
    expect(known).toMatchObject({ status: 0 });
    expect(known.output).toMatch(/associations/i);
    expect(lumbarNode('--config', folder, 'config', 'explain', 'listener.maxAsociations').status).toBe(4);
  });

  test('diff of two folders leaves with 1 and names what differs', () => {
    const one = emptyFolder();
    const other = emptyFolder();
    lumbarNode('--config', one, 'init', ...answers);
    lumbarNode('--config', other, 'init', ...answers.map((value) => (value === '11112' ? '11113' : value)));
    const differs = lumbarNode('--config', one, 'config', 'diff', other);
    expect(differs.status).toBe(1);
    expect(differs.output).toContain('listener.port');
    expect(lumbarNode('--config', one, 'config', 'diff', one).status).toBe(0);
  });
});
