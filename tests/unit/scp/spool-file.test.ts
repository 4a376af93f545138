import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { newUlid, sha256Hex } from '../../../src/core/identifiers.ts';
import { Spool } from '../../../src/scp/spool.ts';
import { SpoolFile } from '../../../src/scp/spool-file.ts';
import { smallDisk } from '../../support/small-disk.ts';

const MiB = 1024 * 1024;
const header = Buffer.from('header');

async function openFile(dir: string): Promise<{ file: SpoolFile; flow: string[]; spool: Spool }> {
  const spool = await Spool.open(dir);
  onTestFinished(() => spool.close());
  const flow: string[] = [];
  const file = new SpoolFile({
    spool,
    instanceId: newUlid(0),
    header,
    maxDataSetBytes: 100 * MiB,
    flow: { pause: () => void flow.push('pause'), resume: () => void flow.push('resume') },
  });
  return { file, flow, spool };
}

describe('SpoolFile', () => {
  test('a disk that is slower than the sender stops the sender, and lets it go on (D11)', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'lumbar-spool-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    const { file, flow } = await openFile(dir);
    const piece = Buffer.alloc(MiB / 2, 7);
    // All at once, as a fast sender: the disk gets no turn in between.
    for (let n = 0; n < 12; n++) file.write(piece);
    expect(flow).toEqual(['pause']);
    const synced = await file.sync();
    expect(flow).toEqual(['pause', 'resume']);
    expect(synced.dataSetBytes).toBe(6 * MiB);
    expect(synced.sha256).toBe(sha256Hex(Buffer.alloc(6 * MiB, 7)));
    await file.discard();
  });

  test('its buffers serve the next object, whose bytes are its own', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'lumbar-spool-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    const { file: first, spool } = await openFile(dir);
    first.write(Buffer.alloc(MiB, 1));
    await first.sync();
    await first.discard();
    const used = Array.from({ length: 4 }, () => spool.buffers.take());
    for (const buffer of used) spool.buffers.give(buffer);
    const id = newUlid(1);
    const flow = { pause: () => undefined, resume: () => undefined };
    const second = new SpoolFile({ spool, instanceId: id, header, maxDataSetBytes: MiB, flow });
    const piece = Buffer.from('another object');
    second.write(piece);
    expect(spool.buffers.take()).not.toBe(used.at(-1));
    // The sender's memory is the sender's again as soon as it has been handed over.
    piece.fill(0);
    const synced = await second.sync();
    expect(readFileSync(await second.commit(), 'latin1')).toBe('headeranother object');
    expect(synced.sha256).toBe(sha256Hex(Buffer.from('another object')));
    expect(synced.head.toString()).toBe('another object');
  });

  const disk = smallDisk(2);
  test.skipIf(disk === undefined)(
    'a disk that is full is lack of space, not a broken disk; nothing is left behind (D8; skipped where mounting is not allowed)',
    async () => {
      onTestFinished(() => disk!.remove());
      const { file, spool } = await openFile(disk!.path);
      for (let n = 0; n < 4; n++) file.write(Buffer.alloc(MiB, n));
      await expect(file.sync()).rejects.toMatchObject({ code: 'STORE_FULL' });
      // A sender that is told so sends the rest nevertheless.
      file.write(Buffer.alloc(MiB));
      await file.discard();
      expect(readdirSync(join(disk!.path, 'in'))).toEqual([]);
      await spool.close();
    },
  );
});
