import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { readPart10 } from '../dicom/part10-reader.ts';
import { sopClassUid } from '../dicom/sop-class.ts';
import { structuredReportText } from '../dicom/structured-report-text.ts';
import { decodeFrames } from '../imaging/decode-frames.ts';
import type { ReceivedObject } from '../simulator/mini-pacs.ts';

/** Writes each received capture as PNG and each report as text, read back from what the PACS holds. */
export async function renderReceived(received: readonly ReceivedObject[], folder: string): Promise<void> {
  const pictures = join(folder, 'pictures');
  const reports = join(folder, 'reports');
  for (const each of [pictures, reports]) mkdirSync(each, { recursive: true });
  for (const object of received) {
    const file = readPart10(readFileSync(object.path));
    if (!file.ok) throw file.error;
    const name = basename(object.path, '.dcm');
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
