import { describe, expect, test } from 'vitest';
import { parseAeTitle } from '../../../src/dicom/ae-title.ts';
import { entryOfKeyword, entryOfTag, formatTag, tagOf } from '../../../src/dicom/dictionary.ts';
import { sopClassName, sopClassUid } from '../../../src/dicom/sop-class.ts';
import { describeStatus, formatStatus } from '../../../src/dicom/status.ts';
import { acceptedStorageTransferSyntaxes, transferSyntax } from '../../../src/dicom/transfer-syntax.ts';
import {
  implementationClassUid,
  implementationVersionName,
  parseForeignUid,
  parseUid,
  uuidV5Uid,
} from '../../../src/dicom/uid.ts';

describe('parseUid (PS3.5 9.1)', () => {
  test.each(['1', '0.0', '1.2.840.10008.1.2', '2.25.0', `1.${'2'.repeat(62)}`])('accepts %s', (uid) => {
    expect(parseUid(uid)).toEqual({ ok: true, value: uid });
  });

  test.each([
    '',
    '.',
    '1.',
    '.1',
    '1..2',
    '01.2',
    '1.02',
    '1.2a',
    ' 1.2',
    '1.2\0',
    '../../x',
    `1.${'2'.repeat(63)}`,
    '1.２',
  ])('refuses %j', (uid) => {
    expect(parseUid(uid).ok).toBe(false);
  });
});

describe('parseForeignUid (PS3.5 9.1 as devices keep it)', () => {
  test.each(['1', '1.2.03.4', '01.2', '1.00', `1.${'2'.repeat(62)}`])('takes %s as it is', (uid) => {
    expect(parseForeignUid(uid)).toEqual({ ok: true, value: uid });
  });

  test.each(['', '.', '1.', '.1', '1..2', '1.2a', ' 1.2', '1.2\0', '../../x', `1.${'2'.repeat(63)}`, '1.２'])(
    'refuses %j',
    (uid) => {
      expect(parseForeignUid(uid).ok).toBe(false);
    },
  );
});

describe('uuidV5Uid (PS3.5 B.2, RFC 9562)', () => {
  // Made with Python's uuid.uuid5(uuid.NAMESPACE_OID, 'lumbar-node|implementation-class').int
  const expected = '2.25.107335468646593298118574496618650343229';
  const oidNamespace = '6ba7b812-9dad-11d1-80b4-00c04fd430c8';

  test('equals another implementation of version-5 UUIDs', () => {
    expect(uuidV5Uid(oidNamespace, 'lumbar-node', 'implementation-class')).toBe(expected);
    expect(implementationClassUid).toBe(expected);
  });

  test('joins its parts unambiguously enough to tell nodes apart, and is always a valid UID', () => {
    const uids = ['a', 'b', 'c'].map((node) => uuidV5Uid(oidNamespace, node, 'sr', '1.2.3'));
    expect(new Set(uids).size).toBe(3);
    for (const uid of uids) expect(parseUid(uid).ok).toBe(true);
  });

  test('refuses a namespace that is not a UUID', () => {
    expect(() => uuidV5Uid('hospital', 'a')).toThrow(expect.objectContaining({ code: 'BUG_INVARIANT' }));
  });

  test('the implementation version name fits SH (PS3.7 D.3.3.2)', () => {
    expect(implementationVersionName.length).toBeLessThanOrEqual(16);
  });
});

describe('parseAeTitle (PS3.5 6.2)', () => {
  test('removes insignificant spaces', () => {
    expect(parseAeTitle('  MODALITY 1 ')).toEqual({ ok: true, value: 'MODALITY 1' });
  });

  test.each(['', '    ', 'A\\B', 'ABCDEFGHIJKLMNOPQ', 'Ä', 'A\nB', 'A\0'])('refuses %j', (title) => {
    expect(parseAeTitle(title).ok).toBe(false);
  });
});

describe('transferSyntax (PS3.5 Annex A)', () => {
  test('tells how each one is encoded', () => {
    expect(transferSyntax('1.2.840.10008.1.2')).toMatchObject({
      explicit: false,
      littleEndian: true,
      encapsulated: false,
    });
    expect(transferSyntax('1.2.840.10008.1.2.2')).toMatchObject({ explicit: true, littleEndian: false });
    expect(transferSyntax('1.2.840.10008.1.2.1.99')).toMatchObject({ deflated: true, encapsulated: false });
    expect(transferSyntax('1.2.840.10008.1.2.4.70')).toMatchObject({ encapsulated: true, lossy: false });
    expect(transferSyntax('1.2.840.10008.1.2.4.50')).toMatchObject({ encapsulated: true, lossy: true });
  });

  test('knows nothing that it does not accept', () => {
    for (const uid of acceptedStorageTransferSyntaxes) expect(transferSyntax(uid)?.uid).toBe(uid);
    expect(new Set(acceptedStorageTransferSyntaxes).size).toBe(15);
    expect(transferSyntax('1.2.840.10008.1.2.4.100')).toBeUndefined();
  });
});

describe('describeStatus (PS3.7 Annex C)', () => {
  test.each([
    [0x0000, 'success'],
    [0xff00, 'pending'],
    [0xff01, 'pending'],
    [0xfe00, 'cancel'],
    [0xb000, 'warning'],
    [0xb007, 'warning'],
    [0x0001, 'warning'],
    [0x0107, 'warning'],
    [0x0116, 'warning'],
    [0xa700, 'failure'],
    [0xa777, 'failure'],
    [0xc123, 'failure'],
    [0x0122, 'failure'],
    [0x4242, 'failure'],
  ])('%i is %s', (code, category) => {
    expect(describeStatus(code)).toMatchObject({ code, category });
  });

  test('names known codes, ranges and unknown codes for a person', () => {
    expect(describeStatus(0xa701).name).toContain('out of resources');
    expect(describeStatus(0x0124).name).toContain('not authorised');
    expect(describeStatus(0x4242).name).toContain('unknown');
    expect(formatStatus(0x0122)).toBe('0122H');
  });
});

describe('dictionary (PS3.6)', () => {
  test('finds tags by keyword and lines by tag', () => {
    expect(tagOf('PatientName')).toBe(0x00100010);
    expect(tagOf('PixelData')).toBe(0x7fe00010);
    expect(entryOfTag(0x0040a730)).toMatchObject({ keyword: 'ContentSequence', vr: 'SQ' });
    expect(formatTag(0x7fe00010)).toBe('(7FE0,0010)');
  });

  test('finds every repetition of an overlay and nothing behind the last', () => {
    expect(entryOfTag(0x60020010)?.keyword).toBe('OverlayRows');
    expect(entryOfTag(0x601e0010)?.keyword).toBe('OverlayRows');
    expect(entryOfTag(0x60200010)).toBeUndefined();
    expect(entryOfTag(0x60010010)).toBeUndefined();
  });

  test.each([
    ...['FileMetaInformationGroupLength', 'FileMetaInformationVersion', 'MediaStorageSOPClassUID'],
    ...['MediaStorageSOPInstanceUID', 'TransferSyntaxUID', 'ImplementationClassUID'],
    ...['ImplementationVersionName', 'SourceApplicationEntityTitle', 'SOPClassUID', 'SOPInstanceUID'],
    ...['StudyInstanceUID', 'SeriesInstanceUID'],
  ])('%s, which the listener knows without the dictionary, is as the dictionary has it', (keyword) => {
    expect(entryOfTag(tagOf(keyword))).toEqual(entryOfKeyword(keyword));
  });

  test('an unknown keyword is a fault of the program', () => {
    expect(() => tagOf('PatientsName')).toThrow(expect.objectContaining({ code: 'BUG_INVARIANT' }));
  });

  test('names SOP classes', () => {
    expect(sopClassName(sopClassUid.comprehensive3dSrStorage)).toBe('Comprehensive 3D SR Storage');
    expect(sopClassName('1.2.3')).toBe('1.2.3');
  });
});
