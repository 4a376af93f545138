import { closeSync, existsSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type AuditFormat, auditLine, auditText } from '../admin/audit/audit-text.ts';
import { type SiteTime, siteTime } from '../admin/site-time.ts';
import { counted } from '../admin/text-layout.ts';
import type { AuditAnchor } from '../store/audit-log.ts';
import type { AuditFilter } from '../store/audit-query.ts';
import { hostClock, type Store } from '../store/store.ts';
import { describeFilter, parseAuditFilter, type WrittenAuditFilter } from './audit-filter.ts';
import { operatorName } from './operator.ts';
import { exitCodes } from './restart-policy.ts';
import { withWritableBooks } from './writable-books.ts';

const exportPage = 5000;
const followMs = 1000;

export interface AuditReading {
  readonly filter: WrittenAuditFilter;
  readonly format: AuditFormat;
  /** IANA zone for times; absent: the site's. */
  readonly timeZone?: string;
}

/** `audit query`: rows that match, newest first. Every reading is itself a row of the trail. */
export function queryAudit(
  configFolder: string,
  reading: AuditReading & { readonly limit: number },
  print: (text: string) => void,
): Promise<number> {
  return withReading(configFolder, reading, ({ store, filter, time }) => {
    const { rows, next } = store.auditQuery.query({ ...filter, limit: reading.limit });
    store.audit.append('AUDIT_READ', {
      operator: operatorName(),
      action: `query ${describeFilter(reading.filter)}`,
      count: rows.length,
    });
    print(auditText(rows, reading.format, time));
    if (reading.format === 'table') print(`${countText(rows.length, next !== undefined)}\n`);
    return rows.length === 0 ? exitCodes.notFound : exitCodes.ok;
  });
}

function countText(count: number, hasMore: boolean): string {
  if (count === 0)
    return 'No row carries all of these. A sender stands on what arrives, a destination on what leaves: lumbar-node explain joins them.';
  return `${counted(count, 'row')}, newest first.${hasMore ? ' There are more: --limit, --until, or audit export.' : ''}`;
}

/** `audit tail`: the newest rows, oldest of them first; `follow` goes on until it is aborted. */
export function tailAudit(
  configFolder: string,
  reading: Omit<AuditReading, 'filter'> & { readonly count: number; readonly follow?: AbortSignal },
  print: (text: string) => void,
): Promise<number> {
  return withReading(configFolder, { ...reading, filter: {} }, async ({ store, time }) => {
    store.audit.append('AUDIT_READ', { operator: operatorName(), action: 'tail', count: reading.count });
    let seq = Math.max(0, store.audit.head().seq - reading.count);
    const newest = store.audit.rowsAfter(seq, reading.count);
    print(auditText(newest, reading.format, time));
    // From the last row shown, not from the head: a running node appends meanwhile.
    seq = newest.at(-1)?.seq ?? seq;
    while (reading.follow?.aborted === false) {
      const rows = store.audit.rowsAfter(seq, exportPage);
      for (const row of rows)
        print(
          reading.format === 'table' ? auditLine(row, time) : auditText([row], reading.format, time, 'later'),
        );
      seq = rows.at(-1)?.seq ?? seq;
      await delay(followMs, undefined, { signal: reading.follow }).catch(() => undefined);
    }
    return exitCodes.ok;
  });
}

/** `audit export`: every matching row into a file, newest first, and the anchor to keep elsewhere. */
export function exportAudit(
  configFolder: string,
  reading: AuditReading & { readonly file: string },
  print: (text: string) => void,
): Promise<number> {
  return withReading(configFolder, reading, ({ store, filter, time }) => {
    if (existsSync(reading.file)) {
      print(`${reading.file} is there already and is not written over. Nothing was exported.\n`);
      return exitCodes.refused;
    }
    const count = writePages(reading.file, pages(store, filter), reading.format, time);
    const head = store.audit.head();
    store.audit.append('AUDIT_READ', {
      operator: operatorName(),
      action: `export ${describeFilter(reading.filter)}`,
      count,
    });
    print(`${counted(count, 'row')} written to ${reading.file}, newest first.\n${anchorText(head)}`);
    return exitCodes.ok;
  });
}

/** `audit verify`: walks the whole chain and names the first row that is not as it was written. */
export function verifyAudit(
  configFolder: string,
  how: { readonly anchor?: AuditAnchor; readonly format: 'text' | 'json' },
  print: (text: string) => void,
): Promise<number> {
  return withWritableBooks(configFolder, ({ store }) => {
    const verdict = store.audit.verify(how.anchor);
    store.audit.append('AUDIT_READ', { operator: operatorName(), action: 'verify', count: verdict.rows });
    if (how.format === 'json') print(`${JSON.stringify({ schema: 1, ...verdict }, undefined, 2)}\n`);
    else if (verdict.intact)
      print(
        `The audit trail is whole: ${counted(verdict.rows, 'row')}, each as it was written.\n${anchorText(verdict.head)}`,
      );
    else
      print(
        `THE AUDIT TRAIL IS BROKEN at row ${verdict.brokenSeq}: ${verdict.finding}. ${counted(verdict.rows, 'row')} before it are as they were written.\nDo: keep this database as it is, tell whoever is responsible for data protection, and compare with a backup (lumbar-node restore --check).\n`,
      );
    return verdict.intact ? exitCodes.ok : exitCodes.failed;
  });
}

function anchorText({ seq, sha256 }: AuditAnchor): string {
  return `Keep this line elsewhere; audit verify --anchor proves later that nothing before it was changed:\n${seq}:${sha256}\n`;
}

/** Reads `12:abc...` as `audit verify` printed it; undefined when it is not such a line. */
export function parseAnchor(text: string): AuditAnchor | undefined {
  const match = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text.trim());
  return match === null ? undefined : { seq: Number(match[1]), sha256: match[2] ?? '' };
}

interface Reading {
  readonly store: Store;
  readonly filter: Omit<AuditFilter, 'limit'>;
  readonly time: SiteTime;
}

function withReading(
  configFolder: string,
  { filter, timeZone }: Pick<AuditReading, 'filter' | 'timeZone'>,
  read: (reading: Reading) => number | Promise<number>,
): Promise<number> {
  return withWritableBooks(configFolder, ({ store, time: site }) => {
    const time = timeZone === undefined ? site : siteTime(timeZone);
    const parsed = parseAuditFilter(filter, time, hostClock.nowMs());
    if (!parsed.ok) {
      process.stderr.write(`${parsed.error}\n`);
      return exitCodes.usage;
    }
    return read({ store, filter: parsed.value, time });
  });
}

/** All matching rows, a page at a time, so that memory does not grow with the trail. */
function* pages(store: Store, filter: Omit<AuditFilter, 'limit'>) {
  for (let page = store.auditQuery.query({ ...filter, limit: exportPage }); ; ) {
    yield page.rows;
    if (page.next === undefined) return;
    page = store.auditQuery.query({ ...filter, limit: exportPage, before: page.next });
  }
}

function writePages(
  path: string,
  rows: ReturnType<typeof pages>,
  format: AuditFormat,
  time: SiteTime,
): number {
  // Patients' accession numbers are in it: for its owner alone, and never over something that is there.
  const file = openSync(path, 'wx', 0o600);
  try {
    let count = 0;
    for (const page of rows) {
      writeSync(file, auditText(page, format, time, count === 0 ? 'first' : 'later'));
      count += page.length;
    }
    fsyncSync(file);
    return count;
  } finally {
    closeSync(file);
  }
}
