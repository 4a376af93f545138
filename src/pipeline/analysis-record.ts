import { NodeError } from '../core/errors.ts';
import type { AnalysedImage, InfluenceMap, StudyContext } from './result-input.ts';

/** An analysed image without pixels: all that the study's report needs later. */
export interface AnalysisRecord {
  readonly version: 1;
  readonly study: StudyContext;
  readonly image: RecordedImage;
}

export type RecordedImage = Omit<AnalysedImage, 'display' | 'map'> & { readonly map?: RecordedMap };

/** Where the map pointed; its values stay in the capture. */
export type RecordedMap = Omit<InfluenceMap, 'values'>;

/** JSON with sorted keys, so that equal analyses make equal bytes. */
export function writeAnalysisRecord(study: StudyContext, image: AnalysedImage): string {
  const { display: _display, map, ...rest } = image;
  const recorded: RecordedImage = map === undefined ? rest : { ...rest, map: withoutValues(map) };
  const record: AnalysisRecord = { version: 1, study, image: recorded };
  return JSON.stringify(record, sortedKeys);
}

/** Reads what `writeAnalysisRecord` wrote; anything else is a bug of ours. */
export function readAnalysisRecord(text: string): AnalysisRecord {
  const value = JSON.parse(text) as AnalysisRecord;
  if ((value.version as number) !== 1) throw new NodeError('BUG_INVARIANT', 'an analysis record has an unknown version');
  return value;
}

/** The image as the report builder takes it: a map with its place and no values. */
export function reportImage({ image }: AnalysisRecord): AnalysedImage {
  const { map, ...rest } = image;
  return map === undefined ? rest : { ...rest, map: { ...map, values: new Float32Array(0) } };
}

function withoutValues(map: InfluenceMap): RecordedMap {
  const { classId, grid, columns, rows, coverage, peak, box, reliability } = map;
  return { classId, grid, columns, rows, coverage, peak, box, reliability };
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
