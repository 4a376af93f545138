import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ModelWatch } from '../../../src/app/model-watch.ts';
import { compareVersions, refuseRollback } from '../../../src/app/model-version.ts';
import { SelfTestSchedule } from '../../../src/app/self-test-schedule.ts';
import { selfTestStep } from '../../../src/app/self-test-step.ts';
import { NodeError } from '../../../src/core/errors.ts';
import { sha256Hex } from '../../../src/core/identifiers.ts';
import { err, ok } from '../../../src/core/result.ts';

describe('an older model (M03)', () => {
  test.each([
    ['1.0.0', '1.0.0', 0],
    ['1.9.0', '1.10.0', -1],
    ['2.0', '1.99.99', 1],
    ['1.2.0-rc.1', '1.2.0', -1],
    ['1.2.0-rc.2', '1.2.0-rc.10', -1],
    ['1.2.0+build7', '1.2.0', 0],
    ['2026.11.26', '2026.2.1', 1],
  ])('%s against %s', (a, b, sign) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign);
  });

  test('is refused unless the site allows it', () => {
    expect(refuseRollback('1.0.0', undefined, false).ok).toBe(true);
    expect(refuseRollback('1.1.0', '1.0.0', false).ok).toBe(true);
    expect(refuseRollback('1.0.0', '1.1.0', false)).toMatchObject({
      ok: false,
      error: { code: 'MODEL_ROLLBACK' },
    });
    expect(refuseRollback('1.0.0', '1.1.0', true).ok).toBe(true);
  });
});

describe('ModelWatch (M01)', () => {
  function watched() {
    const folder = mkdtempSync(join(tmpdir(), 'lumbar-watch-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'model.onnx');
    writeFileSync(path, 'weights');
    const told: string[] = [];
    let nowMs = 0;
    const watch = new ModelWatch({
      path,
      sha256: sha256Hex('weights'),
      monotonicMs: () => nowMs,
      events: { changed: (detail) => void told.push(detail), restored: () => void told.push('restored') },
    });
    return { path, told, watch, advance: (ms: number) => void (nowMs += ms) };
  }

  test('an untouched file, or one that is only touched, is nothing to tell', async () => {
    const { path, told, watch } = watched();
    await watch.look();
    utimesSync(path, new Date(0), new Date(0));
    await watch.look();
    expect(told).toEqual([]);
  });

  test('another file in its place is told once, and so is its return', async () => {
    const { path, told, watch } = watched();
    await watch.look();
    writeFileSync(path, 'Weights');
    await watch.look();
    await watch.look();
    rmSync(path);
    await watch.look();
    writeFileSync(path, 'weights');
    await watch.look();
    expect(told).toEqual([
      `the model file has SHA-256 ${sha256Hex('Weights')} now, the model in use ${sha256Hex('weights')}`,
      'the model file cannot be read any more (ENOENT)',
      'restored',
    ]);
  });
});

describe('the golden self-test while the node runs', () => {
  const log = { event: () => undefined, close: () => Promise.resolve() };
  const channel = { tell: () => undefined };
  const passed = { images: 1, largestDifference: 0, elapsedMs: 1 };

  test('is due every day and after any fault, and nothing else is claimed before it has passed', async () => {
    let nowMs = 0;
    let runs = 0;
    const schedule = new SelfTestSchedule(() => nowMs);
    const run = () => Promise.resolve(ok((runs++, passed)));
    const step = selfTestStep({ schedule, run, channel, timeoutMs: 1000, log, provider: 'cpu' });
    expect(await step()).toBe(false);
    nowMs += 24 * 3_600_000;
    expect(schedule.isDue).toBe(true);
    expect(await step()).toBe(true);
    expect(await step()).toBe(false);
    schedule.suspect();
    expect([await step(), await step(), runs]).toEqual([true, false, 2]);
  });

  test('that fails is thrown: the process ends before it looks at another image (G02)', async () => {
    const schedule = new SelfTestSchedule(() => 0);
    schedule.suspect();
    const run = () => Promise.resolve(err(new NodeError('MODEL_GOLDEN', 'other numbers')));
    const step = selfTestStep({ schedule, run, channel, timeoutMs: 1000, log, provider: 'cuda' });
    await expect(step()).rejects.toMatchObject({ code: 'MODEL_GOLDEN' });
    expect(schedule.isDue).toBe(true);
  });
});
