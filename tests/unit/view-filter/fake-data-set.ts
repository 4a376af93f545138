import type { ViewDataSet, ViewInput } from '../../../src/pipeline/view-filter/index.ts';

/** A value by keyword: text with `\` between values, a number, or the items of a sequence. */
export type FakeValue = string | number | readonly FakeHeader[];
export interface FakeHeader {
  readonly [keyword: string]: FakeValue;
}

/** The part of a data set that the filter reads, from a plain object. */
export function fakeDataSet(header: FakeHeader): ViewDataSet {
  const strings = (keyword: string): readonly string[] => {
    const value = header[keyword];
    if (typeof value === 'string') return value === '' ? [] : value.split('\\');
    return typeof value === 'number' ? [String(value)] : [];
  };
  return {
    has: (keyword) => keyword in header,
    strings,
    string: (keyword) => (strings(keyword)[0] === '' ? undefined : strings(keyword)[0]),
    number: (keyword) => (strings(keyword)[0] === undefined ? undefined : Number(strings(keyword)[0])),
    sequence: (keyword) => {
      const value = header[keyword];
      return typeof value === 'object' ? value.map(fakeDataSet) : [];
    },
  };
}

export const computedRadiography = '1.2.840.10008.5.1.4.1.1.1';
export const digitalXRay = '1.2.840.10008.5.1.4.1.1.1.1';

const grayscale: FakeHeader = {
  SamplesPerPixel: 1,
  PhotometricInterpretation: 'MONOCHROME2',
  Rows: 2048,
  Columns: 1024,
  ImageType: 'DERIVED\\PRIMARY',
};

/** A CR image of a lumbar room with the given header on top. */
export function crImage(header: FakeHeader, input: Partial<ViewInput> = {}): ViewInput {
  return {
    dataSet: fakeDataSet({ ...grayscale, ...header }),
    sopClassUid: computedRadiography,
    callingAeTitle: 'DX_ROOM1',
    ...input,
  };
}

/** The same as a DX For Presentation image. */
export function dxImage(header: FakeHeader): ViewInput {
  return crImage({ PresentationIntentType: 'FOR PRESENTATION', ...header }, { sopClassUid: digitalXRay });
}

/** One item of a code sequence. */
export function code(value: string, scheme: string): FakeHeader {
  return { CodeValue: value, CodingSchemeDesignator: scheme };
}
