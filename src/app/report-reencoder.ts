import { readFileSync } from 'node:fs';
import { copyAttributes } from '../dicom/attribute-copy.ts';
import { entryOfTag } from '../dicom/dictionary.ts';
import { readPart10 } from '../dicom/part10-reader.ts';
import { writePart10 } from '../dicom/part10-writer.ts';
import { sopClassName } from '../dicom/sop-class.ts';
import { transferSyntaxUid } from '../dicom/transfer-syntax.ts';
import { uuidV5Uid } from '../dicom/uid.ts';
import type { Delivery } from '../store/outbox.ts';
import { writeResultFile } from '../store/result-files.ts';
import type { Store } from '../store/store.ts';

export interface ReencoderOptions {
  readonly store: Store;
  readonly resultsFolder: string;
  readonly siteUuid: string;
  readonly nowMs: () => number;
}

/**
 * Puts a report into another SR class for a destination that refuses the first (results.md 3.1): the content tree is
 * legal in all three classes, so only SOP Class and SOP Instance UID change. The new UID is derived from the old one,
 * so a second fall-back after a crash makes the same object. False when the file cannot be read any more.
 */
export function reportReencoder(options: ReencoderOptions) {
  return (delivery: Delivery, nextSopClassUid: string, why: string): boolean => {
    const file = readPart10(readFileSync(delivery.object.path));
    if (!file.ok) return false;
    const keywords = [...file.value.dataSet.elements()].flatMap(({ tag }) => {
      const keyword = entryOfTag(tag)?.keyword;
      return keyword === undefined ? [] : [keyword];
    });
    const copied = copyAttributes(file.value.dataSet, keywords);
    if (!copied.ok) return false;
    const sopInstanceUid = uuidV5Uid(
      options.siteUuid,
      'sr-fallback',
      delivery.object.sopInstanceUid,
      nextSopClassUid,
    );
    const bytes = writePart10({
      dataSet: { ...copied.value, SOPClassUID: nextSopClassUid, SOPInstanceUID: sopInstanceUid },
    });
    const stored = writeResultFile(options.resultsFolder, bytes, options.nowMs());
    return options.store.outbox.replaceObject(
      delivery,
      {
        ...stored,
        kind: 'SR',
        sopClassUid: nextSopClassUid,
        sopInstanceUid,
        seriesInstanceUid: delivery.object.seriesInstanceUid,
        transferSyntaxUid: transferSyntaxUid.explicitVrLittleEndian,
      },
      `${why}; encoded again as ${sopClassName(nextSopClassUid)}`,
    );
  };
}
