import { describe, expect, test } from 'vitest';
import { type WritableDataSet, writePart10 } from '../../../src/dicom/part10-writer.ts';
import { sopClassUid } from '../../../src/dicom/sop-class.ts';
import type { FilterRecord } from '../../../src/pipeline/ports.ts';
import { examineImage } from '../../../src/pipeline/run-image-job.ts';

const included = { verdict: 'include', dynamic: 'NEUTRAL', reasons: [] } as unknown as FilterRecord;
const job = { callingAeTitle: 'DX_ROOM1', released: false };
/** 测试 in GB18030, as a device writes it that declares no character set. */
const chineseBytes = 'b2e2cad4';

/** A lateral whose text is written byte by byte as given. */
function lateral(attributes: WritableDataSet = {}): Uint8Array {
  return writePart10({
    dataSet: {
      SOPClassUID: sopClassUid.computedRadiographyImageStorage,
      SOPInstanceUID: '1.2.3.4',
      StudyInstanceUID: '1.2.3',
      SeriesInstanceUID: '1.2.3.1',
      PatientID: 'TEST-1',
      PatientName: Buffer.from(chineseBytes, 'hex').toString('latin1'),
      ...attributes,
    },
    encodeText: (text) => Buffer.from(text, 'latin1'),
  });
}

const examine = (bytes: Uint8Array, charsetDefault?: string, filter = included) =>
  examineImage(bytes, job, { charsetDefault, decideView: () => filter });

describe('text that is not ASCII and declares no character set (results.md 5.2)', () => {
  test('holds the image with Q04 instead of guessing', () => {
    expect(examine(lateral())).toMatchObject({
      kind: 'ended',
      end: { disposition: 'held', reasons: [{ code: 'Q04' }], objects: [] },
    });
  });

  test('is decoded by the character set that the site configured', () => {
    expect(examine(lateral(), 'GB18030')).toMatchObject({
      kind: 'in scope',
      study: { patientName: '测试', attributes: { PatientName: ['测试'] } },
    });
  });

  test('holds the image when it is not of that set either', () => {
    expect(examine(lateral(), 'ISO_IR 192')).toMatchObject({
      kind: 'ended',
      end: { disposition: 'held', reasons: [{ code: 'Q04' }] },
    });
  });

  test('a declared set is not overruled by the configured one', () => {
    expect(
      examine(lateral({ SpecificCharacterSet: 'ISO_IR 100', PatientName: 'J\u00f6rg' }), 'GB18030'),
    ).toMatchObject({
      kind: 'in scope',
      study: { patientName: 'J\u00f6rg' },
    });
  });
});

test('an image without Patient ID is held: a result could not be filed', () => {
  expect(examine(lateral({ PatientID: '', PatientName: 'Doe' }))).toMatchObject({
    kind: 'ended',
    end: { disposition: 'held', reasons: [{ code: 'Q05' }] },
  });
});

test('an excluded image is skipped whatever its text is', () => {
  const excluded = {
    ...included,
    verdict: 'exclude',
    reasons: [{ code: 'S02', detail: 'AP' }],
  } as FilterRecord;
  expect(examine(lateral(), undefined, excluded)).toMatchObject({
    kind: 'ended',
    end: { disposition: 'skipped', reasons: [{ code: 'S02' }] },
  });
});
