import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { documentText, tableAfter } from '../../support/document.ts';

const root = resolve(import.meta.dirname, '../../..');

describe('docs/requirements.md', () => {
  const rows = tableAfter(documentText('docs/requirements.md'), '| requirement | proof |').filter(
    ([requirement = '']) => !requirement.startsWith('**'),
  );

  test('every requirement names at least one test', () => {
    expect(rows.length).toBeGreaterThan(30);
    expect(rows.filter(([, proof = '']) => !/^(`tests\/[^`]+\.test\.ts`(, )?)+$/.test(proof))).toEqual([]);
  });

  test('every test that it names is there', () => {
    const files = rows.flatMap(([, proof = '']) =>
      [...proof.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file),
    );
    expect(files.filter((file) => !existsSync(resolve(root, file)))).toEqual([]);
  });
});
