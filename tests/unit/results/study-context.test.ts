import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readPart10 } from '../../../src/dicom/part10-reader.ts';
import { code, type WritableDataSet, writePart10 } from '../../../src/dicom/part10-writer.ts';
import type { StudyContext } from '../../../src/pipeline/result-input.ts';
import { buildStructuredReport } from '../../../src/pipeline/structured-report/structured-report.ts';
import { readStudyContext } from '../../../src/pipeline/study-context.ts';
import { sharedDataManifest, sharedDataPath, sharedDataPresent } from '../../support/shared-data.ts';
import { context, image, resources } from './fixtures.ts';
import { read } from './tree.ts';

const identity: WritableDataSet = {
  SpecificCharacterSet: 'ISO_IR 192',
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
  SOPInstanceUID: '1.2.3.4',
  StudyInstanceUID: '1.2.3',
  PatientName: 'Muster^Erika',
  PatientID: 'TEST-0001',
};

function studyOf(bytes: Uint8Array): StudyContext {
  const file = readPart10(bytes);
  if (!file.ok) throw file.error;
  const study = readStudyContext(file.value.dataSet);
  if (!study.ok) throw study.error;
  return study.value;
}

function studyFrom(attributes: WritableDataSet): StudyContext {
  return studyOf(writePart10({ dataSet: { ...identity, ...attributes } }));
}

function reportOf(study: StudyContext) {
  const options = { resources: resources(), sopClass: 'Comprehensive3DSR', revision: 1 } as const;
  return read(buildStructuredReport([image()], { ...context, study }, options).bytes);
}

describe('patient and study attributes of results (results 5.1)', () => {
  test('are copied, with Type 2 attributes present and empty where the source has none', () => {
    const study = studyFrom({ StudyDescription: 'LWS', PatientSex: '' });
    const report = reportOf(study);
    for (const keyword of [
      'PatientSex',
      'PatientBirthDate',
      'StudyID',
      'AccessionNumber',
      'ReferringPhysicianName',
    ]) {
      expect([keyword, report.has(keyword), report.string(keyword)]).toEqual([keyword, true, undefined]);
    }
    expect(report.string('StudyDescription')).toBe('LWS');
    expect(report.string('StudyInstanceUID')).toBe('1.2.3');
  });

  test('take nothing of the source series, equipment, protocol or privacy', () => {
    const study = studyFrom({
      SeriesDescription: 'LWS lat',
      Manufacturer: 'Beispiel Röntgen',
      KVP: '85',
      ImageComments: 'call Dr. Muster',
      OperatorsName: 'Muster^Otto',
      '00091001': { vr: 'LO', value: 'secret' },
    });
    expect(JSON.stringify(study)).not.toMatch(/LWS lat|Beispiel|85|call|Otto|secret/);
  });

  test('survive being kept as JSON until the report is due', () => {
    const study = studyFrom({
      ProcedureCodeSequence: [code('XLS2', '99RIS', 'LWS 2 Ebenen')],
      OtherPatientIDsSequence: [{ PatientID: 'ALT-7', IssuerOfPatientID: 'ALTKLINIK' }],
    });
    const kept = JSON.parse(JSON.stringify(study)) as StudyContext;
    const report = reportOf(kept);
    expect(report.sequence('ProcedureCodeSequence')[0]?.string('CodeMeaning')).toBe('LWS 2 Ebenen');
    expect(report.sequence('OtherPatientIDsSequence')[0]?.string('PatientID')).toBe('ALT-7');
  });

  test('name the request with its Type 2 attributes when the source does', () => {
    const study = studyFrom({
      AccessionNumber: 'ACC-9',
      RequestAttributesSequence: [{ RequestedProcedureID: 'RP-7', RequestedProcedureDescription: 'XR LWS' }],
    });
    const [request] = reportOf(study).sequence('ReferencedRequestSequence');
    expect([request?.string('AccessionNumber'), request?.string('RequestedProcedureID')]).toEqual([
      'ACC-9',
      'RP-7',
    ]);
    expect(request?.has('FillerOrderNumberImagingServiceRequest')).toBe(true);
    expect(reportOf(studyFrom({})).has('ReferencedRequestSequence')).toBe(false);
  });

  test('take the time zone of the source into the times of the report', () => {
    const report = reportOf(studyFrom({ TimezoneOffsetFromUTC: '-0500' }));
    expect([report.string('TimezoneOffsetFromUTC'), report.string('ContentTime')]).toEqual([
      '-0500',
      '080509',
    ]);
  });
});

/** PS3.5 Annexes H, I, J and the pydicom character set files: file name part -> alphabetic or ideographic group. */
const names: readonly (readonly [file: string, name: string])[] = [
  ['chrFren', 'Buc^Jérôme'],
  ['chrGerm', 'Äneas^Rüdiger'],
  ['chrH32', 'ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう'],
  ['chrHbrw', 'שרון^דבורה'],
  ['chrX1', 'Wang^XiaoDong=王^小東='],
  ['chrX2', 'Wang^XiaoDong=王^小东='],
];

describe.skipIf(!sharedDataPresent)('names in other character sets', () => {
  const files = sharedDataPresent ? sharedDataManifest().map((row) => row['file'] ?? '') : [];

  test.each(names)('of %s arrive in the report as the same Unicode text', (file, name) => {
    const path = files.find((one) => one.startsWith('charset/') && one.includes(`${file}.dcm`));
    const study = studyOf(readFileSync(sharedDataPath(path ?? '')));
    const written = reportOf(study).strings('PatientName')[0]?.replace(/=+$/, '');
    expect(written).toBe(name.replace(/=+$/, ''));
  });
});
