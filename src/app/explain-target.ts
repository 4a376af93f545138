import { existsSync, readFileSync, statSync } from 'node:fs';
import { NodeError } from '../core/errors.ts';
import { readPart10 } from '../dicom/part10-reader.ts';
import type { StudyExplanation } from '../store/explain.ts';
import type { ReadOnlyStore } from '../store/store.ts';

/** What a person asked about, as it was understood. */
export interface ExplainTarget {
  /** For the sentence when nothing is found: `accession number ACC1`. */
  readonly asked: string;
  readonly studies: readonly StudyExplanation[];
  /** Set when one image was asked for and not its whole study. */
  readonly sopInstanceUid?: string;
  /** What the audit trail may be searched for when no study was found. */
  readonly trail?: { readonly accessionNumber: string } | { readonly sopInstanceUid: string };
}

/** Finds studies by accession number, UID of a study, image or result, our own image id, a DICOM file, or `last`. */
export function findTarget(text: string, store: ReadOnlyStore): ExplainTarget {
  if (text === 'last') return { asked: 'anything', studies: store.explainAll('last') };
  if (existsSync(text) && statSync(text).isFile()) return byFile(text, store);
  if (/^[0-9]+(\.[0-9]+)+$/.test(text)) return byUid(text, store);
  if (/^[0-9A-Z]{26}$/.test(text)) {
    const studies = store.explainAll({ instanceId: text });
    if (studies.length > 0) return { asked: `image id ${text}`, studies };
  }
  return {
    asked: `accession number ${text}`,
    studies: store.explainAll({ accessionNumber: text }),
    trail: { accessionNumber: text },
  };
}

function byUid(uid: string, store: ReadOnlyStore): ExplainTarget {
  const studies = store.explainAll({ studyInstanceUid: uid });
  if (studies.length > 0) return { asked: `UID ${uid}`, studies };
  const found = store.explainAll({ sopInstanceUid: uid });
  const isImage = found.some(({ images }) => images.some(({ instance }) => instance.sopInstanceUid === uid));
  return {
    asked: `UID ${uid}`,
    studies: found,
    ...(isImage ? { sopInstanceUid: uid } : {}),
    trail: { sopInstanceUid: uid },
  };
}

function byFile(path: string, store: ReadOnlyStore): ExplainTarget {
  const file = readPart10(readFileSync(path));
  const uid = file.ok ? file.value.dataSet.string('SOPInstanceUID') : undefined;
  if (uid === undefined)
    throw new NodeError(
      'NOT_FOUND',
      `${path} is not a DICOM file that can be read; give its SOP Instance UID or accession number`,
    );
  return byUid(uid, store);
}
