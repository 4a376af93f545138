import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { formatFaults } from '../../../src/core/config/index.ts';
import {
  loadViewVocabulary,
  parseViewVocabulary,
  vocabularyJsonSchema,
} from '../../../src/pipeline/view-filter/index.ts';
import { wordsOf } from '../../../src/pipeline/view-filter/normalised-text.ts';

const names = ['codes.yaml', 'terms.yaml', 'text.yaml'];
const files = names.map((name) => ({ name, text: readFileSync(`config/views/${name}`, 'utf8') }));

function faultsOf(change: (text: string) => string, file: string): string {
  const result = parseViewVocabulary(
    files.map((one) => (one.name === file ? { ...one, text: change(one.text) } : one)),
  );
  return result.ok ? '' : formatFaults(result.error);
}

describe('the vocabulary files', () => {
  test('no phrase is in two contradicting lists of any language', () => {
    const vocabulary = loadViewVocabulary('config/views');
    if (!vocabulary.ok) throw new Error(formatFaults(vocabulary.error));
    const owner = new Map<string, string>();
    const twice: string[] = [];
    for (const lists of Object.values(vocabulary.value.data.text)) {
      for (const [kind, phrases] of Object.entries(lists)) {
        for (const phrase of phrases) {
          const key = wordsOf(phrase).join(' ') + (phrase.endsWith('*') ? '*' : '');
          const before = owner.get(key);
          if (before !== undefined && before !== kind) twice.push(`${phrase}: ${before} and ${kind}`);
          owner.set(key, kind);
        }
      }
    }
    expect(twice).toEqual([]);
    expect(owner.size).toBeGreaterThan(400);
  });

  test('a misspelled list is a fault with its place', () => {
    expect(
      faultsOf((text) => text.replace('    lateral: [LAT,', '    latteral: [LAT,'), 'text.yaml'),
    ).toMatch(
      /^text\.yaml:\d+:5: error: unknown setting "text\.english\.latteral"\n.*\n.*\^\^\^\^\^\^\^\^\n.*did you mean "lateral"\?/,
    );
  });

  test('a code with a meaning that does not exist is a fault', () => {
    expect(
      faultsOf(
        (text) => text.replace('name: Lumbar spine, region: lumbar', 'name: Lumbar spine, region: lumbr'),
        'codes.yaml',
      ),
    ).toContain('did you mean "lumbar"?');
  });

  test('a folder that is not there is a fault, not an exception', () => {
    const result = loadViewVocabulary('config/no-such-folder');
    expect(result.ok ? '' : result.error[0]?.message).toBe('the vocabulary of views cannot be read (ENOENT)');
  });

  test('config/schema/views.json is current (UPDATE_DOCS=1 writes it)', () => {
    const text = `${JSON.stringify(vocabularyJsonSchema(), null, 2)}\n`;
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync('config/schema/views.json', text);
    expect(readFileSync('config/schema/views.json', 'utf8')).toBe(text);
  });
});
