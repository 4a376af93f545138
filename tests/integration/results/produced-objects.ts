import { outcomes } from '../../../src/core/outcome.ts';
import { buildParametricMap } from '../../../src/pipeline/parametric-map/parametric-map.ts';
import { buildPresentationState } from '../../../src/pipeline/presentation-state/presentation-state.ts';
import type { AnalysedImage } from '../../../src/pipeline/result-input.ts';
import { buildSecondaryCapture } from '../../../src/pipeline/secondary-capture/secondary-capture.ts';
import type { ReportOptions } from '../../../src/pipeline/structured-report/report-input.ts';
import { buildStructuredReport } from '../../../src/pipeline/structured-report/structured-report.ts';
import {
  context,
  display,
  image,
  imageOf,
  influence,
  resources,
  settings,
} from '../../unit/results/fixtures.ts';

/** One object of every kind that the node can produce, for other people's validators. */
export interface ProducedObject {
  readonly name: string;
  readonly kind: 'sr' | 'sc' | 'gsps' | 'pmap';
  readonly bytes: Uint8Array;
}

const computedRadiograph: Partial<AnalysedImage> = {
  sourceSopClassUid: '1.2.840.10008.5.1.4.1.1.1',
  modality: 'CR',
  rows: 600,
  columns: 900,
};

function landscapeCr(overrides: Partial<AnalysedImage> = {}): AnalysedImage {
  const { rows = 600, columns = 900 } = computedRadiograph;
  return image({
    ...computedRadiograph,
    display: display(columns, rows),
    map: influence(columns, rows, { x: 400, y: 300 }),
    ...overrides,
  });
}

const flexion = image();
const extension = imageOf('NOT_DETECTED', {
  sourceSopInstanceUid: '1.2.826.0.1.3680043.8.498.1.2.2',
  instanceNumber: 2,
  dynamic: 'EXTENSION',
});
const otherSeries = imageOf('NO_RESULT', {
  ...computedRadiograph,
  sourceSeriesInstanceUid: '1.2.826.0.1.3680043.8.498.1.3',
  sourceSopInstanceUid: '1.2.826.0.1.3680043.8.498.1.3.1',
  seriesNumber: 3,
  view: 'unknown',
});

const captureOptions = { settings, resources: resources(), instanceNumber: 1, revision: 1 };

function report(
  name: string,
  images: readonly AnalysedImage[],
  options: Partial<ReportOptions> = {},
): ProducedObject {
  const reported = images.map((one) => ({
    ...one,
    capture: buildSecondaryCapture(one, context, captureOptions),
  }));
  const { bytes } = buildStructuredReport(reported, context, {
    resources: resources(),
    sopClass: 'Comprehensive3DSR',
    revision: 1,
    ...options,
  });
  return { name, kind: 'sr', bytes };
}

function capture(name: string, one: AnalysedImage): ProducedObject {
  return { name, kind: 'sc', bytes: buildSecondaryCapture(one, context, captureOptions).bytes };
}

/** Reports: each outcome, CR and DX, one, two and three images, each class, a revision, each language. */
export function reports(): readonly ProducedObject[] {
  const predecessor = {
    studyInstanceUid: context.study.studyInstanceUid,
    seriesInstanceUid: '2.25.5',
    sopClassUid: '1.2.840.10008.5.1.4.1.1.88.34',
    sopInstanceUid: '2.25.6',
  };
  return [
    ...outcomes.map((outcome) => report(`sr-${outcome.toLowerCase()}`, [imageOf(outcome)])),
    report('sr-cr', [landscapeCr()]),
    report('sr-flexion-extension', [flexion, extension]),
    report('sr-three-images-revised', [flexion, extension, otherSeries], { revision: 2, predecessor }),
    report('sr-comprehensive', [flexion, extension], { sopClass: 'ComprehensiveSR' }),
    report('sr-enhanced', [flexion, extension], { sopClass: 'EnhancedSR' }),
    report('sr-german', [flexion], { resources: resources('de') }),
    report('sr-chinese', [flexion], { resources: resources('zh') }),
  ];
}

/** Every kind of object. */
export function producedObjects(): readonly ProducedObject[] {
  const options = { resources: resources(), instanceNumber: 1, revision: 1 };
  const windowed = {
    SoftcopyVOILUTSequence: [{ WindowCenter: '2048', WindowWidth: '4096' }],
    PresentationLUTShape: 'IDENTITY',
  };
  const inverse = {
    RescaleIntercept: '0',
    RescaleSlope: '1',
    RescaleType: 'US',
    PresentationLUTShape: 'INVERSE',
  };
  const state = (one: AnalysedImage, attributes: typeof windowed | typeof inverse): Uint8Array =>
    buildPresentationState(one, context, { ...options, grayscale: { attributes } })!.bytes;
  return [
    ...reports(),
    ...outcomes.map((outcome) => capture(`sc-${outcome.toLowerCase()}`, imageOf(outcome))),
    capture('sc-landscape-cr', landscapeCr()),
    capture('sc-lossy', image({ lossyCompression: { ratios: ['12.5'], methods: ['ISO_10918_1'] } })),
    { name: 'gsps', kind: 'gsps', bytes: state(flexion, windowed) },
    { name: 'gsps-monochrome1', kind: 'gsps', bytes: state(landscapeCr(), inverse) },
    { name: 'pmap', kind: 'pmap', bytes: buildParametricMap(flexion, context, options)!.bytes },
    {
      name: 'pmap-spacing',
      kind: 'pmap',
      bytes: buildParametricMap(
        landscapeCr({ detectorSpacingMm: { row: 0.1, column: 0.1 } }),
        context,
        options,
      )!.bytes,
    },
  ];
}
