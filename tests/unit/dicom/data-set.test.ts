import { describe, expect, test } from 'vitest';
import { readPart10 } from '../../../src/dicom/part10-reader.ts';
import {
  element,
  explicitLittleEndian,
  file,
  implicit,
  implicitLittleEndian,
  item,
  text,
  us,
} from './encoded-bytes.ts';

function dataSet(transferSyntaxUid: string, ...elements: readonly Uint8Array[]) {
  const read = readPart10(file(transferSyntaxUid, ...elements));
  if (!read.ok) throw read.error;
  return read.value.dataSet;
}

function words(...values: readonly number[]): Buffer {
  return Buffer.from(Uint16Array.from(values).buffer);
}

describe('numbers (PS3.5 6.2)', () => {
  test('binary VRs by their width, DS and IS by their text', () => {
    const set = dataSet(
      explicitLittleEndian,
      text(0x00180050, 'DS', '1.50 '),
      element(0x00189074, 'FD', Buffer.from(Float64Array.of(0.25).buffer)),
      text(0x00200013, 'IS', ' -12'),
      text(0x00280030, 'DS', '.139\\1e-1 '),
      element(0x00280009, 'AT', words(0x0018, 0x1063)),
      us(0x00281101, 256, 0, 16),
    );
    expect(set.number('SliceThickness')).toBe(1.5);
    expect(set.number('FrameAcquisitionDuration')).toBeUndefined();
    expect(set.numbers(0x00189074)).toEqual([0.25]);
    expect(set.number('InstanceNumber')).toBe(-12);
    expect(set.numbers('PixelSpacing')).toEqual([0.139, 0.1]);
    expect(set.numbers('FrameIncrementPointer')).toEqual([0x00181063]);
    expect(set.numbers('RedPaletteColorLookupTableDescriptor')).toEqual([256, 0, 16]);
  });

  test('a value that is not a number is undefined or NaN, never 0', () => {
    const set = dataSet(explicitLittleEndian, text(0x00281050, 'DS', '12,5\\7 '), text(0x00281051, 'DS', ''));
    expect(set.number('WindowCenter')).toBeUndefined();
    expect(set.numbers('WindowCenter')).toEqual([Number.NaN, 7]);
    expect(set.number('WindowWidth')).toBeUndefined();
    expect(set.numbers('WindowWidth')).toEqual([]);
  });

  test.each([
    [0, 65_531],
    [1, -5],
  ])('US or SS by Pixel Representation %d where Implicit VR leaves it open', (representation, expected) => {
    const set = dataSet(
      implicitLittleEndian,
      implicit(0x00280103, words(representation)),
      implicit(0x00280120, words(65_531)),
    );
    expect(set.number('PixelPaddingValue')).toBe(expected);
  });

  test('the choice reaches items (PS3.5 7.5.3)', () => {
    const descriptor = implicit(0x00283002, words(2, 0xffff, 16));
    const set = dataSet(
      implicitLittleEndian,
      implicit(0x00280103, words(1)),
      implicit(0x00283010, Buffer.concat([item(0xe000, descriptor.length), descriptor])),
    );
    expect(set.sequence('VOILUTSequence')[0]?.numbers('LUTDescriptor')).toEqual([2, -1, 16]);
  });
});

describe('text', () => {
  test('padding is dropped, leading spaces of names and multi-values are handled by VR', () => {
    const set = dataSet(
      explicitLittleEndian,
      text(0x00080008, 'CS', ' ORIGINAL \\PRIMARY'),
      text(0x00080018, 'UI', '1.2.3\0'),
      text(0x00081030, 'LO', '  L-Spine lat '),
      text(0x00204000, 'LT', ' kept \\ as it is  '),
    );
    expect(set.strings('ImageType')).toEqual(['ORIGINAL', 'PRIMARY']);
    expect(set.string('SOPInstanceUID')).toBe('1.2.3');
    expect(set.string('StudyDescription')).toBe('L-Spine lat');
    expect(set.strings('ImageComments')).toEqual([' kept \\ as it is']);
  });

  test('an item inherits the character set and may declare its own (PS3.3 C.12.1.1.2)', () => {
    const name = (bytes: number[]) => element(0x00100010, 'PN', Buffer.from(bytes));
    const own = Buffer.concat([text(0x00080005, 'CS', 'ISO_IR 192'), name([0xc3, 0xbc])]);
    const inherited = name([0xfc, 0x20]);
    const items = Buffer.concat([item(0xe000, own.length), own, item(0xe000, inherited.length), inherited]);
    const set = dataSet(
      explicitLittleEndian,
      text(0x00080005, 'CS', 'ISO_IR 100'),
      element(0x00101002, 'SQ', items),
    );
    expect(set.sequence('OtherPatientIDsSequence').map((one) => one.string('PatientName'))).toEqual([
      'ü',
      'ü',
    ]);
  });

  test('undeclared text is refused for output and marked for reading', () => {
    const set = dataSet(explicitLittleEndian, element(0x00100010, 'PN', Buffer.from('M\xfcller', 'latin1')));
    expect(set.personName('PatientName')).toMatchObject({ ok: false, error: { code: 'DATASET_CHARSET' } });
    expect(set.string('PatientName')).toBe('M\ufffdller');
  });

  test('the error about a name does not carry the name', () => {
    const set = dataSet(
      explicitLittleEndian,
      element(0x00100010, 'PN', Buffer.from('ZZCANARY^\xfc', 'latin1')),
    );
    const name = set.personName('PatientName');
    expect(name.ok ? '' : name.error.message).not.toMatch(/ZZCANARY|^$/);
  });
});
