import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openReadOnlyStore, type ReadOnlyStore } from '../../src/store/store.ts';
import { bookQuestions, type Question } from '../book-questions.ts';
import { FilledBooks } from '../filled-books.ts';
import type { GrowthPoint } from '../growth-plot.ts';
import {
  type BenchContext,
  type BenchRow,
  type Measured,
  quantile,
  type Suite,
  summarise,
} from '../measure.ts';

/** A smoke run copies books, too. */
const quickDoorRows = 1000;

const kinds: readonly Question['kind'][] = ['audit query', 'explain', 'status', 'report day', 'queue list'];

/**
 * How fast the books answer as they fill: for each size the p95 of the slowest question of its kind. The points go to
 * books-points.json for the plots of docs/performance.md.
 */
export const books: Suite = {
  name: 'books',
  run(context) {
    const site = new FilledBooks(
      context.booksFile ?? join(context.folder, 'books.sqlite'),
      context.quick ? quickDoorRows : undefined,
    );
    const points: GrowthPoint[] = [];
    const rows = sizes(context, site.auditRows).flatMap((wanted) => {
      context.say(`filling the books up to ${wanted} audit rows ...`);
      site.growTo(wanted, context.say);
      const { auditRows } = site;
      const slowest = answers(site, context);
      points.push({ x: auditRows, ms: slowest.get('audit query')?.p95 ?? Number.NaN });
      return [
        ...[...slowest].map(([kind, one]) => answerRow(kind, auditRows, one)),
        claimRow(site, auditRows, context),
      ];
    });
    const series = { 'audit rows, slowest audit query': points };
    writeFileSync(
      join(context.folder, '..', 'books-points.json'),
      `${JSON.stringify(series, undefined, 1)}\n`,
    );
    return Promise.resolve(rows);
  },
};

/** Powers of ten up to the number asked for, less those that the books have passed. */
function sizes({ quick, auditRows }: BenchContext, present: number): readonly number[] {
  if (quick) return [2000];
  if (present > auditRows * 1.01) throw new Error(`the books have ${present} rows already`);
  const passed = [1e4, 1e5, 1e6, 1e7].filter((size) => size < auditRows && size > present);
  return [...passed, auditRows];
}

interface Answer {
  readonly about: string;
  readonly p95: number;
  readonly times: readonly number[];
}

function answers(site: FilledBooks, { quick }: BenchContext): ReadonlyMap<Question['kind'], Answer> {
  const reader: ReadOnlyStore = openReadOnlyStore(site);
  try {
    const timed = bookQuestions(reader, site).map(({ kind, about, ask }) => {
      const times = Array.from({ length: quick ? 3 : 60 }, () => timeOf(ask));
      return {
        kind,
        about,
        times,
        p95: quantile(
          times.toSorted((a, b) => a - b),
          0.95,
        ),
      };
    });
    return new Map(
      kinds.map((kind) => {
        const [slowest] = timed.filter((one) => one.kind === kind).toSorted((a, b) => b.p95 - a.p95);
        if (slowest === undefined) throw new Error(`no question of kind ${kind}`);
        return [kind, slowest];
      }),
    );
  } finally {
    reader.close();
  }
}

function timeOf(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function answerRow(kind: Question['kind'], auditRows: number, { about, p95, times }: Answer): BenchRow {
  return {
    work: `${kind} in ${auditRows} audit rows, p95 of the slowest kind (${about})`,
    unit: 'ms',
    ours: p95Of(times, p95),
    peer: '-',
    ...(kind === 'audit query' || kind === 'explain' ? { bar: { sign: '<=', value: 50 } as const } : {}),
  };
}

function claimRow(site: FilledBooks, auditRows: number, { quick }: BenchContext): BenchRow {
  const store = site.open();
  try {
    site.admit(store, quick ? 3 : 200);
    const times: number[] = [];
    for (;;) {
      const start = performance.now();
      const claimed = store.jobs.claim({ claimedBy: 'bench', bootId: 'bench', leaseMs: 60_000 });
      if (claimed === undefined) break;
      times.push(performance.now() - start);
      store.jobs.complete(claimed);
    }
    return {
      work: `claim one job in books of ${auditRows} audit rows, p95`,
      unit: 'ms',
      ours: p95Of(
        times,
        quantile(
          times.toSorted((a, b) => a - b),
          0.95,
        ),
      ),
      peer: '-',
    };
  } finally {
    store.close();
  }
}

function p95Of(times: readonly number[], p95: number): Measured {
  return { ...summarise(times), median: p95 };
}
