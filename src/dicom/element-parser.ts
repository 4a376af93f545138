import { NodeError } from '../core/errors.ts';
import { type DataElement, DataSet, type TextScope } from './data-set.ts';
import { entryOfTag, formatTag } from './dictionary.ts';
import { decodeNumbers } from './numeric-value.ts';
import { hasShortLength, implicitVr } from './value-representation.ts';

/** Bounds on what a data set may contain; a hostile one is refused at the first excess. */
export interface ParseLimits {
  /** Nesting of sequences; 8 is far beyond any radiograph. */
  readonly maxDepth: number;
  /** Elements, items and fragments together. */
  readonly maxElements: number;
  /** Bytes that a deflated data set may inflate to. */
  readonly maxInflatedBytes: number;
  /** Specific Character Set term to use where none is declared and the text is not ASCII. */
  readonly siteDefaultCharacterSet?: string | undefined;
}

export const defaultParseLimits: ParseLimits = {
  maxDepth: 8,
  maxElements: 20_000,
  maxInflatedBytes: 256 * 1024 * 1024,
};

/** Where a stretch of pixel data lies; `bytes` is a view, never a copy. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
  readonly bytes: Uint8Array;
}

/** Pixel Data (7FE0,0010) as located, not decoded (PS3.5 section 8 and A.4). Offsets count from the parsed bytes. */
export type PixelDataLocation =
  | ({ readonly kind: 'native'; readonly vr: string } & ByteRange)
  | {
      readonly kind: 'encapsulated';
      /** Byte offset of each frame's first fragment item; empty when the table is (PS3.5 A.4). */
      readonly basicOffsetTable: readonly number[];
      readonly fragments: readonly ByteRange[];
    };

export interface Encoding {
  readonly explicit: boolean;
  readonly littleEndian: boolean;
}

/** Thrown, and caught by the header scanner only, when the bytes at hand end before the data set does. */
export class WindowEnd extends Error {}

const undefinedLength = 0xffffffff;
const itemTag = 0xfffee000;
const itemDelimiter = 0xfffee00d;
const sequenceDelimiter = 0xfffee0dd;
const pixelDataTag = 0x7fe00010;

const implicitLittleEndian: Encoding = { explicit: false, littleEndian: true };

interface ElementHeader {
  readonly tag: number;
  readonly vr: string;
  readonly length: number;
  readonly valueAt: number;
}

/** When `readElements` stops: at a delimiter, at `end`, or before the first tag that `stopBefore` names. */
export interface Extent {
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  readonly stopBefore?: (tag: number) => boolean;
}

/**
 * A bounded parser of encoded elements (PS3.5 section 7). It is our own because dcmjs zero-fills a truncated
 * value, allocates whatever a length field claims, and takes 66 s over 1.3 MB of nested sequences; here every
 * declared length is checked against the bytes that remain before anything is read. Throws NodeError; the doors in
 * part10-reader.ts turn that into a Result.
 */
export class ElementParser {
  pixelData: PixelDataLocation | undefined;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #limits: ParseLimits;
  /** Length of the whole data set, of which `bytes` may be the beginning only. */
  readonly #totalLength: number;
  #count = 0;

  constructor(bytes: Uint8Array, limits: ParseLimits, totalLength: number = bytes.length) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#limits = limits;
    this.#totalLength = totalLength;
  }

  /** Reads elements into `into` and returns where it stopped (behind a delimiter, if one ended the extent). */
  readElements(into: Map<number, DataElement>, extent: Extent, encoding: Encoding, scope: TextScope): number {
    let at = extent.start;
    while (at < extent.end) {
      if (extent.depth === 0 && this.#isTrailingPadding(at)) return extent.end;
      const header = this.#readHeader(at, extent.end, encoding);
      if (extent.stopBefore?.(header.tag) === true) return at;
      if (header.tag === itemDelimiter && extent.depth > 0) return header.valueAt;
      if (header.tag >>> 16 === 0xfffe) throw malformed(`unexpected ${formatTag(header.tag)} at byte ${at}`);
      if (into.has(header.tag)) throw malformed(`${formatTag(header.tag)} occurs twice (PS3.5 7.1)`);
      this.#countOne();
      const { element, next } = this.#readValue(header, extent, encoding, scope);
      into.set(header.tag, element);
      if (header.tag === 0x00080005) scope.terms = characterSetTerms(element.bytes);
      if (header.tag === 0x00280103)
        scope.pixelRepresentation = decodeNumbers({ ...element, vr: 'US' }, 0)[0];
      at = next;
    }
    return at;
  }

  #readValue(
    header: ElementHeader,
    extent: Extent,
    encoding: Encoding,
    scope: TextScope,
  ): { element: DataElement; next: number } {
    const { tag, vr, length, valueAt } = header;
    const sequenceEncoding = vr === 'UN' ? implicitLittleEndian : encoding;
    if (length === undefinedLength) {
      const isFragments = tag === pixelDataTag || vr === 'OB' || vr === 'OW';
      if (isFragments) return this.#readFragments(header, extent);
      if (vr !== 'SQ' && vr !== 'UN')
        throw malformed(`${formatTag(tag)} ${vr} has an undefined length (PS3.5 7.1.1)`);
      return this.#readSequence(header, extent.end, extent.depth, sequenceEncoding, scope);
    }
    const end = valueAt + length;
    this.#require(end, extent.end, tag);
    if (vr === 'SQ') return this.#readSequence(header, end, extent.depth, encoding, scope);
    const known = vr === 'UN' ? entryOfTag(tag)?.vr : undefined;
    if (known === 'SQ') {
      const sequence = this.#tryUnknownAsSequence(header, end, extent.depth, scope);
      if (sequence !== undefined) return sequence;
    }
    const littleEndian = vr === 'UN' ? true : encoding.littleEndian;
    const bytes = this.#bytes.subarray(valueAt, end);
    if (tag === pixelDataTag && extent.depth === 0) {
      this.pixelData = { kind: 'native', vr, offset: valueAt, length, bytes };
    }
    return {
      element: { tag, vr: known === undefined || known === 'SQ' ? vr : known, littleEndian, bytes },
      next: end,
    };
  }

  /** UN of a standard sequence holds Implicit VR Little Endian (PS3.5 6.2.2 note 2); raw bytes if it does not. */
  #tryUnknownAsSequence(header: ElementHeader, end: number, depth: number, scope: TextScope) {
    try {
      return this.#readSequence(header, end, depth, implicitLittleEndian, scope);
    } catch (cause) {
      if (cause instanceof NodeError && cause.code !== 'DATASET_LIMIT') return undefined;
      throw cause;
    }
  }

  #readSequence(
    header: ElementHeader,
    end: number,
    depth: number,
    encoding: Encoding,
    scope: TextScope,
  ): { element: DataElement; next: number } {
    if (depth + 1 > this.#limits.maxDepth) {
      throw new NodeError('DATASET_LIMIT', `sequences nested deeper than ${this.#limits.maxDepth}`);
    }
    const items: DataSet[] = [];
    const element: DataElement = {
      tag: header.tag,
      vr: 'SQ',
      littleEndian: encoding.littleEndian,
      bytes: this.#bytes.subarray(header.valueAt, header.valueAt),
      items,
    };
    let at = header.valueAt;
    while (at < end) {
      const { tag, length } = this.#readItemHeader(at, end, encoding.littleEndian);
      at += 8;
      if (tag === sequenceDelimiter) return { element, next: header.length === undefinedLength ? at : end };
      if (tag !== itemTag)
        throw malformed(`${formatTag(tag)} where an item of ${formatTag(header.tag)} should begin`);
      this.#countOne();
      const itemEnd = length === undefinedLength ? end : at + length;
      this.#require(itemEnd, end, header.tag);
      const itemScope: TextScope = {
        parent: scope,
        terms: undefined,
        pixelRepresentation: undefined,
        siteDefault: scope.siteDefault,
      };
      const elements = new Map<number, DataElement>();
      const stopped = this.readElements(
        elements,
        { start: at, end: itemEnd, depth: depth + 1 },
        encoding,
        itemScope,
      );
      items.push(new DataSet(elements, itemScope));
      at = length === undefinedLength ? stopped : itemEnd;
    }
    if (header.length === undefinedLength)
      this.#fail(end + 8, 'a sequence of undefined length has no delimiter');
    return { element, next: end };
  }

  /** Encapsulated pixel data: Basic Offset Table item, fragment items, sequence delimiter (PS3.5 A.4). */
  #readFragments(header: ElementHeader, extent: Extent): { element: DataElement; next: number } {
    const fragments: ByteRange[] = [];
    let basicOffsetTable: readonly number[] = [];
    let at = header.valueAt;
    for (let index = 0; ; index++) {
      const { tag, length } = this.#readItemHeader(at, extent.end, true);
      at += 8;
      if (tag === sequenceDelimiter) break;
      if (tag !== itemTag) throw malformed(`${formatTag(tag)} where a fragment should begin (PS3.5 A.4)`);
      this.#countOne();
      this.#require(at + length, extent.end, header.tag);
      const bytes = this.#bytes.subarray(at, at + length);
      if (index === 0) basicOffsetTable = decodeNumbers({ vr: 'UL', littleEndian: true, bytes }, 0);
      else fragments.push({ offset: at, length, bytes });
      at += length;
    }
    if (header.tag === pixelDataTag && extent.depth === 0) {
      this.pixelData = { kind: 'encapsulated', basicOffsetTable, fragments };
    }
    const bytes = this.#bytes.subarray(header.valueAt, at);
    return { element: { tag: header.tag, vr: header.vr, littleEndian: true, bytes }, next: at };
  }

  #readHeader(at: number, end: number, encoding: Encoding): ElementHeader {
    this.#require(at + 8, end, undefined);
    const { littleEndian } = encoding;
    const tag = this.#tagAt(at, littleEndian);
    if (tag >>> 16 === 0xfffe)
      return { tag, vr: '', length: this.#view.getUint32(at + 4, littleEndian), valueAt: at + 8 };
    if (!encoding.explicit) {
      const length = this.#view.getUint32(at + 4, littleEndian);
      const vr =
        tag === pixelDataTag ? 'OW' : implicitVr(tag, length === undefinedLength ? 'undefined' : 'defined');
      return { tag, vr, length, valueAt: at + 8 };
    }
    const vr = String.fromCharCode(this.#view.getUint8(at + 4), this.#view.getUint8(at + 5));
    if (!/^[A-Z]{2}$/.test(vr)) throw malformed(`${formatTag(tag)} at byte ${at} has no VR (PS3.5 7.1.2)`);
    if (hasShortLength(vr))
      return { tag, vr, length: this.#view.getUint16(at + 6, littleEndian), valueAt: at + 8 };
    this.#require(at + 12, end, tag);
    return { tag, vr, length: this.#view.getUint32(at + 8, littleEndian), valueAt: at + 12 };
  }

  #readItemHeader(at: number, end: number, littleEndian: boolean): { tag: number; length: number } {
    this.#require(at + 8, end, undefined);
    return { tag: this.#tagAt(at, littleEndian), length: this.#view.getUint32(at + 4, littleEndian) };
  }

  #tagAt(at: number, littleEndian: boolean): number {
    return (
      ((this.#view.getUint16(at, littleEndian) << 16) | this.#view.getUint16(at + 2, littleEndian)) >>> 0
    );
  }

  /** Zero bytes too few for an element are what some writers pad a file with. */
  #isTrailingPadding(at: number): boolean {
    const rest = this.#bytes.subarray(at);
    return rest.length < 8 && this.#totalLength === this.#bytes.length && rest.every((byte) => byte === 0);
  }

  #countOne(): void {
    this.#count += 1;
    if (this.#count > this.#limits.maxElements) {
      throw new NodeError('DATASET_LIMIT', `more than ${this.#limits.maxElements} elements`);
    }
  }

  /** Checks that `needed` lies inside the enclosing extent and inside the bytes at hand. */
  #require(needed: number, end: number, tag: number | undefined): void {
    if (needed <= end && needed <= this.#bytes.length) return;
    this.#fail(
      needed,
      tag === undefined ? 'an element header is cut off' : `${formatTag(tag)} is longer than what holds it`,
    );
  }

  #fail(needed: number, message: string): never {
    if (needed > this.#totalLength) {
      throw new NodeError(
        'DATASET_TRUNCATED',
        `${message}: ${needed} bytes needed, ${this.#totalLength} there`,
      );
    }
    if (needed > this.#bytes.length) throw new WindowEnd();
    throw malformed(message);
  }
}

function malformed(message: string): NodeError {
  return new NodeError('DATASET_MALFORMED', message);
}

function characterSetTerms(bytes: Uint8Array): readonly string[] | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const terms = text.split('\\').map((term) => term.replace(/^ +|[ \0]+$/g, ''));
  return terms.every((term) => term === '') ? [] : terms;
}
