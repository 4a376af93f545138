import { invalid } from './value-format.ts';
import { hasShortLength } from './value-representation.ts';

const longVrs: ReadonlySet<string> = new Set('OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split(' '));

interface BinaryFormat {
  readonly width: number;
  readonly least: number;
  readonly greatest: number;
  readonly write: (view: DataView, at: number, value: number, littleEndian: boolean) => void;
}

const anyDouble = { least: -Number.MAX_VALUE, greatest: Number.MAX_VALUE };
const anySingle = { least: -3.4028234663852886e38, greatest: 3.4028234663852886e38 };

const binary: ReadonlyMap<string, BinaryFormat> = new Map([
  ['US', { width: 2, least: 0, greatest: 0xffff, write: (v, at, n, le) => v.setUint16(at, n, le) }],
  ['SS', { width: 2, least: -0x8000, greatest: 0x7fff, write: (v, at, n, le) => v.setInt16(at, n, le) }],
  ['OW', { width: 2, least: 0, greatest: 0xffff, write: (v, at, n, le) => v.setUint16(at, n, le) }],
  ['UL', { width: 4, least: 0, greatest: 0xffffffff, write: (v, at, n, le) => v.setUint32(at, n, le) }],
  ['OL', { width: 4, least: 0, greatest: 0xffffffff, write: (v, at, n, le) => v.setUint32(at, n, le) }],
  [
    'SL',
    { width: 4, least: -0x80000000, greatest: 0x7fffffff, write: (v, at, n, le) => v.setInt32(at, n, le) },
  ],
  ['FL', { width: 4, ...anySingle, write: (v, at, n, le) => v.setFloat32(at, n, le) }],
  ['OF', { width: 4, ...anySingle, write: (v, at, n, le) => v.setFloat32(at, n, le) }],
  ['FD', { width: 8, ...anyDouble, write: (v, at, n, le) => v.setFloat64(at, n, le) }],
  ['OD', { width: 8, ...anyDouble, write: (v, at, n, le) => v.setFloat64(at, n, le) }],
  ['OB', { width: 1, least: 0, greatest: 0xff, write: (v, at, n) => v.setUint8(at, n) }],
  [
    'AT',
    {
      width: 4,
      least: 0,
      greatest: 0xffffffff,
      write: (v, at, n, le) => {
        v.setUint16(at, n >>> 16, le);
        v.setUint16(at + 2, n & 0xffff, le);
      },
    },
  ],
]);

const integerVrs: ReadonlySet<string> = new Set(['US', 'SS', 'OW', 'UL', 'OL', 'SL', 'OB', 'AT']);

/** Bytes per word that Explicit VR Big Endian turns round. */
const wordBytes: ReadonlyMap<string, number> = new Map([
  ['OW', 2],
  ['US', 2],
  ['SS', 2],
  ['OF', 4],
  ['FL', 4],
  ['UL', 4],
  ['SL', 4],
  ['OL', 4],
  ['OD', 8],
  ['FD', 8],
]);

/** Puts elements one behind another in one encoding (PS3.5 7.1, 7.5, A.4). Knows no dictionary and checks no text. */
export class ElementEncoder {
  readonly #explicit: boolean;
  readonly #littleEndian: boolean;
  readonly #parts: Uint8Array[] = [];

  constructor(encoding: { readonly explicit: boolean; readonly littleEndian: boolean }) {
    this.#explicit = encoding.explicit;
    this.#littleEndian = encoding.littleEndian;
  }

  /** Everything so far, one piece per header and value: whoever joins it with more copies pixels only once. */
  pieces(): readonly Uint8Array[] {
    return this.#parts;
  }

  /** One element; the value is padded to even length with NUL for UI and binary VRs and with a space for text. */
  element(tag: number, vr: string, value: Uint8Array, name: string): void {
    const padded = value.length + (value.length % 2);
    if (hasShortLength(vr) && this.#explicit && padded > 0xfffe)
      throw invalid(name, `${vr} is longer than 65534 bytes`);
    this.#header(tag, vr, padded, name);
    this.#parts.push(value);
    if (padded !== value.length) this.#parts.push(Uint8Array.of(padsWithNul(vr) ? 0x00 : 0x20));
  }

  /** A sequence and its items, all of defined length. */
  sequence(tag: number, items: readonly Uint8Array[]): void {
    this.#header(
      tag,
      'SQ',
      items.reduce((sum, item) => sum + 8 + item.length, 0),
      'SQ',
    );
    for (const item of items) {
      this.#item(0xe000, item.length);
      this.#parts.push(item);
    }
  }

  /** Encapsulated pixel data with an empty Basic Offset Table (PS3.5 A.4). */
  fragments(tag: number, fragments: readonly Uint8Array[]): void {
    this.#header(tag, 'OB', 0xffffffff, 'PixelData');
    this.#item(0xe000, 0);
    for (const fragment of fragments) {
      const padded = fragment.length + (fragment.length % 2);
      this.#item(0xe000, padded);
      this.#parts.push(fragment);
      if (padded !== fragment.length) this.#parts.push(Uint8Array.of(0));
    }
    this.#item(0xe0dd, 0);
  }

  isBinary(vr: string): boolean {
    return binary.has(vr);
  }

  /** Numbers in the width and byte order of their VR. Throws RESULT_INVALID when one is out of its range. */
  numbers(vr: string, values: readonly unknown[], name: string): Uint8Array {
    const format = binary.get(vr);
    if (format === undefined) throw invalid(name, `${vr} cannot be written from numbers`);
    const bytes = new Uint8Array(values.length * format.width);
    const view = new DataView(bytes.buffer);
    values.forEach((value, index) => {
      const isAllowed =
        typeof value === 'number' &&
        value >= format.least &&
        value <= format.greatest &&
        (!integerVrs.has(vr) || Number.isInteger(value));
      if (!isAllowed) throw invalid(name, `not a value that ${vr} can hold`);
      format.write(view, index * format.width, value, this.#littleEndian);
    });
    return bytes;
  }

  /** A value field given as little-endian bytes, in the byte order of this encoding. */
  swapped(vr: string, bytes: Uint8Array): Uint8Array {
    const width = wordBytes.get(vr);
    if (this.#littleEndian || width === undefined) return bytes;
    const copy = Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % width)));
    if (width === 2) return copy.swap16();
    return width === 4 ? copy.swap32() : copy.swap64();
  }

  #header(tag: number, vr: string, length: number, name: string): void {
    if (!hasShortLength(vr) && !longVrs.has(vr)) throw invalid(name, `no such VR: ${vr}`);
    const isShort = this.#explicit && hasShortLength(vr);
    const header = new Uint8Array(!this.#explicit || isShort ? 8 : 12);
    const view = new DataView(header.buffer);
    view.setUint16(0, tag >>> 16, this.#littleEndian);
    view.setUint16(2, tag & 0xffff, this.#littleEndian);
    if (this.#explicit) {
      header[4] = vr.charCodeAt(0);
      header[5] = vr.charCodeAt(1);
    }
    if (isShort) view.setUint16(6, length, this.#littleEndian);
    else view.setUint32(header.length - 4, length, this.#littleEndian);
    this.#parts.push(header);
  }

  #item(element: number, length: number): void {
    const header = new Uint8Array(8);
    const view = new DataView(header.buffer);
    view.setUint16(0, 0xfffe, this.#littleEndian);
    view.setUint16(2, element, this.#littleEndian);
    view.setUint32(4, length, this.#littleEndian);
    this.#parts.push(header);
  }
}

function padsWithNul(vr: string): boolean {
  return vr === 'UI' || vr === 'UN' || vr.startsWith('O');
}
