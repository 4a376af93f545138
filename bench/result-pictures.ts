/**
 * Draws docs/pictures/capture-*.png and report-*.png: simulated radiographs, results, the result builders, dsr2html and
 * a headless browser. With a model folder the results are that model's; without one they are invented from the
 * simulator's ground truth, and the pictures then name the model "Illustration".
 *
 *   node bench/result-pictures.ts [docs/pictures [models/lumbar-nano-sim]]
 *
 * Also prints how long the capture and the report take.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import sharp from 'sharp';
import { modelFacts } from '../src/app/result-composer.ts';
import type { Dynamic } from '../src/core/outcome.ts';
import { readPart10 } from '../src/dicom/part10-reader.ts';
import { decodeFrames } from '../src/imaging/decode-frames.ts';
import { initialiseCodecs } from '../src/imaging/native-codec.ts';
import { analyseImage } from '../src/pipeline/analyse-image.ts';
import { type Inference, openInference } from '../src/pipeline/inference.ts';
import { loadModelPackage, readManifest } from '../src/pipeline/model-package.ts';
import { prepareImage } from '../src/pipeline/preprocess.ts';
import type {
  AnalysedImage,
  ClassResult,
  InfluenceMap,
  NodeFacts,
  ResultContext,
} from '../src/pipeline/result-input.ts';
import { loadResultResources, type ResultResources } from '../src/pipeline/result-resources.ts';
import type { CaptureSettings } from '../src/pipeline/secondary-capture/capture-content.ts';
import { renderCapture } from '../src/pipeline/secondary-capture/render-capture.ts';
import { buildSecondaryCapture } from '../src/pipeline/secondary-capture/secondary-capture.ts';
import { describeSource } from '../src/pipeline/source-description.ts';
import { buildStructuredReport } from '../src/pipeline/structured-report/structured-report.ts';
import { readStudyContext } from '../src/pipeline/study-context.ts';
import { type SimulatedImage, simulateStudy } from '../src/simulator/study.ts';

const root = resolve(import.meta.dirname, '..');
const [outputFolder = join(root, 'docs/pictures'), modelFolder] = process.argv.slice(2);
/** Patients of the simulator's test split, so that no picture shows an image that the model was trained on. */
const firstSeed = 20_000_000;
const patients = 60;

const settings: CaptureSettings = {
  map: 'suspected_and_indeterminate',
  colours: 'inferno',
  burnInIdentity: 'none',
  panelHeight: 960,
};

interface Case {
  readonly image: AnalysedImage;
  readonly context: ResultContext;
  readonly source: SimulatedImage;
}

function resources(language: string): ResultResources {
  const loaded = loadResultResources({
    wordingFile: join(root, `config/wording/${language}.yaml`),
    englishFile: join(root, 'config/wording/en.yaml'),
    codesFile: join(root, 'config/codes.yaml'),
    fontFolder: join(root, 'assets/fonts'),
  });
  if (!loaded.ok) throw new Error(loaded.error.map(({ message }) => message).join('\n'));
  return loaded.value;
}

const node: NodeFacts = {
  nodeId: 'LUMBARNODE',
  uidNamespace: '6ba7b810-9dad-41d1-80b4-00c04fd430c8',
  productName: 'LUMBAR-NODE',
  manufacturer: 'lumbar-node project',
  manufacturerModelName: 'lumbar-node',
  deviceSerialNumber: 'DEMO',
  softwareVersion: '0.1.0',
  institutionName: 'Musterklinik',
  configSha256: '0'.repeat(64),
  series: {
    capture: { number: 9901, description: 'AI LSPINE picture - not diagnostic' },
    report: { number: 9902, description: 'AI LSPINE report - not diagnostic' },
    contour: { number: 9903, description: 'AI LSPINE contour - not diagnostic' },
    map: { number: 9904, description: 'AI LSPINE heat map - not diagnostic' },
  },
};

async function openModel(folder: string): Promise<Inference> {
  const model = loadModelPackage(resolve(root, folder));
  if (!model.ok) throw model.error;
  const inference = await openInference(model.value, { providers: ['cpu'], threads: 2 });
  if (!inference.ok) throw inference.error;
  return inference.value;
}

async function analyse(source: SimulatedImage, inference: Inference): Promise<Case> {
  const file = readPart10(source.bytes);
  if (!file.ok) throw file.error;
  const study = readStudyContext(file.value.dataSet);
  if (!study.ok) throw study.error;
  const dynamics: Readonly<Record<string, Dynamic>> = {
    flexion: 'FLEXION',
    extension: 'EXTENSION',
    neutral: 'NEUTRAL',
  };
  const { image } = await analyseImage(file.value, inference, {
    quality: { minimumRows: 256, minimumColumns: 256 },
    dynamic: dynamics[source.view],
    thresholds: {},
  });
  const timing = {
    analysisStartedAtMs: Date.UTC(2026, 10, 23, 13, 5),
    timeZone: 'Europe/Berlin',
    offset: 'omit',
  } as const;
  return { image, source, context: { study: study.value, model: modelFacts(inference.model), node, timing } };
}

/** The first case of each kind among the patients; right answers only, wrong ones are the model card's business. */
async function findCases(inference: Inference): Promise<ReadonlyMap<string, Case>> {
  const cases = new Map<string, Case>();
  const wanted = [
    'suspected',
    'suspected-monochrome1',
    'not-detected',
    'indeterminate',
    'no-result',
    'failed',
  ];
  for (let seed = firstSeed; seed < firstSeed + patients && wanted.some((name) => !cases.has(name)); seed++) {
    for (const source of simulateStudy(seed, {
      views: ['flexion', 'extension', 'pelvis'],
      tags: 'orderly',
    })) {
      const found = await analyse(source, inference);
      const name = nameOf(found);
      if (name !== undefined && !cases.has(name)) cases.set(name, found);
      if (!cases.has('failed') && found.image.outcome === 'NOT_DETECTED') cases.set('failed', failed(found));
    }
  }
  for (const name of wanted)
    if (!cases.has(name)) console.log(`no case of ${name} among ${patients} patients`);
  return cases;
}

function nameOf({ image, source }: Case): string | undefined {
  const expected = source.label === 'normal' ? undefined : source.label;
  const called = image.classes.find((entry) => entry.called === 'present')?.id;
  switch (image.outcome) {
    case 'SUSPECTED':
      if (called !== expected || image.map?.reliability !== 'focal') return undefined;
      return source.photometricInterpretation === 'MONOCHROME1' ? 'suspected-monochrome1' : 'suspected';
    case 'NOT_DETECTED':
      return expected === undefined && source.truth !== undefined ? 'not-detected' : undefined;
    case 'INDETERMINATE':
      return 'indeterminate';
    default:
      return 'no-result';
  }
}

/** One case of each outcome with an invented answer; the map is a spot at the simulator's lesion. */
async function illustratedCases(): Promise<ReadonlyMap<string, Case>> {
  const cases = new Map<string, Case>();
  const wanted = [
    ['suspected', 'dls', 'MONOCHROME2', [0.04, 0.82]],
    ['suspected-monochrome1', 'spondylolysis', 'MONOCHROME1', [0.91, 0.03]],
    ['not-detected', 'normal', 'MONOCHROME2', [0.03, 0.07]],
    ['indeterminate', 'dls', 'MONOCHROME2', [0.02, 0.46]],
    ['no-result', 'normal', 'MONOCHROME1', []],
    ['failed', 'normal', 'MONOCHROME2', []],
  ] as const;
  const used = new Set<string>();
  for (let seed = firstSeed; seed < firstSeed + patients && cases.size < wanted.length; seed++) {
    for (const source of simulateStudy(seed, {
      views: ['flexion', 'extension'],
      tags: 'orderly',
      size: 1600,
    })) {
      const found = wanted.find(
        ([name, label, polarity]) =>
          !cases.has(name) && label === source.label && polarity === source.photometricInterpretation,
      );
      if (found === undefined || used.has(`${seed}`)) continue;
      const made = await illustrated(source, found[3]);
      // The browser here has no Chinese font, so a Chinese study description would be boxes in the report's picture.
      if (/[\u3000-\u9fff]/.test(JSON.stringify(made.context.study.attributes['StudyDescription']))) continue;
      used.add(`${seed}`);
      cases.set(found[0], made);
    }
  }
  const plain = cases.get('failed');
  if (plain !== undefined) cases.set('failed', failed(plain));
  return cases;
}

async function illustrated(source: SimulatedImage, [ls, dls]: readonly number[]): Promise<Case> {
  const file = readPart10(source.bytes);
  if (!file.ok) throw file.error;
  const study = readStudyContext(file.value.dataSet);
  const pixels = await decodeFrames(file.value);
  if (!study.ok) throw study.error;
  if (!pixels.ok) throw pixels.error;
  const manifest = readManifest(join(root, 'models/lumbar-nano-sim'));
  if (!manifest.ok) throw manifest.error;
  const { display } = prepareImage(pixels.value, file.value.dataSet, manifest.value);
  const description = describeSource(file.value.dataSet, source.view === 'flexion' ? 'FLEXION' : 'EXTENSION');
  const base = {
    ...description,
    display: {
      columns: display.columns,
      rows: display.rows,
      gray: display.values,
      pixelHeightToWidth: display.pixelAspectRatio,
      voi: 'stored' as const,
    },
  };
  const context: ResultContext = {
    study: study.value,
    model: illustrationModel,
    node,
    timing: { analysisStartedAtMs: Date.UTC(2026, 10, 23, 13, 5), timeZone: 'Europe/Berlin', offset: 'omit' },
  };
  if (ls === undefined || dls === undefined) {
    const reason = { code: 'Q01', detail: 'distance 31.2, limit 24.0' } as const;
    return { source, context, image: { ...base, outcome: 'NO_RESULT', classes: [], reason } };
  }
  const classes = [finding('LS', 'spondylolysis', ls), finding('DLS', 'degenerative spondylolisthesis', dls)];
  const outcome =
    Math.max(ls, dls) >= 0.5 ? 'SUSPECTED' : Math.max(ls, dls) >= 0.35 ? 'INDETERMINATE' : 'NOT_DETECTED';
  const lesion = source.truth?.lesion;
  const map = lesion === undefined ? undefined : spot(base, lesion, ls > dls ? 'LS' : 'DLS');
  return { source, context, image: { ...base, outcome, classes, ...(map === undefined ? {} : { map }) } };
}

const illustrationModel: ResultContext['model'] = {
  id: 'illustration',
  name: 'Illustration (no model)',
  version: '0',
  sha256: '0'.repeat(64),
  calibrated: true,
  trainingStatement: 'None: the answers of this picture are invented to show the layout.',
  findings: [
    { id: 'LS', label: 'spondylolysis' },
    { id: 'DLS', label: 'degenerative spondylolisthesis' },
  ],
  simulated: true,
};

function finding(id: string, label: string, probability: number): ClassResult {
  const called = probability >= 0.5 ? 'present' : probability >= 0.35 ? 'undetermined' : 'absent';
  return {
    id,
    label,
    role: 'finding',
    probability,
    threshold: 0.5,
    indeterminate: { from: 0.35, to: 0.5 },
    called,
  };
}

/** A spot as coarse as a 10 x 10 class activation, up-sampled as Grad-CAM is. */
function spot(
  image: { columns: number; rows: number },
  at: { x: number; y: number },
  classId: string,
): InfluenceMap {
  const size = 320;
  const scale = Math.max(image.columns, image.rows) / size;
  const left = (image.columns - size * scale) / 2;
  const top = (image.rows - size * scale) / 2;
  const reach = 24 * scale;
  const values = Float32Array.from({ length: size * size }, (_, index) => {
    const x = left + ((index % size) + 0.5) * scale;
    const y = top + (Math.floor(index / size) + 0.5) * scale;
    const tilted =
      ((x - at.x) * 0.9 + (y - at.y) * 0.4) ** 2 + 1.7 * ((y - at.y) * 0.9 - (x - at.x) * 0.3) ** 2;
    return Math.exp(-tilted / (2 * reach ** 2));
  });
  return {
    classId,
    grid: { columns: 10, rows: 10 },
    columns: size,
    rows: size,
    values,
    coverage: { left, top, right: left + size * scale, bottom: top + size * scale },
    peak: at,
    box: { left: at.x - reach, top: at.y - reach, right: at.x + reach, bottom: at.y + reach },
    reliability: 'focal',
  };
}

function failed({ image, ...rest }: Case): Case {
  const { map: _map, display: _display, ...plain } = image;
  const reason = { code: 'T02', detail: 'no answer within 60 s, 3 attempts' } as const;
  return { ...rest, image: { ...plain, outcome: 'FAILED', classes: [], reason } };
}

async function drawCapture(
  name: string,
  { image, context }: Case,
  language: string,
  own: Partial<CaptureSettings> = {},
) {
  const { rgb, columns, rows } = renderCapture(image, context, { ...settings, ...own }, resources(language));
  const picture = sharp(rgb, { raw: { width: columns, height: rows, channels: 3 } });
  await picture
    .clone()
    .resize({ width: 1000 })
    .png({ palette: true, colours: 256 })
    .toFile(join(outputFolder, `capture-${name}.png`));
  return picture.clone().resize({ width: 400 }).png().toBuffer({ resolveWithObject: true });
}

/** All outcomes at 400 pixels: what a reader sees in the series list. */
async function drawThumbnails(tiles: readonly { data: Buffer; info: { height: number } }[]): Promise<void> {
  const height = Math.max(...tiles.map(({ info }) => info.height));
  const rows = Math.ceil(tiles.length / 2);
  await sharp({ create: { width: 816, height: rows * (height + 8), channels: 3, background: '#404040' } })
    .composite(
      tiles.map(({ data }, index) => ({
        input: data,
        left: (index % 2) * 408 + 4,
        top: Math.floor(index / 2) * (height + 8) + 4,
      })),
    )
    .png({ palette: true })
    .toFile(join(outputFolder, 'capture-thumbnails.png'));
}

async function drawReports(cases: ReadonlyMap<string, Case>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'report-pictures-'));
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  for (const name of ['suspected', 'not-detected']) {
    const found = cases.get(name);
    if (found === undefined) continue;
    const { image, context } = found;
    const options = { settings, resources: resources('en'), instanceNumber: 1, revision: 1 };
    const capture = buildSecondaryCapture(image, context, options);
    const { bytes } = buildStructuredReport([{ ...image, capture }], context, {
      ...options,
      sopClass: 'Comprehensive3DSR',
    });
    writeFileSync(join(folder, 'report.dcm'), bytes);
    execFileSync('dsr2html', ['+U8', join(folder, 'report.dcm'), join(folder, 'report.html')], {
      stdio: 'ignore',
    });
    const page = await browser.newPage({ viewport: { width: 900, height: 1000 } });
    await page.goto(pathToFileURL(join(folder, 'report.html')).href);
    await page.screenshot({ path: join(outputFolder, `report-${name}.png`) });
    await page.close();
  }
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}

function median(work: () => unknown): number {
  const times = Array.from({ length: 25 }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return times.sort((a, b) => a - b)[12] ?? 0;
}

function measure({ image, context }: Case): void {
  const options = { settings, resources: resources('en'), instanceNumber: 1, revision: 1 };
  const capture = buildSecondaryCapture(image, context, options);
  const report = () =>
    buildStructuredReport([{ ...image, capture }], context, { ...options, sopClass: 'Comprehensive3DSR' });
  const size = `${image.columns} x ${image.rows}`;
  console.log(
    `capture of ${size}: ${median(() => buildSecondaryCapture(image, context, options)).toFixed(1)} ms (median of 25)`,
  );
  console.log(`report: ${median(report).toFixed(2)} ms (median of 25)`);
}

await initialiseCodecs();
const inference = modelFolder === undefined ? undefined : await openModel(modelFolder);
const cases = inference === undefined ? await illustratedCases() : await findCases(inference);
await inference?.session.close();
const thumbnails = [];
for (const [name, found] of cases) thumbnails.push(await drawCapture(name, found, 'en'));
await drawThumbnails(thumbnails);
const suspected = cases.get('suspected');
if (suspected !== undefined) {
  await drawCapture('suspected-de', suspected, 'de');
  await drawCapture('suspected-zh', suspected, 'zh');
  await drawCapture('contour-only', suspected, 'en', { colours: 'contour_only' });
  measure(suspected);
}
await drawReports(cases);
