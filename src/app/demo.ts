import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { textTable } from '../core/text-table.ts';
import { initialiseCodecs } from '../imaging/native-codec.ts';
import { readManifest } from '../pipeline/model-package.ts';
import { type ReceivedObject, startMiniPacs } from '../simulator/mini-pacs.ts';
import { sendAsModality } from '../simulator/modality.ts';
import { type SimulatedImage, studyImages } from '../simulator/study.ts';
import { hostClock, openReadOnlyStore } from '../store/store.ts';
import { demoTitles, writeDemoConfig } from './demo-config.ts';
import { renderReceived } from './demo-renderings.ts';
import { type DemoRow, demoRows, type SentImage } from './demo-rows.ts';
import { product } from './product.ts';
import { foldersOf, readConfig } from './runtime.ts';
import { startNode } from './start.ts';

/** Seeds of the three fictional patients: one of each class. */
const patientSeeds = [20_100_001, 20_100_002, 20_100_006];
const views = ['ap', 'neutral', 'flexion', 'extension', 'chest'] as const;
const deadlineMs = 240_000;

export interface DemoOptions {
  readonly outputFolder: string;
  readonly modelId: string;
  /** Folder of the model packages; absent: the shipped one. */
  readonly modelFolder?: string;
  readonly print: (line: string) => void;
}

/**
 * The whole chain on loopback: a simulated modality sends three fictional studies to the node, the node reports to a
 * mini PACS that speaks through another upper-layer implementation. Leaves the received objects, pictures, texts and
 * `summary.json` in the output folder; resolves to true only when every expected object arrived.
 */
export async function runDemo(options: DemoOptions): Promise<boolean> {
  const modelFolder = options.modelFolder ?? join(product.root, 'models');
  const model = readManifest(join(modelFolder, options.modelId));
  if (!model.ok) throw model.error;
  const output = resolve(options.outputFolder);
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output, { recursive: true });
  const { print } = options;
  print('lumbar-node demo: simulated modality -> node -> mini PACS, all on this machine.');
  print('The model is trained on SIMULATED radiographs. Research use only, not a diagnosis.\n');

  const received: ReceivedObject[] = [];
  const pacs = await startMiniPacs({
    host: '127.0.0.1',
    port: 0,
    aeTitle: demoTitles.pacs,
    folder: join(output, 'pacs'),
    nowMs: () => hostClock.nowMs(),
    onReceived: (object) => received.push(object),
  });
  const configFolder = join(output, 'config');
  writeDemoConfig(configFolder, { pacs: pacs.port }, { folder: modelFolder, id: options.modelId });
  const node = await startNode(configFolder, { logFile: join(output, 'node.log') });
  print(
    `The node listens on 127.0.0.1:${node.port} as ${demoTitles.node}; the mini PACS on port ${pacs.port}.`,
  );
  try {
    await initialiseCodecs();
    const studies: SimulatedImage[][] = [];
    for (const [index, seed] of patientSeeds.entries()) {
      print(`Exposing study ${index + 1} of ${patientSeeds.length} ...`);
      studies.push(await exposeStudy(seed));
    }
    const sent: SentImage[] = [];
    for (const [index, images] of studies.entries()) {
      print(`Sending study ${index + 1} of ${studies.length} ...`);
      sent.push(...(await sendStudy(images, index + 1, node.port)));
    }
    print('Sent. Waiting for the results ...\n');
    const folders = foldersOf(readConfig(configFolder).config, configFolder);
    const findings = model.value.classes.flatMap(({ id, role }) => (role === 'finding' ? [id] : []));
    const rows = await waitForRows(folders.database, sent, received, findings);
    print(formatRows(rows));
    await renderReceived(received, sent, output);
    const missing = missingObjects(rows);
    writeFileSync(
      join(output, 'summary.json'),
      JSON.stringify({ version: product.version, rows, missing }, null, 2),
    );
    print(
      `\n${received.length} objects at the mini PACS. Pictures, reports and summary.json are in ${options.outputFolder}/.`,
    );
    for (const what of missing) print(`MISSING: ${what}`);
    return missing.length === 0;
  } finally {
    await node.stop();
    await pacs.close();
  }
}

/** One study's images; exposing is a second of pure computing each, and this process also runs the mini PACS. */
async function exposeStudy(seed: number): Promise<SimulatedImage[]> {
  const images: SimulatedImage[] = [];
  for (const image of studyImages(seed, { views, tags: 'realistic', transferSyntaxUid: 'mixed' })) {
    images.push(image);
    await nextTurn();
  }
  return images;
}

async function sendStudy(
  images: readonly SimulatedImage[],
  study: number,
  port: number,
): Promise<SentImage[]> {
  const answered = new Map<string, number>();
  const outcome = await sendAsModality(
    images.map(({ bytes }) => bytes),
    { host: '127.0.0.1', port, callingAeTitle: demoTitles.modality, calledAeTitle: demoTitles.node },
    () => hostClock.nowMs(),
    ({ sopInstanceUid, answeredAtMs }) => answered.set(sopInstanceUid, answeredAtMs),
  );
  if (!outcome.ok) throw outcome.error;
  return images.map((image) => ({
    study,
    view: image.view,
    truth: image.label,
    sopInstanceUid: image.sopInstanceUid,
    studyInstanceUid: image.studyInstanceUid,
    answeredAtMs: answered.get(image.sopInstanceUid) ?? 0,
  }));
}

async function waitForRows(
  databasePath: string,
  sent: readonly SentImage[],
  received: readonly ReceivedObject[],
  findings: readonly string[],
): Promise<DemoRow[]> {
  const endMs = hostClock.monotonicMs() + deadlineMs;
  const store = openReadOnlyStore({ databasePath, clock: hostClock });
  try {
    for (;;) {
      const rows = demoRows(store, sent, received, findings);
      if (rows.every(({ finished }) => finished)) return rows;
      if (hostClock.monotonicMs() > endMs) return rows;
      await delay(200);
    }
  } finally {
    store.close();
  }
}

/** What should be at the PACS and is not: a capture for each analysed lateral, a report for each study. */
function missingObjects(rows: readonly DemoRow[]): string[] {
  const captures = rows
    .filter(({ expected, captureStored }) => expected && !captureStored)
    .map(({ study, view, decision }) => `secondary capture of study ${study}, ${view} (${decision})`);
  const studies = [...new Set(rows.map(({ study }) => study))];
  const reports = studies
    .filter((study) => !rows.some((row) => row.study === study && row.reportStored))
    .map((study) => `structured report of study ${study}`);
  return [...captures, ...reports];
}

function formatRows(rows: readonly DemoRow[]): string {
  return textTable(
    [
      'study',
      'image',
      'simulated as',
      'decision and reason',
      'outcome',
      'probability',
      'stored at',
      'seconds to PACS',
    ],
    rows.map((row) => [
      String(row.study),
      row.view,
      row.expected ? row.truth : '-',
      row.decision,
      row.outcome,
      row.probability,
      row.storedAt,
      row.secondsToPacs === undefined ? '-' : row.secondsToPacs.toFixed(2),
    ]),
  );
}
