import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { NodeError } from '../../../src/core/errors.ts';
import { createLog, formatInstant, type Log } from '../../../src/core/log.ts';

/** 2026-11-23T13:05:02.114Z */
const nowMs = 1_795_439_102_114;

function capture(level: 'error' | 'info' = 'info'): {
  readonly log: Log;
  lines(): Promise<readonly Record<string, unknown>[]>;
} {
  const chunks: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(String(chunk));
      done();
    },
  });
  const log = createLog({
    level,
    stream,
    clock: { nowMs: () => nowMs, monotonicMs: () => 0 },
    timeZone: 'Europe/Zurich',
    processName: 'listener',
  });
  const lines = async (): Promise<readonly Record<string, unknown>[]> => {
    await log.close();
    return chunks
      .join('')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  return { log, lines };
}

describe('the operational log', () => {
  test('writes one JSON line an event: local time with offset, level, name, number, sentence, fields', async () => {
    const { log, lines } = capture();
    log.event('DESTINATION_DOWN', { destination: 'main', detail: 'connect timed out' });
    expect(await lines()).toEqual([
      {
        time: '2026-11-23T14:05:02.114+01:00',
        level: 'error',
        event: 'DESTINATION_DOWN',
        id: 505,
        msg: 'A destination does not answer; deliveries wait.',
        process: 'listener',
        destination: 'main',
        detail: 'connect timed out',
      },
    ]);
  });
  test('leaves out what leads to a patient through another system', async () => {
    const { log, lines } = capture();
    log.event('IMAGE_SKIPPED', {
      instanceId: 'I1',
      sopInstanceUid: '1.2.3',
      studyInstanceUid: '1.2',
      accessionNumber: 'ACC1',
      reason: 'S02',
    });
    expect(JSON.stringify(await lines())).not.toMatch(/1\.2|ACC1/);
  });
  test('keeps our own words about a fault and only name, code and place of a foreign one', async () => {
    const { log, lines } = capture();
    const foreign = Object.assign(new Error('cannot parse FICTIONAL^ANNA'), { code: 'EINVAL' });
    log.event(
      'JOB_RETRY',
      { jobId: 'J1', instanceId: 'I1', attempt: 1, errorCode: 'PIXEL_CORRUPT' },
      new NodeError('PIXEL_CORRUPT', 'frame 1 ends early', { cause: foreign }),
    );
    const [line] = await lines();
    expect(line?.['fault']).toMatchObject({
      code: 'PIXEL_CORRUPT',
      message: 'frame 1 ends early',
      cause: { name: 'Error', code: 'EINVAL' },
    });
    expect(JSON.stringify(line)).not.toContain('FICTIONAL');
  });
  test('drops what is less important than its level', async () => {
    const { log, lines } = capture('error');
    log.event('DESTINATION_UP', { destination: 'main' });
    expect(await lines()).toEqual([]);
  });
  test.each([
    ['UTC', '2026-11-23T13:05:02.114+00:00'],
    ['Asia/Kolkata', '2026-11-23T18:35:02.114+05:30'],
    ['America/New_York', '2026-11-23T08:05:02.114-05:00'],
  ])('time in %s', (zone, expected) => {
    expect(formatInstant(nowMs, zone)).toBe(expected);
  });
});
