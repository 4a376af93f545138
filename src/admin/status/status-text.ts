import { textTable } from '../../core/text-table.ts';
import type { SiteTime } from '../site-time.ts';
import { counted, duration, hang, printable, screenColumns, size } from '../text-layout.ts';
import { healthOf, latencyText, type StatusFacts } from './status-report.ts';

/** The status screen: one sentence first, then the figures; at most 100 columns, no control characters. */
export function statusText(facts: StatusFacts, time: SiteTime): string {
  const { sentence, next } = healthOf(facts, time);
  const { nowMs } = facts;
  return [
    hang('', sentence),
    ...next.map((advice) => hang('  -> ', advice)),
    '',
    hang(
      '',
      `${facts.aeTitle}, lumbar-node ${facts.version}, ${time.moment(nowMs)} ${time.zone}${upText(facts, time)}`,
    ),
    '',
    sendersText(facts, time),
    '',
    destinationsText(facts, time),
    '',
    ...figures(facts, time).map(([name, text]) => hang(`${name.padEnd(14)} `, text)),
    '',
  ].join('\n');
}

function upText({ isRunning, startedAtMs, nowMs }: StatusFacts, time: SiteTime): string {
  if (!isRunning) return ', NOT RUNNING';
  return startedAtMs === undefined ? ', running' : `, running since ${time.near(startedAtMs, nowMs)}`;
}

function sendersText({ senders, nowMs }: StatusFacts, time: SiteTime): string {
  return textTable(
    ['sender', 'name', 'last image', 'in 24 h'],
    senders.map(({ aeTitle, name, lastImageAtMs, images24h }) => [
      printable(aeTitle),
      short(name, 40),
      lastImageAtMs === undefined ? 'never' : time.near(lastImageAtMs, nowMs),
      String(images24h),
    ]),
  );
}

function destinationsText({ destinations, nowMs }: StatusFacts, time: SiteTime): string {
  const table = textTable(
    ['destination', 'deliver', 'stored 24 h', 'waiting', 'oldest', 'parked'],
    destinations.map(({ name, deliver, stored24h, waiting, oldestWaitingAtMs, parked }) => [
      name,
      deliver,
      String(stored24h),
      String(waiting),
      oldestWaitingAtMs === undefined ? '-' : time.near(oldestWaitingAtMs, nowMs),
      String(parked),
    ]),
  );
  const errors = destinations.flatMap(({ name, lastError, waiting, parked }) =>
    lastError !== undefined && waiting + parked > 0 ? [hang(`  ${name}: `, printable(lastError))] : [],
  );
  return [table, ...errors].join('\n');
}

function figures(facts: StatusFacts, time: SiteTime): [string, string][] {
  const { queue, today, latency, disk, model, configuration, nowMs } = facts;
  const { queued, waiting, running, quarantined, openStudies } = queue;
  const oldest = queue.oldestAtMs === null ? '' : `, oldest since ${time.near(queue.oldestAtMs, nowMs)}`;
  return [
    ['today', todayText(facts)],
    ['outcomes', outcomesText(today.outcomes)],
    [
      'queue',
      `${queued + waiting} waiting, ${running} in work${oldest}; ${counted(openStudies, 'study', 'studies')} open; ${quarantined} set aside`,
    ],
    [
      'held',
      queue.held === 0
        ? 'none'
        : `${counted(queue.held, 'image')} for an operator: lumbar-node queue list --held`,
    ],
    ['capture', `last byte to PACS: ${latencyText(latency.captureMs)}`],
    ['report', `last byte to PACS: ${latencyText(latency.reportMs)}, quiet time included`],
    ['disk', `${size(disk.freeBytes)} free, images are refused below ${size(disk.watermarkBytes)}`],
    [
      'model',
      model === undefined
        ? 'none loaded yet'
        : `${model.id} (${model.sha256.slice(0, 8)}) on ${model.provider}`,
    ],
    ['configuration', configurationText(configuration, time, nowMs)],
  ];
}

function todayText({ today: { received, dispositions } }: StatusFacts): string {
  const parts = Object.entries(dispositions)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`);
  return `${received} received${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
}

function outcomesText(outcomes: StatusFacts['today']['outcomes']): string {
  const parts = Object.entries(outcomes).map(([name, count]) => `${count} ${name.replace('_', ' ')}`);
  return parts.length === 0 ? 'none today' : parts.join(', ');
}

function configurationText(
  { readAtMs, runningSha256, filesSha256, refusedAtMs }: StatusFacts['configuration'],
  time: SiteTime,
  nowMs: number,
): string {
  const files = `files ${filesSha256.slice(0, 8)}`;
  if (readAtMs === undefined) return files;
  const age = `read ${time.near(readAtMs, nowMs)}, ${duration(nowMs - readAtMs)} ago`;
  if (refusedAtMs !== undefined) return `${age}; the newer files are refused: lumbar-node check`;
  if (runningSha256 === undefined) return `${age}; ${files}`;
  return runningSha256 === filesSha256
    ? `${age}, as in the files`
    : `${age}; THE FILES DIFFER: lumbar-node reload`;
}

function short(text: string, columns: number): string {
  const clean = printable(text);
  return clean.length <= Math.min(columns, screenColumns) ? clean : `${clean.slice(0, columns - 3)}...`;
}
