import { html } from 'hono/html';
import { type ExplainedLine, type Explanation, onlyImage } from '../explain/explanation.ts';
import type { SiteTime } from '../site-time.ts';
import { counted, printable } from '../text-layout.ts';
import { decisionForm, feedbackForm } from './forms.ts';
import type { Page } from './page.ts';
import { advice, facts, type Html, mark, moment, nothing, table, toneOf } from './parts.ts';
import type { ImageFile } from './ports.ts';

export interface ImagePageInput {
  readonly image: ImageFile;
  readonly explanation: Explanation;
  readonly time: SiteTime;
  readonly nowMs: number;
  /** Proof for the forms of this page. */
  readonly token: string;
  /** What a form has just done, said once. */
  readonly said: string;
}

/** One image from arrival to delivery: the same words as `explain`, beside the picture that the PACS got. */
export function imagePage(input: ImagePageInput): Page {
  const { image, explanation, time } = input;
  const shown = onlyImage(explanation, image.sopInstanceUid);
  const own = shown.images[0];
  const others = explanation.images.filter(({ instanceId }) => instanceId !== image.instanceId);
  return {
    title: own?.verdict ?? 'Image',
    section: '/images',
    body: html`${input.said === '' ? nothing : html`<p class="said" role="status">${input.said}</p>`}
<h1>${own?.verdict ?? 'Nothing is known about this image'}</h1>
<p class="quiet">${[own?.place, own?.view].filter((part) => part !== undefined && part !== '').join(' · ')}</p>
<div class="beside">
<div>
${advice(own?.next ?? [])}
${image.disposition === 'held' ? decisionForm({ ids: [image.instanceId], token: input.token, back: 'image' }) : nothing}
<h2>What happened, times ${time.zone}</h2>
${story(own?.lines ?? [], time, `What happened to this image, times ${time.zone}`)}
${shown.reports.map(
  (report) => html`<h2>${report.title}</h2>${story(report.lines, time, report.title)}${advice(report.next)}`,
)}
${shown.study.length === 0 ? nothing : html`<h2>The study's report</h2>${story(shown.study, time, "The study's report")}${advice(shown.next)}`}
</div>
<div>
${pictures(image)}
${image.isAnalysed ? feedbackForm(image, input.token) : nothing}
${feedbackList(input)}
</div>
</div>
<section aria-labelledby="study"><h2 id="study">Study</h2>
${facts([
  [
    'Accession number',
    explanation.accessionNumber === null ? 'none' : printable(explanation.accessionNumber),
  ],
  ['Study', html`<code>${explanation.studyInstanceUid}</code>`],
  ['Image', html`<code>${image.sopInstanceUid}</code>`],
  ['In one sentence', explanation.summary],
])}
${
  others.length === 0
    ? nothing
    : table({
        caption: `The ${counted(others.length, 'other image')} of this study`,
        columns: [{ head: 'No.', kind: 'number' }, { head: 'View' }, { head: 'What became of it' }],
        rows: others.map(({ number, instanceId, view, place, verdict, standing }) => [
          html`<a href="/images/${instanceId}">${number}</a>`,
          [place, view].filter((part) => part !== '').join(' · '),
          html`${mark(toneOf(standing), standing)} ${verdict}`,
        ]),
        empty: '',
      })
}</section>`,
  };
}

function story(lines: readonly ExplainedLine[], time: SiteTime, caption: string): Html {
  return table({
    caption,
    captionLook: 'unseen',
    columns: [{ head: 'Time' }, { head: 'What' }, { head: 'In words' }],
    rows: lines.map(({ atMs, topic, text }) => [
      atMs === null
        ? ''
        : html`<time datetime="${new Date(atMs).toISOString()}">${time.exactClock(atMs)}</time>`,
      topic,
      text,
    ]),
    empty: 'Nothing yet.',
  });
}

function pictures({ instanceId, hasCapture, hasSource }: ImageFile): Html {
  if (hasCapture)
    return html`<figure><a href="/images/${instanceId}/capture.png"><img src="/images/${instanceId}/capture.png" alt="The picture that was made for the PACS; its text is repeated on this page."></a>
<figcaption>The picture that the PACS gets. Research use only.</figcaption></figure>`;
  if (hasSource)
    return html`<figure><a href="/images/${instanceId}/source.png"><img src="/images/${instanceId}/source.png" alt="The received image, reduced."></a>
<figcaption>The image as it was received, reduced. Not for diagnosis.</figcaption></figure>`;
  return html`<p class="empty">There is no picture: the file was removed by its retention rule or lost.</p>`;
}

function feedbackList({ image, time, nowMs }: ImagePageInput): Html {
  if (image.feedback.length === 0) return nothing;
  return table({
    caption: 'What readers said',
    columns: [
      { head: 'When' },
      { head: 'Who' },
      { head: 'Judgement' },
      { head: 'Class' },
      { head: 'Comment' },
    ],
    rows: image.feedback.map(({ atMs, operator, judgement, readerClass, comment }) => [
      moment(atMs, time, nowMs),
      printable(operator),
      judgement,
      printable(readerClass ?? ''),
      printable(comment ?? ''),
    ]),
    empty: '',
  });
}
