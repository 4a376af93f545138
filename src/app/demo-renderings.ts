import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import type { DataSet } from '../dicom/data-set.ts';
import { readPart10 } from '../dicom/part10-reader.ts';
import { sopClassUid } from '../dicom/sop-class.ts';
import { structuredReportText } from '../dicom/structured-report-text.ts';
import { decodeFrames } from '../imaging/decode-frames.ts';
import type { ReceivedObject } from '../simulator/mini-pacs.ts';

/** What a person calls a sent image: `study-1-flexion`. */
export interface NamedImage {
  readonly study: number;
  readonly view: string;
  readonly sopInstanceUid: string;
  readonly studyInstanceUid: string;
}

/**
 * Writes each received capture as PNG and each report as text, read back from what the PACS holds and named by study
 * and view: `study-1-flexion.png`, `study-1-report.txt`.
 */
export async function renderReceived(
  received: readonly ReceivedObject[],
  sent: readonly NamedImage[],
  folder: string,
): Promise<void> {
  const pictures = join(folder, 'pictures');
  const reports = join(folder, 'reports');
  for (const each of [pictures, reports]) mkdirSync(each, { recursive: true });
  for (const object of received) {
    const file = readPart10(readFileSync(object.path));
    if (!file.ok) throw file.error;
    const name = nameOf(object, file.value.dataSet, sent);
    if (object.sopClassUid !== sopClassUid.secondaryCaptureImageStorage) {
      writeFileSync(join(reports, `${name}.txt`), structuredReportText(file.value.dataSet));
      continue;
    }
    const pixels = await decodeFrames(file.value);
    if (!pixels.ok) throw pixels.error;
    const { columns, rows, samples } = pixels.value;
    const rgb = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
    await sharp(rgb, { raw: { width: columns, height: rows, channels: 3 } })
      .png()
      .toFile(join(pictures, `${name}.png`));
  }
}

function nameOf({ sopInstanceUid }: ReceivedObject, dataSet: DataSet, sent: readonly NamedImage[]): string {
  const [source] = dataSet.sequence('SourceImageSequence');
  const image = sent.find((one) => one.sopInstanceUid === source?.string('ReferencedSOPInstanceUID'));
  if (image !== undefined) return `study-${image.study}-${image.view}`;
  const study = sent.find((one) => one.studyInstanceUid === dataSet.string('StudyInstanceUID'))?.study;
  const isRevised = dataSet.sequence('PredecessorDocumentsSequence').length > 0;
  return study === undefined ? sopInstanceUid : `study-${study}-report${isRevised ? '-revised' : ''}`;
}
