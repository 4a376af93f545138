import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sopClassUid } from '../../src/dicom/sop-class.ts';
import { transferSyntaxUid } from '../../src/dicom/transfer-syntax.ts';
import { type Destination, defaultDestinationTimeouts } from '../../src/scu/destination.ts';
import { fileBytes } from '../../src/scu/part10-data-set.ts';
import { storeObjects } from '../../src/scu/store-scu.ts';
import { freePort } from '../../tests/support/ports.ts';
import { transportImage } from '../images.ts';
import { alternate, type BenchContext, type BenchRow, compared, type Suite } from '../measure.ts';
import { requiredPeer, run, startServer } from '../processes.ts';
import { resultFiles } from '../result-files.ts';

interface Parcel {
  readonly what: string;
  readonly files: readonly OutgoingFile[];
}

interface OutgoingFile {
  readonly path: string;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
}

/** Objects a second into one DCMTK storescp, from the node's SCU and from DCMTK's storescu. */
export const sending: Suite = {
  name: 'sending',
  async run(context) {
    const port = await freePort();
    const server = await startServer(
      requiredPeer('storescp'),
      ['--ignore', '--max-pdu', '131072', '-aet', 'SINK', `${port}`],
      port,
    );
    const rows: BenchRow[] = [];
    try {
      for (const parcel of await parcels(context)) rows.push(await measure(context, parcel, port));
    } finally {
      await server.stop();
    }
    return rows;
  },
};

async function measure(
  { quick, runs }: BenchContext,
  { what, files }: Parcel,
  port: number,
): Promise<BenchRow> {
  const destination: Destination = {
    name: 'sink',
    host: '127.0.0.1',
    port,
    calledAeTitle: 'SINK',
    callingAeTitle: 'BENCH',
    timeouts: defaultDestinationTimeouts,
  };
  const perSecond = (work: () => Promise<void>) => async () => {
    const start = performance.now();
    await work();
    return (files.length * 1000) / (performance.now() - start);
  };
  const results = await alternate(quick ? 1 : runs, [
    {
      name: 'ours',
      once: perSecond(async () => {
        const outcomes = await storeObjects(
          destination,
          files.map(({ path, ...object }) => ({
            ...object,
            transferSyntaxUid: transferSyntaxUid.explicitVrLittleEndian,
            open: () => fileBytes(path),
          })),
        );
        const failed = outcomes.find((outcome) => outcome.kind !== 'response' || outcome.status !== 0);
        if (failed !== undefined) throw new Error(`not stored: ${JSON.stringify(failed)}`);
      }),
    },
    {
      name: 'storescu',
      once: perSecond(() =>
        run(requiredPeer('storescu'), [
          ...['-aec', 'SINK', '--max-send-pdu', '131072', '-xe', '-R', '127.0.0.1', `${port}`],
          ...files.map(({ path }) => path),
        ]),
      ),
    },
  ]);
  return compared(`send ${what}`, 'objects/s', results, {
    ours: 'ours',
    peer: 'storescu',
    bar: { sign: '>=', value: 0.9 },
  });
}

async function parcels({ folder, quick }: BenchContext): Promise<Parcel[]> {
  const into = join(folder, 'outgoing');
  mkdirSync(into, { recursive: true });
  const results = await resultFiles(into, quick ? 2 : 20);
  const large: OutgoingFile[] = Array.from({ length: quick ? 2 : 24 }, (_, index) => {
    const uid = `2.25.3${String(index).padStart(6, '0')}`;
    const path = join(into, `${uid}.dcm`);
    writeFileSync(path, transportImage('DX', 2048, 2560, uid));
    readFileSync(path);
    return { path, sopClassUid: sopClassUid.digitalXRayImageStorageForPresentation, sopInstanceUid: uid };
  });
  return [
    { what: `SR + SC (${results.length / 2} of each)`, files: results },
    { what: '10 MB DX', files: large },
  ];
}
