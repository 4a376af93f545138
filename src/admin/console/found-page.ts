import { html } from 'hono/html';
import type { Explanation } from '../explain/explanation.ts';
import type { NeverSeen } from '../explain/never-seen.ts';
import { counted } from '../text-layout.ts';
import type { Page } from './page.ts';
import { advice, mark, table, toneOf } from './parts.ts';

/** The studies that a search led to, each with its images. */
export function foundPage(explanations: readonly Explanation[]): Page {
  return {
    title: 'Studies',
    section: '/images',
    body: html`<h1>${counted(explanations.length, 'study matches', 'studies match')}</h1>
${explanations.map(
  ({
    title,
    summary,
    images,
    reports,
    next,
  }) => html`<section><h2>${title}</h2><p>${summary}</p>${advice(next)}
${table({
  caption: 'Images of this study',
  captionLook: 'unseen',
  columns: [
    { head: 'No.', kind: 'number' },
    { head: 'View' },
    { head: 'Standing' },
    { head: 'What became of it' },
  ],
  rows: images.map(({ number, instanceId, place, view, verdict, standing }) => [
    html`<a href="/images/${instanceId}">${number}</a>`,
    [place, view].filter((part) => part !== '').join(' · '),
    mark(toneOf(standing), standing),
    verdict,
  ]),
  empty: 'No image is left of it.',
})}
${table({
  caption: 'Reports of this study',
  captionLook: 'unseen',
  columns: [{ head: 'Report' }, { head: 'Standing' }],
  rows: reports.map((report) => [report.title, mark(toneOf(report.standing), report.standing)]),
  empty: 'No report was written.',
})}</section>`,
)}`,
  };
}

/** Nothing is here by that name: what did come, what was turned away, what to do. */
export function neverSeenPage({ sentence, details, next }: NeverSeen): Page {
  return {
    title: 'Not here',
    section: '/images',
    body: html`<h1>${sentence}</h1><ul>${details.map((detail) => html`<li>${detail}</li>`)}</ul>${advice(next)}`,
  };
}

/** A sentence instead of a page: not found, refused, too old. */
export function sentencePage(title: string, sentence: string): Page {
  return { title, section: '', body: html`<h1>${title}</h1><p>${sentence}</p>` };
}
