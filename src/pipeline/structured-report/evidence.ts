import type { WritableDataSet } from '../../dicom/part10-writer.ts';
import type { SopReference } from './content-item.ts';
import type { ReportedImage } from './report-input.ts';

interface EvidenceInstance extends SopReference {
  readonly seriesInstanceUid: string;
}

/**
 * Evidence sequences of the SR (PS3.3 C.17.2): every instance that the tree refers to is Current Requested Procedure
 * Evidence; captures that it does not refer to (no map to explain a finding) are Pertinent Other Evidence, so that
 * they can be found from the report all the same.
 */
export function evidence(
  studyInstanceUid: string,
  images: readonly ReportedImage[],
  content: WritableDataSet,
): WritableDataSet {
  const referenced = referencedInstances(content);
  const all: readonly EvidenceInstance[] = images.flatMap((image) => [
    {
      sopClassUid: image.sourceSopClassUid,
      sopInstanceUid: image.sourceSopInstanceUid,
      seriesInstanceUid: image.sourceSeriesInstanceUid,
    },
    ...(image.capture === undefined ? [] : [image.capture]),
  ]);
  const current = all.filter(({ sopInstanceUid }) => referenced.has(sopInstanceUid));
  const other = all.filter(({ sopInstanceUid }) => !referenced.has(sopInstanceUid));
  return {
    CurrentRequestedProcedureEvidenceSequence: hierarchy(studyInstanceUid, current),
    ...(other.length === 0 ? {} : { PertinentOtherEvidenceSequence: hierarchy(studyInstanceUid, other) }),
  };
}

/** SOP Instance UIDs of all IMAGE items below a node. */
export function referencedInstances(node: WritableDataSet): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (item: WritableDataSet): void => {
    const references = item['ReferencedSOPSequence'];
    for (const reference of items(references)) {
      const uid = reference['ReferencedSOPInstanceUID'];
      if (typeof uid === 'string') found.add(uid);
    }
    items(item['ContentSequence']).forEach(visit);
  };
  visit(node);
  return found;
}

function items(value: WritableDataSet[string]): readonly WritableDataSet[] {
  return Array.isArray(value) ? (value as readonly WritableDataSet[]) : [];
}

/** Hierarchical SOP Instance Reference Macro (Table C.17-3): study, series, instances. */
function hierarchy(studyInstanceUid: string, instances: readonly EvidenceInstance[]): WritableDataSet[] {
  const series = new Map<string, EvidenceInstance[]>();
  for (const instance of instances) {
    series.set(instance.seriesInstanceUid, [...(series.get(instance.seriesInstanceUid) ?? []), instance]);
  }
  return [
    {
      StudyInstanceUID: studyInstanceUid,
      ReferencedSeriesSequence: [...series].map(([seriesInstanceUid, members]) => ({
        SeriesInstanceUID: seriesInstanceUid,
        ReferencedSOPSequence: members.map((member) => ({
          ReferencedSOPClassUID: member.sopClassUid,
          ReferencedSOPInstanceUID: member.sopInstanceUid,
        })),
      })),
    },
  ];
}
