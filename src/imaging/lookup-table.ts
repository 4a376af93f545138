import type { DataSet } from '../dicom/data-set.ts';

/** A Modality or VOI LUT (PS3.3 C.11.1.1, C.11.2.1.1). */
export interface LookupTable {
  /** Input value that the first entry belongs to. */
  readonly firstMapped: number;
  readonly entries: readonly number[];
  /** Greatest output value, `2^bits - 1`. */
  readonly outputMaximum: number;
  readonly explanation: string | undefined;
}

/**
 * The lookup table in one sequence item, or undefined when descriptor or data are missing or do not agree.
 * Descriptor values 1 and 3 are unsigned whatever the encoded VR, with 0 entries meaning 65536; value 2 is signed
 * when `inputIsSigned`. Entries of up to 8 bits may lie two to a word (PS3.3 C.11.1.1.1).
 */
export function readLookupTable(item: DataSet, inputSign: 'signed' | 'unsigned'): LookupTable | undefined {
  const descriptor = item.numbers('LUTDescriptor').map((value) => value & 0xffff);
  const [declaredCount, first, bits] = descriptor;
  if (declaredCount === undefined || first === undefined || bits === undefined || bits < 1 || bits > 16)
    return undefined;
  const count = declaredCount === 0 ? 65_536 : declaredCount;
  const entries = lutEntries(item, count);
  if (entries === undefined) return undefined;
  let greatest = 0;
  for (const entry of entries) if (entry > greatest) greatest = entry;
  return {
    firstMapped: inputSign === 'signed' ? (first << 16) >> 16 : first,
    entries,
    // Some writers declare fewer bits than their entries use; clipping those would lose the bright end.
    outputMaximum: Math.max(2 ** bits - 1, 2 ** Math.ceil(Math.log2(greatest + 1)) - 1),
    explanation: item.string('LUTExplanation'),
  };
}

/** Looks a value up, clamped to both ends. */
export function lookUp(table: LookupTable, value: number): number {
  const index = Math.round(value) - table.firstMapped;
  const clamped = Math.min(Math.max(index, 0), table.entries.length - 1);
  return table.entries[clamped] ?? 0;
}

function lutEntries(item: DataSet, count: number): readonly number[] | undefined {
  const bytes = item.bytes('LUTData');
  if (bytes === undefined) return undefined;
  if (bytes.length >= count * 2)
    return item
      .numbers('LUTData')
      .slice(0, count)
      .map((value) => value & 0xffff);
  return bytes.length >= count ? Array.from(bytes.subarray(0, count)) : undefined;
}
