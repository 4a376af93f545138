/**
 * Draws docs/pictures/capture-*.png and report-*.png: simulated radiographs, the answers that the bundled models give
 * them, the result builders, dsr2html and a headless browser. Nothing is invented but the failure, which no model gives.
 *
 *   node bench/result-pictures.ts [docs/pictures]
 *
 * Exits 1 when a model answers otherwise than a picture's name says. Also prints how long the capture and the report take.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import sharp from 'sharp';
import { product } from '../src/app/product.ts';
import { modelFacts } from '../src/app/result-composer.ts';
import type { Dynamic, Outcome } from '../src/core/outcome.ts';
import { copyAttributes } from '../src/dicom/attribute-copy.ts';
import { entryOfTag } from '../src/dicom/dictionary.ts';
import { type Part10File, readPart10 } from '../src/dicom/part10-reader.ts';
import { writePart10 } from '../src/dicom/part10-writer.ts';
import { initialiseCodecs } from '../src/imaging/native-codec.ts';
import { analyseImage } from '../src/pipeline/analyse-image.ts';
import { type Inference, openInference } from '../src/pipeline/inference.ts';
import { loadModelPackage } from '../src/pipeline/model-package.ts';
import type { AnalysedImage, NodeFacts, ResultContext } from '../src/pipeline/result-input.ts';
import { loadResultResources, type ResultResources } from '../src/pipeline/result-resources.ts';
import type { CaptureSettings } from '../src/pipeline/secondary-capture/capture-content.ts';
import { renderCapture } from '../src/pipeline/secondary-capture/render-capture.ts';
import { buildSecondaryCapture } from '../src/pipeline/secondary-capture/secondary-capture.ts';
import { buildStructuredReport } from '../src/pipeline/structured-report/structured-report.ts';
import { readStudyContext } from '../src/pipeline/study-context.ts';
import type { SimulatedView } from '../src/simulator/header-habits.ts';
import { simulateStudy } from '../src/simulator/study.ts';

const root = resolve(import.meta.dirname, '..');
const [outputFolder = join(root, 'docs/pictures')] = process.argv.slice(2);

const production = 'lumbar-effnetv2m-sim';
/** Less sure of itself than the production model, which hardly ever is unsure on simulated images. */
const small = 'lumbar-nano-sim';

interface Wanted {
  readonly name: string;
  readonly outcome: Outcome;
  readonly model: string;
  /** A patient of the simulator's test split: no picture shows an image that the model was trained on. */
  readonly seed: number;
  readonly view: SimulatedView;
  /** Share of the rows kept around the middle; makes a coned-down picture in landscape. */
  readonly rows?: number;
}

const wanted: readonly Wanted[] = [
  { name: 'suspected', outcome: 'SUSPECTED', model: production, seed: 20_100_002, view: 'extension' },
  {
    name: 'suspected-monochrome1',
    outcome: 'SUSPECTED',
    model: production,
    seed: 20_100_002,
    view: 'flexion',
  },
  {
    name: 'suspected-landscape',
    outcome: 'SUSPECTED',
    model: production,
    seed: 20_100_002,
    view: 'neutral',
    rows: 0.6,
  },
  { name: 'not-detected', outcome: 'NOT_DETECTED', model: production, seed: 20_100_006, view: 'neutral' },
  { name: 'indeterminate', outcome: 'INDETERMINATE', model: small, seed: 20_100_005, view: 'flexion' },
  { name: 'no-result', outcome: 'NO_RESULT', model: production, seed: 20_100_001, view: 'pelvis' },
];

const settings: CaptureSettings = {
  map: 'suspected_and_indeterminate',
  colours: 'inferno',
  burnInIdentity: 'none',
  panelHeight: 960,
};

interface Case {
  readonly image: AnalysedImage;
  readonly context: ResultContext;
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
  productName: product.name,
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

async function openModel(id: string): Promise<Inference> {
  const model = loadModelPackage(join(root, 'models', id));
  if (!model.ok) throw model.error;
  const inference = await openInference(model.value, { providers: ['cpu'], threads: 2 });
  if (!inference.ok) throw inference.error;
  return inference.value;
}

const dynamics: Readonly<Partial<Record<SimulatedView, Dynamic>>> = {
  flexion: 'FLEXION',
  extension: 'EXTENSION',
  neutral: 'NEUTRAL',
};

async function analyse({ seed, view, rows = 1 }: Wanted, inference: Inference): Promise<Case> {
  const [source] = simulateStudy(seed, { views: [view], tags: 'orderly' });
  const file = readPart10(source?.bytes ?? new Uint8Array());
  if (!file.ok) throw file.error;
  const study = readStudyContext(file.value.dataSet);
  if (!study.ok) throw study.error;
  const { image } = await analyseImage(coned(file.value, rows), inference, {
    quality: { minimumRows: 256, minimumColumns: 256 },
    dynamic: dynamics[view],
    thresholds: {},
  });
  const timing = {
    analysisStartedAtMs: Date.UTC(2026, 10, 23, 13, 5),
    timeZone: 'Europe/Berlin',
    offset: 'omit',
  } as const;
  return { image, context: { study: study.value, model: modelFacts(inference.model, 'last'), node, timing } };
}

/** The same file with its middle rows alone. */
function coned(file: Part10File, share: number): Part10File {
  if (share === 1) return file;
  const { dataSet } = file;
  const keywords = [...dataSet.elements()].flatMap(({ tag }) => entryOfTag(tag)?.keyword ?? []);
  const copied = copyAttributes(
    dataSet,
    keywords.filter((keyword) => keyword !== 'PixelData'),
  );
  const pixels = dataSet.element('PixelData');
  if (!copied.ok || pixels === undefined) throw new Error('the simulated image cannot be copied');
  const [allRows = 0] = dataSet.numbers('Rows');
  const rowBytes = pixels.bytes.length / allRows;
  const rows = Math.round(allRows * share);
  const top = Math.floor((allRows - rows) / 2);
  const cut = readPart10(
    writePart10({
      dataSet: {
        ...copied.value,
        SpecificCharacterSet: 'ISO_IR 192',
        SOPClassUID: dataSet.string('SOPClassUID') ?? '',
        SOPInstanceUID: dataSet.string('SOPInstanceUID') ?? '',
        Rows: rows,
        PixelData: pixels.bytes.subarray(top * rowBytes, (top + rows) * rowBytes),
      },
    }),
  );
  if (!cut.ok) throw cut.error;
  return cut.value;
}

async function answeredCases(): Promise<ReadonlyMap<string, Case>> {
  const cases = new Map<string, Case>();
  for (const id of [production, small]) {
    const inference = await openModel(id);
    for (const one of wanted.filter(({ model }) => model === id)) {
      const made = await analyse(one, inference);
      console.log(`${one.name}: ${made.image.outcome} by ${id}`);
      if (made.image.outcome !== one.outcome) process.exitCode = 1;
      cases.set(one.name, made);
      if (one.name === 'not-detected') cases.set('failed', failed(made));
    }
    await inference.session.close();
  }
  return cases;
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
const cases = await answeredCases();
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
