import { html } from 'hono/html';
import type { Readings } from '../readings.ts';
import { healthOf, latencyText, type StatusFacts } from '../status/status-report.ts';
import type { SiteTime } from '../site-time.ts';
import { duration, printable, size } from '../text-layout.ts';
import { destinationsTable } from './destinations-table.ts';
import type { Page } from './page.ts';
import {
  advice,
  facts,
  figures,
  type Html,
  mark,
  moment,
  nothing,
  outcomeWords,
  table,
  type Tone,
} from './parts.ts';
import type { AlertRow } from './ports.ts';

export interface StatusPageInput {
  readonly facts: StatusFacts;
  readonly readings: Readings;
  readonly alerts: readonly AlertRow[];
  readonly time: SiteTime;
  readonly refresh: 'on' | 'off';
}

const refreshSeconds = 30;

/** The first page: is all well, in one sentence; then the figures it comes from. */
export function statusPage(input: StatusPageInput): Page {
  const { facts: status, time, refresh } = input;
  const { health, sentence, next } = healthOf(status, time);
  return {
    title: health === 'well' ? 'All is well' : 'Attention',
    section: '/',
    ...(refresh === 'on' ? { refreshSeconds } : {}),
    body: html`<h1 class="verdict ${health === 'well' ? 'well' : 'attention'}" role="status">${sentence}</h1>
<p class="quiet">${time.moment(status.nowMs)} ${time.zone}. ${
      refresh === 'on'
        ? html`This page renews itself every ${refreshSeconds} s. <a href="/?refresh=off">Stop that</a>`
        : html`This page stands still. <a href="/">Renew it every ${refreshSeconds} s</a>`
    }</p>
${advice(next)}
${today(status)}
${senders(status, time)}
${destinations(status, time)}
${processes(input.readings)}
${alertTable(input.alerts, time, status.nowMs)}
${figureList(status, time)}`,
  };
}

function today({ today: { received, dispositions, outcomes }, queue }: StatusFacts): Html {
  return html`<section aria-labelledby="today"><h2 id="today">Today</h2>
${figures([
  { name: 'received', value: received, href: '/images' },
  { name: 'analysed', value: dispositions.analysed, href: '/images?end=analysed' },
  { name: 'skipped, by design', value: dispositions.skipped, href: '/images?end=skipped' },
  { name: 'held now', value: queue.held, href: '/held' },
  { name: 'refused', value: dispositions.refused, href: '/images?end=refused' },
  { name: 'failed', value: dispositions.failed + dispositions.quarantined, href: '/images?end=failed' },
])}
${
  Object.keys(outcomes).length === 0
    ? nothing
    : html`<p class="outcomes">Results: ${Object.entries(outcomes).map(
        ([outcome, count], index) =>
          html`${index === 0 ? '' : ', '}<a href="/images?end=${outcome}">${count} ${outcomeWords(outcome as keyof typeof outcomes)}</a>`,
      )}.</p>`
}</section>`;
}

function senders({ senders: list, nowMs }: StatusFacts, time: SiteTime): Html {
  return html`<section aria-labelledby="senders"><h2 id="senders">Senders</h2>
${table({
  caption: 'Who sends images, and when the last one came',
  captionLook: 'unseen',
  columns: [
    { head: 'AE title' },
    { head: 'Name' },
    { head: 'Last image' },
    { head: 'In 24 h', kind: 'number' },
  ],
  rows: list.map(({ aeTitle, name, lastImageAtMs, images24h }) => [
    html`<a href="/images?sender=${encodeURIComponent(aeTitle)}">${printable(aeTitle)}</a>`,
    printable(name),
    lastImageAtMs === undefined ? 'never' : moment(lastImageAtMs, time, nowMs),
    String(images24h),
  ]),
  empty: 'No sender is configured.',
})}</section>`;
}

function destinations({ destinations: list, nowMs }: StatusFacts, time: SiteTime): Html {
  return html`<section aria-labelledby="destinations"><h2 id="destinations">Destinations</h2>
${destinationsTable(list, { caption: 'Where results go, and what waits', captionLook: 'unseen', page: '/queue', time, nowMs })}</section>`;
}

const processTone: Readonly<Record<Readings['processes'][number]['state'], Tone>> = {
  serving: 'well',
  starting: 'waiting',
  down: 'attention',
  'given-up': 'attention',
};

function processes({ processes: list }: Readings): Html {
  return html`<section aria-labelledby="processes"><h2 id="processes">Processes</h2>
${table({
  caption: 'The processes of this node',
  captionLook: 'unseen',
  columns: [
    { head: 'Process' },
    { head: 'State' },
    { head: 'Deaths since start', kind: 'number' },
    { head: 'Memory', kind: 'number' },
  ],
  rows: list.map(({ name, state, deaths, rssBytes }) => [
    name,
    mark(processTone[state], state.replace('-', ' ')),
    String(deaths),
    rssBytes === 0 ? '' : size(rssBytes),
  ]),
  empty: 'The supervisor has not said anything yet.',
})}</section>`;
}

function alertTable(alerts: readonly AlertRow[], time: SiteTime, nowMs: number): Html {
  return html`<section aria-labelledby="alerts"><h2 id="alerts">Alerts</h2>
${table({
  caption: 'The newest conditions that needed a person',
  captionLook: 'unseen',
  columns: [
    { head: 'Cause' },
    { head: 'State' },
    { head: 'Began' },
    { head: 'Over after' },
    { head: 'What' },
  ],
  rows: alerts.map(({ cause, detail, startedAtMs, recoveredAtMs }) => [
    printable(cause),
    recoveredAtMs === null ? mark('attention', 'active') : mark('well', 'over'),
    moment(startedAtMs, time, nowMs),
    recoveredAtMs === null ? '' : duration(recoveredAtMs - startedAtMs),
    printable(detail),
  ]),
  empty: 'Nothing has needed a person so far.',
})}</section>`;
}

function figureList(status: StatusFacts, time: SiteTime): Html {
  const { latency, disk, model, queue, configuration, startedAtMs, nowMs } = status;
  const { readAtMs } = configuration;
  return html`<section aria-labelledby="figures"><h2 id="figures">Figures</h2>
${facts([
  ...(startedAtMs === undefined ? [] : [['Running since', moment(startedAtMs, time, nowMs)] as const]),
  [
    'Analysis',
    `${queue.queued + queue.waiting} waiting, ${queue.running} in work, ${queue.quarantined} set aside, ${queue.openStudies} studies open`,
  ],
  ['Last byte to PACS, picture', latencyText(latency.captureMs)],
  ['Last byte to PACS, report', `${latencyText(latency.reportMs)}, quiet time included`],
  ['Disk', `${size(disk.freeBytes)} free; images are refused below ${size(disk.watermarkBytes)}`],
  [
    'Model',
    model === undefined
      ? 'none loaded yet'
      : html`<a href="/model">${model.id}</a> (${model.sha256.slice(0, 8)}) on ${model.provider}`,
  ],
  ['Configuration', readAtMs === undefined ? 'read at start' : html`read ${moment(readAtMs, time, nowMs)}`],
])}</section>`;
}
