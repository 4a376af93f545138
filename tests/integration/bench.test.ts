import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { alternate, compared, meetsBar, quantile, summarise } from '../../bench/measure.ts';
import { peer } from '../support/peer.ts';

const needed = ['storescp', 'storescu', 'dcmdjpeg', 'dcmdjpls', 'dcmdrle', 'gdcmconv'].map(peer);

/** A smoke run: that the suites still run, never how fast. The long ones (ingest, chain, torch) are left to `npm run bench`. */
test.skipIf(needed.includes(undefined))(
  'bench suites run and write figures with their peers beside them',
  { timeout: 120_000 },
  () => {
    const out = mkdtempSync(join(tmpdir(), 'lumbar-bench-'));
    onTestFinished(() => rmSync(out, { recursive: true, force: true }));
    const root = join(import.meta.dirname, '../..');
    const suites = ['sending', 'composing', 'backlog', 'books', 'growth'];
    const done = spawnSync(process.execPath, ['bench/bench.ts', ...suites, '--quick', '--out', out], {
      cwd: root,
      // Blocks this thread, so that the runner's own limit could not end it.
      timeout: 110_000,
      killSignal: 'SIGKILL',
    });
    expect(done.stderr.toString().replace(/^(.*\.\.\.\n)*/, '')).toBe('');
    expect(done.status).toBe(0);
    for (const suite of suites) {
      const result = JSON.parse(readFileSync(join(out, `${suite}.json`), 'utf8')) as {
        rows: { ours: { median: number } }[];
        facts: { peers: Record<string, string> };
      };
      expect(result.rows.length).toBeGreaterThan(0);
      expect(result.facts.peers['dcmtk']).toMatch(/^\d/);
    }
  },
);

describe('measure', () => {
  test('alternates contenders after one unmeasured turn each', async () => {
    const order: string[] = [];
    const contender = (name: string, value: number) => ({
      name,
      once: () => {
        order.push(name);
        return Promise.resolve(value);
      },
    });
    const results = await alternate(2, [contender('a', 3), contender('b', 2)]);
    expect(order).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
    expect(results.get('a')).toEqual({ median: 3, least: 3, most: 3, runs: 2 });
    const row = compared('work', 'ms', results, { ours: 'a', peer: 'b', bar: { sign: '<=', value: 1.4 } });
    expect(row.ratio).toBe(1.5);
    expect(meetsBar(row)).toBe(false);
  });

  test('quantiles lie between the closest ranks', () => {
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
    expect(summarise([4, 1, 2, 3])).toEqual({ median: 2.5, least: 1, most: 4, runs: 4 });
  });
});
