import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readDataSet, readPart10, scanHeader } from '../../../src/dicom/part10-reader.ts';
import { peer } from '../../support/peer.ts';
import { sharedDataManifest, sharedDataPath, sharedDataPresent } from '../../support/shared-data.ts';
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

const undefinedLength = 0xffffffff;

function codeOf(result: ReturnType<typeof readPart10>): string {
  return result.ok ? 'ok' : result.error.code;
}

describe('readPart10 (PS3.10 7.1, PS3.5 7)', () => {
  test('reads values by keyword and by tag', () => {
    const read = readPart10(
      file(
        explicitLittleEndian,
        text(0x00080060, 'CS', 'CR'),
        text(0x00091010, 'LO', 'private '),
        us(0x00280010, 7),
      ),
    );
    if (!read.ok) throw read.error;
    const { dataSet } = read.value;
    expect(dataSet.string('Modality')).toBe('CR');
    expect(dataSet.string(0x00091010)).toBe('private');
    expect(dataSet.number('Rows')).toBe(7);
    expect(dataSet.has('Columns')).toBe(false);
    expect(dataSet.string('Columns')).toBeUndefined();
    expect([...dataSet.elements()].map(({ tag }) => tag)).toEqual([0x00080060, 0x00091010, 0x00280010]);
  });

  test('a declared length beyond the file is truncation, never zero-filled', () => {
    const pixelData = element(0x7fe00010, 'OW', new Uint8Array(10), 0x7fff_fff0);
    expect(codeOf(readPart10(file(explicitLittleEndian, pixelData)))).toBe('DATASET_TRUNCATED');
    expect(
      codeOf(readPart10(file(explicitLittleEndian, element(0x00100010, 'PN', new Uint8Array(2), 9)))),
    ).toBe('DATASET_TRUNCATED');
  });

  test('every cut of a file is an error or a clean end between two elements', () => {
    const whole = file(explicitLittleEndian, text(0x00080060, 'CS', 'CR'), us(0x00280010, 7));
    const outcomes = Array.from({ length: whole.length }, (_, length) =>
      codeOf(readPart10(whole.subarray(0, length))),
    );
    const ends = outcomes.flatMap((outcome, length) => (outcome === 'ok' ? [length] : []));
    expect(ends).toEqual([whole.length - 20, whole.length - 10]);
  });

  test('bytes without DICM are refused unless asked for', () => {
    const bare = implicit(0x00080060, Buffer.from('CR'));
    expect(codeOf(readPart10(bare))).toBe('DATASET_MALFORMED');
    const read = readPart10(bare, { bareTransferSyntaxUid: implicitLittleEndian });
    expect(read.ok && read.value.dataSet.string('Modality')).toBe('CR');
  });

  test('an element that occurs twice is refused (PS3.5 7.1)', () => {
    const twice = [text(0x00080018, 'UI', '1.2.3\0'), text(0x00080018, 'UI', '1.2.4\0')];
    expect(codeOf(readPart10(file(explicitLittleEndian, ...twice)))).toBe('DATASET_MALFORMED');
  });

  test('an unknown or absent transfer syntax is named', () => {
    expect(codeOf(readPart10(file('1.2.840.10008.1.2.4.100')))).toBe('PIXEL_UNSUPPORTED');
    const noSyntax = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), text(0x00020012, 'UI', '1.2\0')]);
    expect(codeOf(readPart10(noSyntax))).toBe('DATASET_MISSING_ATTRIBUTE');
  });
});

describe('sequences (PS3.5 7.5)', () => {
  const inner = text(0x00080100, 'SH', 'T-11503 ');

  test.each([
    [
      'defined lengths',
      [element(0x00082218, 'SQ', new Uint8Array(0), 8 + inner.length), item(0xe000, inner.length), inner],
    ],
    [
      'undefined lengths',
      [
        element(0x00082218, 'SQ', new Uint8Array(0), undefinedLength),
        item(0xe000, undefinedLength),
        inner,
        item(0xe00d, 0),
        item(0xe0dd, 0),
      ],
    ],
  ])('reads items of %s and what follows', (_name, parts) => {
    const read = readPart10(file(explicitLittleEndian, ...parts, us(0x00280010, 7)));
    if (!read.ok) throw read.error;
    expect(
      read.value.dataSet.sequence('AnatomicRegionSequence').map((one) => one.string('CodeValue')),
    ).toEqual(['T-11503']);
    expect(read.value.dataSet.number('Rows')).toBe(7);
  });

  test('UN of undefined length holds Implicit VR items (PS3.5 6.2.2 note 4)', () => {
    const value = implicit(0x00080100, Buffer.from('T-11503 '));
    const read = readPart10(
      file(
        explicitLittleEndian,
        element(0x00082218, 'UN', new Uint8Array(0), undefinedLength),
        item(0xe000, value.length),
        value,
        item(0xe0dd, 0),
      ),
    );
    expect(read.ok && read.value.dataSet.sequence('AnatomicRegionSequence')[0]?.string('CodeValue')).toBe(
      'T-11503',
    );
  });

  test('an item longer than its sequence is refused', () => {
    const parts = [
      element(0x00082218, 'SQ', new Uint8Array(0), 8 + inner.length),
      item(0xe000, inner.length + 8),
      inner,
    ];
    expect(
      codeOf(readPart10(file(explicitLittleEndian, ...parts, us(0x00280010, 7), us(0x00280011, 7)))),
    ).toBe('DATASET_MALFORMED');
  });

  test('nesting beyond the limit is refused, long before the limit of this test (reliability 1.3: 66 s elsewhere)', () => {
    const level = Buffer.concat([
      element(0x00082218, 'SQ', new Uint8Array(0), undefinedLength),
      item(0xe000, undefinedLength),
    ]);
    const bomb = file(explicitLittleEndian, ...Array.from({ length: 40_000 }, () => level));
    expect(codeOf(readPart10(bomb))).toBe('DATASET_LIMIT');
  });

  test('more elements than the limit are refused', () => {
    const many = Array.from({ length: 20_001 }, (_, index) =>
      text((0x00090000 | (0x1000 + (index % 0xe000))) + (Math.floor(index / 0xe000) << 17), 'LO', ''),
    );
    expect(codeOf(readPart10(file(explicitLittleEndian, ...many)))).toBe('DATASET_LIMIT');
    expect(codeOf(readPart10(file(explicitLittleEndian, ...many.slice(0, 20_000))))).toBe('ok');
  });
});

describe('pixel data location (PS3.5 A.4)', () => {
  test('native pixel data is a view into the file, not a copy', () => {
    const bytes = file(explicitLittleEndian, element(0x7fe00010, 'OW', Uint8Array.of(1, 2, 3, 4)));
    const read = readPart10(bytes);
    if (!read.ok || read.value.pixelData?.kind !== 'native') throw new Error('no native pixel data');
    expect([...read.value.pixelData.bytes]).toEqual([1, 2, 3, 4]);
    expect(read.value.pixelData.bytes.buffer).toBe(bytes.buffer);
    expect(read.value.pixelData.offset + read.value.dataSetOffset).toBe(bytes.length - 4);
  });

  test('fragments and the Basic Offset Table are located', () => {
    const offsets = Buffer.from(new Uint32Array([0, 12]).buffer);
    const read = readPart10(
      file(
        '1.2.840.10008.1.2.5',
        element(0x7fe00010, 'OB', new Uint8Array(0), undefinedLength),
        item(0xe000, 8),
        offsets,
        item(0xe000, 4),
        Uint8Array.of(1, 2, 3, 4),
        item(0xe000, 2),
        Uint8Array.of(5, 6),
        item(0xe0dd, 0),
      ),
    );
    if (!read.ok || read.value.pixelData?.kind !== 'encapsulated') throw new Error('no fragments');
    expect(read.value.pixelData.basicOffsetTable).toEqual([0, 12]);
    expect(read.value.pixelData.fragments.map(({ bytes }) => [...bytes])).toEqual([
      [1, 2, 3, 4],
      [5, 6],
    ]);
  });

  test('fragments without their delimiter are truncation', () => {
    const open = [
      element(0x7fe00010, 'OB', new Uint8Array(0), undefinedLength),
      item(0xe000, 0),
      item(0xe000, 2),
      Uint8Array.of(5, 6),
    ];
    expect(codeOf(readPart10(file('1.2.840.10008.1.2.5', ...open)))).toBe('DATASET_TRUNCATED');
  });
});

describe('deflated data sets (PS3.5 A.5)', () => {
  const deflated = '1.2.840.10008.1.2.1.99';

  test('are inflated', () => {
    const read = readPart10(file(deflated, deflateRawSync(us(0x00280010, 7))));
    expect(read.ok && read.value.dataSet.number('Rows')).toBe(7);
  });

  test('are refused when they grow beyond the limit, end early or are no deflate stream', () => {
    const bomb = deflateRawSync(element(0x7fe00010, 'OW', new Uint8Array(4_000_000)));
    expect(codeOf(readPart10(file(deflated, bomb), { maxInflatedBytes: 1_000_000 }))).toBe('DATASET_LIMIT');
    expect(codeOf(readPart10(file(deflated, bomb.subarray(0, 50))))).toBe('DATASET_TRUNCATED');
    expect(codeOf(readPart10(file(deflated, Uint8Array.of(0xff, 0xff, 0xff))))).toBe('DATASET_MALFORMED');
  });
});

describe('scanHeader', () => {
  const header = [text(0x00080018, 'UI', '1.2.3\0'), us(0x00280010, 7)];
  const dataSet = Buffer.concat([...header, element(0x7fe00010, 'OW', new Uint8Array(1000))]);

  test('stops before pixel data', () => {
    const scan = scanHeader(dataSet, explicitLittleEndian);
    if (!scan.ok) throw scan.error;
    expect(scan.value.endedAt).toBe('pixel-data');
    expect(scan.value.dataSet.string('SOPInstanceUID')).toBe('1.2.3');
    expect(scan.value.dataSet.has('PixelData')).toBe(false);
  });

  test('works on a beginning that is cut in the middle of an element', () => {
    const scan = scanHeader(dataSet.subarray(0, 20), explicitLittleEndian, { totalLength: dataSet.length });
    if (!scan.ok) throw scan.error;
    expect(scan.value.endedAt).toBe('window');
    expect(scan.value.dataSet.string('SOPInstanceUID')).toBe('1.2.3');
    expect(scan.value.dataSet.has('Rows')).toBe(false);
  });

  test('a length beyond the whole data set is truncation', () => {
    const scan = scanHeader(dataSet.subarray(0, 20), explicitLittleEndian, { totalLength: 20 });
    expect(scan.ok ? 'ok' : scan.error.code).toBe('DATASET_TRUNCATED');
  });

  test('reads a deflated beginning', () => {
    const scan = scanHeader(deflateRawSync(dataSet), '1.2.840.10008.1.2.1.99');
    expect(scan.ok && scan.value.dataSet.number('Rows')).toBe(7);
  });

  test('agrees with the full parse up to pixel data', () => {
    const full = readDataSet(dataSet, explicitLittleEndian);
    const scan = scanHeader(dataSet, explicitLittleEndian);
    if (!full.ok || !scan.ok) throw new Error('unreadable');
    const before = [...full.value.dataSet.elements()].filter(({ tag }) => tag < 0x7fe00000);
    expect([...scan.value.dataSet.elements()]).toEqual(before);
  });
});

describe.skipIf(!sharedDataPresent)('files made by others', () => {
  const folders = ['charset', 'codec', 'filter', 'fuzz', 'lut', 'malformed', 'net', 'radiograph', 'sr'];
  const files = sharedDataPresent
    ? folders.flatMap((folder) => readdirSync(sharedDataPath(folder)).map((name) => `${folder}/${name}`))
    : [];

  test('each one parses to a result within 100 ms and never throws', () => {
    expect(files.length).toBeGreaterThan(300);
    readPart10(readFileSync(sharedDataPath('codec/pydicom__rtplan_truncated.dcm')));
    for (const name of files) {
      const bytes = readFileSync(sharedDataPath(name));
      const start = process.cpuUsage();
      const read = readPart10(bytes);
      const spent = process.cpuUsage(start);
      expect({ name, fast: (spent.user + spent.system) / 1000 < 100 }).toEqual({ name, fast: true });
      if (!read.ok) expect(read.error.code).toMatch(/^(DATASET|PIXEL)_/);
    }
  });

  test('of the well-formed ones, only the deliberately broken are refused', () => {
    const refused = sharedDataManifest()
      .filter(({ file: name = '' }) => /^(charset|codec|filter|lut|radiograph|sr)\//.test(name))
      .flatMap(({ file: name = '' }) => {
        const read = readPart10(readFileSync(sharedDataPath(name)));
        return read.ok ? [] : [`${name}: ${read.error.code}`];
      });
    expect(refused.toSorted()).toEqual([
      'codec/cornerstone3D__CTImage.dcm_JPEGProcess10_12TransferSyntax_1.2.840.10008.1.2.4.55.dcm: PIXEL_UNSUPPORTED',
      'codec/pacs_system__dicom_file_minimal.bin: DATASET_MISSING_ATTRIBUTE',
      'codec/pydicom-data__emri_small_jpeg_2k_lossless_too_short.dcm: DATASET_TRUNCATED',
      'codec/pydicom-data__liver_nonbyte_aligned_deflate.dcm: PIXEL_UNSUPPORTED',
      'codec/pydicom__ExplVR_LitEndNoMeta.dcm: DATASET_MALFORMED',
      'codec/pydicom__MR_truncated.dcm: DATASET_TRUNCATED',
      'codec/pydicom__rtplan_truncated.dcm: DATASET_TRUNCATED',
      'radiograph/pydicom-data__JLSL_RGB_ILV0.dcm: DATASET_MALFORMED',
    ]);
  });

  test('random damage ends in a result (fast-check)', () => {
    const seeds = ['sr', 'charset', 'codec'].flatMap((folder) =>
      files
        .filter((name) => name.startsWith(`${folder}/`))
        .map((name) => readFileSync(sharedDataPath(name)).subarray(0, 20_000)),
    );
    const damage = fc.array(fc.tuple(fc.nat(20_000), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(fc.constantFrom(...seeds), damage, (seed, changes) => {
        const bytes = Buffer.from(seed);
        for (const [at, value] of changes) bytes[132 + (at % Math.max(bytes.length - 132, 1))] = value;
        const read = readPart10(bytes);
        if (!read.ok) return;
        for (const { tag } of read.value.dataSet.elements()) {
          read.value.dataSet.strings(tag);
          read.value.dataSet.texts(tag);
          read.value.dataSet.numbers(tag);
        }
      }),
      { numRuns: 1500 },
    );
  });

  const dcmdump = peer('dcmdump');
  test.skipIf(dcmdump === undefined)('element values of every radiograph equal what DCMTK prints', () => {
    const radiographs = files.filter((name) => /^(radiograph|filter)\/.*\.dcm$/.test(name));
    expect(radiographs.length).toBeGreaterThan(5);
    for (const name of radiographs) {
      const read = readPart10(readFileSync(sharedDataPath(name)));
      if (!read.ok) continue;
      const printed = execFileSync(
        dcmdump ?? '',
        ['-q', '+P', 'SOPInstanceUID', '+P', 'Rows', '-Un', '-s', sharedDataPath(name)],
        { encoding: 'utf8' },
      );
      expect(printed).toContain(`[${read.value.dataSet.string('SOPInstanceUID') ?? ''}]`);
      expect(printed).toContain(`US ${read.value.dataSet.number('Rows') ?? 'absent'} `);
    }
  });
});
