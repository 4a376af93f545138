import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../src/core/outcome.ts';
import { outcomes } from '../../../src/core/outcome.ts';
import { parseYamlDocument } from '../../../src/core/yaml-document.ts';
import type { ModelFacts } from '../../../src/pipeline/result-input.ts';
import { percent, score, valueBelow } from '../../../src/pipeline/wording/numbers.ts';
import {
  closing,
  comment,
  detail,
  headline,
  type Speaker,
  studyOutcome,
  summary,
} from '../../../src/pipeline/wording/sentences.ts';
import { parseWording } from '../../../src/pipeline/wording/wording.ts';
import { classes, context, image, imageOf, resources } from './fixtures.ts';

const languages = ['en', 'de', 'zh'] as const;

function speaker(language: (typeof languages)[number] = 'en', model: Partial<ModelFacts> = {}): Speaker {
  const { wording, codes } = resources(language);
  return { wording, codes, model: { ...context.model, ...model } };
}

function wordingFile(language: string): Record<string, unknown> {
  const path = resolve(import.meta.dirname, `../../../config/wording/${language}.yaml`);
  return parseYamlDocument(readFileSync(path, 'utf8')).value as Record<string, unknown>;
}

describe('a wording file', () => {
  test.each(languages)('%s passes its own check', (language) => {
    expect(parseWording(wordingFile(language))).toMatchObject({ ok: true });
  });

  test.each(['de', 'zh'])('%s translates every quality and technical reason', (language) => {
    const { reasons } = wordingFile(language) as { reasons: Record<string, string> };
    expect(Object.keys(reasons).sort()).toEqual([
      ...['Q01', 'Q02', 'Q03', 'Q04', 'Q05', 'Q06'],
      ...['T01', 'T02', 'T03', 'T04', 'T05', 'T06', 'T07'],
    ]);
  });

  test('with a missing, an unknown and a lost placeholder names each with its path', () => {
    const file = structuredClone(wordingFile('en')) as {
      verdict: Record<string, string>;
      detail: Record<string, unknown>;
      closing?: string;
    };
    file.verdict['suspected'] = 'SUSPECTED {finding}';
    file.detail['no_result'] = 'No reason given.';
    delete file.closing;
    const parsed = parseWording(file);
    const faults = parsed.ok ? [] : parsed.error.map(({ path, message }) => `${path.join('.')}: ${message}`);
    expect(faults).toEqual(
      expect.arrayContaining([
        'verdict.suspected: unknown placeholder {finding}; known: {findings}',
        'verdict.suspected: the placeholder {findings} is missing',
        'detail.no_result: the placeholder {code} is missing',
      ]),
    );
    expect(faults.some((fault) => fault.startsWith('closing'))).toBe(true);
  });

  test('with a key that nobody reads is refused', () => {
    const parsed = parseWording({ ...wordingFile('en'), verdikt: {} });
    expect(parsed.ok).toBe(false);
  });
});

describe('the sentences of the five outcomes (experience.md 1.3)', () => {
  test('read as agreed in English', () => {
    const lines = outcomes.map((outcome) => [
      headline(imageOf(outcome), speaker()),
      detail(imageOf(outcome), speaker()),
    ]);
    expect(lines).toEqual([
      [
        'AI: SUSPECTED degenerative spondylolisthesis',
        'Probability 82 % (reported from 50 %). Spondylolysis 4 %.',
      ],
      [
        'AI: NOT DETECTED: spondylolysis, degenerative spondylolisthesis',
        'Highest probability 7 % (reported from 50 %). Does not exclude disease. Other findings were not assessed.',
      ],
      [
        'AI: INDETERMINATE',
        'Probability 46 % for degenerative spondylolisthesis lies in the uncertain range 35 to 50 %. Treat as not read by AI.',
      ],
      [
        'AI: NO RESULT, image not analysed',
        'Reason Q01: unlike the images the model was made for. Read without AI.',
      ],
      [
        'AI: NO RESULT, technical failure',
        'Reason T02: the model did not finish in time. The administrator was notified.',
      ],
    ]);
  });

  test.each(languages)(
    'start with AI: and end with the research statement in %s, whatever the outcome',
    (language) => {
      const { wording } = resources(language);
      for (const outcome of outcomes) {
        const text = summary([imageOf(outcome)], speaker(language));
        expect(text).toMatch(/^AI: /);
        expect(text.endsWith(`${wording.closing} ${wording.unverified}`)).toBe(true);
        expect(text).not.toMatch(/[{}]/);
        expect(comment([imageOf(outcome)], speaker(language))).not.toMatch(/[{}]/);
      }
    },
  );

  test('never say normal, negative, confidence, a level or a grade, and diagnosis only to deny one', () => {
    for (const outcome of outcomes) {
      const text = `${summary([imageOf(outcome), image()], speaker())} ${comment([imageOf(outcome)], speaker())}`;
      expect(text).not.toMatch(/\bnormal|negative|confidence|\bconfirmed|Meyerding|L[1-5]\b|\bmm\b/i);
      expect(text.replaceAll(/not a diagnosis/gi, '')).not.toMatch(/diagnos/i);
    }
  });

  test('never print a raw float', () => {
    for (const outcome of outcomes) {
      expect(summary([imageOf(outcome)], speaker())).not.toMatch(/0\.\d|\d\.\d+ %/);
    }
  });

  test('say score and not probability for a model without calibration', () => {
    const uncalibrated = speaker('en', { calibrated: false });
    for (const outcome of ['SUSPECTED', 'NOT_DETECTED', 'INDETERMINATE'] as const) {
      const text = detail(imageOf(outcome), uncalibrated);
      expect(text).toMatch(/[Ss]core 0\.\d\d \(not a probability/);
      expect(text.replaceAll('not a probability', '')).not.toMatch(/probability/i);
    }
  });

  test('tell that a simulated model is simulated, and say nothing of it otherwise', () => {
    expect(closing(speaker())).toContain('simulated');
    expect(closing(speaker('en', { simulated: false }))).not.toContain('simulated');
  });

  test('name both findings when both reached their threshold, the more probable first', () => {
    const both = image({ classes: classes(0.52, 0.61) });
    expect(headline(both, speaker())).toBe('AI: SUSPECTED degenerative spondylolisthesis, spondylolysis');
    expect(detail(both, speaker())).toBe('Probability 61 % (reported from 50 %). Spondylolysis 52 %.');
  });
});

describe('the site figure', () => {
  const evidence = { classId: 'DLS', from: 0.8, to: 0.9, confirmed: 168, total: 200 };

  test('is printed for a result in its band', () => {
    expect(detail(image(), speaker('en', { siteEvidence: evidence }))).toContain(
      'At this site 168 of 200 such results were confirmed.',
    );
  });

  test.each([
    ['fewer than 100 results', { ...evidence, confirmed: 84, total: 99 }],
    ['another band', { ...evidence, from: 0.5, to: 0.8 }],
    ['another class', { ...evidence, classId: 'LS' }],
  ])('is absent with %s', (_reason, siteEvidence) => {
    expect(detail(image(), speaker('en', { siteEvidence }))).not.toContain('At this site');
  });
});

describe('a study of several images', () => {
  const flexion = image();
  const extension = imageOf('NOT_DETECTED', { instanceNumber: 2, dynamic: 'EXTENSION' });

  test('leads with the finding and counts its images, then one line per image', () => {
    expect(summary([flexion, extension], speaker()).split('\r\n')).toEqual([
      'AI: SUSPECTED degenerative spondylolisthesis. In 1 of 2 images.',
      'Image 1 (series 2, image 1, left lateral flexion): SUSPECTED degenerative spondylolisthesis. Probability 82 % (reported from 50 %). Spondylolysis 4 %.',
      'Image 2 (series 2, image 2, left lateral extension): NOT DETECTED: spondylolysis, degenerative spondylolisthesis. Highest probability 7 % (reported from 50 %). Does not exclude disease. Other findings were not assessed.',
      'The model was trained on simulated radiographs. Research use only. Not a diagnosis. Not verified by a radiologist.',
    ]);
  });

  test('says how many images have no result beside a NOT DETECTED', () => {
    const [first] = summary([extension, imageOf('NO_RESULT')], speaker()).split('\r\n');
    expect(first).toBe(
      'AI: NOT DETECTED: spondylolysis, degenerative spondylolisthesis. 1 of 2 images without result.',
    );
  });

  test.each<[Outcome[], Outcome]>([
    [['NOT_DETECTED', 'SUSPECTED', 'FAILED'], 'SUSPECTED'],
    [['NOT_DETECTED', 'INDETERMINATE'], 'INDETERMINATE'],
    [['FAILED', 'NO_RESULT'], 'NO_RESULT'],
    [['FAILED'], 'FAILED'],
  ])('%j counts as %s', (found, expected) => {
    expect(studyOutcome(found.map((outcome) => imageOf(outcome)))).toBe(expected);
  });
});

describe('numbers for readers', () => {
  test.each([
    [0, '<1 %'],
    [0.0099, '<1 %'],
    [0.01, '1 %'],
    [0.824, '82 %'],
    [0.99, '99 %'],
    [0.9901, '>99 %'],
  ])('%d reads %s', (value, text) => {
    expect(percent(value)).toBe(text);
  });

  test('a value just below its threshold never looks as if it had reached it', () => {
    expect(valueBelow(percent, 0.496, 0.5)).toBe('<50 %');
    expect(valueBelow(percent, 0.494, 0.5)).toBe('49 %');
    expect(valueBelow(score, 0.499, 0.5)).toBe('<0.50');
  });
});
