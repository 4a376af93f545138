/** Where the time of one image goes, in CPU milliseconds of this process: `node bench/stages.ts <file.dcm> [model]`. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { analyseImage } from '../src/pipeline/analyse-image.ts';
import { openInference } from '../src/pipeline/inference.ts';
import { loadModelPackage } from '../src/pipeline/model-package.ts';
import { prepareImage } from '../src/pipeline/preprocess.ts';
import { readStudyContext } from '../src/pipeline/study-context.ts';
import { parseConfig } from '../src/core/config/index.ts';
import { openComposer } from '../src/app/result-composer.ts';
import { product } from '../src/app/product.ts';
import { readPart10 } from '../src/dicom/part10-reader.ts';
import { decodeFrames } from '../src/imaging/decode-frames.ts';
import { writeResultFile } from '../src/store/result-files.ts';
import { quantile } from './measure.ts';

const [file = '', modelId = 'lumbar-nano-sim'] = process.argv.slice(2);
const model = loadModelPackage(resolve('models', modelId));
if (!model.ok) throw model.error;
const inference = await openInference(model.value, { providers: ['cpu'], threads: 1 });
if (!inference.ok) throw inference.error;
const loaded = parseConfig({
  files: [
    {
      name: 'node.yaml',
      text: `aeTitle: BENCH
senders: [{ aeTitle: NOBODY, cidr: [127.0.0.1/32] }]
pacs: [{ name: nowhere, host: 127.0.0.1, port: 104, calledAeTitle: NOWHERE, deliver: 'off' }]
`,
    },
  ],
  environment: {},
  readSecretFile: () => '',
  folder: product.root,
});
if (!loaded.ok) throw new Error('configuration');
const composer = openComposer({
  config: loaded.value.config,
  configSha256: loaded.value.sha256,
  configFolder: product.root,
  siteUuid: '00000000-0000-4000-8000-000000000000',
  model: model.value,
});
const times = new Map<string, number[]>();
const folder = mkdtempSync(join(tmpdir(), 'stages-'));
async function timed<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  const before = process.cpuUsage();
  const value = await work();
  const used = process.cpuUsage(before);
  times.set(name, [...(times.get(name) ?? []), (used.user + used.system) / 1000]);
  return value;
}
for (let run = 0; run < 16; run++) {
  const bytes = await timed('read', () => readFileSync(file));
  const part10 = await timed('parse', () => readPart10(bytes));
  if (!part10.ok) throw part10.error;
  const study = readStudyContext(part10.value.dataSet);
  if (!study.ok) throw study.error;
  const pixels = await timed('decode', () => decodeFrames(part10.value));
  if (!pixels.ok) throw pixels.error;
  const prepared = await timed('prepare', () =>
    prepareImage(pixels.value, part10.value.dataSet, model.value.manifest),
  );
  await timed('letterbox alone', () => prepared.letterbox.apply(prepared.display.values));
  await timed('inference', () => inference.value.session.run(prepared.input));
  const analysed = await timed('analyse (all)', () =>
    analyseImage(part10.value, inference.value, {
      quality: { minimumRows: 1, minimumColumns: 1 },
      dynamic: undefined,
      thresholds: {},
    }),
  );
  const context = composer.resultContext(study.value, 0);
  const built = await timed('compose', () =>
    composer.buildObjects(context, analysed.image, part10.value.dataSet),
  );
  await timed('write', () => {
    for (const object of built.objects) writeResultFile(folder, object.bytes, Date.now());
  });
  if (run === 0)
    console.log(
      analysed.image.outcome,
      built.objects.map((object) => object.bytes.length),
      JSON.stringify(analysed.facts.timingsMs),
    );
}
for (const [name, list] of times)
  console.log(
    name.padEnd(18),
    quantile(
      list.slice(3).toSorted((a, b) => a - b),
      0.5,
    ).toFixed(1),
  );
rmSync(folder, { recursive: true });
process.exitCode = 0;
await inference.value.session.close();
