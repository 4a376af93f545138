import type { WritableDataSet } from '../../dicom/part10-writer.ts';
import { sopClassUid } from '../../dicom/sop-class.ts';
import {
  commonAttributes,
  equipmentAttributes,
  resultObject,
  seriesAttributes,
} from '../result-attributes.ts';
import type { AnalysedImage, ResultContext, ResultObject } from '../result-input.ts';
import type { ResultResources } from '../result-resources.ts';
import { localTime } from '../result-time.ts';
import { instanceUid, seriesUid } from '../result-uids.ts';
import { type ContourLine, contourLines } from '../secondary-capture/contour.ts';
import { overlay } from '../secondary-capture/panel.ts';
import { closing, headline, type Speaker } from '../wording/sentences.ts';
import type { SoftcopyGrayscale } from './softcopy.ts';

export interface PresentationStateOptions {
  readonly resources: ResultResources;
  readonly grayscale: SoftcopyGrayscale;
  readonly instanceNumber: number;
  readonly revision: number;
}

const layer = 'AI CONTOUR';

/**
 * Grayscale Softcopy Presentation State (PS3.3 A.33.1) that lays the 50 % contour of the map over the original image,
 * so that the reader can switch it on and off in the PACS. Off by default: some archives apply every state they get.
 * Only for a called class with a focal map; otherwise undefined. The headline and the research statement stand at the
 * lower edge of the display.
 */
export function buildPresentationState(
  image: AnalysedImage,
  context: ResultContext,
  options: PresentationStateOptions,
): ResultObject | undefined {
  const called = image.outcome === 'SUSPECTED' || image.outcome === 'INDETERMINATE';
  if (!called || image.map?.reliability !== 'focal') return undefined;
  const lines = contourLines(image.map, image, overlay.contourLevel).filter(
    ({ points }) => points.length > 1,
  );
  const { resources, grayscale } = options;
  const speaker: Speaker = { wording: resources.wording, codes: resources.codes, model: context.model };
  const time = localTime(context.timing, context.study);
  const reference = {
    ReferencedSOPClassUID: image.sourceSopClassUid,
    ReferencedSOPInstanceUID: image.sourceSopInstanceUid,
  };
  const {
    InstanceNumber,
    ContentDate: _date,
    ContentTime: _time,
    ...series
  } = seriesAttributes(context, context.node.series.contour, {
    modality: 'PR',
    seriesInstanceUid: seriesUid(context, 'gsps'),
    instanceNumber: options.instanceNumber,
  });
  const dataSet: WritableDataSet = {
    ...commonAttributes(context, {
      sopClassUid: sopClassUid.grayscaleSoftcopyPresentationStateStorage,
      sopInstanceUid: instanceUid(context, {
        kind: 'gsps',
        sources: [image.sourceSopInstanceUid],
        revision: options.revision,
      }),
    }),
    ...series,
    ...equipmentAttributes(context),
    InstanceNumber,
    BodyPartExamined: 'LSPINE',
    PresentationCreationDate: time.date,
    PresentationCreationTime: time.time,
    ContentLabel: layer,
    ContentDescription: 'AI influence map, line at 50 % of maximum'.slice(0, 64),
    ContentCreatorName: '',
    ReferencedSeriesSequence: [
      { SeriesInstanceUID: image.sourceSeriesInstanceUid, ReferencedImageSequence: [reference] },
    ],
    DisplayedAreaSelectionSequence: [displayedArea(image)],
    GraphicAnnotationSequence: [
      {
        ReferencedImageSequence: [reference],
        GraphicLayer: layer,
        TextObjectSequence: [statement(`${headline(image, speaker)}\r\n${closing(speaker)}`)],
        GraphicObjectSequence: lines.map(polyline),
      },
    ],
    GraphicLayerSequence: [
      {
        GraphicLayer: layer,
        GraphicLayerOrder: 1,
        GraphicLayerDescription: 'AI contour, research use only',
      },
    ],
    ...grayscale.attributes,
  };
  return resultObject(dataSet);
}

/** The whole image, scaled to fit, with its own pixel aspect ratio (C.10.4). */
function displayedArea({ columns, rows, display }: AnalysedImage): WritableDataSet {
  const ratio = display?.pixelHeightToWidth ?? 1;
  return {
    DisplayedAreaTopLeftHandCorner: [1, 1],
    DisplayedAreaBottomRightHandCorner: [columns, rows],
    PresentationSizeMode: 'SCALE TO FIT',
    PresentationPixelAspectRatio: [Math.round(ratio * 10_000), 10_000],
  };
}

/** PIXEL units: (0,0) is the top left corner of the first pixel (C.10.5.1.2), the coordinates of the map's contour. */
function polyline({ points, shape }: ContourLine): WritableDataSet {
  const [first] = points;
  const outline = shape === 'closed' && first !== undefined ? [...points, first] : points;
  return {
    GraphicAnnotationUnits: 'PIXEL',
    GraphicDimensions: 2,
    NumberOfGraphicPoints: outline.length,
    GraphicData: outline.flatMap(({ x, y }) => [Math.round(x * 100) / 100, Math.round(y * 100) / 100]),
    GraphicType: 'POLYLINE',
    GraphicFilled: 'N',
  };
}

/** At the lower edge of the displayed area, not anchored to anatomy. */
function statement(text: string): WritableDataSet {
  return {
    BoundingBoxAnnotationUnits: 'DISPLAY',
    UnformattedTextValue: text,
    BoundingBoxTopLeftHandCorner: [0, 0.93],
    BoundingBoxBottomRightHandCorner: [1, 1],
    BoundingBoxTextHorizontalJustification: 'LEFT',
  };
}
