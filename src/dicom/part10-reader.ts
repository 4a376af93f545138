import { inflateRawSync, constants as zlib } from 'node:zlib';
import { NodeError } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';
import { type DataElement, DataSet, type TextScope } from './data-set.ts';
import {
  defaultParseLimits,
  ElementParser,
  type ParseLimits,
  type PixelDataLocation,
  WindowEnd,
} from './element-parser.ts';
import { type TransferSyntax, transferSyntax } from './transfer-syntax.ts';

/** A parsed file. Everything in it is a view into `source` (or into the inflated data set of a deflated file). */
export interface Part10File {
  /** File Meta Information, group 0002 (PS3.10 7.1). */
  readonly fileMeta: DataSet;
  readonly transferSyntax: TransferSyntax;
  readonly dataSet: DataSet;
  /** Pixel Data of the top level, undefined when there is none. */
  readonly pixelData: PixelDataLocation | undefined;
  readonly source: Uint8Array;
  /** Where the encoded data set begins in `source`; what C-STORE sends is `source` from here. */
  readonly dataSetOffset: number;
}

export interface ReadOptions extends Partial<ParseLimits> {
  /** Accept bytes without preamble and prefix: file meta at byte 0, or a bare data set in this transfer syntax. */
  readonly bareTransferSyntaxUid?: string;
}

/** What the beginning of a data set tells, before Pixel Data. */
export interface HeaderScan {
  readonly dataSet: DataSet;
  /** Reached Pixel Data, the end of the data set, or only the end of the bytes at hand. */
  readonly endedAt: 'pixel-data' | 'end' | 'window';
}

export interface ScanOptions extends Partial<ParseLimits> {
  /** Length in bytes of the whole data set of which `bytes` is the beginning; the bytes' own length if left out. */
  readonly totalLength?: number;
}

interface ParsedDataSet {
  readonly dataSet: DataSet;
  readonly pixelData: PixelDataLocation | undefined;
}

/** Compressed bytes that a header scan inflates: deflate grows at most 1032-fold (RFC 1951), so at most 17 MiB. */
const scanDeflatedBytes = 16 * 1024;

/**
 * Reads a DICOM file (PS3.10 7) of any transfer syntax in the table of transfer-syntax.ts. Pixel data is located,
 * not decoded. Nothing is zero-filled and nothing is allocated by a declared length.
 *
 * Errors: DATASET_TRUNCATED, DATASET_MALFORMED, DATASET_LIMIT, DATASET_MISSING_ATTRIBUTE (no transfer syntax),
 * PIXEL_UNSUPPORTED (a transfer syntax this node does not decode).
 */
export function readPart10(bytes: Uint8Array, options: ReadOptions = {}): Result<Part10File, NodeError> {
  return asResult(() => {
    const limits = { ...defaultParseLimits, ...options };
    const metaAt = fileMetaOffset(bytes, options.bareTransferSyntaxUid !== undefined);
    const { fileMeta, dataSetOffset } = readFileMeta(bytes, metaAt, limits);
    const uid = fileMeta.string('TransferSyntaxUID') ?? options.bareTransferSyntaxUid;
    if (uid === undefined)
      throw new NodeError('DATASET_MISSING_ATTRIBUTE', 'no Transfer Syntax UID (0002,0010)');
    const syntax = knownSyntax(uid);
    const parsed = parseDataSet(bytes.subarray(dataSetOffset), syntax, limits);
    return { fileMeta, transferSyntax: syntax, ...parsed, source: bytes, dataSetOffset };
  });
}

/** Reads a whole data set without file meta, as it travels in C-STORE. Errors as `readPart10`. */
export function readDataSet(
  bytes: Uint8Array,
  transferSyntaxUid: string,
  options: Partial<ParseLimits> = {},
): Result<ParsedDataSet, NodeError> {
  return asResult(() =>
    parseDataSet(bytes, knownSyntax(transferSyntaxUid), { ...defaultParseLimits, ...options }),
  );
}

/**
 * Reads the beginning of a data set up to but without group 7FE0, for the listener: the same limits, no pixel data,
 * well under 5 ms for an ordinary header. `bytes` may be cut anywhere; what lies wholly inside it is returned and
 * `endedAt` says how far that went. Errors as `readPart10`.
 */
export function scanHeader(
  bytes: Uint8Array,
  transferSyntaxUid: string,
  options: ScanOptions = {},
): Result<HeaderScan, NodeError> {
  return asResult(() => {
    const syntax = knownSyntax(transferSyntaxUid);
    const limits = { ...defaultParseLimits, ...options };
    const encoded = syntax.deflated ? inflateBeginning(bytes) : bytes;
    const totalLength = syntax.deflated ? Number.POSITIVE_INFINITY : (options.totalLength ?? bytes.length);
    const parser = new ElementParser(encoded, limits, totalLength);
    const elements = new Map<number, DataElement>();
    const scope = topScope(limits);
    const dataSet = new DataSet(elements, scope);
    const stopBefore = (tag: number) => tag >>> 16 === 0x7fe0;
    try {
      const stopped = parser.readElements(
        elements,
        { start: 0, end: encoded.length, depth: 0, stopBefore },
        syntax,
        scope,
      );
      if (stopped < encoded.length) return { dataSet, endedAt: 'pixel-data' };
      return { dataSet, endedAt: encoded.length < totalLength && !syntax.deflated ? 'window' : 'end' };
    } catch (cause) {
      if (cause instanceof WindowEnd) return { dataSet, endedAt: 'window' };
      throw cause;
    }
  });
}

function fileMetaOffset(bytes: Uint8Array, acceptsBare: boolean): number {
  if (bytes.length >= 132 && Buffer.from(bytes.subarray(128, 132)).toString('latin1') === 'DICM') return 132;
  if (acceptsBare) return 0;
  throw new NodeError('DATASET_MALFORMED', 'no DICM prefix: not a DICOM file (PS3.10 7.1)');
}

function readFileMeta(bytes: Uint8Array, start: number, limits: ParseLimits) {
  const elements = new Map<number, DataElement>();
  const scope = topScope(limits);
  const isMeta = bytes[start] === 0x02 && bytes[start + 1] === 0x00;
  if (!isMeta) {
    if (start === 132) throw new NodeError('DATASET_MALFORMED', 'no File Meta Information (PS3.10 7.1)');
    return { fileMeta: new DataSet(elements, scope), dataSetOffset: start };
  }
  const parser = new ElementParser(bytes, limits);
  const end = metaEnd(bytes, start);
  const extent = { start, end, depth: 0, stopBefore: (tag: number) => tag >>> 16 !== 0x0002 };
  const dataSetOffset = parser.readElements(elements, extent, { explicit: true, littleEndian: true }, scope);
  return { fileMeta: new DataSet(elements, scope), dataSetOffset };
}

/**
 * Where the meta group ends by its tags. The group length (0002,0000) is not trusted: it is wrong in real files,
 * and a deflated or implicit data set behind it must not be read as explicit elements.
 */
function metaEnd(bytes: Uint8Array, start: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = start;
  while (at + 8 <= bytes.length && view.getUint16(at, true) === 0x0002) {
    const isLong = /^(OB|UN|UT|OW)$/.test(String.fromCharCode(view.getUint8(at + 4), view.getUint8(at + 5)));
    if (isLong && at + 12 > bytes.length) break;
    at = isLong ? at + 12 + view.getUint32(at + 8, true) : at + 8 + view.getUint16(at + 6, true);
  }
  return at;
}

function parseDataSet(bytes: Uint8Array, syntax: TransferSyntax, limits: ParseLimits): ParsedDataSet {
  const encoded = syntax.deflated ? inflate(bytes, limits.maxInflatedBytes) : bytes;
  const parser = new ElementParser(encoded, limits);
  const elements = new Map<number, DataElement>();
  const scope = topScope(limits);
  parser.readElements(elements, { start: 0, end: encoded.length, depth: 0 }, syntax, scope);
  return { dataSet: new DataSet(elements, scope), pixelData: parser.pixelData };
}

function topScope(limits: ParseLimits): TextScope {
  return {
    parent: undefined,
    terms: undefined,
    pixelRepresentation: undefined,
    siteDefault: limits.siteDefaultCharacterSet,
  };
}

function knownSyntax(uid: string): TransferSyntax {
  const syntax = transferSyntax(uid);
  if (syntax !== undefined) return syntax;
  throw new NodeError(
    'PIXEL_UNSUPPORTED',
    `transfer syntax ${uid.replace(/[^0-9.]/g, '?').slice(0, 64)} is not supported`,
  );
}

function inflate(bytes: Uint8Array, maxOutputLength: number): Uint8Array {
  try {
    return inflateRawSync(bytes, { maxOutputLength });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ERR_BUFFER_TOO_LARGE') {
      throw new NodeError('DATASET_LIMIT', `the deflated data set grows beyond ${maxOutputLength} bytes`, {
        cause,
      });
    }
    if (code === 'Z_BUF_ERROR')
      throw new NodeError('DATASET_TRUNCATED', 'the deflate stream ends early', { cause });
    throw new NodeError('DATASET_MALFORMED', 'not a deflate stream (PS3.5 A.5)', { cause });
  }
}

function inflateBeginning(bytes: Uint8Array): Uint8Array {
  try {
    return inflateRawSync(bytes.subarray(0, scanDeflatedBytes), { finishFlush: zlib.Z_SYNC_FLUSH });
  } catch (cause) {
    throw new NodeError('DATASET_MALFORMED', 'not a deflate stream (PS3.5 A.5)', { cause });
  }
}

/** The parser throws NodeError for input faults; here they become values. Anything else is a bug and passes. */
function asResult<T>(read: () => T): Result<T, NodeError> {
  try {
    return ok(read());
  } catch (cause) {
    if (cause instanceof NodeError) return err(cause);
    throw cause;
  }
}
