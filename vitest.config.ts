import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    environment: 'node',
    pool: 'forks',
    maxWorkers: 2,
    sequence: { shuffle: true },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    retry: 0,
    // Tests that open a session of their own report to nobody either (src/pipeline/runtime-telemetry.ts).
    env: { ORT_DISABLE_TELEMETRY: '1' },
  },
});
