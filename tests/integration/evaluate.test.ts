import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readInputs } from '../../src/app/evaluation/evaluation-inputs.ts';
import { runEvaluation } from '../../src/app/evaluation/run-evaluation.ts';
import { openThreadedPipeline } from '../../src/app/evaluation/threaded-pipeline.ts';
import { parseCsv } from '../../src/core/csv.ts';
import { readMetrics, type StoredMetrics } from '../../src/evaluation/compare.ts';
import type { Evaluation } from '../../src/evaluation/summary.ts';
import { simulateToFolder } from '../../src/simulator/folder.ts';

// Each run loads the model in worker threads; a busy machine needs its time.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const root = resolve(import.meta.dirname, '../..');
const model = join(root, 'models', 'lumbar-nano-sim');
const patients = 3;
let folder = '';
let list = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lumbar-evaluate-'));
  list = join(folder, 'data', 'labels.csv');
  await simulateToFolder({
    outputFolder: join(folder, 'data'),
    firstSeed: 40_000_001,
    patients,
    size: 512,
    transferSyntaxUid: 'mixed',
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function command(...words: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((done) => {
    const child = execFile(
      join(root, 'bin', 'lumbar-node'),
      words,
      { cwd: folder, env: { ...process.env, NO_COLOR: '1' } },
      (_error, stdout, stderr) => done({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

/** The nano package with a limit that nothing can meet. */
function withLimit(accuracy: number): string {
  const copy = join(folder, 'strict');
  cpSync(model, copy, { recursive: true });
  const path = join(copy, 'manifest.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  writeFileSync(path, JSON.stringify({ ...manifest, acceptance: { accuracy } }));
  return copy;
}

function metricsOf(out: string): StoredMetrics {
  const metrics = readMetrics(readFileSync(join(out, 'metrics.json'), 'utf8'));
  if (!metrics.ok) throw new Error(metrics.error);
  return metrics.value;
}

describe('lumbar-node evaluate on what lumbar-node simulate wrote', () => {
  let out = '';
  let result = { code: -1, stdout: '', stderr: '' };
  beforeAll(async () => {
    out = join(folder, 'report');
    const lists = ['--data', list, '--model', withLimit(1.01), '--out', out];
    result = await command('evaluate', ...lists, '--group', 'view,polarity', '--draws', '200');
  });

  test('reads every row and says that all of it is simulated, on every surface', () => {
    expect(result.stderr).not.toContain('Nothing was run');
    const notice = `SIMULATED: the model was trained on simulated radiographs and ${4 * patients} of ${4 * patients} images are simulated.`;
    expect(result.stdout).toContain(notice);
    expect(metricsOf(out).notice).toContain(notice);
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain(notice);
    const { rows } = parseCsv(readFileSync(join(out, 'predictions.csv'), 'utf8'));
    expect(rows).toHaveLength(4 * patients);
    for (const { cells } of rows) expect(cells['notice']).toContain(notice);
    const plots = readdirSync(join(out, 'plots'));
    expect(plots).toHaveLength(8);
    for (const name of plots)
      expect(readFileSync(join(out, 'plots', name), 'utf8')).toContain('not clinical performance');
  });
  test('stops every AP image, labelled "other"', () => {
    const { rows } = parseCsv(readFileSync(join(out, 'predictions.csv'), 'utf8'));
    const others = rows.filter(({ cells }) => cells['label'] === 'other');
    expect(others).toHaveLength(patients);
    for (const { cells } of others) expect(cells['called']).toBe('');
  });
  test('exits 1 because the model misses a limit of its manifest, and says which', () => {
    expect(result.code).toBe(1);
    expect(result.stdout).toMatch(/NOT MET accuracy: [01]\.\d{4} \(at least 1\.01\)/);
  });
  test('writes progress without control characters to what is no terminal', () =>
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
    expect(result.stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/));
  test('has no identity of the patient in the report', () => {
    const html = readFileSync(join(out, 'report.html'), 'utf8');
    for (const { cells } of parseCsv(readFileSync(list, 'utf8')).rows)
      expect(html).not.toContain(cells['patient_id']!);
  });
  test('--compare sets two reports side by side, paired on the same list', async () => {
    const metrics = join(out, 'metrics.json');
    const compared = await command('evaluate', '--compare', metrics, metrics, '--json', '--draws', '50');
    expect(compared.code).toBe(0);
    expect(JSON.parse(compared.stdout)).toMatchObject({
      schema: 1,
      paired: { onlyFirstRight: 0, onlySecondRight: 0, changedCalls: 0 },
    });
  });
});

describe('a run that is stopped', () => {
  async function run(out: string, sessions: number, stopAfter = Infinity): Promise<Evaluation> {
    const stop = new AbortController();
    const files = { dataFile: list, groupColumns: [], prevalence: {} };
    const pipeline = await openThreadedPipeline({
      modelFolder: model,
      providers: ['cpu'],
      map: 'last',
      released: false,
      sessions,
    });
    try {
      return await runEvaluation(pipeline, {
        files,
        inputs: readInputs(files, ['normal', 'spondylolysis', 'dls']),
        outputFolder: out,
        released: false,
        mode: existsSync(out) ? 'resume' : 'fresh',
        bootstrap: { draws: 50, seed: 1 },
        createdAt: '2026-11-26T09:00:00.000Z',
        signal: stop.signal,
        print: () => undefined,
        progress: (done) => {
          if (done >= stopAfter) stop.abort();
        },
      });
    } finally {
      await pipeline.close();
    }
  }

  test('is written as far as it came, goes on from there, and ends as if it had never stopped', async () => {
    const whole = await run(join(folder, 'whole'), 1);
    const out = join(folder, 'stopped');
    const part = await run(out, 1, 5);
    expect(part.complete).toBe(false);
    expect(part.data.images).toBe(5);
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('Stopped early: 5 of 12 images.');
    writeFileSync(join(out, 'answers.jsonl'), '{"file":"half a li', { flag: 'a' });
    const rest = await run(out, 2);
    expect(rest.complete).toBe(true);
    expect(rest.answered).toEqual(whole.answered);
    expect(rest.rejection).toEqual(whole.rejection);
  });
  test('does not lend its answers to files of the same names in another folder', async () => {
    const out = join(folder, 'lent');
    await run(out, 1, 2);
    const copy = join(folder, 'copy');
    cpSync(join(folder, 'data'), copy, { recursive: true });
    const other = ['--data', join(copy, 'labels.csv'), '--model', model, '--out', out, '--resume'];
    const result = await command('evaluate', ...other);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('files in another folder');
  });
  test('is not silently thrown away by a command without --resume', async () => {
    const out = join(folder, 'forgotten');
    await run(out, 1, 3);
    const again = await command('evaluate', '--data', list, '--model', model, '--out', out);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('holds 3 answers of a run that was stopped: add --resume');
  });
});

test('--map stride16 judges the finer map, says so, and does not mix with answers about the other', async () => {
  const out = join(folder, 'fine');
  const words = ['evaluate', '--data', list, '--model', model, '--out', out, '--draws', '50'];
  await command(...words, '--map', 'stride16');
  const { model: measured } = JSON.parse(readFileSync(join(out, 'metrics.json'), 'utf8')) as {
    model: { mapLayer: string };
  };
  expect(measured.mapLayer).toBe('features.5');
  expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('features.5');
  const mixed = await command(...words, '--resume');
  expect(mixed.code).toBe(1);
  expect(mixed.stderr).toContain('another model, program or setting');
  expect((await command(...words, '--map', 'finest')).code).toBe(2);
});

test('a wrong command line ends with 2 and says what is wrong', async () => {
  const lists = ['--data', list, '--model', model, '--out', join(folder, 'never')];
  const wrong = await command('evaluate', ...lists, '--prevalence', 'dls=5');
  expect(wrong).toMatchObject({ code: 2, stdout: '' });
  expect(wrong.stderr).toContain('a share between 0 and 1');
  expect((await command('evaluate', '--data', 'absent.csv', '--model', model)).code).toBe(2);
  expect((await command('evaluate', '--help')).code).toBe(0);
});

test('--dry-run names every problem with its line and runs nothing', async () => {
  const broken = join(folder, 'data', 'broken.csv');
  const [header = '', first = '', second = ''] = readFileSync(list, 'utf8').split('\n');
  const copy = `${second.split(',')[0] ?? ''}.copy.dcm`;
  writeFileSync(join(folder, 'data', copy), readFileSync(join(folder, 'data', second.split(',')[0] ?? '')));
  writeFileSync(join(folder, 'data', 'text.dcm'), 'not DICOM');
  const changed = (row: string, cells: Record<number, string>): string =>
    row
      .split(',')
      .map((cell, index) => cells[index] ?? cell)
      .join(',');
  writeFileSync(
    broken,
    [
      header,
      first,
      second,
      changed(second, { 0: copy, 1: 'normal' }),
      changed(second, { 0: 'absent.dcm' }),
      changed(second, { 0: 'text.dcm' }),
    ].join('\n'),
  );
  const result = await command('evaluate', '--data', broken, '--model', model, '--dry-run');
  expect(result.code).toBe(1);
  expect(result.stdout).toContain('line 5: absent.dcm does not exist');
  expect(result.stdout).toContain('line 6: text.dcm is not a DICOM file this node can read');
  expect(result.stdout).toMatch(/lines 3, 4: equal pixels, but different labels/);
  expect(result.stdout).toContain('3 problems.');
});
