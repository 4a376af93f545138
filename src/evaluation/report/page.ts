import type { CaseResult } from '../evaluate.ts';
import type { Evaluation } from '../summary.ts';
import { curveSections, type Plot } from './curve-sections.ts';
import { definedNames, definitionOf } from './definitions.ts';
import { figureSections } from './figures-sections.ts';
import { anchor, escapeXml, paragraph, type Section } from './markup.ts';
import { count, percent } from './numbers.ts';
import { styleSheet } from './style-sheet.ts';
import { trustSections } from './trust-sections.ts';

/** A case of the failure gallery with its picture. */
export interface GalleryEntry {
  readonly entry: CaseResult;
  readonly kind: 'missed' | 'false alarm' | 'confused';
  /** JPEG of the capture the node would have produced, without identity. */
  readonly jpeg: Uint8Array | undefined;
}

/**
 * One self-contained page: inline SVG and CSS, no script, no request, prints well. The first thing on it says what is
 * simulated, whether the run is whole, and whether the acceptance limits are met.
 */
export function reportPage(
  evaluation: Evaluation,
  plots: readonly Plot[],
  gallery: readonly GalleryEntry[],
): string {
  const { model } = evaluation;
  const title = `Evaluation of ${model.id} ${model.version}`;
  const sections = [
    ...figureSections(evaluation),
    ...curveSections(evaluation, plots),
    ...trustSections(evaluation),
    { id: 'errors', title: 'Worst errors', body: galleryHtml(gallery) },
    { id: 'definitions', title: 'What the figures mean', body: definitionsHtml() },
  ].filter(({ body }) => body !== '');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escapeXml(title)}</title>
<style>${styleSheet}</style>
</head>
<body>
<header>
<h1>${escapeXml(title)}</h1>
${bannersHtml(evaluation)}
${summaryHtml(evaluation)}
</header>
<nav aria-label="Contents"><ol>${sections.map(({ id, title: name }) => `<li><a href="#${id}">${escapeXml(name)}</a></li>`).join('')}</ol></nav>
<main>
${sections.map(sectionHtml).join('\n')}
</main>
<footer>${escapeXml(evaluation.notice ?? 'Research use only. Not a diagnosis.')}</footer>
</body>
</html>
`;
}

function bannersHtml({ notice, complete, data, acceptance }: Evaluation): string {
  const unmet = acceptance.filter(({ met }) => !met);
  const contradictions = data.duplicates.filter(({ contradiction }) => contradiction).length;
  const banner = (kind: string, text: string): string =>
    `<p class="banner ${kind}" role="note">${escapeXml(text)}</p>`;
  const verdict =
    acceptance.length === 0
      ? banner('plain', 'The manifest of the model sets no acceptance limits.')
      : unmet.length === 0
        ? banner('good', `All ${acceptance.length} acceptance limits are met.`)
        : banner(
            'bad',
            `${unmet.length} of ${acceptance.length} acceptance limits are NOT met: ${unmet.map(({ name }) => name).join(', ')}.`,
          );
  return [
    ...(notice === null ? [] : [banner('warning', notice)]),
    ...(complete
      ? []
      : [
          banner(
            'warning',
            `Stopped early: ${count(data.images)} of ${count(data.listed)} images. The figures are those of the part that was done.`,
          ),
        ]),
    ...(contradictions === 0
      ? []
      : [
          banner('bad', `${contradictions} sets of equal images carry different labels; see Data and model.`),
        ]),
    verdict,
  ].join('\n');
}

function summaryHtml({
  data,
  answered: { macro },
  rejection: { refused },
  speed,
  model,
}: Evaluation): string {
  const tiles = [
    ['images', count(data.images)],
    ['patients', count(data.patients)],
    ['accuracy', percent(macro.accuracy)],
    ['mean sensitivity', percent(macro.sensitivity)],
    ['mean specificity', percent(macro.specificity)],
    ['no answer', percent(refused)],
    ['median model time', `${speed.modelMs.p50.toFixed(0)} ms, ${model.provider}`],
  ];
  return `<dl class="tiles">${tiles.map(([name = '', value = '']) => `<div><dt>${escapeXml(name)}</dt><dd>${escapeXml(value)}</dd></div>`).join('')}</dl>`;
}

function sectionHtml({ id, title, body }: Section): string {
  return `<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${escapeXml(title)}</h2>\n${body}</section>`;
}

function galleryHtml(gallery: readonly GalleryEntry[]): string {
  if (gallery.length === 0) return paragraph('No wrong call.');
  const figures = gallery.map(({ entry: { image, answer }, kind, jpeg }) => {
    const answers = Object.entries(answer.probabilities ?? {})
      .map(([id, value]) => `${id} ${(value * 100).toFixed(0)} %`)
      .join(', ');
    const text = `${kind}: line ${image.line}, labelled ${image.label}; answered ${answers}`;
    const picture =
      jpeg === undefined
        ? '<p>no picture</p>'
        : `<img alt="Capture of the image on line ${image.line}" src="data:image/jpeg;base64,${Buffer.from(jpeg).toString('base64')}">`;
    return `<figure>${picture}<figcaption>${escapeXml(text)}</figcaption></figure>`;
  });
  return (
    paragraph(
      'The surest wrong calls, with the capture that the node would have sent. Names and numbers of patients are not drawn; what a modality burned into the pixels is still there.',
    ) + `<div class="gallery">${figures.join('')}</div>`
  );
}

function definitionsHtml(): string {
  const entries = definedNames.map(
    (name) =>
      `<dt id="def-${anchor(name)}">${escapeXml(name)}</dt><dd>${escapeXml(definitionOf(name) ?? '')}</dd>`,
  );
  return `<dl class="definitions">${entries.join('\n')}</dl>`;
}
