import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type CsvRow, parseCsv } from '../../src/core/csv.ts';
import { readPart10 } from '../../src/dicom/part10-reader.ts';
import { decodeFrames } from '../../src/imaging/decode-frames.ts';
import { readManifest } from '../../src/pipeline/model-package.ts';
import { prepareImage } from '../../src/pipeline/preprocess.ts';
import { simulateToFolder } from '../../src/simulator/folder.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 });
const root = resolve(import.meta.dirname, '../..');
const patients = 9;
const size = 320;
let folder = '';
let list = '';
let out = '';
let result = { code: -1, stdout: '', stderr: '' };

function command(...words: readonly string[]): Promise<typeof result> {
  return new Promise((done) => {
    const child = execFile(join(root, 'bin', 'lumbar-node'), words, (_error, stdout, stderr) =>
      done({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

/** Rows of a split with the 8-bit picture of each. */
function material(split: string): { row: CsvRow['cells']; pixels: Uint8Array }[] {
  const bytes = readFileSync(join(out, split, 'pixels-0.u8'));
  const { rows } = parseCsv(readFileSync(join(out, split, 'rows-0.csv'), 'utf8'));
  expect(bytes.length).toBe(rows.length * size * size);
  return rows.map(({ cells }, index) => ({
    row: cells,
    pixels: bytes.subarray(index * size * size, (index + 1) * size * size),
  }));
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lumbar-preprocess-'));
  list = join(folder, 'data', 'labels.csv');
  out = join(folder, 'material');
  await simulateToFolder({
    outputFolder: join(folder, 'data'),
    firstSeed: 60_000_001,
    patients,
    views: ['flexion', 'ap'],
    size: 512,
    transferSyntaxUid: 'mixed',
  });
  // One AP image that the list takes for a finding, and one file that is none.
  const text = readFileSync(list, 'utf8').split('\n');
  const wrong = text.findIndex((line) => line.includes('/ap.dcm'));
  text[wrong] = (text[wrong] ?? '').replace(',other,', ',dls,');
  writeFileSync(list, text.join('\n'));
  writeFileSync(join(folder, 'data', 'SIM-60000002', 'flexion.dcm'), 'not DICOM');
  result = await command('preprocess', '--data', list, '--model', 'lumbar-nano-sim', '--out', out);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('lumbar-node preprocess on what lumbar-node simulate wrote', () => {
  test('writes material that says what it is made of', () => {
    expect(result.code, result.stderr).toBe(0);
    const about = JSON.parse(readFileSync(join(out, 'train', 'material.json'), 'utf8')) as object;
    expect(about).toMatchObject({
      format: 1,
      size,
      source: 'simulated',
      classes: ['normal', 'spondylolysis', 'dls'],
    });
    expect(result.stdout).toContain('The images are SIMULATED');
  });
  test('puts each patient in one split, and pictures to refuse beside the splits', () => {
    const splits = (['train', 'val', 'test'] as const).map((split) => material(split));
    const owners = splits.map((rows) => new Set(rows.map(({ row }) => row['patient_id'])));
    expect(owners.reduce((sum, set) => sum + set.size, 0)).toBe(
      new Set(owners.flatMap((set) => [...set])).size,
    );
    expect(splits.flat()).toHaveLength(patients - 1);
    const strangers = ['strangers/train', 'strangers/test'].filter((name) => existsSync(join(out, name)));
    const all = strangers.flatMap((name) => material(name));
    expect(all).toHaveLength(patients - 1);
    for (const { row } of all) expect([row['label'], row['kind']]).toEqual(['', 'ap']);
  });
  test('lists what it refused, with line and reason', () => {
    const refused = parseCsv(readFileSync(join(out, 'refused.csv'), 'utf8')).rows.map(({ cells }) => cells);
    expect(refused).toHaveLength(2);
    expect(refused.map((cells) => cells['reason']?.slice(0, 3)).sort()).toEqual(['S02', 'T04']);
    expect(result.stdout).toMatch(/line \d+: SIM-60000002\/flexion.dcm: T04/);
  });
  test('writes the pixels that the node gives the network, in 8 bits', async () => {
    const manifest = readManifest(join(root, 'models', 'lumbar-nano-sim'));
    if (!manifest.ok) throw manifest.error;
    for (const { row, pixels } of material('train').slice(0, 3)) {
      const file = readPart10(readFileSync(join(folder, 'data', row['file']!)));
      if (!file.ok) throw file.error;
      const stored = await decodeFrames(file.value);
      if (!stored.ok) throw stored.error;
      const { input } = prepareImage(stored.value, file.value.dataSet, manifest.value);
      const worst = pixels.reduce((most, value, i) => Math.max(most, Math.abs(value / 255 - input[i]!)), 0);
      expect(worst).toBeLessThanOrEqual(0.5 / 255 + 1e-6);
    }
  });
  test('moves lesion, box and spacing into the letterboxed picture: distances in millimetres stay', () => {
    const source = new Map(
      parseCsv(readFileSync(list, 'utf8')).rows.map(({ cells }) => [cells['file'], cells] as const),
    );
    const distance = (row: CsvRow['cells']): number =>
      Math.hypot(
        Number(row['lesion_x']) - Number(row['box_x0']),
        Number(row['lesion_y']) - Number(row['box_y0']),
      ) * Number(row['mm_per_pixel']);
    const withLesion = (['train', 'val', 'test'] as const)
      .flatMap((split) => material(split))
      .filter(({ row }) => row['lesion_x'] !== '');
    expect(withLesion.length).toBeGreaterThan(0);
    for (const { row } of withLesion) {
      const before = source.get(row['file'])!;
      expect(distance(row) / distance(before)).toBeCloseTo(1, 2);
      for (const name of ['lesion_x', 'lesion_y']) {
        expect(Number(row[name])).toBeGreaterThan(0);
        expect(Number(row[name])).toBeLessThan(size);
      }
    }
  });
  test('writes the list with its split, so that evaluate can take the test part', async () => {
    const labels = join(out, 'labels.csv');
    const { rows } = parseCsv(readFileSync(labels, 'utf8'));
    const slips = rows.map(({ cells }) => Number(cells['slip_mm'] ?? ''));
    expect(slips.every(Number.isFinite)).toBe(true);
    const checked = await command(
      'evaluate',
      '--data',
      labels,
      '--split',
      'val',
      '--model',
      'lumbar-nano-sim',
      '--dry-run',
      '--training',
      labels,
    );
    expect(checked.stdout).toContain('this patient is in the training list');
    expect(checked.stdout).not.toContain('does not exist');
  });
  test('does not mix with material that is there already', async () => {
    const again = await command('preprocess', '--data', list, '--model', 'lumbar-nano-sim', '--out', out);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('is not empty');
  });
});
