import { classCode, configuredCode } from '../class-codes.ts';
import type { ClassResult, CodedConcept, SourceBox } from '../result-input.ts';
import { trackingUid } from '../result-uids.ts';
import { concept, unit } from './concepts.ts';
import {
  type ContentItem,
  codeItem,
  container,
  imageItem,
  numeric,
  type SopReference,
  spatialCoordinates,
  text,
  uidReference,
} from './content-item.ts';
import { type ReportedImage, type ReportScope, sourceReference } from './report-input.ts';

/**
 * The Measurement Groups (TID 1501) under Imaging Measurements: one per image and class that was called present or
 * undetermined. A class that was not called has no group, since every viewer would print "Finding: ..." for it.
 */
export function measurementGroups(scope: ReportScope): ContentItem {
  const groups = scope.images.flatMap((image) =>
    image.classes
      .filter(({ role, called }) => role === 'finding' && called !== 'absent')
      .sort((a, b) => b.probability - a.probability)
      .map((entry) => measurementGroup(image, entry, scope)),
  );
  return container('CONTAINS', concept.imagingMeasurements, groups);
}

function measurementGroup(image: ReportedImage, entry: ClassResult, scope: ReportScope): ContentItem {
  const { context, resources } = scope;
  const { codes } = resources;
  const language = resources.wording.language.value;
  const source = sourceReference(image);
  const tracking = trackingUid(context, image.sourceSopInstanceUid, entry.id);
  const locations = mapLocations(image, entry, source);
  const explanation = image.capture?.mapClassId === entry.id ? [image.capture] : [];
  return container('CONTAINS', concept.measurementGroup, [
    text(
      'HAS OBS CONTEXT',
      concept.trackingIdentifier,
      `${context.node.nodeId}/${entry.id}/${tracking.slice(-8)}`,
    ),
    uidReference('HAS OBS CONTEXT', concept.trackingUniqueIdentifier, tracking),
    ...(entry.called === 'present'
      ? [codeItem('CONTAINS', concept.finding, classCode(codes, entry, language))]
      : []),
    codeItem('HAS CONCEPT MOD', concept.findingSite, configuredCode(codes.finding_site, language)),
    ...algorithmIdentification(image, scope),
    numeric(
      'CONTAINS',
      concept.certaintyOfFinding,
      (entry.probability * 100).toFixed(1),
      unit.percent,
      locations.length === 0 ? [wholeImage(image, source)] : [],
    ),
    imageItem('CONTAINS', concept.sourceOfMeasurement, source),
    ...explanation.map((capture) => imageItem('CONTAINS', concept.visualExplanation, capture)),
    ...locations,
    ...image.classes
      .filter(({ role }) => role === 'finding')
      .map((other) => codeItem('CONTAINS', classCode(codes, other, language), calledCode(other.called))),
  ]);
}

/** TID 4019: which algorithm, with the hashes that make the result reproducible. */
function algorithmIdentification(image: ReportedImage, { context }: ReportScope): readonly ContentItem[] {
  const { model, node } = context;
  const thresholds = image.classes
    .filter(({ role }) => role === 'finding')
    .map(({ id, threshold }) => `threshold.${id}=${threshold}`);
  const calibration = model.calibrated
    ? `calibration=${model.calibrationText ?? 'calibrated'}`
    : 'calibration=none;the value is an uncalibrated score, not a probability';
  const parameters = [
    `model.sha256=${model.sha256}`,
    `config.sha256=${node.configSha256}`,
    [calibration, ...thresholds].join(';'),
    ...(model.performanceText === undefined ? [] : [`performance=${model.performanceText}`]),
  ];
  return [
    text('HAS CONCEPT MOD', concept.algorithmName, model.name),
    text('HAS CONCEPT MOD', concept.algorithmVersion, model.version),
    ...parameters.map((parameter) => text('HAS CONCEPT MOD', concept.algorithmParameters, parameter)),
    codeItem('HAS CONCEPT MOD', concept.algorithmFamily, concept.artificialIntelligence),
  ];
}

/** Box and peak of a focal map of this class, in source pixels. */
function mapLocations(
  image: ReportedImage,
  entry: ClassResult,
  source: SopReference,
): readonly ContentItem[] {
  const { map } = image;
  if (map === undefined || map.classId !== entry.id || map.reliability !== 'focal') return [];
  const name = concept.approximateSpatialLocation;
  const peak = [inside(map.peak.x, image.columns), inside(map.peak.y, image.rows)] as const;
  return [
    spatialCoordinates('CONTAINS', name, { type: 'POLYLINE', points: outline(map.box, image) }, source),
    spatialCoordinates('CONTAINS', name, { type: 'POINT', points: [peak] }, source),
  ];
}

/** Some viewers fail on a measurement without children in a group without coordinates; "all of the image" is true. */
function wholeImage(image: ReportedImage, source: SopReference): ContentItem {
  const box = { left: 0, top: 0, right: image.columns, bottom: image.rows };
  return spatialCoordinates(
    'INFERRED FROM',
    concept.sourceOfMeasurement,
    { type: 'POLYLINE', points: outline(box, image) },
    source,
  );
}

function outline(box: SourceBox, image: ReportedImage): readonly (readonly [number, number])[] {
  const left = inside(box.left, image.columns);
  const right = inside(box.right, image.columns);
  const top = inside(box.top, image.rows);
  const bottom = inside(box.bottom, image.rows);
  return [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
    [left, top],
  ];
}

function inside(value: number, end: number): number {
  return Math.min(end, Math.max(0, value));
}

export function calledCode(called: ClassResult['called']): CodedConcept {
  return { present: concept.present, absent: concept.absent, undetermined: concept.undetermined }[called];
}
