import { type PathStep, parseYamlDocument, type TextSpan, type YamlDocument } from '../yaml-document.ts';
import type { ConfigFault } from './faults.ts';

/** One file of a folder, as it was read. `name` is what faults print. */
export interface SourceFile {
  readonly name: string;
  readonly text: string;
}

/** Where a value came from. */
export type Origin =
  | { readonly kind: 'file'; readonly file: string; readonly line: number }
  | { readonly kind: 'environment'; readonly variable: string }
  | { readonly kind: 'default' };

interface Placed {
  readonly name: string;
  readonly document: YamlDocument;
}

/**
 * Several YAML files read as one mapping. Each top-level key lives in one file only; the place of every value
 * stays known.
 */
export interface SourceSet {
  readonly value: Readonly<Record<string, unknown>>;
  readonly faults: readonly ConfigFault[];
  /** Names of the files, in order. */
  readonly names: readonly string[];
  /** The file that holds a path's top-level key, if any does. */
  readonly place: (path: readonly PathStep[], at: 'key' | 'value' | 'parent') => Place | undefined;
  /** The text that stands at a path, cut at the end of its line. */
  readonly written: (path: readonly PathStep[]) => string | undefined;
}

export interface Place {
  readonly file: string;
  readonly span: TextSpan;
  readonly sourceLine: string | undefined;
}

/** Reads the files; YAML faults and keys that live twice come back as faults, everything readable as value. */
export function readSources(files: readonly SourceFile[]): SourceSet {
  const documents: Placed[] = files.map((file) => ({
    name: file.name,
    document: parseYamlDocument(file.text),
  }));
  const owner = new Map<string, Placed>();
  const value: Record<string, unknown> = {};
  const faults: ConfigFault[] = documents.flatMap((placed) =>
    placed.document.faults.map((fault) => toFault(placed, fault.span, '', fault.message, undefined)),
  );
  for (const placed of documents) {
    const content = placed.document.value;
    if (content === null || content === undefined) continue;
    if (typeof content !== 'object' || Array.isArray(content)) {
      if (placed.document.faults.length > 0) continue;
      const span = { line: 1, column: 1, length: 1 };
      faults.push(
        toFault(placed, span, '', 'this file must hold settings of the form "name: value"', undefined),
      );
      continue;
    }
    for (const [key, inner] of Object.entries(content)) {
      const first = owner.get(key);
      if (first === undefined) {
        owner.set(key, placed);
        value[key] = inner;
        continue;
      }
      const line = first.document.spanOfKey([key])?.line ?? 1;
      const span = placed.document.spanOfKey([key]) ?? { line: 1, column: 1, length: 1 };
      faults.push(
        toFault(
          placed,
          span,
          key,
          `"${key}" is already set at ${first.name}:${line}`,
          'keep it in one file only',
        ),
      );
    }
  }
  const place = (path: readonly PathStep[], at: 'key' | 'value' | 'parent'): Place | undefined => {
    const placed = owner.get(String(path[0]));
    if (placed === undefined) return undefined;
    for (let length = at === 'parent' ? path.length - 1 : path.length; length > 0; length--) {
      const part = path.slice(0, length);
      const exact = length === path.length && at === 'value';
      const span = (exact ? placed.document.spanOfValue(part) : undefined) ?? placed.document.spanOfKey(part);
      if (span) return { file: placed.name, span, sourceLine: placed.document.lines[span.line - 1] };
    }
    return undefined;
  };
  return {
    value,
    faults,
    names: files.map((file) => file.name),
    place,
    written: (path) => {
      const found = place(path, 'value');
      return found?.sourceLine?.slice(found.span.column - 1, found.span.column - 1 + found.span.length);
    },
  };
}

function toFault(
  placed: Placed,
  span: TextSpan,
  path: string,
  message: string,
  help: string | undefined,
): ConfigFault {
  return { file: placed.name, span, sourceLine: placed.document.lines[span.line - 1], path, message, help };
}
