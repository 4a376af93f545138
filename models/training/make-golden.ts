/**
 * Development entry: writes simulated DICOM files for a package's golden inputs, and beside each the tensor that the
 * node's own preprocessing makes of it, for `package.py --golden DIR`.
 * node models/training/make-golden.ts --output DIR --model models/lumbar-nano-sim [--seed 30000000]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readPart10 } from '../../src/dicom/part10-reader.ts';
import { transferSyntaxUid } from '../../src/dicom/transfer-syntax.ts';
import { decodeFrames } from '../../src/imaging/decode-frames.ts';
import { initialiseCodecs } from '../../src/imaging/native-codec.ts';
import { readManifest } from '../../src/pipeline/model-package.ts';
import { prepareImage } from '../../src/pipeline/preprocess.ts';
import { studyImages } from '../../src/simulator/study.ts';

/** One file per class; views and transfer syntaxes differ, so that decoding is verified along the way. */
const WANTED = [
  { label: 'normal', view: 'neutral', syntax: transferSyntaxUid.implicitVrLittleEndian },
  { label: 'spondylolysis', view: 'flexion', syntax: transferSyntaxUid.jpegLsLossless },
  { label: 'dls', view: 'extension', syntax: transferSyntaxUid.jpeg2000Lossless },
] as const;
const LONG_SIDE_PIXELS = 640;

const { values } = parseArgs({
  options: {
    output: { type: 'string' },
    model: { type: 'string' },
    seed: { type: 'string', default: '30000000' },
  },
});
if (values.output === undefined || values.model === undefined)
  throw new Error('--output and --model are needed');
const manifest = readManifest(values.model);
if (!manifest.ok) throw manifest.error;
await initialiseCodecs();
mkdirSync(values.output, { recursive: true });
const written: { file: string; tensor: string; label: string; seed: number }[] = [];
for (const { label, view, syntax } of WANTED) {
  for (let seed = Number(values.seed); !written.some((entry) => entry.label === label); seed += 1) {
    for (const image of studyImages(seed, {
      views: [view],
      size: LONG_SIDE_PIXELS,
      transferSyntaxUid: syntax,
    })) {
      if (image.label !== label) continue;
      const file = readPart10(image.bytes);
      if (!file.ok) throw file.error;
      const pixels = await decodeFrames(file.value);
      if (!pixels.ok) throw pixels.error;
      const { input } = prepareImage(pixels.value, file.value.dataSet, manifest.value);
      const name = `dicom-${label}-${view}`;
      writeFileSync(join(values.output, `${name}.dcm`), image.bytes);
      writeFileSync(
        join(values.output, `${name}.f32`),
        new Uint8Array(input.buffer, input.byteOffset, input.byteLength),
      );
      written.push({ file: `${name}.dcm`, tensor: `${name}.f32`, label, seed });
    }
  }
}
writeFileSync(join(values.output, 'golden.json'), `${JSON.stringify(written, null, 2)}\n`);
