import { type PathStep, parseYamlDocument } from './yaml-document.ts';

export interface YamlReplacement {
  readonly path: readonly PathStep[];
  /** The new value; text is quoted where YAML needs it. */
  readonly value: string | number | readonly string[];
}

/**
 * The text with other values at some paths; comments, order and spacing stay. Each value must stand on one line.
 * Throws RangeError for a path that the text does not have: a template and its caller must agree.
 */
export function replaceYamlValues(text: string, replacements: readonly YamlReplacement[]): string {
  let current = text;
  for (const { path, value } of replacements) {
    const span = parseYamlDocument(current).spanOfValue(path);
    if (span === undefined) throw new RangeError(`the text has no value at ${path.join('.')}`);
    const lines = current.split('\n');
    const line = lines[span.line - 1] ?? '';
    const start = span.column - 1;
    lines[span.line - 1] = line.slice(0, start) + written(value) + line.slice(start + span.length);
    current = lines.join('\n');
  }
  return current;
}

function written(value: YamlReplacement['value']): string {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return `[${value.map(written).join(', ')}]`;
  // Plain where nobody could read it as something else: a number, a word YAML knows, an indicator.
  const isPlain =
    /^[A-Za-z/][A-Za-z0-9_./-]*$/.test(value) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value);
  return isPlain || /^\d{1,3}(\.\d{1,3}){3}(\/\d{1,2})?$/.test(value) ? value : JSON.stringify(value);
}
