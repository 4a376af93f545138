import { html } from 'hono/html';
import { type DriftFinding, driftRule } from '../drift/drift.ts';
import type { SiteTime } from '../site-time.ts';
import { counted, printable } from '../text-layout.ts';
import type { Page } from './page.ts';
import { type Html, mark, moment, table, type Tone } from './parts.ts';
import type { SenderRow } from './ports.ts';

export interface SendersPageInput {
  readonly senders: readonly SenderRow[];
  readonly drift: { readonly atMs: number | undefined; readonly findings: readonly DriftFinding[] };
  readonly time: SiteTime;
  readonly nowMs: number;
}

const verdictTone: Readonly<Record<DriftFinding['verdict'], Tone>> = {
  usual: 'well',
  drifted: 'attention',
  'too few': 'plain',
};

/** Who sends, whether the silence is usual, and whether the images are still what they were. */
export function sendersPage({ senders, drift, time, nowMs }: SendersPageInput): Page {
  const drifted = drift.findings.filter(({ verdict }) => verdict === 'drifted').length;
  const silent = senders.filter(({ silence }) => silence === 'too long').length;
  return {
    title: 'Senders',
    section: '/senders',
    body: html`<h1>${headline(silent, drifted)}</h1>
${table({
  caption: `Senders, times ${time.zone}`,
  columns: [
    { head: 'AE title' },
    { head: 'Name' },
    { head: 'Last image' },
    { head: 'Silence' },
    { head: 'Usual hours' },
  ],
  rows: senders.map(({ aeTitle, name, lastImageAtMs, silence, usualHours }) => [
    html`<a href="/images?sender=${encodeURIComponent(aeTitle)}">${printable(aeTitle)}</a>`,
    printable(name),
    lastImageAtMs === undefined ? 'never' : moment(lastImageAtMs, time, nowMs),
    silence === 'too long'
      ? mark('attention', 'too long')
      : mark(silence === 'usual' ? 'well' : 'plain', silence),
    usualHours,
  ]),
  empty: 'No sender is configured.',
})}
<h2>Are the images still what they were?</h2>
<p class="quiet">Each sender is compared with its own past: the last ${driftRule.recentDays} days with the ${driftRule.usualDays} days before, same model only.
A change counts when both sides have enough images (${driftRule.minimumRecent} and ${driftRule.minimumUsual}), it is certain (z of ${driftRule.z} or more) and it is at least ${driftRule.difference * 100} percentage points.
${drift.atMs === undefined ? 'Not computed yet.' : html`Computed ${moment(drift.atMs, time, nowMs)}.`}</p>
${driftTable(drift.findings)}`,
  };
}

function headline(silent: number, drifted: number): string {
  if (silent > 0) return `${counted(silent, 'sender')} silent in usual hours`;
  if (drifted > 0) return `${counted(drifted, 'measure')} changed against the past`;
  return 'Senders are as usual';
}

const measures: Readonly<Record<string, string>> = {
  'in-scope': 'in scope, of all images',
  suspected: 'SUSPECTED, of those in scope',
  'no-result': 'NO RESULT, of those in scope',
};

function driftTable(findings: readonly DriftFinding[]): Html {
  const percent = (value: number): string => `${(value * 100).toFixed(1)} %`;
  return table({
    caption: 'Shares and mean values, now and before',
    columns: [
      { head: 'Sender' },
      { head: 'Measure' },
      { head: 'Recent', kind: 'number' },
      { head: 'Usual', kind: 'number' },
      { head: 'Images', kind: 'number' },
      { head: 'z', kind: 'number' },
      { head: 'Verdict' },
    ],
    rows: findings.map(({ sender, measure, recent, usual, recentCount, usualCount, z, verdict }) => [
      printable(sender),
      measures[measure] ?? `mean of ${measure}`,
      percent(recent),
      percent(usual),
      `${recentCount} / ${usualCount}`,
      verdict === 'too few' ? '' : z.toFixed(1),
      mark(verdictTone[verdict], verdict),
    ]),
    empty: 'There is no past to compare with yet.',
  });
}
