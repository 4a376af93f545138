import { readFileSync } from 'node:fs';
import { copyAttributes } from '../dicom/attribute-copy.ts';
import { entryOfTag } from '../dicom/dictionary.ts';
import { type Part10File, readPart10 } from '../dicom/part10-reader.ts';
import { type WritableDataSet, writePart10 } from '../dicom/part10-writer.ts';
import { sopClassName } from '../dicom/sop-class.ts';
import { transferSyntaxUid } from '../dicom/transfer-syntax.ts';
import { uuidV5Uid } from '../dicom/uid.ts';
import type { Delivery } from '../store/outbox.ts';
import { writeResultFile } from '../store/result-files.ts';
import type { Store } from '../store/store.ts';

export interface ReencoderOptions {
  readonly store: Pick<Store, 'outbox'>;
  readonly resultsFolder: string;
  readonly siteUuid: string;
  readonly nowMs: () => number;
}

/**
 * Puts a report into another SR class for a destination that refuses the first (results.md 3.1): the content tree is
 * legal in all three classes, so only SOP Class and SOP Instance UID change, and the predecessor where this destination
 * holds that in another class too. The new UID is derived from what was changed, so a second fall-back after a crash
 * makes the same object. False when the file is gone or cannot be read.
 */
export function reportReencoder(options: ReencoderOptions) {
  return (delivery: Delivery, nextSopClassUid: string, why: string): boolean => {
    const file = readReport(delivery.object.path);
    if (file === undefined) return false;
    const keywords = [...file.dataSet.elements()].flatMap(({ tag }) => {
      const keyword = entryOfTag(tag)?.keyword;
      return keyword === undefined ? [] : [keyword];
    });
    const copied = copyAttributes(file.dataSet, keywords);
    if (!copied.ok) return false;
    const predecessors = predecessorsAt(delivery.destination, file, options.store);
    const sopInstanceUid = uuidV5Uid(
      options.siteUuid,
      'sr-fallback',
      delivery.object.sopInstanceUid,
      nextSopClassUid,
      ...predecessors.sopInstanceUids,
    );
    const bytes = writePart10({
      dataSet: {
        ...copied.value,
        // The copied text is decoded; what is written declares its own encoding.
        SpecificCharacterSet: 'ISO_IR 192',
        SOPClassUID: nextSopClassUid,
        SOPInstanceUID: sopInstanceUid,
        ...(predecessors.items.length === 0 ? {} : { PredecessorDocumentsSequence: predecessors.items }),
      },
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

function readReport(path: string): Part10File | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    // A report that was removed by hand is parked, visible and not the end of the sender; a failing disk is.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const file = readPart10(bytes);
  return file.ok ? file.value : undefined;
}

/** Predecessor Documents (PS3.3 C.17.2) as this destination knows them: by what it took in their place. */
function predecessorsAt(
  destination: string,
  { dataSet }: Part10File,
  { outbox }: ReencoderOptions['store'],
): { readonly items: readonly WritableDataSet[]; readonly sopInstanceUids: readonly string[] } {
  const sopInstanceUids: string[] = [];
  const items = dataSet.sequence('PredecessorDocumentsSequence').map((study) => ({
    StudyInstanceUID: study.string('StudyInstanceUID') ?? '',
    ReferencedSeriesSequence: study.sequence('ReferencedSeriesSequence').map((series) => ({
      SeriesInstanceUID: series.string('SeriesInstanceUID') ?? '',
      ReferencedSOPSequence: series.sequence('ReferencedSOPSequence').map((document) => {
        const original = document.string('ReferencedSOPInstanceUID') ?? '';
        const known = outbox.standIn(destination, original);
        sopInstanceUids.push(known?.sopInstanceUid ?? original);
        return {
          ReferencedSOPClassUID: known?.sopClassUid ?? document.string('ReferencedSOPClassUID') ?? '',
          ReferencedSOPInstanceUID: known?.sopInstanceUid ?? original,
        };
      }),
    })),
  }));
  return { items, sopInstanceUids };
}
