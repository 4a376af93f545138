import { readFileSync } from 'node:fs';
import { err, ok, type Result } from '../core/result.ts';
import { parseYamlDocument, type TextSpan } from '../core/yaml-document.ts';
import { type ClassCodes, parseClassCodes } from './class-codes.ts';
import { loadTypeface, type Typeface } from './secondary-capture/typeface.ts';
import { parseWording, type Wording } from './wording/wording.ts';

/** The files that decide how results are worded, coded and drawn; loaded once per process. */
export interface ResultResources {
  /** Sentences of the report. */
  readonly wording: Wording;
  /** Sentences of the capture: the same language, or English when the shipped fonts lack a glyph of it. */
  readonly captureWording: Wording;
  readonly codes: ClassCodes;
  readonly typeface: Typeface;
}

export interface ResourceFiles {
  /** `config/wording/<language>.yaml`. */
  readonly wordingFile: string;
  /** `config/wording/en.yaml`, what the capture falls back to. */
  readonly englishFile: string;
  readonly codesFile: string;
  readonly fontFolder: string;
}

export interface ResourceFault {
  readonly file: string;
  readonly span: TextSpan;
  readonly message: string;
}

/** Reads and checks all resources; every fault of every file is reported at once, with its place. */
export function loadResultResources(files: ResourceFiles): Result<ResultResources, readonly ResourceFault[]> {
  const wording = loadYaml(files.wordingFile, parseWording);
  const english =
    files.englishFile === files.wordingFile ? wording : loadYaml(files.englishFile, parseWording);
  const codes = loadYaml(files.codesFile, parseClassCodes);
  if (!wording.ok || !english.ok || !codes.ok) {
    const results = english === wording ? [wording, codes] : [wording, english, codes];
    return err(results.flatMap((result) => (result.ok ? [] : result.error)));
  }
  const typeface = loadTypeface(files.fontFolder);
  const drawable = typeface.missing(wordingText(wording.value, codes.value)).length === 0;
  return ok({
    wording: wording.value,
    captureWording: drawable ? wording.value : english.value,
    codes: codes.value,
    typeface,
  });
}

/** Every text that a capture in this language could need. */
function wordingText(wording: Wording, codes: ClassCodes): string {
  const names = Object.values(codes.classes).map(({ name }) => name[wording.language.value] ?? '');
  return JSON.stringify(wording).replaceAll(/\\[nr]/g, '') + names.join('');
}

interface Fault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

function loadYaml<T>(
  file: string,
  parse: (value: unknown) => Result<T, readonly Fault[]>,
): Result<T, readonly ResourceFault[]> {
  const document = parseYamlDocument(readFileSync(file, 'utf8'));
  if (document.faults.length > 0) return err(document.faults.map((fault) => ({ file, ...fault })));
  const parsed = parse(document.value);
  if (parsed.ok) return parsed;
  return err(
    parsed.error.map(({ path, message }) => ({
      file,
      span: nearestSpan(path, (steps) => document.spanOfValue(steps)),
      message: `${path.join('.')}: ${message}`,
    })),
  );
}

/** A missing key has no place of its own: its parent's is shown. */
function nearestSpan(
  path: readonly (string | number)[],
  spanOf: (path: readonly (string | number)[]) => TextSpan | undefined,
): TextSpan {
  for (let length = path.length; length >= 0; length--) {
    const span = spanOf(path.slice(0, length));
    if (span !== undefined) return span;
  }
  return { line: 1, column: 1, length: 1 };
}
