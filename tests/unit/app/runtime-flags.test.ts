import { spawnSync } from 'node:child_process';
import { expect, test, vi } from 'vitest';
import { runtimeEnvironment, runtimeFlags } from '../../../src/app/runtime-flags.ts';

test.each(['listener', 'sender', 'refuser'] as const)(
  'the runtime takes the flags of the %s, and its young generation is a small one (N19, F01, L05)',
  (name) => {
    const script =
      "process.stdout.write(String(require('node:v8').getHeapStatistics().heap_size_limit)); const kept = []; for (let n = 0; n < 3e5; n++) kept.push({ n }); process.stdout.write(' ' + require('node:v8').getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size)";
    const { status, stdout } = spawnSync(process.execPath, [...runtimeFlags(name), '-e', script], {
      encoding: 'utf8',
    });
    expect(status).toBe(0);
    expect(Number(stdout.split(' ')[1])).toBeLessThanOrEqual(4 * 1024 * 1024);
  },
);

test('worker and sender give large freed blocks back to the system, unless the operator set another threshold', () => {
  const threshold = (name: 'worker' | 'sender' | 'listener') =>
    runtimeEnvironment(name, { folders: { data: '/data' } })['MALLOC_MMAP_THRESHOLD_'];
  expect([threshold('worker'), threshold('sender'), threshold('listener')]).toEqual([
    '262144',
    '262144',
    undefined,
  ]);
  vi.stubEnv('MALLOC_MMAP_THRESHOLD_', '1048576');
  expect(threshold('worker')).toBe('1048576');
  vi.unstubAllEnvs();
});

test.each([
  ['listener', '1'],
  ['sender', '1'],
  ['admin', '1'],
  ['refuser', '1'],
  ['worker', undefined],
] as const)('threads of the %s share one malloc heap: %s', (name, arenas) => {
  expect(runtimeEnvironment(name, { folders: { data: '/data' } })['MALLOC_ARENA_MAX']).toBe(arenas);
});
