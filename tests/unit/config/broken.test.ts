import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatFaults, parseConfig } from '../../../src/core/config/index.ts';

const folder = join(import.meta.dirname, 'broken');
const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

/** Reads secrets as a machine that has none. */
function noSecret(path: string): string {
  throw Object.assign(new Error(path), { code: 'ENOENT' });
}

test('there are at least thirty broken files', () => {
  expect(names.length).toBeGreaterThanOrEqual(30);
});

// UPDATE_DOCS=1 writes the golden texts; read them before committing.
test.each(names)('%s is refused with its golden text', (name) => {
  const text = readFileSync(join(folder, name), 'utf8');
  const result = parseConfig({
    files: [{ name: 'node.yaml', text }],
    environment: {},
    readSecretFile: noSecret,
    folder: 'config',
  });
  const faults = result.ok ? '' : formatFaults(result.error);
  const golden = join(folder, name.replace(/\.yaml$/, '.txt'));
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(golden, faults);
  expect(faults).not.toBe('');
  expect(faults).toBe(readFileSync(golden, 'utf8'));
});
