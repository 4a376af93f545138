import { siteTime } from '../src/admin/site-time.ts';
import type { AuditFilter } from '../src/store/audit-query.ts';
import type { ReadOnlyStore } from '../src/store/store.ts';
import { type FilledBooks, senders } from './filled-books.ts';

/** A question that is asked of the books; where it names a study, an image or a day, another one every time. */
export interface Question {
  readonly kind: 'audit query' | 'explain' | 'status' | 'report day' | 'queue list';
  readonly about: string;
  readonly ask: () => unknown;
}

const dayMs = 86_400_000;

/** Every kind of `audit query`, `explain`, `status`, the daily report and the queue. */
export function bookQuestions(books: ReadOnlyStore, site: FilledBooks): readonly Question[] {
  const time = siteTime('Europe/Zurich');
  const { startedAtMs } = site;
  const nowMs = site.clock.nowMs();
  const anyStudy = (): number => Math.floor(Math.random() * site.studies);
  const anyMs = (): number => startedAtMs + Math.random() * (nowMs - startedAtMs);
  const audit = (about: string, filter: () => Partial<AuditFilter>): Question => ({
    kind: 'audit query',
    about,
    ask: () => books.auditQuery.query({ ...filter(), limit: 100 }),
  });
  const explain = (about: string, ask: () => unknown): Question => ({ kind: 'explain', about, ask });
  const status = (about: string, ask: () => unknown): Question => ({ kind: 'status', about, ask });
  const anyDay = (): { sinceMs: number; untilMs: number } => {
    const sinceMs = anyMs();
    return { sinceMs, untilMs: sinceMs + dayMs };
  };
  const anyImage = (): string => `1.2.826.0.1.3680043.10.1.${Math.floor(Math.random() * site.studies * 3)}`;
  return [
    audit('newest 100', () => ({})),
    audit('accession number', () => ({ accessionNumber: `ACC${anyStudy()}` })),
    audit('accession number never seen', () => ({ accessionNumber: `NO${anyStudy()}` })),
    audit('one day', anyDay),
    audit('sender', () => ({ callingAeTitle: senders[anyStudy() % 4] ?? '' })),
    audit('rare sender', () => ({ callingAeTitle: 'RARE_ONE' })),
    audit('outcome', () => ({ outcome: 'SUSPECTED' })),
    audit('outcome nobody has', () => ({ outcome: 'FAILED' })),
    audit('reason', () => ({ reason: 'S02' })),
    audit('rare reason', () => ({ reason: 'S10' })),
    audit('destination', () => ({ destination: 'main' })),
    audit('event', () => ({ event: 'OBJECT_PARKED' })),
    audit('image', () => ({ sopInstanceUid: anyImage() })),
    audit('rare sender and common outcome', () => ({ callingAeTitle: 'RARE_ONE', outcome: 'NOT_DETECTED' })),
    audit('sender, outcome and one day', () => ({
      callingAeTitle: 'DX_ROOM1',
      outcome: 'SUSPECTED',
      ...anyDay(),
    })),
    audit('sender and reason that never meet', () => ({ callingAeTitle: 'DX_ROOM1', reason: 'Q01' })),
    audit('two common filters that never meet', () => ({ reason: 'S02', outcome: 'SUSPECTED' })),
    explain('accession number', () => books.explainAll({ accessionNumber: `ACC${anyStudy()}` })),
    explain('image UID', () => books.explainAll({ sopInstanceUid: anyImage() })),
    explain('result UID', () =>
      books.explainAll({ sopInstanceUid: `1.2.826.0.1.3680043.10.4.${anyStudy() * 3 + 2}` }),
    ),
    explain('never seen', () => [
      books.explainAll({ accessionNumber: 'NEVER' }),
      books.arrivals.senders(nowMs),
      books.arrivals.booksSinceMs(),
      books.arrivals.turnedAway(nowMs - dayMs, 5),
    ]),
    status('summary', () => books.statusSummary()),
    status('job depth', () => books.jobs.depth()),
    status('destinations', () => books.outbox.standing(nowMs - dayMs)),
    status('latencies', () => books.serviceLevel.latencies(nowMs - dayMs)),
    status('service facts', () => books.serviceLevel.facts()),
    {
      kind: 'report day',
      about: 'any day',
      ask: () => {
        const { fromMs, toMs } = time.day(anyMs());
        return books.dayReport(fromMs, toMs);
      },
    },
    { kind: 'queue list', about: 'all', ask: () => books.operatorQueue.items() },
  ];
}
