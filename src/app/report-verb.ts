import { type DayFacts, dayReportText } from '../admin/report/day-report-text.ts';
import { noonOf } from '../admin/site-time.ts';
import { hostClock } from '../store/store.ts';
import { type Books, withBooks } from './books.ts';
import { exitCodes } from './restart-policy.ts';

const inWorkShown = 10;

export interface DayAnswer {
  readonly exitCode: number;
  /** Complete output, with its line feed. */
  readonly text: string;
}

/** `report day`: `day` is `YYYY-MM-DD`, `today` or `yesterday` in the zone of the site. Exit code 1 when it does not add up. */
export function reportDay(configFolder: string, day: string, format: 'text' | 'json'): Promise<DayAnswer> {
  return withBooks(configFolder, (books) => {
    const noonMs = momentOf(day, books);
    if (noonMs === undefined)
      return { exitCode: exitCodes.usage, text: `${day} is no day: write 2026-11-23, today or yesterday.\n` };
    const facts = dayFacts(books, noonMs);
    const text =
      format === 'text'
        ? dayReportText(facts, books.time)
        : `${JSON.stringify({ schema: 1, day: books.time.date(facts.fromMs), timeZone: books.time.zone, ...facts }, undefined, 2)}\n`;
    return { exitCode: facts.addsUp ? exitCodes.ok : exitCodes.failed, text };
  });
}

function dayFacts({ store, time }: Books, noonMs: number): DayFacts {
  const { fromMs, toMs } = time.day(noonMs);
  const { report, inWork } = store.db.snapshot(() => ({
    report: store.dayReport(fromMs, toMs),
    inWork: store.images({
      disposition: 'pending',
      sinceMs: fromMs,
      untilMs: toMs,
      limit: inWorkShown,
      offset: 0,
    }),
  }));
  return {
    ...report,
    inWork: inWork.rows.map(({ sopInstanceUid, receivedAtMs }) => ({ sopInstanceUid, receivedAtMs })),
    feedback: store.feedback.agreement(fromMs, toMs),
  };
}

function momentOf(day: string, { time }: Books): number | undefined {
  const nowMs = hostClock.nowMs();
  if (day === 'today') return nowMs;
  if (day === 'yesterday') return time.day(nowMs).fromMs - 1;
  return noonOf(day, time);
}
