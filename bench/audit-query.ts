/**
 * How fast the books answer when they are full: seeds a database through the store's own doors and times every kind of
 * audit query, `explain`, `status`, the daily report and the queue. Usage: node bench/audit-query.ts [rows] [folder]
 * (1,000,000 audit rows by default; a folder that holds a seeded database is used again).
 */
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { siteTime } from '../src/admin/site-time.ts';
import type { Clock } from '../src/core/clock.ts';
import { sha256Hex } from '../src/core/identifiers.ts';
import { textTable } from '../src/core/text-table.ts';
import { openReadOnlyStore, openStore, type ReadOnlyStore, type Store } from '../src/store/store.ts';

const [rowsText = '1000000', folder = join(tmpdir(), 'lumbar-audit-bench')] = process.argv.slice(2);
const wantedRows = Number(rowsText);
const model = 'a'.repeat(64);
const senders = ['DX_ROOM1', 'DX_ROOM2', 'CR_WARD', 'CR_TRAUMA', 'RARE_ONE'];

/** A clock that walks through four years, so that days, hours and retention look like a site's. */
const clock: Clock & { ms: number } = {
  ms: Date.UTC(2023, 0, 2, 7, 0, 0),
  nowMs: () => clock.ms,
  monotonicMs: () => clock.ms,
};

mkdirSync(folder, { recursive: true });
const databasePath = join(folder, `books-${wantedRows}.sqlite`);
const isNew = !existsSync(databasePath);
const store = openStore({ databasePath, clock });
if (isNew) seed(store);
store.close();
const reader = openReadOnlyStore({ databasePath, clock });
clock.ms = reader.auditQuery.query({ limit: 1 }).rows[0]?.atMs ?? clock.ms;
measure(reader);
reader.close();

function seed(books: Store): void {
  let image = 0;
  const started = performance.now();
  while (books.audit.head().seq < wantedRows) {
    books.db.transaction(() => {
      for (let i = 0; i < 500; i++) seedImage(books, image++);
    });
    process.stderr.write(
      `\r${books.audit.head().seq} rows, ${Math.round((performance.now() - started) / 1000)} s`,
    );
  }
  process.stderr.write('\n');
  books.db.checkpoint();
}

/** Three images make a study; one in three is skipped, one in a thousand held, one delivery in five hundred parked. */
function seedImage(books: Store, n: number): void {
  const study = Math.floor(n / 3);
  clock.ms += 30_000;
  const sender = n % 5000 === 4999 ? 'RARE_ONE' : (senders[study % 4] ?? 'DX_ROOM1');
  const instanceId = `01J${String(n).padStart(23, '0')}`;
  books.inbox.admit({
    instanceId,
    sopClassUid: '1.2.840.10008.5.1.4.1.1.1.1',
    sopInstanceUid: `1.2.826.0.1.3680043.10.1.${n}`,
    studyInstanceUid: `1.2.826.0.1.3680043.10.2.${study}`,
    seriesInstanceUid: `1.2.826.0.1.3680043.10.3.${study}`,
    transferSyntaxUid: '1.2.840.10008.1.2.1',
    callingAeTitle: sender,
    calledAeTitle: 'LUMBAR',
    peerIp: '10.0.0.31',
    associationId: `assoc-${study}`,
    sha256: sha256Hex(String(n)),
    sizeBytes: 8_000_000,
    path: `${instanceId}.dcm`,
    receivedAtMs: clock.ms,
  });
  const job = books.jobs.claim({ claimedBy: 'bench', bootId: 'bench', leaseMs: 60_000 });
  if (job === undefined) throw new Error('the queue gave no job');
  const isSkipped = n % 3 === 0;
  const isHeld = n % 1000 === 1;
  clock.ms += 1500;
  books.results.commitImageResult({
    job,
    disposition: isSkipped ? 'skipped' : isHeld ? 'held' : 'analysed',
    reasons: isSkipped
      ? [{ code: 'S02', detail: 'ViewPosition=AP' }]
      : isHeld
        ? [{ code: 'S10', detail: '' }]
        : [],
    decision: {
      verdict: isSkipped ? 'exclude' : isHeld ? 'unknown' : 'include',
      dynamic: null,
      ruleVersion: '0a1b2c3d',
      reasons: [],
      evidence: { votes: [], steps: [], attributes: { ViewPosition: isSkipped ? 'AP' : 'LL' } },
    },
    ...(isSkipped || isHeld
      ? {}
      : {
          analysis: {
            modelSha256: model,
            modelId: 'bench',
            modelVersion: '1',
            configSha256: model,
            provider: 'cpu',
            outcome: n % 10 === 1 ? ('SUSPECTED' as const) : ('NOT_DETECTED' as const),
            probabilities: { dls: 0.5 },
            reasons: [],
            timings: { inference: 1000 },
            notes: [],
          },
        }),
    patientKey: { patientId: `P${study}`, patientName: 'BENCH^FICTIONAL', accessionNumber: `ACC${study}` },
    objects:
      isSkipped || isHeld
        ? []
        : [
            {
              objectId: `O${n}`,
              kind: 'SC',
              sopClassUid: '1.2.840.10008.5.1.4.1.1.7',
              sopInstanceUid: `1.2.826.0.1.3680043.10.4.${n}`,
              seriesInstanceUid: `1.2.826.0.1.3680043.10.5.${study}`,
              transferSyntaxUid: '1.2.840.10008.1.2.1',
              path: `${n}.dcm`,
              sha256: sha256Hex(`o${n}`),
              sizeBytes: 1000,
            },
          ],
    destinations: ['main'],
  });
  const [due] = books.outbox.claimDue({ destination: 'main', limit: 1, nowMs: clock.ms, bootId: 'bench' });
  if (due === undefined) return;
  clock.ms += 400;
  if (n % 500 === 2)
    books.outbox.park(due, { error: 'main cannot understand the object (0xC000).', reason: 'D03' });
  else books.outbox.markStored(due, { status: 0 });
}

function measure(books: ReadOnlyStore): void {
  const head = books.audit.head().seq;
  const images = Math.floor(books.images({ limit: 1, offset: 0 }).total);
  const studies = Math.floor(images / 3);
  const time = siteTime('Europe/Zurich');
  const dayMs = 86_400_000;
  const anyStudy = (): number => Math.floor(Math.random() * studies);
  const anyDay = (): number => clock.ms - Math.random() * 1000 * dayMs;
  const query = books.auditQuery;
  const limit = 100;
  const rounds: readonly (readonly [string, () => unknown])[] = [
    ['audit: newest 100', () => query.query({ limit })],
    ['audit: accession number', () => query.query({ accessionNumber: `ACC${anyStudy()}`, limit })],
    ['audit: accession number, never seen', () => query.query({ accessionNumber: `NO${anyStudy()}`, limit })],
    [
      'audit: one day',
      () => {
        const at = anyDay();
        return query.query({ sinceMs: at, untilMs: at + dayMs, limit });
      },
    ],
    ['audit: sender', () => query.query({ callingAeTitle: senders[anyStudy() % 4] ?? '', limit })],
    ['audit: rare sender', () => query.query({ callingAeTitle: 'RARE_ONE', limit })],
    ['audit: outcome', () => query.query({ outcome: 'SUSPECTED', limit })],
    ['audit: outcome nobody has', () => query.query({ outcome: 'FAILED', limit })],
    ['audit: reason', () => query.query({ reason: 'S02', limit })],
    ['audit: rare reason', () => query.query({ reason: 'S10', limit })],
    ['audit: destination', () => query.query({ destination: 'main', limit })],
    ['audit: event', () => query.query({ event: 'OBJECT_PARKED', limit })],
    ['audit: image', () => query.query({ sopInstanceUid: `1.2.826.0.1.3680043.10.1.${anyStudy()}`, limit })],
    [
      'audit: rare sender and common outcome',
      () => query.query({ callingAeTitle: 'RARE_ONE', outcome: 'NOT_DETECTED', limit }),
    ],
    [
      'audit: sender, outcome and one day',
      () => {
        const at = anyDay();
        return query.query({
          callingAeTitle: 'DX_ROOM1',
          outcome: 'SUSPECTED',
          sinceMs: at,
          untilMs: at + dayMs,
          limit,
        });
      },
    ],
    [
      'audit: sender and reason that never meet',
      () => query.query({ callingAeTitle: 'DX_ROOM1', reason: 'Q01', limit }),
    ],
    [
      'audit: two common filters that never meet',
      () => query.query({ reason: 'S02', outcome: 'SUSPECTED', limit }),
    ],
    ['explain: accession number', () => books.explainAll({ accessionNumber: `ACC${anyStudy()}` })],
    [
      'explain: image UID',
      () => books.explainAll({ sopInstanceUid: `1.2.826.0.1.3680043.10.1.${anyStudy()}` }),
    ],
    [
      'explain: result UID',
      () => books.explainAll({ sopInstanceUid: `1.2.826.0.1.3680043.10.4.${anyStudy() * 3 + 2}` }),
    ],
    [
      'explain: never seen',
      () => [
        books.explainAll({ accessionNumber: 'NEVER' }),
        books.arrivals.senders(clock.ms),
        books.arrivals.booksSinceMs(),
        books.arrivals.turnedAway(clock.ms - dayMs, 5),
      ],
    ],
    ['status: summary', () => books.statusSummary()],
    ['status: job depth', () => books.jobs.depth()],
    ['status: destinations', () => books.outbox.standing(clock.ms - dayMs)],
    ['status: latencies', () => books.serviceLevel.latencies(clock.ms - dayMs)],
    ['status: service facts', () => books.serviceLevel.facts()],
    [
      'report day',
      () => {
        const { fromMs, toMs } = time.day(anyDay());
        return books.dayReport(fromMs, toMs);
      },
    ],
    ['queue list', () => books.operatorQueue.items()],
  ];
  const lines = rounds.map(([name, run]) => {
    const times = Array.from({ length: 60 }, () => {
      const start = performance.now();
      run();
      return performance.now() - start;
    }).toSorted((a, b) => a - b);
    const at = (share: number): string => (times[Math.ceil(times.length * share) - 1] ?? 0).toFixed(2);
    return [name, at(0.5), at(0.95), at(1)];
  });
  process.stdout.write(
    `${head} audit rows, ${images} images, ${studies} studies; 60 runs each, milliseconds\n`,
  );
  process.stdout.write(`${textTable(['question', 'p50', 'p95', 'worst'], lines)}\n`);
}
