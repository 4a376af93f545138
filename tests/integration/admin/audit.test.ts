import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { exportAudit, parseAnchor, queryAudit, tailAudit, verifyAudit } from '../../../src/app/audit-verb.ts';
import { parseCsv } from '../../../src/core/csv.ts';
import { hostClock } from '../../../src/store/store.ts';
import { openSiteBooks, type SiteBooks } from '../../support/site-books.ts';
import { analysed, claim, image } from '../../unit/store/store-fixture.ts';

function filled(): SiteBooks {
  const books = openSiteBooks();
  for (const n of [1, 2, 3]) {
    books.store.inbox.admit(
      image(n, { study: n, atMs: hostClock.nowMs(), sender: n === 3 ? '=cmd()' : 'DX_ROOM1' }),
    );
    const result = analysed(claim(books.store));
    books.store.results.commitImageResult({
      ...result,
      patientKey: { ...result.patientKey!, accessionNumber: n === 3 ? '=1+1' : `ACC${n}` },
    });
  }
  return books;
}

async function printed(run: (print: (text: string) => void) => Promise<number>) {
  let text = '';
  const exitCode = await run((piece) => (text += piece));
  return { text, exitCode };
}

describe('audit query', () => {
  test('answers as a table of at most 100 columns with the zone, and records who read', async () => {
    const { configFolder, store } = filled();
    const { text, exitCode } = await printed((print) =>
      queryAudit(configFolder, { filter: { accession: 'ACC1' }, format: 'table', limit: 10 }, print),
    );
    expect(exitCode).toBe(0);
    expect(text).toContain('time Europe/Berlin');
    expect(text).toContain('INSTANCE_STORED');
    expect(text).toContain('2 rows, newest first.');
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    expect(store.auditQuery.query({ event: 'AUDIT_READ', limit: 5 }).rows[0]?.fields).toMatchObject({
      action: 'query accession=ACC1',
      count: 2,
      operator: expect.stringMatching(/./) as string,
    });
  });

  test('shows who did what where rows tell it, in the table, in CSV and in JSON lines', async () => {
    const { configFolder, store } = filled();
    store.audit.append('OPERATOR_ACTION', { operator: 'fictional-operator', action: 'backup' });
    const query = (format: 'table' | 'csv' | 'jsonl') =>
      printed((print) =>
        queryAudit(configFolder, { filter: { event: 'OPERATOR_ACTION' }, format, limit: 10 }, print),
      );
    const [heading = '', , row = ''] = (await query('table')).text.split('\n');
    expect(heading.split(/ {2,}/)).toEqual(['time Europe/Berlin', 'event', 'operator', 'action']);
    expect(row).toMatch(/OPERATOR_ACTION {2}fictional-operator {2}backup$/);
    expect(parseCsv((await query('csv')).text).rows[0]?.cells).toMatchObject({
      operator: 'fictional-operator',
      action: 'backup',
    });
    expect(JSON.parse((await query('jsonl')).text)).toMatchObject({
      fields: { operator: 'fictional-operator', action: 'backup' },
    });
    // Together with rows of images the table still fits a terminal, with every column there.
    const { text } = await printed((print) =>
      queryAudit(configFolder, { filter: {}, format: 'table', limit: 50 }, print),
    );
    expect(text.split('\n')[0]).toMatch(/who .*outcome .*accession .*operator .*action/);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  test('CSV has times with offset and no cell that a spreadsheet would run (CWE-1236)', async () => {
    const { configFolder } = filled();
    const { text } = await printed((print) =>
      queryAudit(
        configFolder,
        { filter: { sender: '=cmd()' }, format: 'csv', limit: 10, timeZone: 'Asia/Tokyo' },
        print,
      ),
    );
    const { rows } = parseCsv(text);
    expect(rows.length).toBeGreaterThan(0);
    for (const { cells } of rows) {
      expect(cells['time']).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+\+09:00$/);
      for (const cell of Object.values(cells)) expect(cell).not.toMatch(/^[=+\-@\t\r]/);
    }
  });

  test('JSON lines carry the schema, the whole row and its place in the chain', async () => {
    const { configFolder, store } = filled();
    const { text } = await printed((print) =>
      queryAudit(configFolder, { filter: { outcome: 'suspected' }, format: 'jsonl', limit: 1 }, print),
    );
    const row = JSON.parse(text) as { schema: number; seq: number; sha256: string };
    expect(row).toMatchObject({ schema: 1, event: 'IMAGE_ANALYSED', fields: { outcome: 'SUSPECTED' } });
    expect(row.sha256).toBe(store.audit.row(row.seq)?.sha256);
  });

  test.each([
    [{ since: 'yesterday' }, 2],
    [{ outcome: 'ILL' }, 2],
    [{ reason: 'Z9' }, 2],
    [{ event: 'NOPE' }, 2],
    [{ accession: 'NEVER' }, 4],
    [{ sender: 'DX_ROOM1', peer: 'main' }, 4],
    [{ since: '1h', until: '1d' }, 4],
    [{ since: '1h' }, 0],
  ])('%j ends with exit code %i', async (filter, expected) => {
    const { configFolder } = filled();
    const { exitCode } = await printed((print) =>
      queryAudit(configFolder, { filter, format: 'table', limit: 10 }, print),
    );
    expect(exitCode).toBe(expected);
  });
});

describe('audit tail', () => {
  test('shows the newest rows, the newest last', async () => {
    const { configFolder, store } = filled();
    const last = store.audit.head().seq;
    const { text } = await printed((print) => tailAudit(configFolder, { format: 'jsonl', count: 2 }, print));
    const rows = text.trim().split('\n');
    expect(rows.map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual([last, last + 1]);
  });

  test('follows what a running node appends until it is told to stop', async () => {
    const { configFolder, store } = filled();
    const stop = new AbortController();
    const seen: string[] = [];
    const ended = tailAudit(configFolder, { format: 'jsonl', count: 1, follow: stop.signal }, (text) => {
      seen.push(text);
      if (seen.length === 1) store.audit.append('DESTINATION_UP', { destination: 'main' });
      if (text.includes('DESTINATION_UP')) stop.abort();
    });
    expect(await ended).toBe(0);
    expect(seen.join('')).toContain('"destination":"main"');
  });
});

describe('audit export and verify', () => {
  test('writes every row into a new file for its owner alone, and never over another', async () => {
    const { configFolder, dataFolder, store } = filled();
    const file = join(dataFolder, 'trail.csv');
    const rows = store.audit.head().seq;
    const { text } = await printed((print) =>
      exportAudit(configFolder, { filter: {}, format: 'csv', file }, print),
    );
    expect(parseCsv(readFileSync(file, 'utf8')).rows).toHaveLength(rows);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(parseAnchor(text.trim().split('\n').at(-1) ?? '')).toMatchObject({ seq: rows });
    const again = await printed((print) =>
      exportAudit(configFolder, { filter: {}, format: 'csv', file }, print),
    );
    expect(again.exitCode).toBe(5);
  });

  test('an untouched trail is whole, also against an anchor printed before', async () => {
    const { configFolder } = filled();
    const first = await printed((print) => verifyAudit(configFolder, { format: 'text' }, print));
    expect(first).toMatchObject({
      exitCode: 0,
      text: expect.stringContaining('The audit trail is whole: 6 rows') as string,
    });
    const anchor = parseAnchor(first.text.trim().split('\n').at(-1) ?? '')!;
    const second = await printed((print) => verifyAudit(configFolder, { format: 'text', anchor }, print));
    expect(second.exitCode).toBe(0);
  });

  test('names the first row that was changed behind the program (exit code 1)', async () => {
    const { configFolder, store } = filled();
    const shell = new BetterSqlite3(store.db.path);
    shell.exec('DROP TRIGGER auditNoUpdate; UPDATE audit SET atMs = atMs + 1 WHERE seq = 4');
    shell.close();
    const { text, exitCode } = await printed((print) => verifyAudit(configFolder, { format: 'text' }, print));
    expect(exitCode).toBe(1);
    expect(text).toContain('THE AUDIT TRAIL IS BROKEN at row 4: row 4 was changed. 3 rows before it');
  });
});
