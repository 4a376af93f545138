import { readFileSync } from 'node:fs';
import { TextDecoder } from 'node:util';
import { describe, expect, test } from 'vitest';
import { decodeText, decodeTextLoosely, type TextKind } from '../../../src/dicom/character-set.ts';
import type { DataSet } from '../../../src/dicom/data-set.ts';
import { readPart10 } from '../../../src/dicom/part10-reader.ts';
import { sharedDataPath, sharedDataPresent } from '../../support/shared-data.ts';

interface Expectations {
  /** File, then path of keywords and item numbers, then the values that pydicom reads. */
  readonly files: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly values: readonly { terms: readonly string[]; kind: string; hex: string; text: string }[];
}

const expectations = JSON.parse(
  readFileSync(new URL('../../fixtures/character-sets.json', import.meta.url), 'utf8'),
) as Expectations;

function bytes(hex: string): Uint8Array {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

function at(dataSet: DataSet, path: string): readonly string[] {
  const parts = path.split('/');
  const keyword = parts.pop() ?? '';
  let here = dataSet;
  for (let i = 0; i < parts.length; i += 2) here = here.sequence(parts[i] ?? '')[Number(parts[i + 1])]!;
  const values = here.texts(keyword);
  if (!values.ok) throw values.error;
  return values.value;
}

describe('text of real files (PS3.5 6.1.2, PS3.3 C.12.1.1.2)', () => {
  for (const [file, attributes] of Object.entries(expectations.files)) {
    test.skipIf(!sharedDataPresent)(`${file} reads as pydicom reads it`, () => {
      const parsed = readPart10(readFileSync(sharedDataPath(file)));
      if (!parsed.ok) throw parsed.error;
      for (const [path, expected] of Object.entries(attributes)) {
        // pydicom drops the empty component groups at the end of a name (PS3.5 6.2.1.1 lets one do so).
        expect(at(parsed.value.dataSet, path).map((value) => value.replace(/=+$/, ''))).toEqual(expected);
      }
    });
  }
});

describe('decodeText', () => {
  test.each(expectations.values)('$terms decodes as pydicom does: $text', ({ terms, kind, hex, text }) => {
    const textKind: TextKind = kind === 'PN' ? 'person-name' : 'multiple';
    expect(decodeText(bytes(hex), terms, textKind)).toEqual({ ok: true, value: text });
  });

  test('simplified Chinese by ISO 2022 IR 58 (PS3.5 K.2)', () => {
    const name = '5A68616E675E5869616F446F6E673D 1B242941 D5C5 5E 1B242941 D0A1B6AB 3D';
    expect(decodeText(bytes(name), ['', 'ISO 2022 IR 58'], 'person-name')).toEqual({
      ok: true,
      value: 'Zhang^XiaoDong=张^小东=',
    });
  });

  test('returns to the initial state at a delimiter (PS3.5 6.1.2.5.3)', () => {
    // After ^ the Cyrillic right half is no longer designated: F1 is Latin again.
    const cyrillicThenLatin = bytes('1B2D4C B8 5E F1');
    expect(decodeText(cyrillicThenLatin, ['ISO 2022 IR 100', 'ISO 2022 IR 144'], 'person-name')).toEqual({
      ok: true,
      value: 'И^ñ',
    });
    expect(decodeText(cyrillicThenLatin, ['ISO 2022 IR 100', 'ISO 2022 IR 144'], 'single')).toMatchObject({
      ok: true,
      value: 'И^ё',
    });
  });

  test('a second byte that equals the backslash is not a delimiter (GB18030, PS3.5 6.1.2.4)', () => {
    const decoded = decodeText(bytes('815C 5C 41'), ['GB18030'], 'multiple');
    expect(decoded.ok && decoded.value.split('\\')).toEqual([gbPair(), 'A']);
  });

  test('undeclared text that is not ASCII is refused, not guessed', () => {
    expect(decodeText(bytes('4DFC6C6C6572'), [], 'multiple')).toMatchObject({
      ok: false,
      error: { code: 'DATASET_CHARSET' },
    });
    expect(decodeText(bytes('4DFC6C6C6572'), ['ISO_IR 6'], 'multiple').ok).toBe(false);
  });

  test('undeclared text uses the site default, and is refused when it is not of that set', () => {
    expect(decodeText(bytes('4DFC6C6C6572'), [], 'multiple', 'ISO_IR 100')).toEqual({
      ok: true,
      value: 'Müller',
    });
    expect(decodeText(bytes('4DFC6C6C6572'), [], 'multiple', 'ISO_IR 192').ok).toBe(false);
  });

  test('bytes outside the declared set are refused', () => {
    expect(decodeText(bytes('41 FF FE'), ['ISO_IR 192'], 'multiple').ok).toBe(false);
    expect(decodeText(bytes('41 FF'), ['ISO_IR 138'], 'multiple').ok).toBe(false);
    expect(decodeText(bytes('41 1B2442 30'), ['', 'ISO 2022 IR 87'], 'multiple').ok).toBe(false);
    expect(decodeText(bytes('41 1B2555'), ['', 'ISO 2022 IR 87'], 'multiple').ok).toBe(false);
  });

  test('an unknown term is refused only where it matters', () => {
    expect(decodeText(bytes('41FF'), ['ISO_IR 999'], 'multiple').ok).toBe(false);
    expect(decodeText(bytes('4142'), ['ISO_IR 999'], 'multiple')).toEqual({ ok: true, value: 'AB' });
  });

  test('spellings seen in the wild count as the term meant', () => {
    expect(decodeText(bytes('FC'), ['ISO-IR 100'], 'multiple')).toEqual({ ok: true, value: 'ü' });
    expect(decodeText(bytes('FC'), ['ISO 2022 IR 100'], 'multiple')).toEqual({ ok: true, value: 'ü' });
  });
});

describe('decodeTextLoosely', () => {
  test('replaces what it cannot decode and never fails', () => {
    expect(decodeTextLoosely(bytes('4DFC'), [], 'multiple')).toBe('M\ufffd');
    expect(decodeTextLoosely(bytes('4DFC'), ['ISO_IR 192'], 'multiple')).toBe('M\ufffd');
    expect(decodeTextLoosely(bytes('4DFC'), ['ISO_IR 100'], 'multiple')).toBe('Mü');
  });
});

/** GBK 81 5C by the platform's own table. */
function gbPair(): string {
  return new TextDecoder('gb18030').decode(bytes('815C'));
}
