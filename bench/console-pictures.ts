/**
 * Takes the pictures of the web console in docs/pictures: a fictional day around really analysed simulated studies,
 * and the same with a thousand held and skipped images. Usage: node bench/console-pictures.ts <output folder>
 */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import sharp from 'sharp';
import { demoTitles } from '../src/app/demo-config.ts';
import { initialiseCodecs } from '../src/imaging/native-codec.ts';
import { sendAsModality } from '../src/simulator/modality.ts';
import { simulateStudy } from '../src/simulator/study.ts';
import { hostClock, openStore } from '../src/store/store.ts';
import { type DayShape, fillDay, type MadeDay } from '../tests/support/console-day.ts';
import { prepareNodeFolder, startNodeUnderTest } from '../tests/support/running-node.ts';

const output = resolve(process.argv[2] ?? 'docs/pictures');
mkdirSync(output, { recursive: true });
const senders = [demoTitles.modality, 'DX_ROOM2', 'CR_EMERGENCY'] as const;
const settings = {
  timeZone: 'Europe/Zurich',
  console: { enabled: true, port: 0 },
  model: {
    folder: resolve(import.meta.dirname, '../models'),
    id: 'lumbar-effnetv2m-sim',
    providers: ['cpu'],
  },
  senders: [
    { aeTitle: senders[0], cidr: ['127.0.0.0/8'], name: 'X-ray room 1' },
    { aeTitle: senders[1], cidr: ['127.0.0.0/8'], name: 'X-ray room 2' },
    { aeTitle: senders[2], cidr: ['127.0.0.0/8'], name: 'Emergency' },
  ],
};

const prepared = await prepareNodeFolder({ settings });
await prepared.pacs.close();
mkdirSync(join(prepared.folder, 'data', 'spool'), { recursive: true });
// Eight weeks of working days before, so that there is a past to compare with.
for (let back = 1; back <= 56; back++) {
  const atMs = hostClock.nowMs() - back * 86_400_000;
  if ([0, 6].includes(new Date(atMs).getUTCDay())) continue;
  fill({ analysed: 18, skipped: 40, held: 0, refused: 0 }, 10_000 + back * 100, atMs, 'purged');
}
const running = await startNodeUnderTest({ folder: prepared.folder, settings });
const day = fill({ analysed: 46, skipped: 118, held: 4, refused: 1 }, 0, hostClock.nowMs() - 60_000);
const [held = ''] = day.held;
copyFileSync(
  resolve(import.meta.dirname, '../models/lumbar-nano-sim/golden/dicom-normal-neutral.dcm'),
  join(prepared.folder, 'data', 'spool', `${held}.dcm`),
);
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  await initialiseCodecs();
  for (const seed of [30_000_001]) {
    const images = simulateStudy(seed, { tags: 'orderly', transferSyntaxUid: 'mixed' });
    await sendAsModality(
      images.map(({ bytes }) => bytes),
      {
        host: '127.0.0.1',
        port: running.node.port,
        callingAeTitle: senders[0],
        calledAeTitle: demoTitles.node,
      },
      () => hostClock.nowMs(),
      () => undefined,
    );
  }
  await running.until(
    'all analysed and sent',
    () => running.store.jobs.depth().oldestAtMs === null && running.store.monitor.studies().open === 0,
    300_000,
  );
  await running.until('all delivered', () => running.store.monitor.destination('demo').waiting === 0, 60_000);
  const suspected = running.store.imageList.page({ outcome: 'SUSPECTED', limit: 1 }).rows[0];
  await take('light', async (page) => {
    await shot(page, '/', 'status');
    await shot(page, '/images', 'images');
    await shot(page, `/images/${suspected?.instanceId ?? ''}`, 'image');
    await shot(page, `/images/${held}`, 'held-image');
    await shot(page, '/held', 'held');
    await shot(page, '/queue', 'deliveries');
    await shot(page, '/senders', 'senders');
    await shot(page, '/model', 'model');
    await shot(page, '/audit?event=OBJECT_STORED', 'audit');
  });
  await take('dark', async (page) => {
    await shot(page, '/', 'status-dark');
    await shot(page, `/images/${suspected?.instanceId ?? ''}`, 'image-dark');
  });
  await take('narrow', async (page) => {
    await shot(page, '/', 'status-narrow');
    await shot(page, '/images', 'images-narrow');
  });
  fill({ analysed: 120, skipped: 640, held: 360, refused: 6 }, 1000, hostClock.nowMs() - 60_000);
  await take('light', async (page) => {
    await shot(page, '/', 'thousand-status');
    await shot(page, '/held', 'thousand-held');
    await shot(page, '/images?end=skipped', 'thousand-skipped');
  });
} finally {
  await browser.close();
  await running.stop();
}

/** In one transaction, so that the running worker never sees a fictional image as work. */
function fill(shape: DayShape, first: number, nowMs: number, spoolState = 'present'): MadeDay {
  const store = openStore({ databasePath: prepared.databasePath, clock: hostClock });
  const made = fillDay(store, { shape, first, senders, nowMs, destinations: [] });
  // What is long past has no file any more, and the sweep at the start must not call it lost.
  if (spoolState === 'purged') store.db.sql("UPDATE instance SET spoolState = 'purged'").run();
  store.close();
  return made;
}

async function take(look: 'light' | 'dark' | 'narrow', pages: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext({
    javaScriptEnabled: false,
    colorScheme: look === 'dark' ? 'dark' : 'light',
    viewport: look === 'narrow' ? { width: 390, height: 844 } : { width: 1280, height: 900 },
    deviceScaleFactor: 1,
  });
  await pages(await context.newPage());
  await context.close();
}

async function shot(page: Page, path: string, name: string): Promise<void> {
  await page.goto(`http://127.0.0.1:${running.node.supervisor.portOf('admin') ?? 0}${path}`);
  const picture = await page.screenshot({ fullPage: true });
  await sharp(picture)
    .png({ palette: true, compressionLevel: 9 })
    .toFile(join(output, `console-${name}.png`));
}
