import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readPart10 } from '../../../src/dicom/part10-reader.ts';
import { explainDecision, type ViewDecision } from '../../../src/pipeline/view-filter/index.ts';
import { sharedDataPath, sharedDataPresent } from '../../support/shared-data.ts';
import { shippedFilter } from './shipped-filter.ts';

const filter = shippedFilter('{minimumRows: 16, minimumColumns: 16}');

function decide(file: string): ViewDecision | undefined {
  const read = readPart10(readFileSync(sharedDataPath(file)));
  if (!read.ok) return undefined;
  const { dataSet, pixelData } = read.value;
  return filter.decide({
    dataSet,
    sopClassUid: dataSet.string('SOPClassUID') ?? '',
    callingAeTitle: 'ANY',
    hasPixelData: pixelData !== undefined,
  });
}

// None of these files is a lumbar lateral radiograph: cervical, chest, hip, tibia, breast, CT, MR, angiography.
describe.skipIf(!sharedDataPresent)('real files made by others', () => {
  const files = sharedDataPresent
    ? ['filter', 'radiograph'].flatMap((folder) =>
        readdirSync(sharedDataPath(folder))
          .filter((name) => !name.endsWith('.csv'))
          .map((name) => `${folder}/${name}`),
      )
    : [];

  test.each(files)('%s is not included', (file) => {
    expect(decide(file)?.verdict).not.toBe('include');
  });

  test('nearly all can be decided without an operator', () => {
    const decisions = files.flatMap((file) => decide(file) ?? []);
    expect(decisions.length).toBeGreaterThanOrEqual(30);
    expect(decisions.filter((one) => one.verdict === 'unknown')).toEqual([]);
  });

  test.each([
    [
      'filter/pydicom__CR1-6154',
      'S03',
      'cervical lateral with View Position LL and Patient Orientation L\\F',
    ],
    ['filter/pydicom__CR3-6278', 'S02', 'cervical oblique with View Position AP'],
    ['filter/demo-archive__SagT2frFSES-IM-0001-0001.dcm', 'S01', 'lumbar MR'],
    ['filter/fo-dicom__GH1308.dcm', 'S01', 'lumbar CT'],
    ['radiograph/dicom-test-files__RG2_JPLL', 'S03', 'hip without a view'],
    ['radiograph/dicom-test-files__SC1_JLSL', 'S01', 'CR wrapped in Secondary Capture'],
  ])('%s is excluded with %s: %s', (file, code) => {
    expect(decide(file)?.reasons.map((reason) => reason.code)).toContain(code);
  });

  test('test-rule says which attribute decided', () => {
    const decision = decide('filter/pydicom__CR1-6154');
    const text = decision === undefined ? '' : explainDecision(decision);
    expect(text).toContain(
      'S03 not the lumbar spine: BodyPartExamined=CSPINE, SeriesDescription=CERVICAL + LAT',
    );
    expect(text).toContain('view    unknown   PatientOrientation: L\\F frontal [geometry]');
  });
});
