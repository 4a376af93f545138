import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { neverSeen, neverSeenText } from '../../../../src/admin/explain/never-seen.ts';
import { describeRefusal, type Refusal } from '../../../../src/dicom/refusal-sentences.ts';
import type { StoreOutcome } from '../../../../src/scu/delivery-decision.ts';
import { image } from '../../store/store-fixture.ts';
import { headers, SituationBooks } from './situation-books.ts';

/** One analysed flexion view whose capture and report wait for `main`. */
function reported(): SituationBooks {
  const books = new SituationBooks();
  books.receive(1);
  books.process(headers.flexion);
  books.report(1, [1]);
  return books;
}

const rejected = (result: number, source: number, reason: number): StoreOutcome => ({
  kind: 'rejected',
  result,
  source,
  reason,
});

/** Every situation an administrator asks about, by the name of its golden text. */
const situations: Readonly<Record<string, () => string>> = {
  'analysed, stored and committed': () => {
    const books = reported();
    books.deliver();
    books.commit();
    return books.text();
  },
  'stored, not committed yet': () => {
    const books = reported();
    books.deliver();
    return books.text();
  },
  'stored with a warning': () => {
    const books = reported();
    books.deliver({ kind: 'response', status: 0xb000 });
    return books.text();
  },
  'skipped, an AP view': () => {
    const books = new SituationBooks();
    books.receive(1);
    books.process(headers.ap);
    return books.text();
  },
  'held, the view is unknown': () => {
    const books = new SituationBooks();
    books.receive(1);
    books.process(headers.unknown);
    return books.text();
  },
  'refused, unlike the images of the model': () => {
    const books = new SituationBooks();
    books.receive(1);
    books.process(headers.flexion, {
      reason: { code: 'Q01', detail: 'input statistics 41.2 above 18.5' },
    });
    books.report(1, [1]);
    books.deliver();
    return books.text();
  },
  'failed and set aside after three attempts': () => {
    const books = new SituationBooks();
    books.receive(1);
    const { store, clock } = books.fixture;
    for (const attempt of [1, 2, 3]) {
      const job = store.jobs.claim({ claimedBy: 'worker', bootId: 'b', leaseMs: 1000 })!;
      store.jobs.fail(
        job,
        {
          errorCode: 'MODEL_OUTPUT',
          detail: 'the model returned NaN',
          reason: { code: 'T06', detail: 'the model returned NaN' },
        },
        clock.nowMs() + attempt * 2000,
      );
      clock.advance(attempt * 2000);
    }
    return books.text();
  },
  'parked, the archive refused the object': () => {
    const books = reported();
    books.deliver({ kind: 'response', status: 0xa778, errorComment: 'patient was merged' });
    return books.text();
  },
  'parked, no presentation context for the class': () => {
    const books = reported();
    books.deliver({ kind: 'context', result: 3 });
    return books.text();
  },
  'content changed, and a duplicate': () => {
    const books = reported();
    books.receive(1);
    books.receive(1);
    const { store, clock } = books.fixture;
    store.inbox.admit({ ...image(2, { atMs: clock.nowMs() }), sopInstanceUid: image(1).sopInstanceUid });
    clock.advance(900);
    books.process(headers.flexion, { outcome: 'NOT_DETECTED' });
    return books.text();
  },
  'a late image, the report revised': () => {
    const books = reported();
    books.deliver();
    books.fixture.clock.advance(60_000);
    books.receive(2);
    books.process(
      { ...headers.flexion, SeriesDescription: 'L-SPINE LAT EXTENSION', InstanceNumber: '2' },
      { outcome: 'INDETERMINATE' },
    );
    books.report(2, [1, 2]);
    books.deliver();
    return books.text();
  },
  'dismissed by an operator': () => {
    const books = new SituationBooks();
    books.receive(1);
    books.process(headers.unknown);
    books.fixture.clock.advance(600_000);
    books.fixture.store.holds.dismiss(image(1).instanceId, 'a.operator');
    return books.text();
  },
  'released by an operator': () => {
    const books = new SituationBooks();
    books.receive(1);
    books.process(headers.unknown);
    books.fixture.clock.advance(600_000);
    books.fixture.store.holds.release(image(1).instanceId, 'a.operator');
    books.fixture.clock.advance(400);
    books.process(headers.unknown, { outcome: 'NOT_DETECTED' });
    books.report(1, [1]);
    books.deliver();
    books.fixture.store.feedback.give({
      instanceId: image(1).instanceId,
      judgement: 'disagree',
      readerClass: 'dls',
      operator: 'c.reader',
    });
    return books.text();
  },
  'a destination in shadow mode': () => {
    const books = reported();
    const { store, clock } = books.fixture;
    for (;;) {
      const [due] = store.outbox.claimDue({
        destination: 'main',
        limit: 1,
        nowMs: clock.nowMs(),
        bootId: 'b',
      });
      if (due === undefined) break;
      store.outbox.cancel({ outboxId: due.outboxId }, 'shadow-mode');
    }
    return books.text();
  },
  'a delivery given up by an operator': () => {
    const books = reported();
    books.fixture.store.outbox.cancel({ destination: 'main' }, 'a.operator');
    return books.text();
  },
  'received, not read yet': () => {
    const books = new SituationBooks();
    books.receive(1);
    return books.text();
  },
  'the report cannot be built': () => {
    const books = new SituationBooks();
    books.receive(1);
    books.process(headers.flexion);
    const { store, clock } = books.fixture;
    store.studies.viewsComplete('1.2.3.1');
    for (let attempt = 1; attempt <= 3; attempt++) {
      const study = store.studies.claimDue({
        quietMs: 1,
        hardMaxMs: 1e9,
        nowMs: clock.nowMs(),
        modelSha256: 'a'.repeat(64),
        bootId: 'b',
      })!;
      store.studies.failReport(study, { errorCode: 'RESULT_INVALID', detail: 'no code for a class' }, 0);
    }
    return books.text();
  },
  'never seen': () => {
    const books = new SituationBooks();
    books.receive(1);
    books.process(headers.ap);
    const { store, clock } = books.fixture;
    for (let n = 0; n < 3; n++) {
      store.audit.append('ASSOCIATION_REJECTED', {
        callingAeTitle: 'dx_room2',
        calledAeTitle: 'LUMBAR',
        peerIp: '10.0.0.32',
        cause: 'unknown calling AE title',
      });
    }
    clock.advance(3_600_000);
    const answer = neverSeen(
      {
        asked: 'accession number ACC0815',
        booksSinceMs: store.arrivals.booksSinceMs(),
        senders: store.statusSummary().senders,
        pendingImages: 0,
        turnedAway: store.arrivals.turnedAway(0, 5),
        trail: [],
      },
      books.context().time,
      clock.nowMs(),
    );
    return neverSeenText(answer);
  },
};

const folder = join(import.meta.dirname, 'golden');

describe('explain, one situation after the other', () => {
  // UPDATE_DOCS=1 writes the golden texts; read them before committing.
  test.each(Object.entries(situations))('%s', (name, situation) => {
    const text = situation();
    const golden = join(folder, `${name.replaceAll(/[ ,]+/g, '-')}.txt`);
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(golden, text);
    expect(existsSync(golden)).toBe(true);
    expect(text).toBe(readFileSync(golden, 'utf8'));
  });

  test.each(Object.entries(situations))(
    '%s: fits 100 columns and holds no control character',
    (_, situation) => {
      for (const line of situation().split('\n')) {
        expect(line.length).toBeLessThanOrEqual(100);
        expect(line).not.toMatch(/[\u0000-\u001f\u007f]/);
      }
    },
  );
});

describe('a destination that rejects the association (PS3.8 Table 9-21)', () => {
  test.each([
    [1, 1, 1, 'attention', ''],
    [1, 1, 2, 'attention', 'pacs.yaml:5 (host: 10.0.0.5)'],
    [1, 1, 3, 'attention', 'node.yaml:5 (aeTitle: LUMBAR)'],
    [1, 1, 7, 'attention', 'pacs.yaml:7 (calledAeTitle: ARCHIVE2)'],
    [1, 2, 1, 'attention', ''],
    [1, 2, 2, 'attention', ''],
    [2, 3, 1, 'waiting', ''],
    [2, 3, 2, 'waiting', ''],
  ])(
    'RJ %i/%i/%i waits, says why, and names the line at fault',
    (result, source, reason, standing, place) => {
      const books = reported();
      books.deliver(rejected(result, source, reason));
      const text = books.text().replaceAll(/\s+/g, ' ');
      const refusal: Refusal = { kind: 'rejected', result, source, reason };
      const described = describeRefusal(refusal, books.context().destinations[0]!);
      expect(text).toContain(`SC WAITING D04: ${described.sentence} Attempt 2 at 15:30`);
      expect(text).toContain(`Do: ${described.next}`);
      expect(text).toContain(place);
      expect(text.includes('SOMETHING NEEDS A PERSON')).toBe(standing === 'attention');
    },
  );
});
