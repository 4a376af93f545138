import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { testRule } from '../../../src/app/test-rule-verb.ts';
import { readPart10 } from '../../../src/dicom/part10-reader.ts';
import type { SimulatedView } from '../../../src/simulator/header-habits.ts';
import { studyImages } from '../../../src/simulator/study.ts';
import { openSiteBooks } from '../../support/site-books.ts';
import { testObject } from '../../support/result-object.ts';

const golden = resolve(import.meta.dirname, 'golden');
const models = resolve(import.meta.dirname, '../../../models');

/** A site with the model package of the repository: its manifest is read, it never runs. */
function site(): string {
  const { configFolder } = openSiteBooks();
  const file = join(configFolder, 'node.yaml');
  writeFileSync(
    file,
    `${readFileSync(file, 'utf8')}model: { folder: ${JSON.stringify(models)}, id: lumbar-nano-sim }\n`,
  );
  return configFolder;
}

function fileOf(bytes: Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'lumbar-rule-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'image.dcm');
  writeFileSync(path, bytes);
  return path;
}

function simulated(seed: number, view: SimulatedView, size = 360): Uint8Array {
  const [image] = studyImages(seed, { views: [view], size });
  return image!.bytes;
}

const text = { sender: 'DX_ROOM1', format: 'text' } as const;

describe('test-rule', () => {
  // UPDATE_GOLDEN=1 writes the texts; read them before committing. The version of the rules changes with every rule.
  test.each([
    ['lateral', 7, 'neutral', /^INCLUDE/],
    ['ap', 7, 'ap', /^EXCLUDE/],
    ['chest', 7, 'chest', /^EXCLUDE/],
    ['unknown', 6, 'blank', /^UNKNOWN/],
  ] as const)('%s: verdict, evidence and effect are the golden text', async (name, seed, view, verdict) => {
    const bytes = simulated(seed, view);
    const answer = await testRule(site(), fileOf(bytes), text);
    expect(answer.exitCode).toBe(0);
    expect(answer.text).toMatch(verdict);
    const stable = answer.text.replace(/^Rules [0-9a-f]{16}\.$/m, 'Rules <version>.');
    const file = join(golden, `test-rule-${name}.txt`);
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, stable);
    expect(stable).toBe(readFileSync(file, 'utf8'));
    const read = readPart10(bytes);
    if (!read.ok) throw read.error;
    for (const keyword of ['PatientName', 'PatientID', 'AccessionNumber', 'StudyInstanceUID'] as const)
      expect(answer.text).not.toContain(read.value.dataSet.string(keyword));
  });

  test('an object of this node stays out, and the listener would not even take it', async () => {
    const { open } = testObject('1.2.826.0.1.3680043.8.498.7');
    const pieces: Uint8Array[] = [];
    for await (const piece of open()) pieces.push(piece);
    const answer = await testRule(site(), fileOf(Buffer.concat(pieces)), text);
    expect(answer.text).toContain('The listener does not take Secondary Capture Image Storage');
    expect(answer.text).toMatch(/S0[15] /);
  });

  test('an image too small for the rules is told with its rows', async () => {
    const answer = await testRule(site(), fileOf(simulated(7, 'neutral', 128)), {
      sender: '',
      format: 'json',
    });
    expect(JSON.parse(answer.text)).toMatchObject({
      schema: 1,
      decision: { verdict: 'exclude', reasons: [{ code: 'Q02' }] },
      effect: { disposition: 'skipped', taken: true, destinations: ['main'] },
    });
  });

  test('a file that is no DICOM file is refused with its reason (exit code 1), none is NOT_FOUND', async () => {
    const configFolder = site();
    const answer = await testRule(configFolder, join(configFolder, 'node.yaml'), text);
    expect(answer.exitCode).toBe(1);
    expect(answer.text).toContain('T04');
    await expect(testRule(configFolder, '/nowhere.dcm', text)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
