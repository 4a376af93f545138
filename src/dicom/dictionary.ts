import { createRequire } from 'node:module';
import { NodeError } from '../core/errors.ts';

/** One line of the data dictionary (PS3.6 section 6). */
export interface DictionaryEntry {
  readonly keyword: string;
  /** 0xGGGGEEEE as an unsigned number; for repeating groups the first one (6000, 5000). */
  readonly tag: number;
  /** Two capitals, or where the standard leaves a choice: `xs` US/SS, `lt` US/OW, `ox` OB/OW, `up` a UL offset. */
  readonly vr: string;
  /** Value multiplicity as printed: `1`, `2-n`, `1-3`. */
  readonly vm: string;
}

interface Tables {
  readonly byKeyword: ReadonlyMap<string, DictionaryEntry>;
  readonly byTag: ReadonlyMap<number, DictionaryEntry>;
}

interface DcmjsModule {
  readonly data: {
    readonly DicomMetaDictionary: {
      readonly nameMap: Readonly<Record<string, { tag: string; vr: string; vm: string; name: string }>>;
    };
  };
}

/**
 * The lines that a storage SCP needs for every image. They stand here so that the listener never loads the whole
 * dictionary, which takes 8 MB and, at the first image, a tenth of a second.
 */
const atTheDoor: ReadonlyMap<string, DictionaryEntry> = new Map(
  (
    [
      ['FileMetaInformationGroupLength', 0x00020000, 'UL'],
      ['FileMetaInformationVersion', 0x00020001, 'OB'],
      ['MediaStorageSOPClassUID', 0x00020002, 'UI'],
      ['MediaStorageSOPInstanceUID', 0x00020003, 'UI'],
      ['TransferSyntaxUID', 0x00020010, 'UI'],
      ['ImplementationClassUID', 0x00020012, 'UI'],
      ['ImplementationVersionName', 0x00020013, 'SH'],
      ['SourceApplicationEntityTitle', 0x00020016, 'AE'],
      ['SOPClassUID', 0x00080016, 'UI'],
      ['SOPInstanceUID', 0x00080018, 'UI'],
      ['StudyInstanceUID', 0x0020000d, 'UI'],
      ['SeriesInstanceUID', 0x0020000e, 'UI'],
    ] as const
  ).map(([keyword, tag, vr]) => [keyword, { keyword, tag, vr, vm: '1' }]),
);

let tables: Tables | undefined;

/**
 * The one door to dcmjs: only its dictionary is used, read at the first look-up and never at import.
 * Its CommonJS build is taken on purpose, since `import 'dcmjs'` would be a second instance beside the one that
 * dcmjs-dimse requires. Its reader and writer are not used: part10-reader.ts and part10-writer.ts say why.
 */
function loadTables(): Tables {
  if (tables !== undefined) return tables;
  const dcmjs = createRequire(import.meta.url)('dcmjs') as DcmjsModule;
  const byKeyword = new Map<string, DictionaryEntry>();
  const byTag = new Map<number, DictionaryEntry>();
  for (const [keyword, line] of Object.entries(dcmjs.data.DicomMetaDictionary.nameMap)) {
    const tag = Number.parseInt(line.tag.slice(1, 5) + line.tag.slice(6, 10), 16);
    const entry: DictionaryEntry = { keyword, tag, vr: line.vr, vm: line.vm };
    byKeyword.set(keyword, entry);
    byTag.set(tag, entry);
  }
  tables = { byKeyword, byTag };
  return tables;
}

/** The dictionary line of a keyword, or undefined when PS3.6 has none. */
export function entryOfKeyword(keyword: string): DictionaryEntry | undefined {
  return atTheDoor.get(keyword) ?? loadTables().byKeyword.get(keyword);
}

/** The dictionary line of a tag; overlays and curves of every repetition (60xx, 50xx) find their one line. */
export function entryOfTag(tag: number): DictionaryEntry | undefined {
  const { byTag } = loadTables();
  const found = byTag.get(tag);
  if (found !== undefined) return found;
  const group = tag >>> 16;
  const isRepeating =
    group % 2 === 0 && ((group > 0x6000 && group <= 0x601e) || (group > 0x5000 && group <= 0x501e));
  return isRepeating ? byTag.get((((group & 0xff00) << 16) | (tag & 0xffff)) >>> 0) : undefined;
}

/** The tag of a keyword as 0xGGGGEEEE. An unknown keyword is a fault of the program: throws BUG_INVARIANT. */
export function tagOf(keyword: string): number {
  const entry = entryOfKeyword(keyword);
  if (entry === undefined) throw new NodeError('BUG_INVARIANT', `no such DICOM keyword: ${keyword}`);
  return entry.tag;
}

/** A tag as the standard prints it, e.g. `(0010,0020)`. */
export function formatTag(tag: number): string {
  const hex = (value: number) => value.toString(16).toUpperCase().padStart(4, '0');
  return `(${hex(tag >>> 16)},${hex(tag & 0xffff)})`;
}
