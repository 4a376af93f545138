/**
 * Development entry: writes simulated DICOM files of mixed bit depth, polarity and transfer syntax, and what the node
 * answers to each, for parity.py to compare with an independent torch pipeline.
 * node models/training/parity.ts --output DIR --model models/lumbar-nano-sim [--images 200] [--seed 31000000]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readPart10 } from '../../src/dicom/part10-reader.ts';
import { decodeFrames } from '../../src/imaging/decode-frames.ts';
import { initialiseCodecs } from '../../src/imaging/native-codec.ts';
import { calibratedProbabilities } from '../../src/pipeline/classification.ts';
import { loadModelPackage } from '../../src/pipeline/model-package.ts';
import { openSession } from '../../src/pipeline/onnx-session.ts';
import { prepareImage } from '../../src/pipeline/preprocess.ts';
import { rejectUnfamiliar } from '../../src/pipeline/rejection.ts';
import { LATERAL_VIEWS } from '../../src/simulator/posture.ts';
import { studyImages } from '../../src/simulator/study.ts';

const { values } = parseArgs({
  options: {
    output: { type: 'string' },
    model: { type: 'string' },
    images: { type: 'string', default: '200' },
    seed: { type: 'string', default: '31000000' },
  },
});
if (values.output === undefined || values.model === undefined)
  throw new Error('--output and --model are needed');
const model = loadModelPackage(values.model);
if (!model.ok) throw model.error;
const session = await openSession(model.value, { providers: ['cpu'], threads: 1 });
if (!session.ok) throw session.error;
await initialiseCodecs();
mkdirSync(values.output, { recursive: true });
const answers: unknown[] = [];
for (let index = 0; index < Number(values.images); index += 1) {
  const views = [LATERAL_VIEWS[index % LATERAL_VIEWS.length] ?? 'neutral'];
  // Sizes differ, so that no scale of the letterbox is tried alone.
  const options = { views, size: 380 + ((index * 37) % 420), transferSyntaxUid: 'mixed' };
  for (const image of studyImages(Number(values.seed) + index, options)) {
    const file = readPart10(image.bytes);
    if (!file.ok) throw file.error;
    const pixels = await decodeFrames(file.value);
    if (!pixels.ok) throw pixels.error;
    const { input } = prepareImage(pixels.value, file.value.dataSet, model.value.manifest);
    const output = await session.value.run(input);
    const name = `${String(index).padStart(4, '0')}.dcm`;
    writeFileSync(join(values.output, name), image.bytes);
    answers.push({
      file: name,
      transferSyntax: image.transferSyntaxUid,
      bitsStored: image.bitsStored,
      polarity: image.photometricInterpretation,
      probabilities: calibratedProbabilities(
        output.logits,
        model.value.manifest.calibration?.temperature ?? 1,
      ),
      scores: rejectUnfamiliar(output, model.value).scores,
    });
  }
}
await session.value.close();
writeFileSync(join(values.output, 'answers.json'), `${JSON.stringify(answers, null, 2)}\n`);
