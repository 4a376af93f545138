import { html } from 'hono/html';
import type { SiteTime } from '../site-time.ts';
import type { Page } from './page.ts';
import { facts, type Html, mark, moment, nothing, table } from './parts.ts';
import type { ModelLabel } from './ports.ts';

/** The facts label: what the model is for, what it is not for, what it was trained on and how it did there. */
export function modelPage(label: ModelLabel | undefined, time: SiteTime, nowMs: number): Page {
  if (label === undefined)
    return {
      title: 'Model',
      section: '/model',
      body: html`<h1>No model is loaded</h1><p>The worker has not verified a model yet. <code>lumbar-node doctor</code> says why.</p>`,
    };
  return {
    title: label.name,
    section: '/model',
    body: html`<h1>${label.name} ${label.version}</h1>
${label.clinicalUse ? nothing : html`<p class="banner"><strong>Not for clinical use.</strong> ${label.trainingStatement}</p>`}
<div class="beside"><div>
<h2>Meant for</h2><p>${label.intendedUse}</p>
<h2>Not meant for</h2><ul>${label.notFor.map((one) => html`<li>${one}</li>`)}</ul>
${classTable(label)}
</div><div>
<h2>Identity</h2>
${facts([
  ['Package', label.id],
  ['SHA-256', html`<code class="hash">${label.sha256}</code>`],
  ['Licence', label.licence],
  ['Training data', label.trainingKind],
  ['Calibration', label.calibration ?? 'none: values are scores, not probabilities'],
  [
    'Self-test',
    label.loaded === undefined
      ? mark('attention', 'not verified on this machine')
      : html`${mark('well', 'hash and golden answers agree')} ${moment(label.loaded.atMs, time, nowMs)}, on ${label.loaded.provider}`,
  ],
])}
${figureTable(label)}
<h2>Evaluation</h2>
${
  label.hasEvaluation
    ? html`<p><a href="/model/evaluation">The evaluation report of this package</a></p>`
    : html`<p>This package brings no evaluation report. Make one with your own images: <code>lumbar-node evaluate</code>.</p>`
}
</div></div>`,
  };
}

function classTable({ classes, calibration }: ModelLabel): Html {
  const value = (number: number | undefined): string =>
    number === undefined
      ? ''
      : calibration === undefined
        ? number.toFixed(2)
        : `${Math.round(number * 100)} %`;
  return table({
    caption: 'Classes, and from which value a finding is reported',
    columns: [
      { head: 'Class' },
      { head: 'Reported from', kind: 'number' },
      { head: 'Uncertain range', kind: 'number' },
    ],
    rows: classes.map(({ label, threshold, indeterminate }) => [
      label,
      value(threshold),
      indeterminate === undefined ? '' : `${value(indeterminate[0])} to ${value(indeterminate[1])}`,
    ]),
    empty: 'The package names no classes.',
  });
}

function figureTable({ figures, measuredOn, trainingKind }: ModelLabel): Html {
  if (figures.length === 0) return nothing;
  const kind = trainingKind === 'simulated' ? ' SIMULATED data, not clinical performance' : '';
  return table({
    caption: `Figures of the package, measured on ${measuredOn ?? 'its validation data'}.${kind}`,
    columns: [
      { head: 'Figure' },
      { head: 'Value', kind: 'number' },
      { head: 'Wanted', kind: 'number' },
      { head: 'Met' },
    ],
    rows: figures.map(({ name, value, limit }) => [
      name,
      value.toFixed(3),
      limit === undefined ? '' : limit.toFixed(3),
      limit === undefined
        ? ''
        : mark(isMet(name, value, limit) ? 'well' : 'attention', isMet(name, value, limit) ? 'yes' : 'no'),
    ]),
    empty: '',
  });
}

/** Errors are to be small, everything else large. */
function isMet(name: string, value: number, limit: number): boolean {
  return /error|refused/i.test(name) ? value <= limit : value >= limit;
}
