import type { NodeError } from '../core/errors.ts';
import { ok, type Result } from '../core/result.ts';
import { decodeText, decodeTextLoosely, type TextKind } from './character-set.ts';
import { tagOf } from './dictionary.ts';
import { decodeNumbers } from './numeric-value.ts';
import { usesCharacterSet } from './value-representation.ts';

/** An attribute by keyword (checked against PS3.6) or by tag as 0xGGGGEEEE, e.g. a private one. */
export type AttributeRef = string | number;

/** One parsed data element; `bytes` is a view into the file, never a copy. */
export interface DataElement {
  readonly tag: number;
  /** As encoded, or by the dictionary for Implicit VR and UN; `xs`, `ox`, `lt` where only the context decides. */
  readonly vr: string;
  readonly littleEndian: boolean;
  /** Value field; empty for a sequence. */
  readonly bytes: Uint8Array;
  /** Items when the element is a sequence. */
  readonly items?: readonly DataSet[];
}

/** What text inside a data set is decoded by; a nested item without its own (0008,0005) inherits the outer one. */
export interface TextScope {
  readonly parent: TextScope | undefined;
  /** Values of Specific Character Set here; undefined when this level declares none. */
  terms: readonly string[] | undefined;
  /** Pixel Representation here, which decides US or SS where Implicit VR leaves it open. */
  pixelRepresentation: number | undefined;
  readonly siteDefault: string | undefined;
}

/** The three component groups of a Person Name (PS3.5 6.2.1.1), each as written, e.g. `Doe^Jane`. */
export interface PersonName {
  readonly alphabetic: string;
  readonly ideographic: string;
  readonly phonetic: string;
}

const singleValuedVrs: ReadonlySet<string> = new Set(['ST', 'LT', 'UT', 'UR']);
const asciiVrs: ReadonlySet<string> = new Set(['AE', 'AS', 'CS', 'DA', 'DS', 'DT', 'IS', 'TM', 'UI', 'UR']);

/**
 * An immutable read view over parsed elements (PS3.5 section 7). It is tolerant: a value that is absent, empty or
 * of another VR than expected reads as undefined or an empty list, never as an exception. Text for output goes
 * through `texts` and `personName`, which refuse what cannot be decoded exactly.
 */
export class DataSet {
  readonly #elements: ReadonlyMap<number, DataElement>;
  readonly #scope: TextScope;

  constructor(elements: ReadonlyMap<number, DataElement>, scope: TextScope) {
    this.#elements = elements;
    this.#scope = scope;
  }

  /** True when the element is present, even when empty. */
  has(ref: AttributeRef): boolean {
    return this.element(ref) !== undefined;
  }

  /** The element itself, or undefined when absent. */
  element(ref: AttributeRef): DataElement | undefined {
    return this.#elements.get(typeof ref === 'string' ? tagOf(ref) : ref);
  }

  /** The value field as encoded, or undefined when absent. */
  bytes(ref: AttributeRef): Uint8Array | undefined {
    return this.element(ref)?.bytes;
  }

  /** The first value as text without padding; undefined when absent or empty. Undecodable bytes become U+FFFD. */
  string(ref: AttributeRef): string | undefined {
    const first = this.strings(ref)[0];
    return first === '' ? undefined : first;
  }

  /** Every value as text without padding (numbers in decimal). Undecodable bytes become U+FFFD. */
  strings(ref: AttributeRef): readonly string[] {
    const element = this.element(ref);
    if (element === undefined || element.items !== undefined || element.bytes.length === 0) return [];
    if (!asciiVrs.has(element.vr) && !usesCharacterSet(element.vr) && element.vr !== 'UN')
      return this.numbers(ref).map(String);
    const terms = usesCharacterSet(element.vr) ? this.specificCharacterSet : [];
    const text = decodeTextLoosely(element.bytes, terms, textKind(element.vr), this.#scope.siteDefault);
    return splitValues(text, element.vr);
  }

  /**
   * Every value as text, decoded exactly by Specific Character Set (PS3.5 6.1.2, 6.2).
   * Error: DATASET_CHARSET. An absent or empty element is an empty list.
   */
  texts(ref: AttributeRef): Result<readonly string[], NodeError> {
    const element = this.element(ref);
    if (element === undefined || !usesCharacterSet(element.vr)) return ok(this.strings(ref));
    if (element.bytes.length === 0) return ok([]);
    const text = decodeText(
      element.bytes,
      this.specificCharacterSet,
      textKind(element.vr),
      this.#scope.siteDefault,
    );
    return text.ok ? ok(splitValues(text.value, element.vr)) : text;
  }

  /** The first Person Name in its three groups; undefined when absent or empty. Error: DATASET_CHARSET. */
  personName(ref: AttributeRef): Result<PersonName | undefined, NodeError> {
    const values = this.texts(ref);
    if (!values.ok) return values;
    const first = values.value[0];
    if (first === undefined || first === '') return ok(undefined);
    const [alphabetic = '', ideographic = '', phonetic = ''] = first.split('=');
    return ok({ alphabetic, ideographic, phonetic });
  }

  /** The first value as a finite number; undefined when absent, empty or not a number. */
  number(ref: AttributeRef): number | undefined {
    const first = this.numbers(ref)[0];
    return first !== undefined && Number.isFinite(first) ? first : undefined;
  }

  /** Every value as a number: binary VRs by their width, DS and IS by parsing; a faulty value is NaN. */
  numbers(ref: AttributeRef): readonly number[] {
    const element = this.element(ref);
    if (element === undefined || element.items !== undefined) return [];
    return decodeNumbers(element, this.#pixelRepresentation());
  }

  /** The items of a sequence, or an empty list when it is absent, empty or not a sequence. */
  sequence(ref: AttributeRef): readonly DataSet[] {
    return this.element(ref)?.items ?? [];
  }

  /** Every element in file order, private ones included. */
  elements(): IterableIterator<DataElement> {
    return this.#elements.values();
  }

  /** The terms text is decoded by at this level: own ones or those of the enclosing data set. */
  get specificCharacterSet(): readonly string[] {
    for (let scope: TextScope | undefined = this.#scope; scope !== undefined; scope = scope.parent) {
      if (scope.terms !== undefined) return scope.terms;
    }
    return [];
  }

  #pixelRepresentation(): number {
    for (let scope: TextScope | undefined = this.#scope; scope !== undefined; scope = scope.parent) {
      if (scope.pixelRepresentation !== undefined) return scope.pixelRepresentation;
    }
    return 0;
  }
}

function textKind(vr: string): TextKind {
  if (vr === 'PN') return 'person-name';
  return singleValuedVrs.has(vr) ? 'single' : 'multiple';
}

/** Splits after decoding and drops the insignificant padding of each VR (PS3.5 6.2). */
function splitValues(text: string, vr: string): string[] {
  if (singleValuedVrs.has(vr)) return [text.replace(/[ \0]+$/, '')];
  const values = text.split('\\');
  const keepsLeadingSpace = vr === 'PN' || vr === 'UC';
  return values.map((value) =>
    keepsLeadingSpace ? value.replace(/[ \0]+$/, '') : value.replace(/^ +|[ \0]+$/g, ''),
  );
}
