import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { eventCatalogue, logFields } from '../../../src/core/events.ts';
import { canMeet } from '../../../src/store/audit-query.ts';
import { openReadOnlyStore } from '../../../src/store/store.ts';
import { analysed, claim, type Fixture, image, openFixture } from './store-fixture.ts';

function filled(atna: 'queue' | 'off' = 'off'): Fixture {
  const fixture = openFixture(atna);
  for (const n of [1, 2, 3]) {
    fixture.store.inbox.admit(image(n, { sender: n === 3 ? 'CR_WARD' : 'DX_ROOM1' }));
    fixture.store.results.commitImageResult(analysed(claim(fixture.store)));
    fixture.clock.advance(1000);
  }
  return fixture;
}

/** Changes the file as somebody with the SQLite shell would, around every trigger. */
function tamper(fixture: Fixture, sql: string): void {
  const shell = new BetterSqlite3(fixture.databasePath);
  shell.exec('DROP TRIGGER auditNoUpdate; DROP TRIGGER auditNoDelete; DROP TRIGGER auditHeadForward');
  shell.exec(sql);
  shell.close();
}

describe('AuditLog', () => {
  test('an untouched chain verifies, over several connections', () => {
    const fixture = filled();
    const other = fixture.reopen();
    other.audit.append('DESTINATION_UP', { destination: 'main' });
    fixture.store.audit.append('DESTINATION_UP', { destination: 'archive' });
    expect(fixture.store.audit.verify()).toMatchObject({
      intact: true,
      rows: 8,
      head: fixture.store.audit.head(),
    });
  });

  test('SQL that changes or deletes a row is refused', () => {
    const { store } = filled();
    expect(() => store.db.sql("UPDATE audit SET outcome = 'NOT_DETECTED'").run()).toThrow(/append-only/);
    expect(() => store.db.sql('DELETE FROM audit WHERE seq = 2').run()).toThrow(/append-only/);
    expect(() => store.db.sql('UPDATE auditHead SET seq = 1').run()).toThrow(/forward/);
  });

  test.each([
    [
      'a changed field',
      `UPDATE audit SET fieldsJson = replace(fieldsJson, 'SUSPECTED', 'NOT_DETECTED') WHERE seq = 4`,
      4,
    ],
    ['a changed time', 'UPDATE audit SET atMs = atMs - 1 WHERE seq = 3', 3],
    ['a changed copy in an indexed column', "UPDATE audit SET callingAeTitle = 'OTHER' WHERE seq = 5", 5],
    ['a deleted row', 'DELETE FROM audit WHERE seq = 2', 2],
    ['a cut-off end', 'DELETE FROM audit WHERE seq = 6', 6],
    [
      'two rows exchanged',
      'UPDATE audit SET seq = 99 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 99',
      2,
    ],
  ])('finds %s and names the row (O06)', (_name, sql, brokenSeq) => {
    const fixture = filled();
    tamper(fixture, sql);
    expect(fixture.store.audit.verify()).toMatchObject({ intact: false, brokenSeq });
  });

  test('finds a chain cut off together with its head, by an anchor kept elsewhere', () => {
    const fixture = filled();
    const anchor = fixture.store.audit.head();
    tamper(
      fixture,
      'DELETE FROM audit WHERE seq = 6; UPDATE auditHead SET seq = 5, sha256 = (SELECT sha256 FROM audit WHERE seq = 5)',
    );
    expect(fixture.store.audit.verify()).toMatchObject({ intact: true });
    expect(fixture.store.audit.verify(anchor)).toMatchObject({ intact: false, brokenSeq: 6 });
  });

  test('security-relevant rows wait for the audit repository, once each, and can be sent again', () => {
    const { store, clock } = filled('queue');
    const waiting = store.auditOutbox.unsent(10, clock.nowMs());
    const named = (event: string) => waiting.filter((row) => row.event === event);
    expect(named('INSTANCE_STORED')).toHaveLength(3);
    expect(named('IMAGE_ANALYSED')).toHaveLength(3);
    expect(waiting).toHaveLength(6);
    store.auditOutbox.markSent(
      waiting.map((row) => row.seq),
      clock.nowMs(),
    );
    expect(store.auditOutbox.unsent(10, clock.nowMs())).toEqual([]);
    expect(store.auditOutbox.resendLast(300_000)).toBe(6);
    expect(store.auditOutbox.unsent(2, clock.nowMs())).toHaveLength(2);
  });
});

describe('AuditOutbox', () => {
  test('a received image waits for its patient, for a minute at most; others do not wait behind it', () => {
    const { store, clock } = openFixture('queue');
    store.inbox.admit(image(1, { study: 1 }));
    store.audit.append('TLS_REFUSED', { peerIp: '10.0.0.66', detail: 'stranger' });
    const waiting = () => store.auditOutbox.unsent(10, clock.nowMs());
    expect(waiting().map(({ event }) => event)).toEqual(['TLS_REFUSED']);
    clock.advance(60_001);
    expect(waiting()[0]).toMatchObject({ event: 'INSTANCE_STORED', patientId: null });

    store.inbox.admit(image(2, { study: 2, atMs: clock.nowMs() }));
    claim(store);
    store.results.commitImageResult(analysed(claim(store)));
    expect(waiting().filter(({ event }) => event === 'INSTANCE_STORED')).toMatchObject([
      { patientId: null },
      { patientId: 'P-TEST-1', accessionNumber: 'ACC0001' },
    ]);
  });
});

describe('AuditQuery', () => {
  test('an accession number leads also to the rows written before the data set was read', () => {
    const { store } = filled();
    const events = store.auditQuery
      .query({ accessionNumber: 'ACC0001', limit: 50 })
      .rows.map((row) => row.event);
    expect(events.filter((event) => event === 'INSTANCE_STORED')).toHaveLength(3);
    expect(events.filter((event) => event === 'IMAGE_ANALYSED')).toHaveLength(3);
  });

  test('narrows by sender, outcome, event and time together, newest first', () => {
    const { store, clock } = filled();
    const all = store.auditQuery.query({
      callingAeTitle: 'DX_ROOM1',
      outcome: 'SUSPECTED',
      event: 'IMAGE_ANALYSED',
      limit: 50,
    }).rows;
    expect(all.map((row) => row.fields['instanceId'])).toEqual([image(2).instanceId, image(1).instanceId]);
    const late = store.auditQuery.query({ sinceMs: clock.nowMs() - 1000, limit: 50 }).rows;
    expect(late.every((row) => row.fields['callingAeTitle'] === 'CR_WARD')).toBe(true);
  });

  test('pages through everything exactly once, also where many rows share a millisecond', () => {
    const { store } = filled();
    const seen: number[] = [];
    for (let page = store.auditQuery.query({ limit: 2 }); ; ) {
      seen.push(...page.rows.map((row) => row.seq));
      if (page.next === undefined) break;
      page = store.auditQuery.query({ limit: 2, before: page.next });
    }
    expect(seen).toEqual([6, 5, 4, 3, 2, 1]);
  });

  test.each([
    [{ accessionNumber: 'A' }, 'auditByAccession'],
    [{ sinceMs: 5 }, 'auditByTime'],
    [{ callingAeTitle: 'A' }, 'auditBySender'],
    [{ outcome: 'SUSPECTED' as const }, 'auditByOutcome'],
    [{ reason: 'S02' as const }, 'auditByReason'],
    [{ destination: 'main' }, 'auditByDestination'],
    [{ event: 'IMAGE_HELD' as const }, 'auditByEvent'],
    [{ sopInstanceUid: '1.2' }, 'auditBySopInstance'],
    [{ studyInstanceUid: '1.2' }, 'auditByStudy'],
    [{ callingAeTitle: 'A', outcome: 'SUSPECTED' as const, sinceMs: 5 }, 'auditBy(Sender|Outcome)'],
    [{ reason: 'S02' as const, outcome: 'SUSPECTED' as const }, 'auditByReasonAndOutcome'],
  ])('answers %j by the index %s, without a scan of the table', (filter, index) => {
    const { store } = openFixture();
    const { sql, parameters } = store.auditQuery.statement({ ...filter, limit: 100 });
    const plan = store.db.queryPlan(sql, parameters).join('\n');
    expect(plan).toMatch(new RegExp(`INDEX ${index}\\b`));
    expect(plan).not.toMatch(/SCAN (audit|a)\b(?! USING)/);
    if (!('accessionNumber' in filter)) expect(plan).not.toContain('TEMP B-TREE');
  });

  test('the filter that is rarest in the time asked for drives the query', () => {
    const { store, clock } = openFixture();
    const analysed = (callingAeTitle: string, outcome: 'SUSPECTED' | 'NOT_DETECTED', count: number): void => {
      for (let n = 0; n < count; n++)
        store.audit.append('IMAGE_ANALYSED', {
          instanceId: `i${store.audit.head().seq}`,
          sopInstanceUid: '1.2',
          studyInstanceUid: '1.2',
          outcome,
          callingAeTitle,
          modelSha256: 'a',
          provider: 'cpu',
        });
    };
    analysed('DX_ROOM1', 'NOT_DETECTED', 40);
    analysed('CR_WARD', 'SUSPECTED', 5);
    clock.advance(86_400_000);
    const today = { sinceMs: clock.nowMs() };
    analysed('DX_ROOM1', 'SUSPECTED', 1);
    analysed('CR_WARD', 'SUSPECTED', 10);
    const plan = (span: { sinceMs?: number }): string => {
      const filter = { callingAeTitle: 'DX_ROOM1', outcome: 'SUSPECTED' as const, limit: 10, ...span };
      expect(store.auditQuery.query(filter).rows).toHaveLength(1);
      const { sql, parameters } = store.auditQuery.statement(filter);
      return store.db.queryPlan(sql, parameters).join('\n');
    };
    // The driver is named first; the other filter is a list of rows from its own index.
    expect(plan({})).toMatch(/^SEARCH audit USING INDEX auditByOutcome[^]*COVERING INDEX auditBySender/);
    expect(plan(today)).toMatch(/^SEARCH audit USING INDEX auditBySender[^]*COVERING INDEX auditByOutcome/);
  });

  test('fields that no event carries together are answered without reading a row', () => {
    expect(canMeet({ callingAeTitle: 'DX_ROOM1', destination: 'main' })).toBe(false);
    expect(canMeet({ event: 'OBJECT_STORED', outcome: 'SUSPECTED' })).toBe(false);
    expect(canMeet({ event: 'IMAGE_FAILED', outcome: 'FAILED', reason: 'T01' })).toBe(true);
    expect(canMeet({ sinceMs: 5 })).toBe(true);
  });

  test('a reader beside the running service sees the same rows', () => {
    const { databasePath, clock, store } = filled();
    const reader = openReadOnlyStore({ databasePath, clock });
    expect(reader.auditQuery.query({ limit: 50 }).rows).toEqual(store.auditQuery.query({ limit: 50 }).rows);
    expect(reader.audit.verify().intact).toBe(true);
    reader.close();
  });
});

describe('the event catalogue', () => {
  test('no number is used twice', () => {
    const numbers = Object.values(eventCatalogue).map((event) => event.number);
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  test('log lines carry neither UIDs nor accession number nor operator (P8)', () => {
    const fields = {
      instanceId: 'i',
      sopInstanceUid: '1.2',
      studyInstanceUid: '1.3',
      accessionNumber: 'ACC',
      operator: 'x',
      reason: undefined,
    };
    expect(logFields('IMAGE_SKIPPED', fields)).toEqual({ instanceId: 'i' });
  });
});
