import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sopClassUid } from '../src/dicom/sop-class.ts';
import { analysedSample, benchComposer, benchInference, benchModel, simulatedStudy } from './sample.ts';

/** Captures and reports as the node writes them, `count` of each, each of another simulated patient. */
export async function resultFiles(folder: string, count: number) {
  const model = benchModel(true);
  const inference = await benchInference(model, 1);
  const composer = benchComposer(model);
  const files = [];
  for (let index = 0; index < count; index++) {
    const [source] = simulatedStudy(40_000_001 + (index % 2), ['neutral']);
    if (source === undefined) throw new Error('the simulator gave no image');
    const bytes = withOtherUids(source.bytes, index);
    const { file, image, context } = await analysedSample(bytes, inference, composer);
    const [capture] = composer.buildObjects(context, image, file.dataSet).objects;
    const report = composer.buildReport({ images: [image], context, revision: 1 });
    if (capture === undefined) throw new Error('the composer made no capture');
    for (const object of [capture, { ...report, sopClassUid: sopClassUid.comprehensive3dSrStorage }]) {
      const path = join(folder, `${object.sopInstanceUid}.dcm`);
      writeFileSync(path, object.bytes);
      files.push({ path, sopClassUid: object.sopClassUid, sopInstanceUid: object.sopInstanceUid });
    }
  }
  await inference.session.close();
  return files;
}

/** The same image as another one: the last six digits of its study, series and instance UIDs are replaced. */
export function withOtherUids(bytes: Uint8Array, serial: number, studySerial = serial): Uint8Array {
  const copy = Buffer.from(bytes);
  // In the file meta information and in the data set; UIDs of the simulator are 2.25 and long.
  const header = copy.subarray(0, 4096).toString('latin1');
  const uids = new Set([...header.matchAll(/2\.25\.\d{30,}/g)].map(([uid]) => uid));
  const study = /\x20\x00\x0d\x00UI..(2\.25\.\d+)/s.exec(header)?.[1];
  for (const uid of uids) {
    const tail = String(uid === study ? studySerial : serial).padStart(6, '0');
    const other = Buffer.from(uid.slice(0, -6) + tail, 'latin1');
    for (
      let at = copy.indexOf(uid, 0, 'latin1');
      at >= 0 && at < 4096;
      at = copy.indexOf(uid, at + 1, 'latin1')
    )
      copy.set(other, at);
  }
  return copy;
}
