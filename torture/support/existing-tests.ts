import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Bench } from '../case.ts';

const root = resolve(import.meta.dirname, '../..');

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

/**
 * Runs tests of the project that prove a case already, in a vitest of their own. `named` narrows them to titles that
 * match. Counts them on the bench; a failed or a skipped one fails the case, and so does a pattern that matches nothing.
 */
export async function runExistingTests(
  bench: Bench,
  files: readonly string[],
  named?: string,
): Promise<void> {
  const report = join(bench.folder, `vitest-${files.length}-${Date.now()}.json`);
  await new Promise<void>((done) => {
    const vitest = spawn(
      process.execPath,
      [
        join(root, 'node_modules/vitest/vitest.mjs'),
        'run',
        ...files,
        ...(named === undefined ? [] : ['-t', named]),
        '--reporter=json',
        `--outputFile.json=${report}`,
      ],
      { cwd: root, stdio: 'ignore' },
    );
    vitest.once('exit', () => done());
  });
  const { numPassedTests, testResults } = JSON.parse(readFileSync(report, 'utf8')) as VitestReport;
  const failed = testResults.flatMap(({ status, message, assertionResults }) =>
    status === 'failed' && assertionResults.length === 0
      ? [message]
      : assertionResults
          .filter((one) => one.status === 'failed')
          .map((one) => `${one.fullName}: ${one.failureMessages?.[0]?.split('\n')[0] ?? ''}`),
  );
  bench.count('existing tests passed', numPassedTests);
  for (const text of failed) bench.expect(false, text);
  bench.expect(
    numPassedTests > 0,
    `no test ran in ${files.join(', ')}${named === undefined ? '' : ` for ${named}`}`,
  );
}
