import { NodeError } from '../../core/errors.ts';

/** What text layout needs of a TrueType font: which characters it draws and how far each one advances. */
export interface TrueTypeMetrics {
  readonly unitsPerEm: number;
  /** Advance in font units, or undefined when the font has no glyph for the code point. */
  advance(codePoint: number): number | undefined;
}

/**
 * Reads `head`, `hhea`, `hmtx` and the Unicode `cmap` (formats 4 and 12) of a TrueType file (ISO/IEC 14496-22).
 * Nothing else: no kerning, no outlines. Throws BUG_INVARIANT for a file without these tables, since the fonts ship
 * with the node.
 */
export function readTrueType(bytes: Uint8Array): TrueTypeMetrics {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tables = tableDirectory(view);
  const unitsPerEm = view.getUint16(offsetOf(tables, 'head') + 18);
  const metricCount = view.getUint16(offsetOf(tables, 'hhea') + 34);
  const hmtx = offsetOf(tables, 'hmtx');
  const glyphOf = characterMap(view, offsetOf(tables, 'cmap'));
  return {
    unitsPerEm,
    advance(codePoint) {
      const glyph = glyphOf(codePoint);
      return glyph === 0 ? undefined : view.getUint16(hmtx + 4 * Math.min(glyph, metricCount - 1));
    },
  };
}

function tableDirectory(view: DataView): ReadonlyMap<string, number> {
  const tables = new Map<string, number>();
  for (let index = 0; index < view.getUint16(4); index++) {
    const entry = 12 + 16 * index;
    const tag = String.fromCharCode(...[0, 1, 2, 3].map((at) => view.getUint8(entry + at)));
    tables.set(tag, view.getUint32(entry + 8));
  }
  return tables;
}

function offsetOf(tables: ReadonlyMap<string, number>, tag: string): number {
  const offset = tables.get(tag);
  if (offset === undefined) throw new NodeError('BUG_INVARIANT', `the font has no ${tag} table`);
  return offset;
}

function characterMap(view: DataView, cmap: number): (codePoint: number) => number {
  let basic: number | undefined;
  let full: number | undefined;
  for (let index = 0; index < view.getUint16(cmap + 2); index++) {
    const record = cmap + 4 + 8 * index;
    const platform = view.getUint16(record);
    const encoding = view.getUint16(record + 2);
    const subtable = cmap + view.getUint32(record + 4);
    const format = view.getUint16(subtable);
    if (format === 12) full = subtable;
    if (format === 4 && (platform === 0 || (platform === 3 && encoding === 1))) basic = subtable;
  }
  if (full !== undefined) {
    const subtable = full;
    return (codePoint) => segmentedCoverage(view, subtable, codePoint);
  }
  if (basic === undefined) throw new NodeError('BUG_INVARIANT', 'the font has no Unicode character map');
  const subtable = basic;
  return (codePoint) => segmentMapping(view, subtable, codePoint);
}

/** Format 12: sorted groups of code point ranges. */
function segmentedCoverage(view: DataView, subtable: number, codePoint: number): number {
  let low = 0;
  let high = view.getUint32(subtable + 12) - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const group = subtable + 16 + 12 * middle;
    const start = view.getUint32(group);
    if (codePoint < start) high = middle - 1;
    else if (codePoint > view.getUint32(group + 4)) low = middle + 1;
    else return view.getUint32(group + 8) + codePoint - start;
  }
  return 0;
}

/** Format 4: segments of the basic plane with deltas or a glyph array. */
function segmentMapping(view: DataView, subtable: number, codePoint: number): number {
  if (codePoint > 0xffff) return 0;
  const doubled = view.getUint16(subtable + 6);
  const ends = subtable + 14;
  const starts = ends + doubled + 2;
  const deltas = starts + doubled;
  const ranges = deltas + doubled;
  for (let at = 0; at < doubled; at += 2) {
    if (view.getUint16(ends + at) < codePoint) continue;
    const start = view.getUint16(starts + at);
    if (start > codePoint) return 0;
    const delta = view.getUint16(deltas + at);
    const range = view.getUint16(ranges + at);
    if (range === 0) return (codePoint + delta) & 0xffff;
    const glyph = view.getUint16(ranges + at + range + 2 * (codePoint - start));
    return glyph === 0 ? 0 : (glyph + delta) & 0xffff;
  }
  return 0;
}
