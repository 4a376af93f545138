import { writePart10 } from '../../src/dicom/part10-writer.ts';
import { sopClassUid } from '../../src/dicom/sop-class.ts';
import { transferSyntaxUid } from '../../src/dicom/transfer-syntax.ts';
import { memoryBytes } from '../../src/scu/part10-data-set.ts';
import type { Delivery } from '../../src/scu/ports.ts';
import type { OutgoingObject } from '../../src/scu/store-scu.ts';

/** A small object of a kind that the node makes, of a fictional patient. */
export interface TestObject extends OutgoingObject {
  readonly file: Uint8Array;
  readonly seriesInstanceUid: string;
  readonly studyInstanceUid: string;
}

/** A Part 10 object of a SOP Class with this many bytes of private filler behind the identifying attributes. */
export function testObject(
  sopInstanceUid: string,
  sopClass: string = sopClassUid.secondaryCaptureImageStorage,
  fillerBytes = 64,
): TestObject {
  const studyInstanceUid = '1.2.3.9';
  const seriesInstanceUid = `1.2.3.9.${sopClass === sopClassUid.secondaryCaptureImageStorage ? 1 : 2}`;
  const file = writePart10({
    dataSet: {
      SOPClassUID: sopClass,
      SOPInstanceUID: sopInstanceUid,
      StudyInstanceUID: studyInstanceUid,
      SeriesInstanceUID: seriesInstanceUid,
      PatientName: 'FICTIONAL^TEST',
      PatientID: 'T-1',
      PatientBirthDate: '',
      PatientSex: '',
      StudyDate: '20260101',
      StudyTime: '120000',
      StudyID: '1',
      AccessionNumber: 'ACC1',
      ReferringPhysicianName: '',
      Modality: sopClass === sopClassUid.secondaryCaptureImageStorage ? 'OT' : 'SR',
      SeriesNumber: 1,
      InstanceNumber: 1,
      '00091010': { vr: 'LO', value: 'TEST FILLER' },
      '00091011': { vr: 'OB', value: new Uint8Array(fillerBytes).fill(7) },
    },
  });
  return {
    sopClassUid: sopClass,
    sopInstanceUid,
    transferSyntaxUid: transferSyntaxUid.explicitVrLittleEndian,
    open: () => memoryBytes(file),
    file,
    seriesInstanceUid,
    studyInstanceUid,
  };
}

/** A claim on such an object, as an outbox would hand it out. */
export function deliveryOf(object: TestObject, outboxId: number, attempt = 1): Delivery {
  return {
    outboxId,
    claimToken: `claim-${outboxId}-${attempt}`,
    attempt,
    destination: 'main',
    studyInstanceUid: object.studyInstanceUid,
    object: { ...object, objectId: `object-${outboxId}`, path: `${outboxId}.dcm`, createdAtMs: 0 },
  };
}
