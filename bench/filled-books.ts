import { existsSync } from 'node:fs';
import type { Clock } from '../src/core/clock.ts';
import { sha256Hex } from '../src/core/identifiers.ts';
import { openReadOnlyStore, openStore, type ReadOnlyStore, type Store } from '../src/store/store.ts';
import { copyBooks } from './copied-books.ts';

const instancePrefix = '01J';
const model = 'a'.repeat(64);
export const senders = ['DX_ROOM1', 'DX_ROOM2', 'CR_WARD', 'CR_TRAUMA', 'RARE_ONE'] as const;
/** Images in one transaction at most: whole studies. */
const batch = 2001;
/** About so many audit rows an image has, with its share of its study's. */
const rowsPerImage = 5;

/** Books beyond this many audit rows are filled with copies of what is there: through the doors it would take hours. */
const usualDoorRows = 200_000;
/** Audit rows in one step of copying. */
const copyRows = 1_000_000;
/** Fewer audit rows than this are not worth a copy: some images more or less. */
const least = 100;

/**
 * Books of a fictional site that grow: images go through the store's own doors, from their arrival to their stored
 * capture, one every half minute, so that days, hours and retention look like a site's; the first of them are then
 * copied under other names and times. A file that exists is continued.
 */
export class FilledBooks {
  readonly databasePath: string;
  readonly clock: Clock;
  readonly #doorRows: number;
  readonly startedAtMs = Date.UTC(2023, 0, 2, 7, 0, 0);
  #nowMs = this.startedAtMs;
  #images = 0;
  #auditRows = 0;

  constructor(databasePath: string, doorRows = usualDoorRows) {
    this.databasePath = databasePath;
    this.#doorRows = doorRows;
    this.clock = { nowMs: () => this.#nowMs, monotonicMs: () => this.#nowMs };
    if (!existsSync(databasePath)) return;
    const store = openReadOnlyStore(this);
    this.#look(store);
    store.close();
  }

  get auditRows(): number {
    return this.#auditRows;
  }

  get studies(): number {
    return Math.floor(this.#images / 3);
  }

  /** For writing; the caller closes it. */
  open(): Store {
    const { databasePath, clock } = this;
    return openStore({ databasePath, clock, integrity: 'trusted' });
  }

  /** Adds images until the audit has this many rows. */
  growTo(auditRows: number, say: (line: string) => void): void {
    const store = this.open();
    try {
      // Nothing here has to survive a power cut: no syncs, fewer and larger turns of the log, and its pages kept.
      store.db.sql('PRAGMA synchronous = OFF').run();
      store.db.sql('PRAGMA cache_size = -1000000').run();
      store.db.sql('PRAGMA wal_autocheckpoint = 100000').get();
      for (;;) {
        const missing = Math.min(auditRows, this.#doorRows) - this.#auditRows;
        if (missing <= 0) break;
        const images = Math.min(batch, 3 * Math.ceil(missing / rowsPerImage / 3));
        store.db.transaction(() => {
          for (let count = 0; count < images; count++) this.#addImage(store, this.#images++);
          this.#closeStudies(store);
        });
        this.#auditRows = store.audit.head().seq;
      }
      while (auditRows - this.#auditRows > least) {
        const missing = auditRows - this.#auditRows;
        copyBooks(store.db, { auditRows: Math.min(copyRows, missing, this.#auditRows) });
        this.#look(store);
        say(`${this.#auditRows} audit rows ...`);
      }
      store.db.checkpoint();
    } finally {
      store.close();
    }
  }

  /** Without a report: what a report adds to the books is one object more. */
  #closeStudies({ studies }: Store): void {
    const request = { nowMs: this.#nowMs + 1, quietMs: 0, hardMaxMs: 1, modelSha256: model, bootId: 'bench' };
    for (let claim = studies.claimDue(request); claim !== undefined; claim = studies.claimDue(request))
      studies.closeWithoutReport(claim, 'nothing to report');
  }

  #look({ db, audit }: Pick<ReadOnlyStore, 'db' | 'audit'>): void {
    const last = db
      .sql<{ instanceId: string; receivedAtMs: number }>(
        'SELECT instanceId, receivedAtMs FROM instance ORDER BY instanceId DESC LIMIT 1',
      )
      .get();
    this.#auditRows = audit.head().seq;
    if (last === undefined) return;
    this.#images = Number(last.instanceId.slice(instancePrefix.length)) + 1;
    this.#nowMs = last.receivedAtMs + 60_000;
  }

  /** Images that have come and wait for their analysis. */
  admit(books: Store, count: number): void {
    books.db.transaction(() => {
      for (let at = 0; at < count; at++) this.#arrive(books, this.#images++);
    });
  }

  /** One association for each image, as many modalities send; three images make a study. */
  #arrive(books: Store, n: number): void {
    const study = Math.floor(n / 3);
    this.#nowMs += 30_000;
    const instanceId = `${instancePrefix}${String(n).padStart(23, '0')}`;
    const peer = {
      associationId: `association-${n}`,
      callingAeTitle: n % 5000 === 4999 ? 'RARE_ONE' : (senders[study % 4] ?? 'DX_ROOM1'),
      calledAeTitle: 'LUMBAR',
      peerIp: '10.0.0.31',
    };
    books.inbox.associationOpened(peer, 'bench');
    this.#nowMs += 900;
    books.inbox.admit({
      ...peer,
      instanceId,
      sopClassUid: '1.2.840.10008.5.1.4.1.1.1.1',
      sopInstanceUid: `1.2.826.0.1.3680043.10.1.${n}`,
      studyInstanceUid: `1.2.826.0.1.3680043.10.2.${study}`,
      seriesInstanceUid: `1.2.826.0.1.3680043.10.3.${study}`,
      transferSyntaxUid: '1.2.840.10008.1.2.1',
      sha256: sha256Hex(String(n)),
      sizeBytes: 8_000_000,
      path: `${instanceId}.dcm`,
      receivedAtMs: this.#nowMs,
    });
    books.inbox.associationClosed(peer.associationId, 'released');
  }

  /** One in three is skipped, one in a thousand held, one delivery in five hundred parked. */
  #addImage(books: Store, n: number): void {
    const study = Math.floor(n / 3);
    this.#arrive(books, n);
    const job = books.jobs.claim({ claimedBy: 'bench', bootId: 'bench', leaseMs: 60_000 });
    if (job === undefined) throw new Error('the queue gave no job');
    const isSkipped = n % 3 === 0;
    const isHeld = n % 1000 === 1;
    this.#nowMs += 1500;
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
    const [due] = books.outbox.claimDue({
      destination: 'main',
      limit: 1,
      nowMs: this.#nowMs,
      bootId: 'bench',
    });
    if (due === undefined) return;
    this.#nowMs += 400;
    if (n % 500 === 2)
      books.outbox.park(due, { error: 'main cannot understand the object (0xC000).', reason: 'D03' });
    else books.outbox.markStored(due, { status: 0 });
  }
}
