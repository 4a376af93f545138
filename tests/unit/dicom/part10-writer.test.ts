import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { copyAttributes } from '../../../src/dicom/attribute-copy.ts';
import { readPart10 } from '../../../src/dicom/part10-reader.ts';
import {
  code,
  type WritableDataSet,
  type WriteOptions,
  writeFileMeta,
  writePart10,
} from '../../../src/dicom/part10-writer.ts';
import { acceptedStorageTransferSyntaxes, transferSyntax } from '../../../src/dicom/transfer-syntax.ts';
import { formatDecimalString } from '../../../src/dicom/value-format.ts';
import { peer } from '../../support/peer.ts';

const folder = mkdtempSync(join(tmpdir(), 'part10-writer-'));
afterAll(() => rmSync(folder, { recursive: true }));

const identity = { SOPClassUID: '1.2.840.10008.5.1.4.1.1.1', SOPInstanceUID: '1.2.3' };
const pixels = new Uint8Array(new Uint16Array([1, 2, 0xfffe, 4]).buffer);

function write(dataSet: WritableDataSet, options: WriteOptions = {}): Uint8Array {
  return writePart10({ ...options, dataSet: { ...identity, ...dataSet } });
}

function readBack(bytes: Uint8Array) {
  const read = readPart10(bytes);
  if (!read.ok) throw read.error;
  return read.value;
}

const image: WritableDataSet = {
  SpecificCharacterSet: 'ISO_IR 192',
  ImageType: ['ORIGINAL', 'PRIMARY'],
  PatientName: 'Muster^Änne=王^小东',
  PatientBirthDate: '',
  AnatomicRegionSequence: [{ ...code('T-11503', 'SRT', 'Lumbar spine'), AnatomicRegionModifierSequence: [] }],
  '00090010': { vr: 'LO', value: 'FICTIONAL 1' },
  '00091001': { vr: 'DS', value: [1.5, 2] },
  Rows: 2,
  Columns: 2,
  SamplesPerPixel: 1,
  PhotometricInterpretation: 'MONOCHROME2',
  BitsAllocated: 16,
  BitsStored: 16,
  HighBit: 15,
  PixelRepresentation: 1,
  PixelPaddingValue: -5,
  PixelSpacing: [0.139, 0.14],
};

describe('writePart10 (PS3.10 7.1)', () => {
  const dcmdump = peer('dcmdump');

  test.each(acceptedStorageTransferSyntaxes)('reads back in %s, also by DCMTK', (uid) => {
    const isEncapsulated = transferSyntax(uid)?.encapsulated === true;
    const bytes = write(
      { ...image, PixelData: isEncapsulated ? { fragments: [pixels] } : pixels },
      { transferSyntaxUid: uid },
    );
    const { dataSet, pixelData } = readBack(bytes);
    expect(dataSet.personName('PatientName')).toEqual({
      ok: true,
      value: { alphabetic: 'Muster^Änne', ideographic: '王^小东', phonetic: '' },
    });
    expect(dataSet.number('PixelPaddingValue')).toBe(-5);
    expect(dataSet.numbers('PixelSpacing')).toEqual([0.139, 0.14]);
    expect(dataSet.sequence('AnatomicRegionSequence')[0]?.string('CodeMeaning')).toBe('Lumbar spine');
    expect(pixelData?.kind).toBe(isEncapsulated ? 'encapsulated' : 'native');
    if (dcmdump === undefined) return;
    const path = join(folder, `${uid}.dcm`);
    writeFileSync(path, bytes);
    const printed = execFileSync(dcmdump, ['-q', path], { encoding: 'utf8' });
    expect(printed).toContain('[Muster^Änne=王^小东]');
    expect(printed).toContain('SS -5');
    expect(printed).toContain('[0.139\\0.14]');
    if (!isEncapsulated) expect(printed).toMatch(/OW 0001\\0002\\fffe\\0004/);
  });

  test('equal contents give equal bytes, whatever the order of the keywords', () => {
    const reversed = Object.fromEntries(Object.entries(image).toReversed());
    expect(Buffer.compare(write(image), write(reversed))).toBe(0);
  });

  test('the preamble is zero and every value has even length (PS3.10 7.1, PS3.5 7.1.1)', () => {
    const bytes = write(image);
    expect(bytes.subarray(0, 128).every((byte) => byte === 0)).toBe(true);
    for (const { bytes: value } of readBack(bytes).dataSet.elements()) expect(value.length % 2).toBe(0);
  });

  test('file meta alone is what stands before the data set', () => {
    const whole = write(image);
    const { dataSetOffset } = readBack(whole);
    const meta = writeFileMeta({
      sopClassUid: identity.SOPClassUID,
      sopInstanceUid: identity.SOPInstanceUID,
      transferSyntaxUid: '1.2.840.10008.1.2.1',
    });
    expect(Buffer.compare(whole.subarray(0, dataSetOffset), meta)).toBe(0);
  });

  test('text in another character set when the caller encodes it', () => {
    const gb = Buffer.from('ced2', 'hex');
    const bytes = write({ SpecificCharacterSet: 'GB18030', PatientName: '我' }, { encodeText: () => gb });
    expect(readBack(bytes).dataSet.string('PatientName')).toBe('我');
  });
});

describe('the writer refuses what would break the standard (PS3.5 6.2, RESULT_INVALID)', () => {
  test.each<[string, WritableDataSet]>([
    ['an unknown keyword', { PatientsName: 'A' }],
    ['SH of 17 characters', { StudyID: '12345678901234567' }],
    ['LO of 65 characters', { PatientID: 'x'.repeat(65) }],
    ['LO with a backslash', { PatientID: 'a\\b' }],
    ['PN group of 65 characters', { PatientName: 'x'.repeat(65) }],
    ['PN of four groups', { PatientName: 'a=b=c=d' }],
    ['CS in lower case', { Modality: 'cr' }],
    ['UI with an empty component', { StudyInstanceUID: '1..2' }],
    ['UI of 65 characters', { StudyInstanceUID: `1.${'2'.repeat(63)}` }],
    ['DS that is not a number', { RescaleSlope: Number.NaN }],
    ['DS that is infinite', { RescaleSlope: Number.POSITIVE_INFINITY }],
    ['DS text of 17 characters', { RescaleSlope: '0.123456789012345' }],
    ['DS with a decimal comma', { RescaleSlope: '1,5' }],
    ['IS with a fraction', { InstanceNumber: 1.5 }],
    ['IS beyond 32 bits', { InstanceNumber: 2 ** 31 }],
    ['DA that is no date', { StudyDate: '20261301' }],
    ['TM that is no time', { StudyTime: '2460' }],
    ['DT that is no time', { ContributionDateTime: '2026-01-01' }],
    ['AS without unit', { PatientAge: '045' }],
    ['US beyond 16 bits', { Rows: 65_536 }],
    ['US that is text', { Rows: '12' }],
    ['too many values', { Rows: [1, 2] }],
    ['too few values', { PixelSpacing: [0.1] }],
    ['a sequence that is text', { AnatomicRegionSequence: 'x' }],
    ['text that is not ASCII without ISO_IR 192', { PatientName: 'Ä' }],
    ['control characters', { StudyDescription: 'a\u0000b' }],
    ['fragments in a native transfer syntax', { PixelData: { fragments: [pixels] } }],
    ['the same element twice', { PatientID: 'A', '00100020': { vr: 'LO', value: 'B' } }],
    ['a VR for a keyword', { PatientID: { vr: 'SH', value: 'B' } }],
    ['an invented VR', { '00091010': { vr: 'ZZ', value: 'B' } }],
  ])('%s', (_name, dataSet) => {
    expect(() => write(dataSet)).toThrow(expect.objectContaining({ code: 'RESULT_INVALID' }));
  });

  test('without SOP Class and Instance UID', () => {
    expect(() => writePart10({ dataSet: { PatientID: 'A' } })).toThrow(
      expect.objectContaining({ code: 'RESULT_INVALID' }),
    );
  });

  test('native pixel data in an encapsulated transfer syntax', () => {
    expect(() => write({ PixelData: pixels }, { transferSyntaxUid: '1.2.840.10008.1.2.5' })).toThrow(
      expect.objectContaining({ code: 'RESULT_INVALID' }),
    );
  });

  test('and never names the value in its message', () => {
    expect(() => write({ StudyID: 'ZZCANARY^ZZCANARY' })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('ZZCANARY') as string }),
    );
  });
});

describe('formatDecimalString (PS3.5 6.2, DS)', () => {
  test.each([
    [0.139, '0.139'],
    [-0, '0'],
    [1 / 3, '0.33333333333333'],
    [-1 / 3, '-0.3333333333333'],
    [1.2345678901234567e-10, '1.2345678901e-10'],
    [123456789.123456789, '123456789.123457'],
    [1e300, '1e+300'],
  ])('%d is written %s', (value, expected) => {
    expect(formatDecimalString(value)).toBe(expected);
  });

  test('never exceeds 16 characters and stays within rounding', () => {
    for (let i = 0; i < 2000; i++) {
      const value = (i - 1000) * Math.PI * 10 ** ((i % 40) - 20);
      const text = formatDecimalString(value);
      expect(text.length).toBeLessThanOrEqual(16);
      expect(Math.abs(Number(text) - value)).toBeLessThanOrEqual(Math.abs(value) * 1e-8);
    }
  });
});

describe('copyAttributes', () => {
  test('carries text across character sets, sequences and numbers as written', () => {
    const source = write(
      {
        SpecificCharacterSet: 'ISO_IR 100',
        PatientName: 'Müller^J',
        PatientBirthDate: '',
        PixelSpacing: ['0.1390', '2e3'],
        ProcedureCodeSequence: [code('LSPINE', '99FICT', 'Wirbelsäule')],
        Rows: 4,
      },
      { encodeText: (text) => Buffer.from(text, 'latin1') },
    );
    const copy = copyAttributes(readBack(source).dataSet, [
      'PatientName',
      'PatientBirthDate',
      'PatientSex',
      'PixelSpacing',
      'ProcedureCodeSequence',
      'Rows',
    ]);
    if (!copy.ok) throw copy.error;
    const { dataSet } = readBack(write({ SpecificCharacterSet: 'ISO_IR 192', ...copy.value }));
    expect(dataSet.string('PatientName')).toBe('Müller^J');
    expect(dataSet.has('PatientBirthDate')).toBe(true);
    expect(dataSet.has('PatientSex')).toBe(false);
    expect(dataSet.strings('PixelSpacing')).toEqual(['0.1390', '2e3']);
    expect(dataSet.sequence('ProcedureCodeSequence')[0]?.string('CodeMeaning')).toBe('Wirbelsäule');
    expect(dataSet.number('Rows')).toBe(4);
  });

  test('refuses a name that cannot be decoded exactly', () => {
    const source = write({ PatientName: 'x' }, { encodeText: () => Uint8Array.of(0x4d, 0xfc) });
    expect(copyAttributes(readBack(source).dataSet, ['PatientName'])).toMatchObject({
      ok: false,
      error: { code: 'DATASET_CHARSET' },
    });
  });
});
