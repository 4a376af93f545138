import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ConfigFault, checkSources, type SourceFile } from '../../core/config/index.ts';
import type { Dynamic } from '../../core/outcome.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { termOf, wordsOf } from './normalised-text.ts';
import { type PhraseKind, type VocabularyData, vocabularySchema } from './vocabulary-schema.ts';

export type RegionMeaning = 'lumbar' | 'other' | 'unclear';
export type ViewMeaning = 'lateral' | 'frontal' | 'oblique' | 'axial' | 'unclear';

/** A phrase found in a text. */
export interface PhraseMatch {
  readonly kind: PhraseKind;
  /** As it is written in the vocabulary. */
  readonly phrase: string;
}

/** The vocabulary, ready to be asked. Codes are looked up by `designator|value` with old designators mapped to SRT. */
export interface ViewVocabulary {
  readonly regionOfCode: ReadonlyMap<string, { readonly meaning: RegionMeaning; readonly name: string }>;
  readonly viewOfCode: ReadonlyMap<string, { readonly meaning: ViewMeaning; readonly name: string }>;
  readonly viewOfModifier: ReadonlyMap<string, { readonly meaning: ViewMeaning; readonly name: string }>;
  readonly dynamicOfCode: ReadonlyMap<string, { readonly meaning: Dynamic; readonly name: string }>;
  readonly stitchingCodes: ReadonlySet<string>;
  readonly regionOfTerm: ReadonlyMap<string, RegionMeaning>;
  readonly viewOfTerm: ReadonlyMap<string, ViewMeaning | 'flexion' | 'extension'>;
  readonly derivedMarkers: ReadonlySet<string>;
  readonly stitchedMarkers: ReadonlySet<string>;
  /** The phrases in a text, longest first; a word is used by one phrase only. */
  phrasesIn(text: string): readonly PhraseMatch[];
  /** The data it was made of, for the rule version. */
  readonly data: VocabularyData;
}

/** Reads the vocabulary files of a folder (`*.yaml`); every fault with its place, or the vocabulary. */
export function loadViewVocabulary(folder: string): Result<ViewVocabulary, readonly ConfigFault[]> {
  try {
    const names = readdirSync(folder)
      .filter((name) => name.endsWith('.yaml'))
      .sort();
    return parseViewVocabulary(
      names.map((name) => ({ name: join(folder, name), text: readFileSync(join(folder, name), 'utf8') })),
    );
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    return err([
      {
        file: folder,
        span: undefined,
        sourceLine: undefined,
        path: '',
        message: `the vocabulary of views cannot be read (${code})`,
        help: 'check rules.vocabulary',
      },
    ]);
  }
}

/** The pure part of `loadViewVocabulary`. */
export function parseViewVocabulary(
  files: readonly SourceFile[],
): Result<ViewVocabulary, readonly ConfigFault[]> {
  const data = checkSources(files, vocabularySchema);
  return data.ok ? ok(buildVocabulary(data.value)) : data;
}

/** `scheme|value` of a code, with the designators that were used for SRT before and beside it. */
export function codeKey(scheme: string, value: string): string {
  const designator = scheme.trim().toUpperCase();
  return `${designator === 'SNM3' || designator === '99SDM' ? 'SRT' : designator}|${value.trim().toUpperCase()}`;
}

interface Phrase extends PhraseMatch {
  readonly words: readonly string[];
  /** The last word stands for every word that begins with it. */
  readonly open: boolean;
}

function buildVocabulary(data: VocabularyData): ViewVocabulary {
  const phrases = indexPhrases(data);
  const codes = <T>(
    entries: readonly { scheme: string; value: string; name: string }[],
    meanings: readonly T[],
  ) =>
    new Map(
      entries.map((entry, index) => [
        codeKey(entry.scheme, entry.value),
        { meaning: meanings[index] as T, name: entry.name },
      ]),
    );
  const terms = <T extends string>(lists: Readonly<Record<T, readonly string[]>>) =>
    new Map(
      (Object.entries(lists) as [T, readonly string[]][]).flatMap(([meaning, list]) =>
        list.map((term) => [termOf(term), meaning] as const),
      ),
    );
  return {
    regionOfCode: codes(
      data.regionCodes,
      data.regionCodes.map((one) => one.region),
    ),
    viewOfCode: codes(
      data.viewCodes,
      data.viewCodes.map((one) => one.view),
    ),
    viewOfModifier: codes(
      data.viewModifierCodes,
      data.viewModifierCodes.map((one) => one.view),
    ),
    dynamicOfCode: codes(
      data.dynamicCodes,
      data.dynamicCodes.map((one) => one.dynamic),
    ),
    stitchingCodes: new Set(data.stitchingCodes.map((one) => codeKey(one.scheme, one.value))),
    regionOfTerm: terms(data.bodyParts),
    viewOfTerm: terms(data.viewPositions),
    derivedMarkers: new Set(data.derivedMarkers.map(termOf)),
    stitchedMarkers: new Set(data.stitchedMarkers.map(termOf)),
    phrasesIn: (text) => findPhrases(wordsOf(text), phrases),
    data,
  };
}

interface PhraseIndex {
  readonly byFirstWord: ReadonlyMap<string, readonly Phrase[]>;
  /** One-word phrases with a trailing star; few, so they are tried one by one. */
  readonly open: readonly Phrase[];
}

function indexPhrases(data: VocabularyData): PhraseIndex {
  const all = Object.values(data.text).flatMap((lists) =>
    (Object.entries(lists) as [PhraseKind, readonly string[]][]).flatMap(([kind, texts]) =>
      texts.map((phrase): Phrase => ({ kind, phrase, words: wordsOf(phrase), open: phrase.endsWith('*') })),
    ),
  );
  const byFirstWord = new Map<string, Phrase[]>();
  for (const phrase of all) {
    const first = phrase.words[0];
    if (first === undefined || (phrase.open && phrase.words.length === 1)) continue;
    const list = byFirstWord.get(first) ?? [];
    byFirstWord.set(first, [...list, phrase]);
  }
  return { byFirstWord, open: all.filter((phrase) => phrase.open && phrase.words.length === 1) };
}

function findPhrases(words: readonly string[], index: PhraseIndex): readonly PhraseMatch[] {
  const found = words.flatMap((word, start) => {
    const candidates = [...(index.byFirstWord.get(word) ?? []), ...index.open];
    return candidates.flatMap((phrase) =>
      fits(words, start, phrase) ? [{ phrase, start, end: start + phrase.words.length }] : [],
    );
  });
  found.sort(
    (a, b) =>
      b.end - b.start - (a.end - a.start) ||
      Number(a.phrase.open) - Number(b.phrase.open) ||
      a.start - b.start,
  );
  const used = new Set<number>();
  const matches: PhraseMatch[] = [];
  for (const { phrase, start, end } of found) {
    const span = Array.from({ length: end - start }, (_, offset) => start + offset);
    if (span.some((position) => used.has(position))) {
      continue;
    }
    for (const position of span) used.add(position);
    matches.push({ kind: phrase.kind, phrase: phrase.phrase });
  }
  return matches;
}

function fits(words: readonly string[], start: number, phrase: Phrase): boolean {
  return phrase.words.every((expected, offset) => {
    const word = words[start + offset];
    if (word === undefined) return false;
    return phrase.open && offset === phrase.words.length - 1 ? word.startsWith(expected) : word === expected;
  });
}
