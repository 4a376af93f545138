import { configuredCode } from '../class-codes.ts';
import type { CodedConcept } from '../result-input.ts';
import { concept, unit } from './concepts.ts';
import { type ContentItem, codeItem, container, date, imageItem, numeric, text } from './content-item.ts';
import { type ReportedImage, type ReportScope, sourceReference } from './report-input.ts';

/**
 * TID 1600 Image Library: one group per modality and matrix size, so that what the group says (TID 1602) is true of
 * every image in it; view, modifier and orientation stand at the image (TID 1603) and only when there was evidence.
 */
export function imageLibrary(scope: ReportScope): ContentItem {
  const groups = new Map<string, ReportedImage[]>();
  for (const image of scope.images) {
    const key = `${image.modality} ${image.rows} ${image.columns}`;
    groups.set(key, [...(groups.get(key) ?? []), image]);
  }
  return container(
    'CONTAINS',
    concept.imageLibrary,
    [...groups.values()].map((images) => libraryGroup(images, scope)),
  );
}

function libraryGroup(images: readonly ReportedImage[], { context, resources }: ReportScope): ContentItem {
  const [first] = images;
  const { language } = resources.wording;
  const region = configuredCode(resources.codes.finding_site, language.value);
  const { studyDate } = context.study;
  return container('CONTAINS', concept.imageLibraryGroup, [
    codeItem('HAS ACQ CONTEXT', concept.modality, modalityCode(first?.modality ?? '')),
    codeItem('HAS ACQ CONTEXT', concept.targetRegion, region),
    ...(/^\d{8}$/.test(studyDate) ? [date('HAS ACQ CONTEXT', concept.studyDate, studyDate)] : []),
    ...matrixSize(first),
    ...images.map(libraryImage),
  ]);
}

/** Left out for an image of which nothing could be read. */
function matrixSize(image: ReportedImage | undefined): readonly ContentItem[] {
  if (image === undefined || image.rows === 0 || image.columns === 0) return [];
  return [
    numeric('HAS ACQ CONTEXT', concept.pixelDataRows, String(image.rows), unit.pixels),
    numeric('HAS ACQ CONTEXT', concept.pixelDataColumns, String(image.columns), unit.pixels),
  ];
}

function libraryImage(image: ReportedImage): ContentItem {
  const orientation = image.patientOrientation;
  return imageItem('CONTAINS', undefined, sourceReference(image), [
    ...viewItems(image),
    ...(orientation === undefined
      ? []
      : [
          text('HAS ACQ CONTEXT', concept.patientOrientationRow, orientation.row),
          text('HAS ACQ CONTEXT', concept.patientOrientationColumn, orientation.column),
        ]),
  ]);
}

function viewItems({ view, dynamic }: ReportedImage): readonly ContentItem[] {
  if (view === 'unknown') return [];
  const views = {
    lateral: concept.lateral,
    left_lateral: concept.leftLateral,
    right_lateral: concept.rightLateral,
  } as const;
  const modifiers = {
    FLEXION: concept.flexion,
    EXTENSION: concept.extension,
    NEUTRAL: concept.neutral,
  } as const;
  const children =
    dynamic === undefined ? [] : [codeItem('HAS CONCEPT MOD', concept.imageViewModifier, modifiers[dynamic])];
  return [codeItem('HAS ACQ CONTEXT', concept.imageView, views[view], children)];
}

function modalityCode(modality: string): CodedConcept {
  return modality === 'CR' ? concept.computedRadiography : concept.digitalRadiography;
}
