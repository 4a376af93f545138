import { writePart10 } from '../src/dicom/part10-writer.ts';
import { sopClassUid } from '../src/dicom/sop-class.ts';
import { transferSyntaxUid } from '../src/dicom/transfer-syntax.ts';
import { randomStream } from '../src/simulator/random.ts';

/** A DICOM image of a wanted size for transport benches: noise pixels, fictional patient, explicit little endian. */
export function transportImage(kind: 'DX' | 'CR', columns: number, rows: number, uid: string): Uint8Array {
  const random = randomStream(`bench/${uid}`);
  const pixels = new Uint16Array(columns * rows);
  for (let at = 0; at < pixels.length; at++) pixels[at] = Math.floor(random.uniform() * 4096);
  const dx = kind === 'DX';
  return writePart10({
    dataSet: {
      SOPClassUID: dx
        ? sopClassUid.digitalXRayImageStorageForPresentation
        : sopClassUid.computedRadiographyImageStorage,
      SOPInstanceUID: uid,
      StudyInstanceUID: `${uid}.1`,
      SeriesInstanceUID: `${uid}.2`,
      PatientName: 'BENCH^IMAGE',
      PatientID: 'BENCH-1',
      Modality: kind,
      StudyDate: '20260105',
      StudyTime: '080000',
      Rows: rows,
      Columns: columns,
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      BitsAllocated: 16,
      BitsStored: 12,
      HighBit: 11,
      PixelRepresentation: 0,
      PixelData: new Uint8Array(pixels.buffer),
    },
    transferSyntaxUid: transferSyntaxUid.explicitVrLittleEndian,
  });
}
