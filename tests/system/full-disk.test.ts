import { existsSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demoTitles } from '../../src/app/demo-config.ts';
import { initialiseCodecs } from '../../src/imaging/native-codec.ts';
import { sendAsModality } from '../../src/simulator/modality.ts';
import { simulateStudy } from '../../src/simulator/study.ts';
import { BytePeer, associateRequestBytes, crUid } from '../support/byte-peer.ts';
import { type NodeUnderTest, startNodeUnderTest } from '../support/running-node.ts';
import { crDataSet, nextResponse, storeMessage } from '../support/scp-harness.ts';
import { smallDisk } from '../support/small-disk.ts';

const MiB = 1024 * 1024;
const disk = smallDisk(160);
let running: NodeUnderTest | undefined;

beforeAll(async () => {
  if (disk === undefined) return;
  await initialiseCodecs();
  running = await startNodeUnderTest({
    settings: { storage: { directory: disk.path, watermark: '32MiB', ballast: '8MiB' } },
  });
}, 60_000);
afterAll(async () => {
  await running?.stop();
  disk?.remove();
}, 60_000);

/** Fills the file system with somebody else's data until only this much is free. */
function fillUpTo(freeBytes: number, name: string): string {
  const path = join(disk!.path, name);
  for (let part = 0; ; part++) {
    const { bavail, bsize } = statfsSync(disk!.path);
    const excess = bavail * bsize - freeBytes;
    if (excess < bsize) return path;
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, String(part)), Buffer.alloc(Math.min(excess, 16 * MiB)));
  }
}

describe.skipIf(disk === undefined)(
  'a disk that fills up (P4, C06; skipped where mounting is not allowed)',
  () => {
    test('refused early and transiently, ballast first, every acknowledged image kept, and well again by itself', async () => {
      const own = running!;
      const target = {
        host: '127.0.0.1',
        port: own.node.port,
        callingAeTitle: demoTitles.modality,
        calledAeTitle: demoTitles.node,
      };
      const ballast = join(disk!.path, 'ballast');
      const log = () => readFileSync(join(own.folder, 'node.log'), 'utf8');
      const [first, second] = simulateStudy(30_700_001, { size: 512, tags: 'orderly', variant: 'disk' });
      const send = async (bytes: Uint8Array) => {
        let status = -1;
        const sent = await sendAsModality(
          [bytes],
          target,
          () => 0,
          (answer) => void (status = answer.status),
        );
        return sent.ok ? status : sent.error.message;
      };
      await own.until('the ballast is there', () => existsSync(ballast), 20_000);
      expect(await send(first!.bytes)).toBe(0);

      // An association that stands while the disk fills.
      const standing = await BytePeer.connect(own.node.port);
      standing.send(
        associateRequestBytes({ callingAeTitle: demoTitles.modality, calledAeTitle: demoTitles.node }),
      );
      expect((await standing.nextPdu())?.type).toBe(2);

      const filler = fillUpTo(24 * MiB, 'filler');
      await own.until('low is told', () => log().includes('"event":"DISK_LOW"'), 20_000);
      expect(await send(second!.bytes)).toContain('ongestion');
      standing.send(storeMessage(crDataSet(4096, { SOPClassUID: crUid })));
      expect((await nextResponse(standing))?.status).toBe(0xa700);
      standing.destroy();
      expect(existsSync(ballast)).toBe(true);

      const rest = fillUpTo(MiB, 'rest');
      await own.until('the ballast is gone', () => !existsSync(ballast), 20_000);
      await own.until(
        'the database could write',
        () => own.store.alerts.active().some(({ cause }) => cause === 'disk-low'),
        20_000,
      );

      for (const path of [filler, rest]) rmSync(path, { recursive: true });
      await own.until('well is told', () => log().includes('"event":"DISK_OK"'), 20_000);
      await own.until('the ballast is back', () => existsSync(ballast), 20_000);
      await own.until('the alert is over', () => own.store.alerts.active().length === 0, 20_000);
      expect(await send(second!.bytes)).toBe(0);
      for (const image of [first!, second!])
        await own.until(
          'every acknowledged image ends',
          () =>
            own.store
              .explain({ sopInstanceUid: image.sopInstanceUid })
              ?.images.every(({ instance }) => instance.disposition !== 'pending') === true,
          60_000,
        );
    }, 180_000);
  },
);
