import { expect, test } from 'vitest';
import { progressReport } from '../../../src/app/progress-line.ts';

function stream(isTTY: boolean): { text: string[]; isTTY: boolean; write(line: string): boolean } {
  const text: string[] = [];
  return { text, isTTY, write: (line) => text.push(line) > 0 };
}

test('writes a line every 10 %, without control characters, where there is no terminal', () => {
  const out = stream(false);
  let nowMs = 0;
  const report = progressReport('images', out, () => nowMs);
  for (let done = 1; done <= 200; done++) {
    nowMs += 100;
    report(done, 200);
  }
  expect(out.text).toHaveLength(10);
  expect(out.text[0]).toBe('20 of 200 images, 10.0/s, 18 s left\n');
  expect(out.text.at(-1)).toBe('200 of 200 images, 10.0/s\n');
});

test('writes a line every 30 s when 10 % take longer', () => {
  const out = stream(false);
  let nowMs = 0;
  const report = progressReport('images', out, () => nowMs);
  for (let done = 1; done <= 9; done++) {
    nowMs += 10_000;
    report(done, 1000);
  }
  expect(out.text).toEqual([
    '3 of 1000 images, 0.1/s, 2 h 46 min left\n',
    '6 of 1000 images, 0.1/s, 2 h 45 min left\n',
    '9 of 1000 images, 0.1/s, 2 h 45 min left\n',
  ]);
});

test('counts the rate from what this run did, not from what an earlier one left', () => {
  const out = stream(true);
  let nowMs = 0;
  const report = progressReport('images', out, () => nowMs);
  nowMs = 1000;
  report(91, 100);
  expect(out.text[0]).toContain('\r[######################..] 91 of 100 images, 1.0/s, 9 s left');
});
