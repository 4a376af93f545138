import { definitionKey } from './definitions.ts';

/** Text for XML and HTML. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

export interface Section {
  readonly id: string;
  readonly title: string;
  /** HTML; a section without any is left out. */
  readonly body: string;
}

/** A name of a figure as a link to what it means; plain text when nothing is defined under that name. */
export function term(name: string): string {
  const key = definitionKey(name);
  return key === undefined ? escapeXml(name) : `<a href="#def-${anchor(key)}">${escapeXml(name)}</a>`;
}

/** A fragment identifier for a name. */
export function anchor(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}

export interface Table {
  readonly caption: string;
  /** Names; each links to its definition where it has one. */
  readonly header: readonly string[];
  /** Cells as plain text; the first is the row's name. */
  readonly rows: readonly TableRow[];
}

export interface TableRow {
  readonly cells: readonly string[];
  readonly kind?: 'plain' | 'small' | 'bad' | 'strong';
}

/** An accessible table: caption, column and row headers with scope. Empty without rows. */
export function tableHtml({ caption, header, rows }: Table): string {
  if (rows.length === 0) return '';
  const head = header.map((name) => `<th scope="col">${term(name)}</th>`).join('');
  const body = rows
    .map(({ cells: [name = '', ...cells], kind = 'plain' }) => {
      const data = cells.map((cell) => `<td>${cellHtml(cell)}</td>`).join('');
      return `<tr${kind === 'plain' ? '' : ` class="${kind}"`}><th scope="row">${term(name)}</th>${data}</tr>`;
    })
    .join('\n');
  return (
    `<div class="wide"><table><caption>${escapeXml(caption)}</caption>` +
    `<thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table></div>\n`
  );
}

/** A value and its interval may go on two lines, but neither is broken. */
function cellHtml(cell: string): string {
  const split = /^(\S+(?: %)?) (\([\d.-]+ to [\d.-]+\))$/.exec(cell);
  if (split === null) return escapeXml(cell);
  return `<span class="value">${escapeXml(split[1] ?? '')}</span> <span class="ci">${escapeXml(split[2] ?? '')}</span>`;
}

export function paragraph(text: string): string {
  return `<p>${escapeXml(text)}</p>\n`;
}
