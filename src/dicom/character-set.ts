import { TextDecoder } from 'node:util';
import { NodeError } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';

/** How a value's text is delimited: the delimiters after which ISO 2022 returns to its initial state. */
export type TextKind = 'single' | 'multiple' | 'person-name';

/** A 7- or 8-bit set or a two-byte set in G0 or G1 (PS3.3 C.12.1.1.2, PS3.5 6.1). */
type CodeElement = (bytes: Uint8Array) => string | undefined;

const decoders = new Map<string, TextDecoder>();

function textDecoder(label: string): TextDecoder {
  const known = decoders.get(label);
  if (known !== undefined) return known;
  const made = new TextDecoder(label, { fatal: true, ignoreBOM: true });
  decoders.set(label, made);
  return made;
}

function decodeWith(label: string, bytes: Uint8Array): string | undefined {
  try {
    return textDecoder(label).decode(bytes);
  } catch {
    // A fatal TextDecoder throws for bytes outside the repertoire; the caller turns that into a value.
    return undefined;
  }
}

/** ISO 8859-1 itself: the WHATWG label `latin1` means windows-1252, which differs in 80-9F. */
const latin1: CodeElement = asciiText;

/** A right half of ISO 8859 by its WHATWG label; C1 controls stay what they are. */
const rightHalf =
  (label: string): CodeElement =>
  (bytes) => {
    let text = '';
    for (const byte of bytes) {
      const char = byte < 0xa0 ? String.fromCharCode(byte) : decodeWith(label, Uint8Array.of(byte));
      if (char === undefined) return undefined;
      text += char;
    }
    return text;
  };

const katakana: CodeElement = (bytes) => decodeWith('shift_jis', bytes);

/** Single-byte sets and the ISO-IR number that names them in Specific Character Set (0008,0005). */
const singleByte: ReadonlyMap<number, CodeElement> = new Map([
  [100, latin1],
  [101, rightHalf('iso-8859-2')],
  [109, rightHalf('iso-8859-3')],
  [110, rightHalf('iso-8859-4')],
  [144, rightHalf('iso-8859-5')],
  [127, rightHalf('iso-8859-6')],
  [126, rightHalf('iso-8859-7')],
  [138, rightHalf('iso-8859-8')],
  [148, rightHalf('iso-8859-9')],
  [203, rightHalf('iso-8859-15')],
  [166, rightHalf('windows-874')],
  [13, katakana],
]);

const koreanG1: CodeElement = (bytes) => decodeWith('euc-kr', bytes);
const chineseG1: CodeElement = (bytes) => decodeWith('gb18030', bytes);
const kanjiG0: CodeElement = (bytes) =>
  decodeWith(
    'euc-jp',
    bytes.map((byte) => byte | 0x80),
  );
const supplementaryKanjiG0: CodeElement = (bytes) =>
  decodeWith('euc-jp', Uint8Array.from([0x8f, ...bytes.map((byte) => byte | 0x80)]));

/** Escape sequences of PS3.3 Tables C.12-3 and C.12-4, keyed by the bytes after ESC in hexadecimal. */
const escapes: ReadonlyMap<string, { readonly half: 'G0' | 'G1'; readonly ir: number }> = new Map([
  ['2842', { half: 'G0', ir: 6 }],
  ['284a', { half: 'G0', ir: 14 }],
  ['2442', { half: 'G0', ir: 87 }],
  ['242844', { half: 'G0', ir: 159 }],
  ['2949', { half: 'G1', ir: 13 }],
  ['2d41', { half: 'G1', ir: 100 }],
  ['2d42', { half: 'G1', ir: 101 }],
  ['2d43', { half: 'G1', ir: 109 }],
  ['2d44', { half: 'G1', ir: 110 }],
  ['2d4c', { half: 'G1', ir: 144 }],
  ['2d47', { half: 'G1', ir: 127 }],
  ['2d46', { half: 'G1', ir: 126 }],
  ['2d48', { half: 'G1', ir: 138 }],
  ['2d4d', { half: 'G1', ir: 148 }],
  ['2d62', { half: 'G1', ir: 203 }],
  ['2d54', { half: 'G1', ir: 166 }],
  ['242943', { half: 'G1', ir: 149 }],
  ['242941', { half: 'G1', ir: 58 }],
]);

/** Sets that allow no code extension (PS3.3 C.12.1.1.2). */
const standAlone: ReadonlyMap<string, string> = new Map([
  ['ISO_IR 192', 'utf-8'],
  ['GB18030', 'gb18030'],
  ['GBK', 'gbk'],
]);

type Declared =
  | { readonly kind: 'default' }
  | { readonly kind: 'stand-alone'; readonly label: string }
  | { readonly kind: 'single-byte'; readonly ir: number }
  | { readonly kind: 'iso2022'; readonly initialIr: number };

/**
 * Decodes the bytes of one text value field by Specific Character Set (PS3.5 6.1 and 6.2, PS3.3 C.12.1.1.2).
 * Multi-values and name components are *not* split here: split the returned text, since in GBK and GB18030 the
 * second byte of a character may equal a delimiter.
 *
 * @param terms the values of (0008,0005); an empty list means that none is declared
 * @param siteDefault the term to try when none is declared and the bytes are not ASCII; undefined means refuse
 * Error: DATASET_CHARSET when a term is unknown, when undeclared text is not ASCII, or when the bytes are not of
 * the declared set. Nothing is guessed.
 */
export function decodeText(
  bytes: Uint8Array,
  terms: readonly string[],
  kind: TextKind,
  siteDefault?: string,
): Result<string, NodeError> {
  if (isPlainAscii(bytes)) return ok(asciiText(bytes));
  const declared = readTerms(terms);
  if (!declared.ok) return declared;
  if (declared.value.kind === 'default' && siteDefault !== undefined) {
    const fallback = readTerms([siteDefault]);
    if (!fallback.ok) return fallback;
    return finish(decodeDeclared(bytes, fallback.value, kind), 'the site default character set');
  }
  return finish(decodeDeclared(bytes, declared.value, kind), describeTerms(terms));
}

/**
 * The same for people and filter rules rather than for output: what cannot be decoded becomes U+FFFD, so the
 * answer may be incomplete but is never an error.
 */
export function decodeTextLoosely(
  bytes: Uint8Array,
  terms: readonly string[],
  kind: TextKind,
  siteDefault?: string,
): string {
  const strict = decodeText(bytes, terms, kind, siteDefault);
  if (strict.ok) return strict.value;
  const declared = readTerms(terms);
  if (declared.ok && declared.value.kind === 'stand-alone')
    return new TextDecoder(declared.value.label).decode(bytes);
  let text = '';
  for (const byte of bytes) text += byte < 0x80 ? String.fromCharCode(byte) : '\ufffd';
  return text;
}

function finish(text: string | undefined, source: string): Result<string, NodeError> {
  if (text !== undefined) return ok(text);
  return err(new NodeError('DATASET_CHARSET', `text cannot be decoded by ${source}`));
}

function describeTerms(terms: readonly string[]): string {
  const named = terms
    .filter((term) => term !== '')
    .map((term) => term.replace(/[^\x20-\x7e]/g, '?').slice(0, 32));
  return named.length === 0 ? 'the default repertoire: no character set is declared' : named.join('\\');
}

function isPlainAscii(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte >= 0x80 || byte === 0x1b) return false;
  return true;
}

function asciiText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** Reads the declared terms; spellings seen in the wild (`ISO-IR 100`, `ISO 2022-IR 87`) count as the term meant. */
function readTerms(terms: readonly string[]): Result<Declared, NodeError> {
  const [first = '', ...others] = terms.map(normaliseTerm);
  const label = standAlone.get(first);
  if (label !== undefined) return ok({ kind: 'stand-alone', label });
  const hasExtensions = others.length > 0 || first.startsWith('ISO 2022');
  const ir = first === '' ? 6 : irNumber(first);
  const known =
    ir !== undefined && (ir === 6 || singleByte.has(ir) || (hasExtensions && multiByteIr.has(ir)));
  if (!known) return err(new NodeError('DATASET_CHARSET', `unknown character set ${describeTerms(terms)}`));
  if (hasExtensions) return ok({ kind: 'iso2022', initialIr: ir });
  return ok(ir === 6 ? { kind: 'default' } : { kind: 'single-byte', ir });
}

const multiByteIr: ReadonlySet<number> = new Set([14, 58, 87, 149, 159]);

function normaliseTerm(term: string): string {
  const upper = term.trim().toUpperCase();
  const match = /^ISO[ _-]?(2022)?[ _-]?IR[ _-]?(\d+)$/.exec(upper);
  if (match === null) return upper;
  return match[1] === undefined ? `ISO_IR ${match[2] ?? ''}` : `ISO 2022 IR ${match[2] ?? ''}`;
}

function irNumber(term: string): number | undefined {
  const match = /IR (\d+)$/.exec(term);
  return match === null ? undefined : Number(match[1]);
}

function decodeDeclared(bytes: Uint8Array, declared: Declared, kind: TextKind): string | undefined {
  switch (declared.kind) {
    case 'default':
      return undefined;
    case 'stand-alone':
      return decodeWith(declared.label, bytes);
    case 'single-byte':
      return singleByte.get(declared.ir)?.(bytes);
    case 'iso2022':
      return decodeIso2022(bytes, declared.initialIr, kind);
  }
}

const delimiters: Readonly<Record<TextKind, ReadonlySet<number>>> = {
  single: new Set([0x09, 0x0a, 0x0c, 0x0d]),
  multiple: new Set([0x09, 0x0a, 0x0c, 0x0d, 0x5c]),
  'person-name': new Set([0x09, 0x0a, 0x0c, 0x0d, 0x5c, 0x5e, 0x3d]),
};

interface Halves {
  /** ISO-IR number invoked in 21-7E; 6 and 14 are single-byte, 87 and 159 two-byte. */
  g0: number;
  /** ISO-IR number invoked in A1-FE; 58 and 149 are two-byte; undefined when none is designated. */
  g1: number | undefined;
}

function initialHalves(ir: number): Halves {
  if (ir === 6 || ir === 87 || ir === 159) return { g0: 6, g1: undefined };
  if (ir === 13 || ir === 14) return { g0: 14, g1: 13 };
  return { g0: 6, g1: ir };
}

/** ISO 2022 as DICOM restricts it (PS3.5 6.1.2.5): designation by escape, reset at delimiters, no shift functions. */
function decodeIso2022(bytes: Uint8Array, initialIr: number, kind: TextKind): string | undefined {
  let halves = initialHalves(initialIr);
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const byte = bytes[at] ?? 0;
    if (byte === 0x1b) {
      const escape = readEscape(bytes, at + 1);
      if (escape === undefined) return undefined;
      halves = escape.half === 'G0' ? { ...halves, g0: escape.ir } : { ...halves, g1: escape.ir };
      at += 1 + escape.length;
      continue;
    }
    const twoByteG0 = halves.g0 === 87 || halves.g0 === 159;
    if (byte < 0x80 && !(twoByteG0 && byte > 0x20 && byte < 0x7f)) {
      if (delimiters[kind].has(byte)) halves = initialHalves(initialIr);
      text += String.fromCharCode(byte);
      at += 1;
      continue;
    }
    const width = byte < 0x80 || halves.g1 === 58 || halves.g1 === 149 ? 2 : 1;
    const element = byte < 0x80 ? g0Element(halves.g0) : g1Element(halves.g1);
    const piece = at + width <= bytes.length ? element?.(bytes.subarray(at, at + width)) : undefined;
    if (piece === undefined) return undefined;
    text += piece;
    at += width;
  }
  return text;
}

function g0Element(ir: number): CodeElement {
  return ir === 159 ? supplementaryKanjiG0 : kanjiG0;
}

function g1Element(ir: number | undefined): CodeElement | undefined {
  if (ir === 149) return koreanG1;
  if (ir === 58) return chineseG1;
  return ir === undefined ? undefined : singleByte.get(ir);
}

function readEscape(
  bytes: Uint8Array,
  at: number,
): { half: 'G0' | 'G1'; ir: number; length: number } | undefined {
  for (const length of [2, 3]) {
    const found = escapes.get(Buffer.from(bytes.subarray(at, at + length)).toString('hex'));
    if (found !== undefined) return { ...found, length };
  }
  return undefined;
}
