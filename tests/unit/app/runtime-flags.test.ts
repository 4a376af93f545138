import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { runtimeFlags } from '../../../src/app/runtime-flags.ts';

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
