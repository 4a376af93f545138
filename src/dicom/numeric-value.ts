/** What `decodeNumbers` needs of an element. */
export interface NumericElement {
  readonly vr: string;
  readonly littleEndian: boolean;
  readonly bytes: Uint8Array;
}

type ReadOne = (view: DataView, at: number, littleEndian: boolean) => number;

const binary: ReadonlyMap<string, { readonly width: number; readonly read: ReadOne }> = new Map([
  ['US', { width: 2, read: (view, at, le) => view.getUint16(at, le) }],
  ['SS', { width: 2, read: (view, at, le) => view.getInt16(at, le) }],
  ['OW', { width: 2, read: (view, at, le) => view.getUint16(at, le) }],
  ['ox', { width: 2, read: (view, at, le) => view.getUint16(at, le) }],
  ['lt', { width: 2, read: (view, at, le) => view.getUint16(at, le) }],
  ['UL', { width: 4, read: (view, at, le) => view.getUint32(at, le) }],
  ['up', { width: 4, read: (view, at, le) => view.getUint32(at, le) }],
  ['OL', { width: 4, read: (view, at, le) => view.getUint32(at, le) }],
  ['SL', { width: 4, read: (view, at, le) => view.getInt32(at, le) }],
  ['FL', { width: 4, read: (view, at, le) => view.getFloat32(at, le) }],
  ['OF', { width: 4, read: (view, at, le) => view.getFloat32(at, le) }],
  ['FD', { width: 8, read: (view, at, le) => view.getFloat64(at, le) }],
  ['OD', { width: 8, read: (view, at, le) => view.getFloat64(at, le) }],
  ['UV', { width: 8, read: (view, at, le) => Number(view.getBigUint64(at, le)) }],
  ['OV', { width: 8, read: (view, at, le) => Number(view.getBigUint64(at, le)) }],
  ['SV', { width: 8, read: (view, at, le) => Number(view.getBigInt64(at, le)) }],
  ['OB', { width: 1, read: (view, at) => view.getUint8(at) }],
  [
    'AT',
    { width: 4, read: (view, at, le) => ((view.getUint16(at, le) << 16) | view.getUint16(at + 2, le)) >>> 0 },
  ],
]);

/**
 * The values of an element as numbers (PS3.5 6.2). Trailing bytes that do not fill a value are ignored; a DS or IS
 * that is not a number is NaN (a decimal comma, for instance); other text VRs give no numbers.
 *
 * @param pixelRepresentation 1 makes `xs` (US or SS by context) signed
 */
export function decodeNumbers(element: NumericElement, pixelRepresentation: number): readonly number[] {
  const { bytes, littleEndian } = element;
  if (element.vr === 'DS' || element.vr === 'IS') return decimalNumbers(bytes);
  const format = binary.get(element.vr === 'xs' ? (pixelRepresentation === 1 ? 'SS' : 'US') : element.vr);
  if (format === undefined) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values: number[] = [];
  for (let at = 0; at + format.width <= bytes.length; at += format.width)
    values.push(format.read(view, at, littleEndian));
  return values;
}

function decimalNumbers(bytes: Uint8Array): number[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  if (/^[ \0]*$/.test(text)) return [];
  return text.split('\\').map((value) => {
    const trimmed = value.replace(/^ +|[ \0]+$/g, '');
    return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(trimmed) ? Number(trimmed) : Number.NaN;
  });
}
