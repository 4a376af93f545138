import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** Prints the SHA-256 of one capture per outcome and language; runs in a child whose font configuration we choose. */
const program = `
const { createHash } = await import('node:crypto');
const { buildSecondaryCapture } = await import('${import.meta.dirname}/../../../src/pipeline/secondary-capture/secondary-capture.ts');
const { context, imageOf, resources, settings } = await import('${import.meta.dirname}/../../unit/results/fixtures.ts');
const hashes = [];
for (const language of ['en', 'zh']) for (const outcome of ['SUSPECTED', 'FAILED']) {
  const { bytes } = buildSecondaryCapture(imageOf(outcome), context, { settings, resources: resources(language), instanceNumber: 1, revision: 1 });
  hashes.push(createHash('sha256').update(bytes).digest('hex'));
}
console.log(hashes.join(' '));`;

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fonts-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function hashes(environment: Readonly<Record<string, string>>): string {
  return execFileSync(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...process.env, ...environment },
    encoding: 'utf8',
  });
}

describe('the capture', () => {
  test('is byte-identical with the fonts of the system and with none', () => {
    const empty = join(folder, 'fonts.conf');
    writeFileSync(
      empty,
      '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig></fontconfig>',
    );
    const without = hashes({
      FONTCONFIG_FILE: empty,
      FONTCONFIG_PATH: folder,
      HOME: folder,
      XDG_DATA_HOME: folder,
    });
    expect(without.trim().split(' ')).toHaveLength(4);
    expect(hashes({})).toBe(without);
  }, 60_000);
});
