import { html, raw } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import type { Disposition, Outcome } from '../../core/outcome.ts';
import { type Reason, reasonCatalogue } from '../../core/reasons.ts';
import type { Standing } from '../explain/explanation.ts';
import type { SiteTime } from '../site-time.ts';
import { printable } from '../text-layout.ts';

/** A piece of a page. Everything put into a template is escaped, unless it is a piece itself. */
export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

export const nothing: Html = raw('');

export type Tone = 'well' | 'waiting' | 'attention' | 'plain';

/** A word with a shape before it: shape, word and colour say the same, so that none of them is needed. */
export function mark(tone: Tone, word: string): Html {
  return html`<span class="mark ${tone}">${word}</span>`;
}

export function toneOf(standing: Standing): Tone {
  return standing === 'done' ? 'well' : standing;
}

const dispositionTone: Readonly<Record<Disposition, Tone>> = {
  analysed: 'well',
  skipped: 'plain',
  held: 'attention',
  refused: 'waiting',
  failed: 'attention',
  quarantined: 'attention',
  pending: 'waiting',
};

/** How an image ended, in the words of every other surface (core/outcome.ts). */
export function endMark(disposition: Disposition, outcome: Outcome | null): Html {
  if (disposition === 'analysed' && outcome !== null)
    return html`<span class="outcome ${outcome === 'SUSPECTED' ? 'suspected' : ''}">${outcomeWords(outcome)}</span>`;
  return mark(dispositionTone[disposition], disposition);
}

export function outcomeWords(outcome: Outcome): string {
  return outcome.replaceAll('_', ' ');
}

export function reasonWords(reasons: readonly Reason[]): string {
  const [first] = reasons;
  if (first === undefined) return '';
  const { text } = reasonCatalogue[first.code];
  return `${first.code} ${text}${reasons.length > 1 ? ` (+${reasons.length - 1})` : ''}`;
}

/** The last digits of a UID: enough to tell two apart, too few to look a patient up. */
export function uidTail(uid: string): string {
  return uid.length <= 8 ? uid : `…${uid.slice(-8)}`;
}

/** A moment in the site's zone, with the exact instant for machines. */
export function moment(epochMs: number, time: SiteTime, nowMs: number): Html {
  return html`<time datetime="${new Date(epochMs).toISOString()}">${time.near(epochMs, nowMs)}</time>`;
}

export interface Column {
  readonly head: string;
  readonly kind?: 'number' | 'text';
}

/** A table with a caption and column scopes; one that is empty says so in words. */
export function table(options: {
  readonly caption: string;
  /** `unseen` when a heading above says the same; those who listen still hear it. */
  readonly captionLook?: 'seen' | 'unseen';
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly (Html | string)[])[];
  readonly empty: string;
}): Html {
  const { caption, captionLook = 'seen', columns, rows, empty } = options;
  if (rows.length === 0) return html`<p class="empty">${empty}</p>`;
  const numeric = columns.map(({ kind }) => (kind === 'number' ? 'number' : ''));
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table>
<caption class="${captionLook}">${caption}</caption>
<thead><tr>${columns.map(({ head }, index) => html`<th scope="col" class="${numeric[index] ?? ''}">${head}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row) =>
      html`<tr>${row.map((cell, index) =>
        index === 0
          ? html`<th scope="row" class="${numeric[index] ?? ''}" data-head="${columns[index]?.head ?? ''}">${cell}</th>`
          : html`<td class="${numeric[index] ?? ''}" data-head="${columns[index]?.head ?? ''}">${cell}</td>`,
      )}</tr>`,
  )}</tbody></table></div>`;
}

/** Names and values, one a line. */
export function facts(rows: readonly (readonly [string, Html | string])[]): Html {
  return html`<dl class="facts">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** Large figures with their names, for the first look. */
export function figures(
  rows: readonly { readonly name: string; readonly value: number | string; readonly href?: string }[],
): Html {
  return html`<ul class="figures">${rows.map(({ name, value, href }) => {
    const body = html`<b>${value}</b> <span>${name}</span>`;
    return html`<li>${href === undefined ? html`<div>${body}</div>` : html`<a href="${href}">${body}</a>`}</li>`;
  })}</ul>`;
}

/** What a person does next. Commands of the terminal are set apart, so that they can be copied. */
export function advice(items: readonly string[]): Html {
  if (items.length === 0) return nothing;
  return html`<div class="advice"><h2>Do</h2><ul>${items.map((item) => html`<li>${withCommands(item)}</li>`)}</ul></div>`;
}

const noun =
  'list|show|retry|cancel|hold|release|dismiss|query|tail|export|verify|day|inspect|activate|rollback|test';

/** A command of ours or of systemd, with what clearly belongs to it: a noun, options, a UID. */
const command = new RegExp(
  `(lumbar-node [a-z]+(?:-[a-z]+)*(?: (?:${noun})\\b)?(?: --peer [\\w-]+| --[a-z-]+| [0-9]+(?:\\.[0-9]+)+)*|journalctl -u [a-z-]+|systemctl [a-z]+ [a-z-]+)`,
);

function withCommands(text: string): Html {
  // Splitting by a group keeps the commands, at the odd places.
  return html`${printable(text)
    .split(command)
    .map((piece, index) => (index % 2 === 1 ? html`<code>${piece}</code>` : piece))}`;
}

/** Options of a choice, with the chosen one. */
export function choices(
  values: readonly (readonly [string, string])[],
  chosen: string | undefined,
  any: string,
): Html {
  return html`<option value="">${any}</option>${values.map(
    ([value, label]) =>
      html`<option value="${value}" ${value === chosen ? raw('selected') : nothing}>${label}</option>`,
  )}`;
}
