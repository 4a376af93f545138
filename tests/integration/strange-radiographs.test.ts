import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readPart10 } from '../../src/dicom/part10-reader.ts';
import { decodeFrames } from '../../src/imaging/decode-frames.ts';
import { initialiseCodecs } from '../../src/imaging/native-codec.ts';
import { type Inference, openInference } from '../../src/pipeline/inference.ts';
import { loadModelPackage } from '../../src/pipeline/model-package.ts';
import { prepareImage } from '../../src/pipeline/preprocess.ts';
import { rejectUnfamiliar } from '../../src/pipeline/rejection.ts';
import { sharedDataManifest, sharedDataPath, sharedDataPresent } from '../support/shared-data.ts';

// Some fifty files, the largest of 14 megapixels; a busy machine needs its time.
vi.setConfig({ hookTimeout: 300_000 });

const projectionModalities = ['CR', 'DX', 'RF', 'XA', 'MG', 'RG'];

/** Why the model refuses each file, by its inner statistics alone: no view filter, no quality gate before it. */
async function refusals(inference: Inference): Promise<Map<string, string | undefined>> {
  const { model, session } = inference;
  const found = new Map<string, string | undefined>();
  for (const row of sharedDataManifest()) {
    const name = row['file'] ?? '';
    if (!projectionModalities.includes(row['modality'] ?? '')) continue;
    const file = readPart10(readFileSync(sharedDataPath(name)));
    if (!file.ok) continue;
    const pixels = await decodeFrames(file.value);
    // A colour picture is stopped before the network (T01).
    if (!pixels.ok || pixels.value.samplesPerPixel !== 1) continue;
    const { input } = prepareImage(pixels.value, file.value.dataSet, model.manifest);
    found.set(name, rejectUnfamiliar(await session.run(input), model).reason?.code);
  }
  return found;
}

// Chest, hip, tibia, breast, neck, vessels, teeth; none of them is a lateral of the lumbar spine.
describe.skipIf(!sharedDataPresent)('real radiographs of other regions and the bundled model', () => {
  let inference: Inference;
  let found = new Map<string, string | undefined>();
  beforeAll(async () => {
    await initialiseCodecs();
    const model = loadModelPackage(resolve(import.meta.dirname, '../../models/lumbar-effnetv2m-sim'));
    if (!model.ok) throw model.error;
    const opened = await openInference(model.value, { providers: ['cpu'], threads: 1 });
    if (!opened.ok) throw opened.error;
    inference = opened.value;
    found = await refusals(inference);
  });
  afterAll(() => inference.session.close());

  test('are all refused by the inner statistics alone', () => {
    expect(found.size).toBeGreaterThanOrEqual(50);
    expect([...found].filter(([, reason]) => reason === undefined)).toEqual([]);
  });
});
