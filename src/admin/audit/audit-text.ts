import { formatCsv } from '../../core/csv.ts';
import { eventDefinition } from '../../core/events.ts';
import { formatInstant } from '../../core/log.ts';
import { textTable } from '../../core/text-table.ts';
import type { AuditRowFacts } from '../ports.ts';
import type { SiteTime } from '../site-time.ts';
import { printable } from '../text-layout.ts';

const timeWidth = 19;

export const auditFormats = ['table', 'csv', 'jsonl'] as const;
export type AuditFormat = (typeof auditFormats)[number];

/** Rows of the audit trail in one of the formats; `heading` is for the first piece of a longer output. */
export function auditText(
  rows: readonly AuditRowFacts[],
  format: AuditFormat,
  time: SiteTime,
  piece: 'first' | 'later' = 'first',
): string {
  switch (format) {
    case 'table':
      return tableText(rows, time);
    case 'csv':
      return csvText(rows, time, piece);
    case 'jsonl':
      return rows.map((row) => `${JSON.stringify(jsonRow(row, time))}\n`).join('');
  }
}

/** Columns of the table behind time and event; one that no row fills is left out. */
const tableColumns: readonly {
  readonly head: string;
  readonly value: (row: AuditRowFacts) => string;
}[] = [
  { head: 'who', value: peer },
  { head: 'outcome', value: ending },
  { head: 'accession / detail', value: (row) => text(row, 'accessionNumber') || text(row, 'detail') },
  { head: 'operator', value: (row) => text(row, 'operator') },
  { head: 'action', value: (row) => text(row, 'action') },
];

/** What a terminal shows without wrapping, and what a cut cell must still show. */
const tableWidth = 100;
const leastWidth = 8;
const gap = 2;

/** What the rows say, in a table that fits a terminal; everything else is in CSV and JSON lines. */
function tableText(rows: readonly AuditRowFacts[], time: SiteTime): string {
  if (rows.length === 0) return '';
  const filled = tableColumns
    .map(({ head, value }) => ({ head, cells: rows.map(value) }))
    .filter(({ cells }) => cells.some((cell) => cell !== ''));
  const eventWidth = Math.max(...rows.map(({ event }) => event.length));
  const widths = fitting(
    filled.map(({ head, cells }) => Math.max(head.length, ...cells.map(({ length }) => length))),
    tableWidth - timeWidth - gap - eventWidth - gap * filled.length,
  );
  const table = textTable(
    [
      `time ${time.zone}`.slice(0, timeWidth),
      'event',
      ...filled.map(({ head }, at) => cut(head, widths[at] ?? 0)),
    ],
    rows.map((row, line) => [
      time.moment(row.atMs),
      row.event,
      ...filled.map(({ cells }, at) => cut(cells[line] ?? '', widths[at] ?? 0)),
    ]),
  );
  return `${table}\n`;
}

/** Widths that together take no more than `room`: the widest gives way first. */
function fitting(natural: readonly number[], room: number): readonly number[] {
  const widths = [...natural];
  for (let over = widths.reduce((sum, width) => sum + width, 0) - room; over > 0; over--) {
    const widest = Math.max(...widths);
    if (widest <= leastWidth) break;
    widths[widths.indexOf(widest)] = widest - 1;
  }
  return widths;
}

/** One line of the table for `audit tail --follow`, without a heading. */
export function auditLine(row: AuditRowFacts, time: SiteTime): string {
  const parts = [
    time.moment(row.atMs),
    row.event.padEnd(24),
    cut(who(row), 16).padEnd(16),
    cut(ending(row), 13).padEnd(13),
    cut(text(row, 'accessionNumber') || text(row, 'detail') || text(row, 'action'), 20),
  ];
  return `${parts.join('  ').trimEnd()}\n`;
}

const columns = [
  'callingAeTitle',
  'destination',
  'operator',
  'action',
  'accessionNumber',
  'studyInstanceUid',
  'sopInstanceUid',
  'instanceId',
  'outcome',
  'reason',
  'dimseStatus',
  'detail',
] as const;

function csvText(rows: readonly AuditRowFacts[], time: SiteTime, piece: 'first' | 'later'): string {
  const header = ['seq', 'time', 'event', 'number', 'level', ...columns, 'fields', 'sha256'];
  const body = rows.map((row) => {
    const { number, level } = eventDefinition(row.event);
    return [
      row.seq,
      formatInstant(row.atMs, time.zone),
      row.event,
      number,
      level,
      ...columns.map((name) => text(row, name)),
      JSON.stringify(row.fields),
      row.sha256,
    ];
  });
  const csv = formatCsv(header, body);
  return piece === 'first' ? csv : csv.slice(csv.indexOf('\r\n') + 2);
}

function jsonRow(row: AuditRowFacts, time: SiteTime): Readonly<Record<string, unknown>> {
  return { schema: 1, time: formatInstant(row.atMs, time.zone), ...row };
}

function who(row: AuditRowFacts): string {
  return peer(row) || text(row, 'operator');
}

function peer(row: AuditRowFacts): string {
  return text(row, 'callingAeTitle') || text(row, 'destination');
}

function ending(row: AuditRowFacts): string {
  return text(row, 'outcome') || text(row, 'reason') || status(row);
}

function status(row: AuditRowFacts): string {
  const code = row.fields['dimseStatus'];
  return typeof code === 'number' ? `0x${code.toString(16).toUpperCase().padStart(4, '0')}` : '';
}

function text(row: AuditRowFacts, name: string): string {
  const value = row.fields[name];
  return typeof value === 'string' || typeof value === 'number' ? printable(String(value)) : '';
}

function cut(value: string, length: number): string {
  return value.length <= length ? value : `${value.slice(0, length - 1)}~`;
}
