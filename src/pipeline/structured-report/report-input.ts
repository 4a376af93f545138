import type { AnalysedImage, InfluenceMap, ResultContext } from '../result-input.ts';
import type { ResultResources } from '../result-resources.ts';
import type { SopReference } from './content-item.ts';

/** The capture of one image, as the report refers to it. */
export interface CaptureReference extends SopReference {
  readonly seriesInstanceUid: string;
  /** The class whose map the capture shows; undefined when it shows none. */
  readonly mapClassId: string | undefined;
}

/** An analysed image without its pixels: plain data that can be kept until the study is quiet. */
export interface ReportedImage extends Omit<AnalysedImage, 'display' | 'map'> {
  readonly map?: Pick<InfluenceMap, 'classId' | 'grid' | 'peak' | 'box' | 'reliability'>;
  readonly capture?: CaptureReference;
}

/** An earlier report of the same study that this one extends (PS3.3 C.17.2, Predecessor Documents Sequence). */
export interface DocumentReference extends SopReference {
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
}

/** The SR storage classes that carry the tree, best first; names as in `destinations[].srClasses`. */
export const reportSopClasses = ['Comprehensive3DSR', 'ComprehensiveSR', 'EnhancedSR'] as const;

export type ReportSopClass = (typeof reportSopClasses)[number];

export interface ReportOptions {
  readonly resources: ResultResources;
  readonly sopClass: ReportSopClass;
  /** From 1; a late image makes the next one. */
  readonly revision: number;
  readonly predecessor?: DocumentReference;
}

/** What every part of the tree is built from. */
export interface ReportScope {
  readonly context: ResultContext;
  readonly resources: ResultResources;
  /** In the order of the source series and instance numbers. */
  readonly images: readonly ReportedImage[];
}

export function sourceReference(image: ReportedImage): SopReference {
  return { sopClassUid: image.sourceSopClassUid, sopInstanceUid: image.sourceSopInstanceUid };
}
