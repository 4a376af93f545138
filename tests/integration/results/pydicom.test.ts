import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPart10 } from '../../../src/dicom/part10-reader.ts';
import { concept } from '../../../src/pipeline/structured-report/concepts.ts';
import { buildStructuredReport } from '../../../src/pipeline/structured-report/structured-report.ts';
import { readStudyContext } from '../../../src/pipeline/study-context.ts';
import { sharedDataManifest, sharedDataPath, sharedDataPresent } from '../../support/shared-data.ts';
import { context, image, resources } from '../../unit/results/fixtures.ts';
import { producedObjects } from './produced-objects.ts';

const reportOptions = { resources: resources(), sopClass: 'Comprehensive3DSR', revision: 1 } as const;

/** Debian's interpreter carries python3-pydicom, which one first in PATH may not. */
const python = '/usr/bin/python3';
const installed = spawnSync(python, ['-c', 'import pydicom'], { encoding: 'utf8' }).status === 0;
if (!installed && process.env['CI'] === 'true') throw new Error('python3-pydicom is required under CI=true');

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pydicom-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function run(script: string, ...args: readonly string[]): unknown {
  const { stdout, stderr, status } = spawnSync(python, ['-c', script, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as unknown;
}

describe.skipIf(!installed)('pydicom', () => {
  test('reads every kind of object with the patient name in Unicode', () => {
    const objects = producedObjects();
    for (const { name, bytes } of objects) writeFileSync(join(folder, `${name}.dcm`), bytes);
    const read = run(
      `
import json, sys, pydicom
def deep(ds):
    for e in ds:
        if e.VR == 'SQ':
            for item in e.value: deep(item)
        else: e.value
out = {}
for path in sys.argv[1:]:
    ds = pydicom.dcmread(path); deep(ds)
    out[path] = [str(ds.PatientName), str(ds.StudyInstanceUID), ds.file_meta.TransferSyntaxUID.name]
print(json.dumps(out))`,
      ...objects.map(({ name }) => join(folder, `${name}.dcm`)),
    );
    const expected = ['Muster^Erika=测试^腰椎', '1.2.826.0.1.3680043.8.498.1', 'Explicit VR Little Endian'];
    expect(Object.values(read as object)).toEqual(objects.map(() => expected));
  });

  test('has the same meanings for our standard codes in its copy of PS3.16', () => {
    const known = run(`
import json
from pydicom.sr._concepts_dict import concepts
out = {}
for scheme in ('DCM', 'SCT'):
    for entries in concepts[scheme].values():
        for value, (meaning, *_) in entries.items(): out.setdefault(scheme + ' ' + value, []).append(meaning)
print(json.dumps(out))`) as Record<string, string[]>;
    const compared = Object.values(concept).flatMap(({ value, scheme, meaning }) => {
      const meanings = known[`${scheme} ${value}`];
      return meanings === undefined ? [] : [{ meaning, known: meanings.includes(meaning) }];
    });
    expect(compared.filter((entry) => !entry.known)).toEqual([]);
    expect(compared.length).toBeGreaterThan(50);
  });

  test.skipIf(!sharedDataPresent)(
    'reads from the report the name that it reads from the source, in every character set',
    () => {
      const sources = sharedDataManifest()
        .map((row) => row['file'] ?? '')
        .filter((file) => file.startsWith('charset/'));
      const pairs = sources.flatMap((source, index): string[] => {
        const file = readPart10(readFileSync(sharedDataPath(source)));
        if (!file.ok) throw file.error;
        const study = readStudyContext(file.value.dataSet);
        if (!study.ok) return [];
        const { bytes } = buildStructuredReport([image()], { ...context, study: study.value }, reportOptions);
        const path = join(folder, `name-${index}.dcm`);
        writeFileSync(path, bytes);
        return [sharedDataPath(source), path];
      });
      const compared = run(
        `
import json, sys, pydicom
name = lambda path: str(pydicom.dcmread(path).get('PatientName', '')).rstrip('=')
print(json.dumps([[name(a), name(b)] for a, b in zip(sys.argv[1::2], sys.argv[2::2])]))`,
        ...pairs,
      ) as [string, string][];
      expect(compared.length).toBeGreaterThanOrEqual(sources.length - 2);
      for (const [source, written] of compared) expect(written).toBe(source);
    },
  );

  test('decodes the pixels of the capture and of the parametric map', () => {
    const objects = producedObjects().filter(({ name }) => name === 'sc-suspected' || name === 'pmap');
    for (const { name, bytes } of objects) writeFileSync(join(folder, `${name}.dcm`), bytes);
    const shapes = run(
      `
import json, sys, pydicom
out = []
for path in sys.argv[1:]:
    ds = pydicom.dcmread(path)
    out.append([ds.PhotometricInterpretation, ds.Rows, ds.Columns, len(ds.PixelData if 'PixelData' in ds else ds.FloatPixelData)])
print(json.dumps(out))`,
      ...objects.map(({ name }) => join(folder, `${name}.dcm`)),
    ) as [string, number, number, number][];
    for (const [photometric, rows, columns, bytes] of shapes) {
      expect(bytes).toBe(rows * columns * (photometric === 'RGB' ? 3 : 4));
    }
  });
});
