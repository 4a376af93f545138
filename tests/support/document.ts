import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** A file of the repository as text. */
export function documentText(path: string): string {
  return readFileSync(resolve(root, path), 'utf8');
}

/** What a Markdown text shows as code: spans in backticks and the lines of fenced blocks, without their comments. */
export function codeIn(markdown: string): string[] {
  const fence = /^ *```.*\n([\s\S]*?)^ *```/gm;
  const lines = [...markdown.matchAll(fence)].flatMap(([, block = '']) => block.split('\n'));
  const spans = [...markdown.replaceAll(fence, '').matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
  return [...lines, ...spans].map((code) => code.replace(/(^|\s)#.*$/, '').trim()).filter(Boolean);
}

/** The cells of each row of the table that follows a heading or line, without head and rule. */
export function tableAfter(markdown: string, line: string): string[][] {
  const at = markdown.indexOf(`${line}\n`);
  if (at < 0) throw new Error(`the document has no line "${line}"`);
  const rows = markdown.slice(at).split('\n');
  const start = rows.findIndex((row) => row.startsWith('|'));
  const end = rows.findIndex((row, index) => index > start && !row.startsWith('|'));
  return rows.slice(start + 2, end).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
