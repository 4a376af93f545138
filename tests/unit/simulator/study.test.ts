import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readPart10 } from '../../../src/dicom/part10-reader.ts';
import { transferSyntaxUid } from '../../../src/dicom/transfer-syntax.ts';
import { decodeFrames } from '../../../src/imaging/decode-frames.ts';
import { paintGray } from '../../../src/imaging/gray-pixels.ts';
import { displayGrayscale } from '../../../src/imaging/grayscale.ts';
import { initialiseCodecs } from '../../../src/imaging/native-codec.ts';
import { displayed } from '../../../src/simulator/detector.ts';
import { LABELS_HEADER, simulateToFolder } from '../../../src/simulator/folder.ts';
import { simulateLateral } from '../../../src/simulator/lateral.ts';
import { STRAY_KINDS } from '../../../src/simulator/stray-scene.ts';
import { SIMULATED_TRANSFER_SYNTAXES, simulateStudy } from '../../../src/simulator/study.ts';
import { peer } from '../../support/peer.ts';

const SIZE = 128;
let folder: string;
beforeAll(() => initialiseCodecs());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'simulated-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function parsed(bytes: Uint8Array) {
  const file = readPart10(bytes);
  if (!file.ok) throw file.error;
  return file.value;
}

describe('simulated study', () => {
  it('holds AP, neutral, flexion and extension of one patient in one study, each its own series and instance', () => {
    const images = simulateStudy(31, { size: SIZE });
    expect(images.map((image) => image.view)).toEqual(['ap', 'neutral', 'flexion', 'extension']);
    expect(new Set(images.map((image) => image.studyInstanceUid)).size).toBe(1);
    expect(new Set(images.map((image) => image.patientId))).toEqual(new Set(['SIM-31']));
    expect(new Set(images.map((image) => image.seriesInstanceUid)).size).toBe(4);
    expect(new Set(images.map((image) => image.sopInstanceUid)).size).toBe(4);
    expect(images.map((image) => image.truth?.label)).toEqual([
      undefined,
      'spondylolysis',
      'spondylolysis',
      'spondylolysis',
    ]);
  });

  it('is reproducible to the byte, and a variant has other UIDs but the same pixels', () => {
    const options = { size: SIZE, views: ['neutral'] } as const;
    const [a] = simulateStudy(7, options);
    const [b] = simulateStudy(7, options);
    const [c] = simulateStudy(7, { ...options, variant: 'second' });
    expect(Buffer.compare(a?.bytes ?? Buffer.alloc(0), b?.bytes ?? Buffer.alloc(1))).toBe(0);
    expect(c?.sopInstanceUid).not.toBe(a?.sopInstanceUid);
    expect(parsed(c?.bytes ?? Buffer.alloc(0)).dataSet.string('PatientID')).toBe('SIM-7');
  });

  it.each(SIMULATED_TRANSFER_SYNTAXES)(
    'carries exactly the simulated pixels in transfer syntax %s',
    async (uid) => {
      const [image] = simulateStudy(44, { size: SIZE, views: ['flexion'], transferSyntaxUid: uid });
      const file = parsed(image?.bytes ?? Buffer.alloc(0));
      expect(file.transferSyntax.uid).toBe(uid);
      const decoded = await decodeFrames(file);
      if (!decoded.ok) throw decoded.error;
      expect(
        Buffer.from(
          decoded.value.samples.buffer,
          decoded.value.samples.byteOffset,
          decoded.value.samples.byteLength,
        ),
      ).toEqual(Buffer.from(simulateLateral(44, 'flexion', SIZE).image.pixels.buffer));
    },
  );

  it('is presented by the production display chain exactly as the training material presents it', async () => {
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const [image] = simulateStudy(seed, { size: SIZE, views: ['extension'] });
      const file = parsed(image?.bytes ?? Buffer.alloc(0));
      const decoded = await decodeFrames(file);
      if (!decoded.ok) throw decoded.error;
      const { pixels } = displayGrayscale(decoded.value, file.dataSet, { fallbackPercentiles: [1, 99] });
      const shown = paintGray(pixels);
      const expected = displayed(simulateLateral(seed, 'extension', SIZE).image);
      let largest = 0;
      expected.forEach((value, i) => {
        largest = Math.max(largest, Math.abs(value - (shown[i] ?? Number.NaN)));
      });
      expect(largest).toBeLessThan(1e-6);
    }
  });

  it('writes headers that DICOM’s own validator accepts, CR and DX, orderly and messy, AP and strays', () => {
    const dciodvfy = peer('dciodvfy');
    if (dciodvfy === undefined) return;
    const modalities = new Set<string>();
    for (let seed = 60; seed < 72; seed += 1) {
      const tags = seed % 3 === 0 ? 'orderly' : 'realistic';
      const views = seed === 60 ? STRAY_KINDS : (['neutral', 'extension'] as const);
      for (const image of simulateStudy(seed, { size: SIZE, tags, views })) {
        modalities.add(parsed(image.bytes).dataSet.string('Modality') ?? '');
        const path = join(folder, 'image.dcm');
        writeFileSync(path, image.bytes);
        const { stderr } = spawnSync(dciodvfy, [path], { encoding: 'utf8' });
        expect(stderr.split('\n').filter((line) => line.includes('Error'))).toEqual([]);
      }
    }
    expect([...modalities].sort()).toEqual(['CR', 'DX']);
  });

  it('gives every lateral of a realistic study some evidence of its view: text, View Position or View Code', () => {
    for (let seed = 200; seed < 240; seed += 1) {
      const [image] = simulateStudy(seed, { size: 64, views: ['neutral'] });
      const { dataSet } = parsed(image?.bytes ?? Buffer.alloc(0));
      const evidence = [
        dataSet.string('SeriesDescription') ?? '',
        dataSet.string('ViewPosition') ?? '',
        dataSet.sequence('ViewCodeSequence').length > 0 ? 'code' : '',
      ].join('');
      expect(evidence).not.toBe('');
    }
  });

  it('decodes its own names in every character set it uses', () => {
    const terms = new Set<string>();
    for (let seed = 300; seed < 340; seed += 1) {
      const [image] = simulateStudy(seed, { size: 64, views: ['neutral'] });
      const { dataSet } = parsed(image?.bytes ?? Buffer.alloc(0));
      const name = dataSet.personName('PatientName');
      if (!name.ok) throw name.error;
      expect(name.value?.alphabetic).toMatch(/^\p{L}+\^/u);
      terms.add(dataSet.specificCharacterSet.join());
    }
    expect([...terms].sort()).toEqual(['', 'ISO_IR 100', 'ISO_IR 192']);
  });
});

describe('folder of simulated studies', () => {
  it('writes files and a table whose rows name them, with labels only for laterals', async () => {
    const progress: string[] = [];
    const written = await simulateToFolder(
      {
        outputFolder: folder,
        firstSeed: 4,
        patients: 2,
        size: SIZE,
        transferSyntaxUid: transferSyntaxUid.rleLossless,
        split: 'val',
      },
      ({ done, total }) => progress.push(`${done}/${total}`),
    );
    expect(written).toBe(8);
    expect(progress.at(-1)).toBe('8/8');
    const [header, ...rows] = readFileSync(join(folder, 'labels.csv'), 'utf8').trimEnd().split('\n');
    expect(header).toBe(LABELS_HEADER);
    expect(rows).toHaveLength(8);
    const names = (header ?? '').split(',');
    for (const row of rows) {
      const cells = row.split(',');
      expect(cells).toHaveLength(names.length);
      const cell = (name: string): string => cells[names.indexOf(name)] ?? '';
      const { dataSet } = parsed(readFileSync(join(folder, cell('file'))));
      expect(dataSet.string('SOPInstanceUID')).toBe(cell('sop_uid'));
      expect(dataSet.string('PatientID')).toBe(cell('patient_id'));
      expect(dataSet.number('Rows')).toBe(Number(cell('rows')));
      expect(cell('label') === 'other').toBe(cell('view') === 'ap');
      expect(cell('split')).toBe('val');
      expect(cell('slip_size') === '').toBe(cell('label') === 'other');
    }
    expect(readdirSync(join(folder, 'SIM-4')).sort()).toEqual([
      'ap.dcm',
      'extension.dcm',
      'flexion.dcm',
      'neutral.dcm',
    ]);
  });
});
