import type { DictionaryEntry } from '../../core/config/index.ts';
import type { Dynamic } from '../../core/outcome.ts';
import { wordsOf } from './normalised-text.ts';
import type { PhraseMatch, ViewVocabulary } from './vocabulary.ts';
import type { PhraseKind } from './vocabulary-schema.ts';

/** Yes, no, unknown. */
export type Vote = 'Y' | 'N' | 'U';

/** What one text says. A vote of `undefined` means that the text does not speak of that dimension at all. */
export interface TextReading {
  readonly region: Vote | undefined;
  readonly view: Vote | undefined;
  readonly dynamic: Dynamic | undefined;
  /** The text names a set of images or bending without a direction: nothing may be inferred from it. */
  readonly set: boolean;
  readonly spot: boolean;
  readonly stitched: boolean;
  /** The phrases that decided, as the vocabulary writes them. */
  readonly phrases: readonly PhraseMatch[];
  /** 1-based place of the site dictionary entry that spoke, if one did. */
  readonly dictionaryEntry: number | undefined;
}

/** The site dictionary of one sender and attribute goes on top of the general vocabulary. */
export function readText(
  text: string,
  attribute: string,
  callingAeTitle: string,
  vocabulary: ViewVocabulary,
  dictionary: readonly DictionaryEntry[],
): TextReading {
  const general = readGeneral(vocabulary.phrasesIn(text));
  const words = wordsOf(text);
  const index = dictionary.findIndex((entry) => entryFits(entry, words, attribute, callingAeTitle));
  const entry = dictionary[index];
  if (entry === undefined) return general;
  return {
    ...general,
    region:
      entry.region === undefined
        ? general.region
        : ({ lumbar: 'Y', other: 'N', unclear: 'U' } as const)[entry.region],
    view:
      entry.view === undefined
        ? general.view
        : ({ lateral: 'Y', other: 'N', unclear: 'U' } as const)[entry.view],
    dynamic:
      entry.dynamic === undefined
        ? general.dynamic
        : ({ flexion: 'FLEXION', extension: 'EXTENSION', neutral: 'NEUTRAL' } as const)[entry.dynamic],
    set: entry.view === undefined && entry.dynamic === undefined && general.set,
    spot: entry.view === undefined && general.spot,
    stitched: entry.region === undefined && general.stitched,
    dictionaryEntry: index + 1,
  };
}

function entryFits(
  entry: DictionaryEntry,
  words: readonly string[],
  attribute: string,
  callingAeTitle: string,
): boolean {
  if (entry.attribute !== undefined && entry.attribute !== attribute) return false;
  if (entry.sender !== undefined && entry.sender !== callingAeTitle) return false;
  const wanted = wordsOf(entry.text);
  if (wanted.length === 0 || words.length < wanted.length) return false;
  if (entry.match === 'whole')
    return words.length === wanted.length && wanted.every((word, index) => word === words[index]);
  return words.some((_, start) => wanted.every((word, offset) => word === words[start + offset]));
}

function readGeneral(phrases: readonly PhraseMatch[]): TextReading {
  const kinds = new Set(phrases.map((match) => match.kind));
  const says = (...some: readonly PhraseKind[]): boolean => some.some((kind) => kinds.has(kind));
  const notLateral = says('frontal', 'oblique', 'axial', 'coronalBending');
  const flexion = says('flexion');
  const inContext =
    says('extensionInContext') && says('lumbar', 'lateral', 'flexion') && !says('otherRegion');
  const extension = says('extension') || inContext;
  // A text that names two views or two positions names the examination, not the image.
  const set = says('set', 'bending') || (says('lateral') && notLateral) || (flexion && extension);
  return {
    region: regionVote(says('lumbar'), says('otherRegion'), says('unclearRegion')),
    view: set ? 'U' : notLateral ? 'N' : says('lateral') ? 'Y' : undefined,
    dynamic: set
      ? undefined
      : flexion
        ? 'FLEXION'
        : extension
          ? 'EXTENSION'
          : says('neutral')
            ? 'NEUTRAL'
            : undefined,
    set,
    spot: says('spot'),
    stitched: says('stitched'),
    phrases: phrases.filter(
      (match) => match.kind !== 'nothing' && (match.kind !== 'extensionInContext' || inContext),
    ),
    dictionaryEntry: undefined,
  };
}

function regionVote(lumbar: boolean, other: boolean, unclear: boolean): Vote | undefined {
  if (lumbar) return other ? 'U' : 'Y';
  if (other) return unclear ? 'U' : 'N';
  return unclear ? 'U' : undefined;
}
