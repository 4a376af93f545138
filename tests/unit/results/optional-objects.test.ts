import { describe, expect, test } from 'vitest';
import { readPart10 } from '../../../src/dicom/part10-reader.ts';
import { type WritableDataSet, writePart10 } from '../../../src/dicom/part10-writer.ts';
import { buildParametricMap } from '../../../src/pipeline/parametric-map/parametric-map.ts';
import { buildPresentationState } from '../../../src/pipeline/presentation-state/presentation-state.ts';
import { readSoftcopyGrayscale } from '../../../src/pipeline/presentation-state/softcopy.ts';
import type { AnalysedImage } from '../../../src/pipeline/result-input.ts';
import { context, image, imageOf, influence, resources } from './fixtures.ts';
import { read } from './tree.ts';

function softcopyOf(attributes: WritableDataSet): WritableDataSet {
  const source = {
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
    SOPInstanceUID: '1.2.3.4',
    PhotometricInterpretation: 'MONOCHROME2',
    ...attributes,
  };
  const file = readPart10(writePart10({ dataSet: source }));
  if (!file.ok) throw file.error;
  const grayscale = readSoftcopyGrayscale(file.value.dataSet);
  if (!grayscale.ok) throw grayscale.error;
  return grayscale.value.attributes;
}

function state(of: AnalysedImage) {
  const grayscale = { attributes: softcopyOf({ WindowCenter: ['2048'], WindowWidth: ['4096'] }) };
  return buildPresentationState(of, context, {
    resources: resources(),
    grayscale,
    instanceNumber: 1,
    revision: 1,
  });
}

describe('the gray scale of a presentation state (PS3.3 C.11)', () => {
  test('is the first window of the source, so that applying the state changes nothing but the line', () => {
    const attributes = softcopyOf({ WindowCenter: ['2048', '1000'], WindowWidth: ['4096', '200'] });
    expect(attributes).toEqual({
      SoftcopyVOILUTSequence: [{ WindowCenter: '2048', WindowWidth: '4096' }],
      PresentationLUTShape: 'IDENTITY',
    });
  });

  test('turns MONOCHROME1 round and keeps the rescale', () => {
    const attributes = softcopyOf({
      PhotometricInterpretation: 'MONOCHROME1',
      RescaleIntercept: '-5',
      RescaleSlope: '2',
    });
    expect(attributes).toEqual({
      RescaleIntercept: ['-5'],
      RescaleSlope: ['2'],
      RescaleType: 'US',
      PresentationLUTShape: 'INVERSE',
    });
  });

  test('prefers a VOI LUT, as viewers do', () => {
    const lut = (first: number): WritableDataSet => ({ LUTDescriptor: [2, first, 8], LUTData: [0, 255] });
    const attributes = softcopyOf({
      VOILUTSequence: [lut(0), lut(7)],
      WindowCenter: ['1'],
      WindowWidth: ['2'],
    });
    expect(attributes['SoftcopyVOILUTSequence']).toEqual([{ VOILUTSequence: [lut(0)] }]);
  });
});

describe('the presentation state', () => {
  test('draws the half-maximum line in source pixels over the source', () => {
    const dataSet = read(state(image())!.bytes);
    const [annotation] = dataSet.sequence('GraphicAnnotationSequence');
    const [line, ...more] = annotation!.sequence('GraphicObjectSequence');
    const data = line!.numbers('GraphicData');
    expect([line!.string('GraphicAnnotationUnits'), more.length]).toEqual(['PIXEL', 0]);
    expect(data.length).toBe(2 * line!.number('NumberOfGraphicPoints')!);
    expect(data.slice(0, 2)).toEqual(data.slice(-2));
    const radius = 0.09 * 1024 * Math.sqrt(2 * Math.LN2);
    for (let index = 0; index < data.length; index += 2) {
      const distance = Math.hypot(data[index]! - 1024 * 0.52, data[index + 1]! - 1280 * 0.63);
      expect(Math.abs(distance - radius)).toBeLessThan(1);
    }
  });

  test('carries the verdict and the research statement', () => {
    const [annotation] = read(state(image())!.bytes).sequence('GraphicAnnotationSequence');
    const text = annotation!.sequence('TextObjectSequence')[0]!.string('UnformattedTextValue');
    expect(text).toMatch(
      /^AI: SUSPECTED degenerative spondylolisthesis\r\n.*simulated.*Not verified by a radiologist\.$/s,
    );
  });

  test('does not exist without a called class and a focal map', () => {
    const diffuse = { ...influence(1024, 1280, { x: 5, y: 5 }), reliability: 'not_focal' as const };
    expect([
      state(imageOf('NOT_DETECTED')),
      state(imageOf('NO_RESULT')),
      state(image({ map: diffuse })),
    ]).toEqual([undefined, undefined, undefined]);
  });
});

describe('the parametric map', () => {
  const options = { instanceNumber: 1, revision: 1 };

  test('covers exactly the source and peaks where the map peaks', () => {
    const at = { x: 300, y: 1000 };
    const built = buildParametricMap(image({ map: influence(1024, 1280, at) }), context, options)!;
    const dataSet = read(built.bytes);
    const [columns, rows] = [dataSet.number('Columns')!, dataSet.number('Rows')!];
    expect([columns, rows]).toEqual([307, 384]);
    const values = dataSet.numbers('FloatPixelData');
    const top = values.indexOf(Math.max(...values));
    expect(Math.abs((((top % columns) + 0.5) / columns) * 1024 - at.x)).toBeLessThan(1024 / columns);
    expect(Math.abs(((Math.floor(top / columns) + 0.5) / rows) * 1280 - at.y)).toBeLessThan(1280 / rows);
  });

  test('scales the detector spacing with the pixels', () => {
    const spaced = image({ detectorSpacingMm: { row: 0.2, column: 0.1 } });
    const dataSet = read(buildParametricMap(spaced, context, options)!.bytes);
    const [measures] = dataSet
      .sequence('SharedFunctionalGroupsSequence')[0]!
      .sequence('PixelMeasuresSequence');
    const [row, column] = measures!.numbers('PixelSpacing');
    expect(row).toBeCloseTo((0.2 * 1280) / 384, 6);
    expect(column).toBeCloseTo((0.1 * 1024) / 307, 6);
  });

  test('does not exist without a map', () => {
    expect(buildParametricMap(imageOf('NO_RESULT'), context, options)).toBeUndefined();
  });
});
