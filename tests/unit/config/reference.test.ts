import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  configJsonSchema,
  configReference,
  explainSetting,
  formatFaults,
  loadConfig,
} from '../../../src/core/config/index.ts';
import { nodeConfigSchema } from '../../../src/core/config/schema/index.ts';
import { allSettings, settingTree } from '../../../src/core/config/setting-tree.ts';
import { parseDuration, parseSize, parseWeeklyHours } from '../../../src/core/config/values.ts';

function expectCurrent(path: string, text: string): void {
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path, text);
  expect(readFileSync(path, 'utf8')).toBe(text);
}

describe('documentation made from the schema (UPDATE_DOCS=1 writes it)', () => {
  test('docs/configuration.md is current', () => expectCurrent('docs/configuration.md', configReference()));
  test('config/schema/lumbar-node.json is current', () =>
    expectCurrent('config/schema/lumbar-node.json', `${JSON.stringify(configJsonSchema(), null, 2)}\n`));
  test('no setting is without a description', () => {
    const silent = allSettings(settingTree(nodeConfigSchema)).filter(
      (setting) => setting.description === '' && !/\[\]$|<name>$/.test(setting.name),
    );
    expect(silent.map((setting) => setting.name)).toEqual([]);
  });
  test('every setting can be explained', () => {
    for (const { name } of allSettings(settingTree(nodeConfigSchema)))
      expect(explainSetting(name).found).toBe(true);
    expect(explainSetting('pacs.0.timeouts.connect').text).toContain(
      'variable: LUMBAR__PACS__0__TIMEOUTS__CONNECT',
    );
    expect(explainSetting('retention.images')).toMatchObject({
      facts: { name: 'retention.images', default: '7d', file: 'node.yaml', restart: false },
    });
    expect(explainSetting('listener.prot')).toEqual({
      found: false,
      text: 'There is no setting "listener.prot". Did you mean "listener.port"?',
    });
  });
  test('the shipped example is valid', () => {
    const result = loadConfig('config', {});
    expect(result.ok ? '' : formatFaults(result.error)).toBe('');
  });
  test('the JSON schema is one that a reader of JSON schema understands', () => {
    const reader = z.fromJSONSchema(configJsonSchema());
    expect(reader.safeParse({ aeTitle: 'X', listener: { port: 104 } }).success).toBe(true);
    expect(reader.safeParse({ listener: { prot: 104 } }).success).toBe(false);
  });
});

describe('quantities', () => {
  test.each([
    ['60s', 60_000],
    ['500ms', 500],
    ['1.5h', 5_400_000],
    ['7d', 604_800_000],
    ['6y', 189_216_000_000],
    ['60', undefined],
    ['s', undefined],
    ['-1s', undefined],
    ['1 fortnight', undefined],
  ])('duration %s is %s ms', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });
  test.each([
    ['20GiB', 21_474_836_480],
    ['64 MiB', 67_108_864],
    ['1KB', 1000],
    ['0B', 0],
    ['5', undefined],
    ['5gib', undefined],
  ])('size %s is %s bytes', (text, expected) => {
    expect(parseSize(text)).toBe(expected);
  });
  test.each([
    ['mon-fri 07:00-18:00', [1, 2, 3, 4, 5]],
    ['sat-sun 08:00-12:00', [6, 0]],
    ['mon 00:00-24:00', [1]],
    ['Fri-Mon 07:00-08:00', [5, 6, 0, 1]],
  ])('hours %s are days %s', (text, days) => {
    expect(parseWeeklyHours(text)?.days).toEqual(days);
  });
  test.each([
    'mon-fri',
    'mon-fri 18:00-07:00',
    'mon-fri 07:60-18:00',
    'mon-fri 07:00-25:00',
    'xxx 07:00-08:00',
  ])('%s are no hours', (text) => {
    expect(parseWeeklyHours(text)).toBeUndefined();
  });
});
