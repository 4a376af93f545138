import type { NodeError } from '../core/errors.ts';
import { ok, type Result } from '../core/result.ts';
import type { DataElement, DataSet } from './data-set.ts';
import { entryOfKeyword, entryOfTag } from './dictionary.ts';
import type { WritableDataSet, WritableValue } from './part10-writer.ts';

/**
 * Copies named attributes of a source image into a form that `writePart10` takes (results.md 5.1): text decoded by
 * the source's character set, everything else as it stands, sequences with their items. Absent attributes stay
 * absent; empty ones stay empty. Private and unknown elements inside items are left out, and so are items'
 * Specific Character Sets, since the output declares its own.
 *
 * The values are the source's: what breaks its VR there makes `writePart10` throw RESULT_INVALID.
 * Error: DATASET_CHARSET when a text cannot be decoded exactly.
 */
export function copyAttributes(
  source: DataSet,
  keywords: readonly string[],
): Result<WritableDataSet, NodeError> {
  const copied: Record<string, WritableValue> = {};
  for (const keyword of keywords) {
    const element = source.element(keyword);
    if (element === undefined) continue;
    const value = copyValue(source, element, keyword);
    if (!value.ok) return value;
    copied[keyword] = value.value;
  }
  return ok(copied);
}

function copyValue(source: DataSet, element: DataElement, keyword: string): Result<WritableValue, NodeError> {
  const vr = entryOfKeyword(keyword)?.vr ?? element.vr;
  if (vr === 'SQ') return copyItems(source.sequence(keyword));
  if (isText(vr)) return source.texts(keyword);
  return ok(source.numbers(keyword));
}

/** DS and IS too: their text is copied as written, so no digit changes. */
function isText(vr: string): boolean {
  return /^(AE|AS|CS|DA|DS|DT|IS|LO|LT|PN|SH|ST|TM|UC|UI|UR|UT)$/.test(vr);
}

function copyItems(items: readonly DataSet[]): Result<WritableDataSet[], NodeError> {
  const copies: WritableDataSet[] = [];
  for (const item of items) {
    const keywords: string[] = [];
    for (const { tag } of item.elements()) {
      const keyword = entryOfTag(tag)?.keyword;
      if (keyword !== undefined && keyword !== 'SpecificCharacterSet') keywords.push(keyword);
    }
    const copy = copyAttributes(item, keywords);
    if (!copy.ok) return copy;
    copies.push(copy.value);
  }
  return ok(copies);
}
