import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { demoTitles, writeDemoConfig } from '../../src/app/demo-config.ts';
import { startOrthanc } from '../../tests/support/orthanc.ts';
import { freePort } from '../../tests/support/ports.ts';
import { transportImage } from '../images.ts';
import { alternate, type Bar, type BenchContext, type BenchRow, compared, type Suite } from '../measure.ts';
import { requiredPeer, run, startNodeProcess, startServer } from '../processes.ts';

interface Load {
  readonly what: string;
  readonly file: string;
  readonly imagesPerRun: number;
  readonly bars: Readonly<Record<string, Bar>>;
}

const associations = [1, 4, 8];

/**
 * Images a second that a storage SCP acknowledges to DCMTK's storescu. Ours answers after fdatasync, fsync of the
 * folder and a committed transaction; storescp syncs nothing, Orthanc syncs its file and not its index.
 */
export const ingest: Suite = {
  name: 'ingest',
  async run(context) {
    const rows: BenchRow[] = [];
    for (const load of loads(context)) {
      for (const parallel of context.quick ? [2] : associations)
        rows.push(...(await measure(context, load, parallel)));
    }
    return rows;
  },
};

function loads({ folder, quick }: BenchContext): Load[] {
  const dx = join(folder, 'dx.dcm');
  const cr = join(folder, 'cr.dcm');
  writeFileSync(dx, transportImage('DX', 2048, 2560, '2.25.1001'));
  writeFileSync(cr, transportImage('CR', 362, 363, '2.25.1002'));
  return [
    {
      what: '10 MB DX',
      file: dx,
      imagesPerRun: quick ? 4 : 24,
      bars: {
        'storescp --fork': { sign: '>=', value: 1 },
        'storescp --fork +B': { sign: '>=', value: 0.8 },
        Orthanc: { sign: '>=', value: 3 },
      },
    },
    {
      what: '263 KB CR',
      file: cr,
      imagesPerRun: quick ? 8 : 400,
      bars: {
        'storescp --fork': { sign: '>=', value: 0.5 },
        'storescp --fork +B': { sign: '>=', value: 0.5 },
        Orthanc: { sign: '>=', value: 1.5 },
      },
    },
  ];
}

async function measure(context: BenchContext, load: Load, parallel: number): Promise<BenchRow[]> {
  const storescp = requiredPeer('storescp');
  const ours = await startOurs(context);
  const plain = await startStorescp(context, storescp, []);
  const preserving = await startStorescp(context, storescp, ['+B']);
  const orthanc = await startOrthanc({
    program: requiredPeer('Orthanc'),
    settings: {
      StorageDirectory: join(context.folder, 'orthanc'),
      IndexDirectory: join(context.folder, 'orthanc'),
    },
  });
  const rate = (port: number, called: string) => async () => {
    const each = Math.ceil(load.imagesPerRun / parallel);
    // What the turn before left in the page cache is written now, and not while somebody else is measured.
    await run('sync', []);
    const start = performance.now();
    await Promise.all(
      Array.from({ length: parallel }, () =>
        run(requiredPeer('storescu'), [
          ...['-aet', demoTitles.modality, '-aec', called, '--repeat', `${each}`, '+II'],
          ...['--max-send-pdu', '131072', '127.0.0.1', `${port}`, load.file],
        ]),
      ),
    );
    const perSecond = (each * parallel * 1000) / (performance.now() - start);
    for (const server of [plain, preserving]) empty(server.outputFolder);
    return perSecond;
  };
  try {
    const results = await alternate(context.quick ? 1 : context.runs, [
      { name: 'ours', once: rate(ours.port, demoTitles.node) },
      { name: 'storescp --fork', once: rate(plain.port, 'STORESCP') },
      { name: 'storescp --fork +B', once: rate(preserving.port, 'STORESCP') },
      { name: 'Orthanc', once: rate(orthanc.dicomPort, orthanc.aeTitle) },
    ]);
    return Object.entries(load.bars).map(([peerName, bar]) =>
      compared(`ingest ${load.what}, ${parallel} associations`, 'images/s', results, {
        ours: 'ours',
        peer: peerName,
        bar,
      }),
    );
  } finally {
    await Promise.all([ours, plain, preserving, orthanc].map((server) => server.stop()));
    rmSync(join(context.folder, 'ours'), { recursive: true, force: true });
    rmSync(join(context.folder, 'orthanc'), { recursive: true, force: true });
  }
}

async function startOurs(context: BenchContext) {
  const configFolder = join(context.folder, 'ours', 'config');
  writeDemoConfig(
    configFolder,
    { pacs: 9 },
    { folder: resolve(import.meta.dirname, '../../models'), id: 'lumbar-nano-sim' },
  );
  return startNodeProcess('listener', configFolder);
}

async function startStorescp(context: BenchContext, program: string, options: readonly string[]) {
  const port = await freePort();
  const outputFolder = join(context.folder, `storescp-${port}`);
  mkdirSync(outputFolder, { recursive: true });
  const server = await startServer(
    program,
    ['--fork', ...options, '--max-pdu', '131072', '-od', outputFolder, `${port}`],
    port,
  );
  return { ...server, outputFolder };
}

function empty(folder: string): void {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
}
