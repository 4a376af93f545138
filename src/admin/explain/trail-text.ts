import type { TimelineRow } from '../ports.ts';
import type { SiteTime } from '../site-time.ts';
import { hang, printable } from '../text-layout.ts';

/** The rows of the audit trail behind an explanation, one a line; empty when there are none. */
export function trailText(rows: readonly TimelineRow[], time: SiteTime): string {
  if (rows.length === 0) return '';
  const lines = rows.map(({ seq, atMs, event, fields }) =>
    hang(`  ${String(seq).padStart(7)}  ${time.moment(atMs)}  `, `${event} ${fieldsText(fields)}`),
  );
  return [`Audit trail, times ${time.zone}:`, ...lines, ''].join('\n');
}

/** `name=value` pairs in the order of the row; UIDs of the study itself are left out, they stand above. */
function fieldsText(fields: TimelineRow['fields']): string {
  return Object.entries(fields)
    .filter(([name]) => name !== 'studyInstanceUid')
    .map(([name, value]) => `${name}=${printable(typeof value === 'string' ? value : JSON.stringify(value))}`)
    .join(' ');
}
