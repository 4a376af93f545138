import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type ActivationFacts,
  activationObjections,
  installedPackage,
} from '../../../src/app/model/activation.ts';
import { chooseModel, choosePrevious, modelHistory } from '../../../src/app/model/model-choice.ts';
import { activeModelSetting } from '../../../src/app/model-selection.ts';
import type { ModelConfig } from '../../../src/core/config/index.ts';

const sha256 = 'a'.repeat(64);
const facts = {
  verification: {
    schema: 1,
    folder: 'x',
    model: { id: 'x', version: '1', sha256 },
    provider: 'cpu',
    passed: true,
    checks: [],
  },
  manifestSha256: 'm',
  evaluation: {
    complete: true,
    model: { id: 'x', version: '1', sha256, manifestSha256: 'm' },
    acceptance: [{ name: 'accuracy', met: true }],
  },
} as unknown as ActivationFacts;
const withEvaluation = (change: object): ActivationFacts =>
  ({ ...facts, evaluation: { ...facts.evaluation, ...change } }) as ActivationFacts;

describe('activation', () => {
  test('has nothing against a verified model with a passing evaluation of the same file', () =>
    expect(activationObjections(facts)).toEqual({ fatal: [], forceable: [] }));
  test.each([
    ['no evaluation', { ...facts, evaluation: undefined }, /there is no evaluation/],
    ['another file', withEvaluation({ model: { sha256: 'b', manifestSha256: 'm' } }), /another model file/],
    ['other thresholds', withEvaluation({ model: { sha256, manifestSha256: 'n' } }), /manifest was changed/],
    ['a stopped run', withEvaluation({ complete: false }), /stopped before its end/],
    ['a missed limit', withEvaluation({ acceptance: [{ name: 'ece', met: false }] }), /misses .*: ece/],
  ])('needs force for %s', (_name, given, text) => {
    const { fatal, forceable } = activationObjections(given);
    expect(fatal).toEqual([]);
    expect(forceable).toHaveLength(1);
    expect(forceable[0]).toMatch(text);
  });
  test('cannot be forced past a failed verification', () => {
    const failed = {
      ...facts,
      verification: {
        ...facts.verification,
        passed: false,
        checks: [{ name: 'golden answers', ok: false, evidence: 'differs' }],
      },
    };
    expect(activationObjections(failed).fatal).toEqual(['golden answers: differs']);
  });
});

describe('a package that is to be activated', () => {
  let folder = '';
  const config = (id?: string): ModelConfig =>
    ({ folder: join(folder, 'models'), id }) as unknown as ModelConfig;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lumbar-activation-'));
    for (const name of ['models/inside', 'outside']) {
      mkdirSync(join(folder, name), { recursive: true });
      writeFileSync(join(folder, name, 'manifest.json'), '{}');
    }
    symlinkSync(join(folder, 'outside'), join(folder, 'models', 'linked'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(['inside', 'linked'])('is found by its name in the model folder: %s', (name) =>
    expect(installedPackage(name, config())).toMatchObject({ ok: true, value: { name } }),
  );
  test('must lie where the node looks', () =>
    expect(installedPackage(join(folder, 'outside'), config())).toMatchObject({
      ok: false,
      error: expect.stringContaining('copy') as string,
    }));
  test('is not taken while the configuration names a model, because that would count first', () =>
    expect(installedPackage('inside', config('other'))).toMatchObject({
      ok: false,
      error: expect.stringContaining('model.id: other') as string,
    }));
});

test('the history goes back step by step and forgets nothing on the way', () => {
  const values = new Map<string, string>();
  const settings = {
    get: (key: string) => values.get(key),
    set: (key: string, value: string) => void values.set(key, value),
  };
  for (const name of ['a', 'b', 'b', 'c']) chooseModel(settings, name);
  expect(modelHistory(settings)).toEqual(['a', 'b']);
  choosePrevious(settings);
  expect(settings.get(activeModelSetting)).toBe('b');
  choosePrevious(settings);
  choosePrevious(settings);
  expect(settings.get(activeModelSetting)).toBe('a');
});
