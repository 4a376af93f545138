import { join } from 'node:path';
import { hostClock, openStore } from '../../src/store/store.ts';
import { type BenchContext, type BenchRow, quantile, type Suite, summarise } from '../measure.ts';
import { admitMany } from '../seeding.ts';

const claimant = { claimedBy: 'bench', bootId: 'bench', leaseMs: 60_000 };

/** A node that comes back to 100,000 waiting images: opening the store, taking up what was running, claiming. */
export const backlog: Suite = {
  name: 'backlog',
  run(context) {
    const jobs = context.quick ? 1000 : 100_000;
    const databasePath = join(context.folder, 'backlog.sqlite');
    seed(databasePath, jobs, context);
    const start = performance.now();
    const store = openStore({ databasePath, clock: hostClock });
    store.jobs.recoverAfterStart('bench');
    store.studies.recoverAll();
    store.outbox.recoverAll();
    const restartMs = performance.now() - start;
    const claims: number[] = [];
    for (let turn = 0; turn < (context.quick ? 20 : 500); turn++) {
      const before = performance.now();
      const claimed = store.jobs.claim(claimant);
      claims.push(performance.now() - before);
      if (claimed !== undefined) store.jobs.complete(claimed);
    }
    store.close();
    const sorted = claims.toSorted((a, b) => a - b);
    const p95 = quantile(sorted, 0.95);
    const rows: BenchRow[] = [
      {
        work: `restart with ${jobs} queued jobs: open, check, recover`,
        unit: 'ms',
        ours: summarise([restartMs]),
        peer: '-',
        bar: { sign: '<=', value: 5000 },
      },
      {
        work: `claim one of ${jobs} jobs, p95`,
        unit: 'ms',
        ours: { ...summarise(claims), median: p95 },
        peer: '-',
        bar: { sign: '<=', value: 2 },
      },
    ];
    return Promise.resolve(rows);
  },
};

function seed(databasePath: string, jobs: number, { say }: BenchContext): void {
  const store = openStore({ databasePath, clock: hostClock });
  say(`admitting ${jobs} images ...`);
  admitMany(store, 0, jobs);
  store.close();
}
