import { NodeError } from '../core/errors.ts';
import type { AnalysedImage, InfluenceMap, StudyContext } from './result-input.ts';
import type { ReportedImage } from './structured-report/report-input.ts';

/** An analysed image without pixels: all that the study's report needs later. */
export interface AnalysisRecord {
  readonly version: 1;
  readonly study: StudyContext;
  readonly image: Omit<ReportedImage, 'capture'>;
  /** The class whose map the capture shows; absent when it shows none. */
  readonly capturedMapClassId?: string;
}

/** JSON with sorted keys, so that equal analyses make equal bytes. */
export function writeAnalysisRecord(
  study: StudyContext,
  image: AnalysedImage,
  capturedMapClassId?: string,
): string {
  const { display: _display, map, ...rest } = image;
  const record: AnalysisRecord = {
    version: 1,
    study,
    image: map === undefined ? rest : { ...rest, map: placeOf(map) },
    ...(capturedMapClassId === undefined ? {} : { capturedMapClassId }),
  };
  return JSON.stringify(record, sortedKeys);
}

/** Reads what `writeAnalysisRecord` wrote; anything else is a bug of ours. */
export function readAnalysisRecord(text: string): AnalysisRecord {
  const value = JSON.parse(text) as AnalysisRecord;
  if ((value.version as number) !== 1)
    throw new NodeError('BUG_INVARIANT', 'an analysis record has an unknown version');
  return value;
}

/** Where the map pointed; its values stay in the capture. */
function placeOf({ classId, grid, peak, box, reliability }: InfluenceMap): NonNullable<ReportedImage['map']> {
  return { classId, grid, peak, box, reliability };
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
