import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readPart10 } from '../../../src/dicom/part10-reader.ts';
import type { DataSet } from '../../../src/dicom/data-set.ts';
import type { WritableDataSet } from '../../../src/dicom/part10-writer.ts';
import { decodeFrames } from '../../../src/imaging/decode-frames.ts';
import { paintGray } from '../../../src/imaging/gray-pixels.ts';
import { type DisplayOptions, displayGrayscale } from '../../../src/imaging/grayscale.ts';
import type { ImagePixel } from '../../../src/imaging/image-pixel.ts';
import type { StoredPixels } from '../../../src/imaging/stored-pixels.ts';
import { windowFunction } from '../../../src/imaging/value-of-interest.ts';
import { sharedDataManifest, sharedDataPath, sharedDataPresent } from '../../support/shared-data.ts';
import { dataSetOf, imagePixel, storedRow } from './fabricated-image.ts';

const fullRange = { WindowCenter: 2048, WindowWidth: 4096 };

/** The displayed picture with one value per pixel. */
function painted(...input: [StoredPixels, DataSet, DisplayOptions?]) {
  const display = displayGrayscale(...input);
  return { ...display, values: paintGray(display.pixels) };
}

/** Displayed values of one row of stored words. */
function shown(words: readonly number[], attributes: WritableDataSet, changes: Partial<ImagePixel> = {}) {
  const signed = changes.signed === true ? { PixelRepresentation: 1 } : { PixelRepresentation: 0 };
  return painted(storedRow(words, changes), dataSetOf({ ...signed, ...attributes }));
}

function rounded(values: Float32Array): number[] {
  return Array.from(values, (value) => Math.round(value * 1000) / 1000);
}

describe('window functions (PS3.3 C.11.2.1.2, C.11.2.1.3)', () => {
  // The worked examples of C.11.2.1.2.1, output range 0 to 255.
  test.each([
    [
      2048,
      4096,
      [
        [0, 0],
        [4095, 255],
        [2048, (0.5 / 4095 + 0.5) * 255],
      ],
    ],
    [
      2048,
      1,
      [
        [2047, 0],
        [2048, 255],
      ],
    ],
    [
      0,
      100,
      [
        [-50, 0],
        [49, 255],
        [-51, 0],
        [50, 255],
        [0, (0.5 / 99 + 0.5) * 255],
      ],
    ],
    [
      0,
      1,
      [
        [-1, 0],
        [0, 255],
      ],
    ],
  ])('LINEAR with center %d and width %d', (center, width, points) => {
    const apply = windowFunction('LINEAR', center, width);
    for (const [x = 0, y = 0] of points) expect(apply(x) * 255).toBeCloseTo(y, 9);
  });

  test('LINEAR_EXACT reaches its ends at half a width from the center', () => {
    const apply = windowFunction('LINEAR_EXACT', 100, 50);
    expect([75, 100, 125, 126].map(apply)).toEqual([0, 0.5, 1, 1]);
    expect(apply(87.5)).toBeCloseTo(0.25, 12);
  });

  test('SIGMOID', () => {
    const apply = windowFunction('SIGMOID', 100, 50);
    expect(apply(100)).toBe(0.5);
    expect(apply(112.5)).toBeCloseTo(1 / (1 + Math.exp(-1)), 12);
  });
});

describe('displayGrayscale (PS3.4 N.2)', () => {
  test('masks bits outside Bits Stored, which may hold an old overlay (PS3.5 8.1.2)', () => {
    expect(rounded(shown([0xf000, 0xffff, 0x0fff], fullRange).values)).toEqual([0, 1, 1]);
    const high = shown([0x0010, 0xfff0, 0x000f], { WindowCenter: 2048, WindowWidth: 4096 }, { highBit: 15 });
    expect(rounded(high.values)).toEqual([0, 1, 0]);
  });

  test('extends the sign at Bits Stored', () => {
    const values = shown(
      [0x0800, 0x0fff, 0x07ff, 0xf800],
      { WindowCenter: 0, WindowWidth: 4096 },
      { signed: true },
    ).values;
    expect(rounded(values)).toEqual([0, 0.5, 1, 0]);
  });

  test('rescales before the window, once', () => {
    const display = shown([0, 1000, 2000], {
      RescaleSlope: 2,
      RescaleIntercept: -1000,
      WindowCenter: 1000.5,
      WindowWidth: 4001,
    });
    expect(rounded(display.values)).toEqual([0, 0.5, 1]);
  });

  test('inverts MONOCHROME1 once, after VOI', () => {
    expect(rounded(shown([0, 1024, 4095], fullRange, { photometric: 'MONOCHROME1' }).values)).toEqual([
      1, 0.75, 0,
    ]);
  });

  test('trusts Photometric Interpretation over Presentation LUT Shape and says so', () => {
    const conflict = shown([0, 4095], { ...fullRange, PresentationLUTShape: 'INVERSE' });
    expect(conflict.notes).toContain('POLARITY_CONFLICT');
    expect(rounded(conflict.values)).toEqual([0, 1]);
    const agreed = shown(
      [0],
      { ...fullRange, PresentationLUTShape: 'INVERSE' },
      { photometric: 'MONOCHROME1' },
    );
    expect(agreed.notes).toEqual([]);
  });

  test.each(['MONOCHROME1', 'MONOCHROME2'])(
    'paints padding darkest in %s, by stored value and range',
    (photometric) => {
      const padded = shown(
        [0, 10, 11, 2048, 4095],
        { ...fullRange, PixelPaddingValue: 0, PixelPaddingRangeLimit: 10 },
        { photometric },
      );
      const values = rounded(padded.values);
      expect(values.slice(0, 2)).toEqual([0, 0]);
      expect(values[3]).toBeCloseTo(0.5, 2);
      expect(values[2]).toBeCloseTo(photometric === 'MONOCHROME1' ? 0.997 : 0.003, 2);
    },
  );

  test('padding of signed pixels', () => {
    const padded = shown(
      [0xf800, 0x07ff],
      { WindowCenter: 0, WindowWidth: 4096, PixelPaddingValue: -2048 },
      { signed: true, photometric: 'MONOCHROME1' },
    );
    expect(rounded(padded.values)).toEqual([0, 0]);
  });

  describe('without a usable window', () => {
    const words = [9, ...Array.from({ length: 100 }, (_, i) => 1000 + i), 4000];

    test.each<[string, WritableDataSet]>([
      ['absent', {}],
      ['empty', { WindowCenter: '', WindowWidth: '' }],
      ['a width below 1 (LINEAR)', { WindowCenter: 5, WindowWidth: 0.5 }],
      ['a width of 0 (SIGMOID)', { WindowCenter: 5, WindowWidth: 0, VOILUTFunction: 'SIGMOID' }],
      ['a decimal comma', { '00281050': { vr: 'DS', value: Buffer.from('12,5') }, WindowWidth: 10 }],
    ])('%s: percentiles of the image', (_name, attributes) => {
      const display = shown(words, attributes);
      expect(display.voi).toMatchObject({ source: 'percentile', center: 1049.5, width: 99 });
      expect(display.notes).toEqual(['VOI_FALLBACK']);
      expect(rounded(display.values)[1]).toBe(0);
    });

    test('padding and shuttered pixels do not count', () => {
      const attributes = {
        PixelPaddingValue: 4000,
        ShutterShape: 'RECTANGULAR',
        ShutterLeftVerticalEdge: 2,
        ShutterRightVerticalEdge: 102,
        ShutterUpperHorizontalEdge: 1,
        ShutterLowerHorizontalEdge: 1,
      };
      const display = painted(storedRow(words), dataSetOf(attributes), {
        fallbackPercentiles: [0, 100],
      });
      expect(display.voi).toMatchObject({ center: 1049.5, width: 99 });
    });

    test('a constant image has no contrast but is not an error', () => {
      expect(rounded(shown([7, 7, 7], {}).values)).toEqual([0, 0, 0]);
    });
  });

  test('the first of several windows is taken, never an average', () => {
    expect(shown([0], { WindowCenter: [100, 900], WindowWidth: [10, 20] }).voi).toMatchObject({
      center: 100,
      width: 10,
    });
  });

  test('an unknown VOI LUT Function counts as LINEAR and is noted', () => {
    const display = shown([0], { ...fullRange, VOILUTFunction: 'CUBIC' });
    expect(display.voi.function).toBe('LINEAR');
    expect(display.notes).toEqual(['VOI_FUNCTION_UNKNOWN']);
  });

  test('a VOI LUT wins over a window and is clamped to both ends (PS3.3 C.11.2.1.1)', () => {
    const lut = { LUTDescriptor: [3, 100, 8], LUTData: [0, 51, 255], LUTExplanation: 'BONE' };
    const display = shown([0, 100, 101, 102, 4000], { ...fullRange, VOILUTSequence: [lut] });
    expect(rounded(display.values)).toEqual([0, 0, 0.2, 1, 1]);
    expect(display.voi).toEqual({ source: 'lut', explanation: 'BONE' });
  });

  test('a Modality LUT wins over rescale and is noted; both are never applied', () => {
    const lut = { LUTDescriptor: [2, 0, 16], LUTData: [100, 200], ModalityLUTType: 'US' };
    const display = shown([0, 1, 2], {
      ModalityLUTSequence: [lut],
      RescaleSlope: 3,
      WindowCenter: 150.5,
      WindowWidth: 101,
    });
    expect(rounded(display.values)).toEqual([0, 1, 1]);
    expect(display.notes).toEqual(['MODALITY_LUT_OVER_RESCALE']);
  });

  test('0 entries mean 65536 (PS3.3 C.11.1.1)', () => {
    const data = new Uint8Array(Uint16Array.from({ length: 65_536 }, (_, i) => 65_535 - i).buffer);
    const display = shown(
      [0, 65_535],
      { VOILUTSequence: [{ LUTDescriptor: [0, 0, 16], LUTData: data.subarray(0, 65_534) }] },
      { bitsStored: 16, highBit: 15 },
    );
    // Half the data is missing and 8-bit packing cannot explain it: the LUT is refused, not read beyond its end.
    expect(display.voi.source).toBe('percentile');
  });

  test('the first mapped value is signed for signed pixels', () => {
    const lut = { LUTDescriptor: [2, -1, 8], LUTData: [0, 255] };
    const display = shown(
      [0xffff, 0],
      { VOILUTSequence: [lut] },
      { signed: true, bitsStored: 16, highBit: 15 },
    );
    expect(rounded(display.values)).toEqual([0, 1]);
  });

  test('refuses colour and palettes', () => {
    const colour = { ...imagePixel({ photometric: 'PALETTE COLOR' }), samples: new Uint16Array(1) };
    expect(() => painted(colour, dataSetOf({}))).toThrow(
      expect.objectContaining({ code: 'PIXEL_UNSUPPORTED' }),
    );
  });

  test('32-bit words go through the same chain', () => {
    const wide = {
      ...imagePixel({ columns: 3, bitsAllocated: 32, bitsStored: 32, highBit: 31 }),
      samples: Uint32Array.of(0, 500_000, 1_000_000),
    };
    const display = painted(wide, dataSetOf({ WindowCenter: 500_000.5, WindowWidth: 1_000_001 }));
    expect(rounded(display.values)).toEqual([0, 0.5, 1]);
  });
});

describe('display shutter (PS3.3 C.7.6.11)', () => {
  const white = { ...imagePixel({ rows: 5, columns: 5 }), samples: new Uint16Array(25).fill(4095) };

  function picture(attributes: WritableDataSet): string[] {
    const { values } = painted(white, dataSetOf({ ...fullRange, ...attributes }));
    return Array.from({ length: 5 }, (_, row) =>
      Array.from(values.subarray(row * 5, row * 5 + 5), (v) => (v === 1 ? '#' : '.')).join(''),
    );
  }

  const rectangle = {
    ShutterLeftVerticalEdge: 2,
    ShutterRightVerticalEdge: 4,
    ShutterUpperHorizontalEdge: 2,
    ShutterLowerHorizontalEdge: 3,
  };

  test('RECTANGULAR keeps its edges', () => {
    expect(picture({ ShutterShape: 'RECTANGULAR', ...rectangle })).toEqual([
      '.....',
      '.###.',
      '.###.',
      '.....',
      '.....',
    ]);
  });

  test('CIRCULAR', () => {
    expect(
      picture({ ShutterShape: 'CIRCULAR', CenterOfCircularShutter: [3, 3], RadiusOfCircularShutter: 2 }),
    ).toEqual(['..#..', '.###.', '#####', '.###.', '..#..']);
  });

  test('POLYGONAL closes itself', () => {
    expect(picture({ ShutterShape: 'POLYGONAL', VerticesOfThePolygonalShutter: [1, 1, 1, 5, 5, 1] })[1]).toBe(
      '####.',
    );
    expect(picture({ ShutterShape: 'POLYGONAL', VerticesOfThePolygonalShutter: [1, 1, 1, 5, 5, 1] })[3]).toBe(
      '##...',
    );
  });

  test('several shapes intersect', () => {
    const both = { ...rectangle, CenterOfCircularShutter: [3, 3], RadiusOfCircularShutter: 1 };
    expect(picture({ ShutterShape: ['RECTANGULAR', 'CIRCULAR'], ...both })).toEqual([
      '.....',
      '..#..',
      '.###.',
      '.....',
      '.....',
    ]);
  });

  test('shows Shutter Presentation Value, after polarity', () => {
    const { values, notes } = painted(
      { ...white, photometric: 'MONOCHROME1' },
      dataSetOf({
        ...fullRange,
        ShutterShape: 'RECTANGULAR',
        ...rectangle,
        ShutterPresentationValue: 0xffff,
      }),
    );
    expect([values[0], values[6]]).toEqual([1, 0]);
    expect(notes).toEqual(['SHUTTER_APPLIED']);
  });

  test('a Shutter Presentation Value that no grey can have is the nearest grey', () => {
    const shown = (vr: string, value: number): number | undefined =>
      painted(
        white,
        dataSetOf({
          ...fullRange,
          ShutterShape: 'RECTANGULAR',
          ...rectangle,
          '00181622': { vr, value },
        }),
      ).values[0];
    expect([shown('SS', -1000), shown('UL', 70_000)]).toEqual([0, 1]);
  });

  test('one that hides everything or is incomplete is not believed', () => {
    expect(picture({ ShutterShape: 'RECTANGULAR', ...rectangle, ShutterLeftVerticalEdge: 99 })).toEqual(
      Array(5).fill('#####'),
    );
    expect(picture({ ShutterShape: 'RECTANGULAR', ShutterLeftVerticalEdge: 2 })).toEqual(
      Array(5).fill('#####'),
    );
  });
});

describe('geometry', () => {
  test.each<[string, WritableDataSet, number, unknown]>([
    [
      'Pixel Spacing',
      { PixelSpacing: [0.2, 0.1], ImagerPixelSpacing: [0.3, 0.3] },
      2,
      { row: 0.2, column: 0.1, plane: 'patient' },
    ],
    [
      'Imager Pixel Spacing',
      { ImagerPixelSpacing: [0.3, 0.3] },
      1,
      { row: 0.3, column: 0.3, plane: 'detector' },
    ],
    ['Pixel Aspect Ratio', { PixelAspectRatio: [4, 3] }, 4 / 3, undefined],
    ['nothing', {}, 1, undefined],
    ['zero spacing', { PixelSpacing: [0, 0] }, 1, undefined],
  ])('%s', (_name, attributes, ratio, spacing) => {
    const display = shown([0], { ...fullRange, ...attributes });
    expect(display.pixelAspectRatio).toBeCloseTo(ratio, 12);
    expect(display.pixelSpacingMm).toEqual(spacing);
  });
});

describe.skipIf(!sharedDataPresent)('the gray-scale test pattern in 30 encodings', () => {
  test('looks the same in 29 of them: signed, rescaled, by Modality LUT, VOI LUT and window', async () => {
    const pictures: { name: string; values: Float32Array }[] = [];
    for (const { file = '', series_description: series = '', rows } of sharedDataManifest()) {
      const isPattern = /^lut\/.*(1\.2\.276\.0\.7230010\.3\.200\.|1\.3\.6\.1\.4\.1\.5962\.)|mlut_18/.test(
        file,
      );
      if (!isPattern || rows !== '512') continue;
      const read = readPart10(readFileSync(sharedDataPath(file)));
      const decoded = read.ok ? await decodeFrames(read.value) : read;
      if (!read.ok || !decoded.ok) throw new Error(file);
      pictures.push({ name: series, values: painted(decoded.value, read.value.dataSet).values });
    }
    expect(pictures).toHaveLength(30);
    const reference = pictures[0]!.values;
    // The last row differs in the files themselves: it holds a label that some encodings could not keep.
    const compared = 511 * 512;
    // One of the encodings has 50 gray levels only: a step of 5 in 255.
    const different = pictures.filter(({ values }) => {
      let sum = 0;
      let worst = 0;
      for (let i = 0; i < compared; i++) {
        const difference = Math.abs((values[i] ?? 0) - (reference[i] ?? 0));
        sum += difference;
        worst = Math.max(worst, difference);
      }
      return worst > 6 / 255 || sum / compared > 2.5 / 255;
    });
    expect(different.map(({ name }) => name)).toEqual([
      '8 in 8,range 0 to +255,unsigned,mono2,9 voi windows',
    ]);
  });
});
