import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadResultResources } from '../../../src/pipeline/result-resources.ts';
import type { DrawnText } from '../../../src/pipeline/secondary-capture/typeface.ts';
import { fitText } from '../../../src/pipeline/secondary-capture/text-layout.ts';
import { resources } from './fixtures.ts';

const { typeface } = resources();
const root = resolve(import.meta.dirname, '../../..');

describe('the shipped typeface', () => {
  test.each([
    ['AI: SUSPECTED degenerative spondylolisthesis', 'bold'],
    ['Wahrscheinlichkeit 82 % (gemeldet ab 50 %). AVAVA To', 'regular'],
    ['疑似 退变性腰椎滑脱，概率 82 %', 'regular'],
  ] as const)('is as wide as it says: %s', (text, weight) => {
    const { coverage, columns, rows } = typeface.drawText(text, 40, weight);
    let last = 0;
    for (let index = 0; index < coverage.length; index++) {
      if (coverage[index]! > 0) last = Math.max(last, index % columns);
    }
    const width = typeface.width(text, 40, weight);
    expect(last).toBeLessThan(columns - 1);
    expect(Math.abs(last - width) / width).toBeLessThan(0.03);
    expect(rows).toBeLessThan(60);
  });

  test('names the characters that it cannot draw', () => {
    expect(typeface.missing('腰椎 A\u{1F9B4}한')).toEqual(['\u{1F9B4}', '한']);
  });

  test('draws Chinese beside a ligature of the main font, not boxes', () => {
    // Boxes all look alike; these characters are equally wide and do not.
    const [first, second] = ['Efficient 模', 'Efficient 型'].map((text) =>
      typeface.drawText(text, 40, 'regular'),
    );
    expect(first!.columns).toBe(second!.columns);
    expect(Buffer.compare(first!.coverage, second!.coverage)).not.toBe(0);
  });

  test('keeps the lines of the last captures and no others', () => {
    const draw = (text: string): DrawnText => typeface.drawText(text, 12, 'regular');
    const first = draw('kept');
    expect(draw('kept')).toBe(first);
    for (let index = 0; index < 39; index++) draw(`another line ${index}`);
    expect(draw('kept')).toBe(first);
    for (let index = 0; index < 40; index++) draw(`a third line ${index}`);
    const again = draw('kept');
    expect(again).not.toBe(first);
    expect(again).toEqual(first);
  });

  test('draws the Chinese wording', () => {
    expect(resources('zh').captureWording.language.value).toBe('zh');
  });
});

describe('fitting a line', () => {
  const style = { sizePx: 40, weight: 'bold' } as const;

  test('leaves it alone, shrinks it a little, breaks it, in this order', () => {
    const text = 'AI: NOT DETECTED: spondylolysis, degenerative spondylolisthesis';
    const natural = typeface.width(text, 40, 'bold');
    expect(fitText(text, natural * 1.1, style, typeface)).toEqual({ lines: [text], sizePx: 40 });
    const shrunk = fitText(text, natural * 0.85, style, typeface);
    expect(shrunk.lines).toEqual([text]);
    expect(shrunk.sizePx).toBeGreaterThan(32);
    const broken = fitText(text, natural * 0.55, style, typeface);
    expect(broken.lines.join(' ')).toBe(text);
    expect(broken.lines).toHaveLength(2);
  });

  test('breaks Chinese between characters and never before punctuation', () => {
    const text = '最高概率不能排除疾病。未评估其他病变。';
    const { lines } = fitText(text, typeface.width(text, 40, 'bold') * 0.55, style, typeface);
    expect(lines.join('')).toBe(text);
    expect(lines[1]).not.toMatch(/^[。，]/);
  });

  test('refuses what would need to be smaller than 60 %', () => {
    expect(() => fitText('x'.repeat(200), 500, style, typeface)).toThrow('does not fit');
  });
});

describe('loading the resources', () => {
  let folder = '';

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'wording-'));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test('draws the capture in English for a language whose glyphs do not ship, and keeps the report in it', () => {
    const { wording } = resources();
    const korean = {
      ...wording,
      language: { value: 'ko', scheme: 'RFC5646', meaning: 'Korean' },
      verdict: { ...wording.verdict, indeterminate: '불확실' },
    };
    const wordingFile = join(folder, 'ko.yaml');
    writeFileSync(wordingFile, JSON.stringify(korean));
    const loaded = loadResultResources({
      wordingFile,
      englishFile: join(root, 'config/wording/en.yaml'),
      codesFile: join(root, 'config/codes.yaml'),
      fontFolder: join(root, 'assets/fonts'),
    });
    if (!loaded.ok) throw new Error('the files are correct');
    expect([loaded.value.wording.language.value, loaded.value.captureWording.language.value]).toEqual([
      'ko',
      'en',
    ]);
  });

  test('reports the faults of all files at once, with their places', () => {
    const wordingFile = join(folder, 'xx.yaml');
    const codesFile = join(folder, 'codes.yaml');
    writeFileSync(wordingFile, 'closing: 7\n');
    writeFileSync(codesFile, 'private_scheme:\n  designator: SCT\n');
    const loaded = loadResultResources({
      wordingFile,
      englishFile: join(root, 'config/wording/en.yaml'),
      codesFile,
      fontFolder: join(root, 'assets/fonts'),
    });
    const faults = loaded.ok ? [] : loaded.error;
    expect(faults).toContainEqual(
      expect.objectContaining({
        file: wordingFile,
        span: expect.objectContaining({ line: 1, column: 10 }) as unknown,
      }),
    );
    expect(faults).toContainEqual(
      expect.objectContaining({
        file: codesFile,
        span: expect.objectContaining({ line: 2, column: 15 }) as unknown,
      }),
    );
  });
});
