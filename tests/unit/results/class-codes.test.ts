import { describe, expect, test } from 'vitest';
import { classCode, className, parseClassCodes } from '../../../src/pipeline/class-codes.ts';
import { resources } from './fixtures.ts';

const { codes } = resources();

describe('the class codes (results 3.3)', () => {
  test('are the verified ones, in the language asked for or in English', () => {
    const ls = { id: 'LS', label: 'ls' };
    expect(classCode(codes, ls, 'en')).toEqual({
      value: '240221008',
      scheme: 'SCT',
      meaning: 'Spondylolysis',
    });
    expect(classCode(codes, ls, 'de').meaning).toBe('Spondylolyse');
    expect(classCode(codes, ls, 'fr').meaning).toBe('Spondylolysis');
    expect(className(codes, { id: 'DLS', label: 'dls' }, 'en')).toBe('degenerative spondylolisthesis');
  });

  test("of a class that the file does not know are private, by the model's id and label", () => {
    const unknown = { id: 'LISTHESIS GRADE', label: 'any listhesis' };
    expect(classCode(codes, unknown, 'en')).toEqual({
      value: 'LISTHESIS_GRADE',
      scheme: '99LSPINE',
      meaning: 'any listhesis',
    });
    expect(className(codes, unknown, 'en')).toBe('any listhesis');
  });

  test.each([
    ['a code value of 17 characters', { value: '12345678901234567', scheme: 'SCT', meaning: { en: 'x' } }],
    ['a meaning of 65 characters', { value: '1', scheme: 'SCT', meaning: { en: 'x'.repeat(65) } }],
    ['no English meaning', { value: '1', scheme: 'SCT', meaning: { de: 'x' } }],
  ])('with %s are refused with their path', (_fault, code) => {
    const parsed = parseClassCodes({ ...codes, finding_site: code });
    expect(parsed.ok ? [] : parsed.error.map(({ path }) => path[0])).toContain('finding_site');
  });

  test('with a private scheme that looks public are refused', () => {
    const scheme = { ...codes.private_scheme, designator: 'SCT' };
    expect(parseClassCodes({ ...codes, private_scheme: scheme }).ok).toBe(false);
  });
});
