import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { backupNow, checkBackup, restoreBackup } from '../../src/app/backup/backup-verb.ts';
import { foldersOf, readConfig } from '../../src/app/runtime.ts';
import { type RunningNode, startNode } from '../../src/app/start.ts';
import type { ReceivedObject } from '../../src/simulator/mini-pacs.ts';
import { simulateStudy } from '../../src/simulator/study.ts';
import { hostClock, openReadOnlyStore } from '../../src/store/store.ts';
import { sendToNode } from '../support/send-to-node.ts';
import { prepareNodeFolder } from '../support/running-node.ts';

function studyOf(seed: number) {
  return simulateStudy(seed, { views: ['neutral'], size: 512, tags: 'orderly', variant: 'restore' });
}

async function send(node: RunningNode, images: ReturnType<typeof studyOf>): Promise<void> {
  await sendToNode(
    node.port,
    images.map(({ bytes }) => bytes),
  );
}

describe('the restore drill (R10)', () => {
  test('a lost database comes back from its backup, newer images from the spool, and the PACS keeps one of each', async () => {
    const { folder, configFolder, databasePath, received, pacs } = await prepareNodeFolder();
    const { backups } = foldersOf(readConfig(configFolder).config, configFolder);
    const [first, second] = [studyOf(30_700_001), studyOf(30_700_002)];
    const everythingAt = async (count: number) =>
      await expect
        .poll(() => new Set(received.map(({ sopInstanceUid }) => sopInstanceUid)).size, { timeout: 60_000 })
        .toBe(count);

    let node = await startNode(configFolder, { logFile: join(folder, 'node.log') });
    await send(node, first);
    await everythingAt(2);
    expect(await backupNow(configFolder, 'text')).toMatchObject({
      exitCode: 0,
      text: expect.stringMatching(/1 image, 0 not analysed.*its audit trail is whole\.\n/),
    });
    const copy = join(backups, readdirSync(backups)[0] ?? '');
    await send(node, second);
    await everythingAt(4);
    const before = new Map(
      received.map(({ sopInstanceUid, dataSetSha256 }) => [sopInstanceUid, dataSetSha256]),
    );

    const settings = readFileSync(join(configFolder, 'node.yaml'), 'utf8');
    writeFileSync(join(configFolder, 'node.yaml'), `${settings}# edited since\n`);
    await expect(restoreBackup(configFolder, { from: copy, settings: 'put-back' })).rejects.toMatchObject({
      code: 'STORE_LOCKED',
    });
    // A node that runs keeps everything, its settings too.
    expect(readFileSync(join(configFolder, 'node.yaml'), 'utf8')).toMatch(/# edited since\n$/);
    await node.stop();
    for (const suffix of ['', '-wal', '-shm'])
      if (existsSync(`${databasePath}${suffix}`)) writeFileSync(`${databasePath}${suffix}`, 'lost');

    const restored = await restoreBackup(configFolder, { from: copy, settings: 'keep' });
    expect(restored).toMatchObject({
      exitCode: 0,
      text: expect.stringContaining('1 image newer than the copy taken up from the spool, 1 known to it'),
    });
    const sentAgainFrom = received.length;
    node = await startNode(configFolder, { logFile: join(folder, 'node.log') });
    try {
      await expect.poll(() => received.length, { timeout: 60_000 }).toBeGreaterThanOrEqual(sentAgainFrom + 2);
      const store = openReadOnlyStore({ databasePath, clock: hostClock });
      const ended = () =>
        [first, second].flat().map(({ sopInstanceUid }) => {
          const study = store.explain({ sopInstanceUid });
          return [study?.images[0]?.instance.disposition, study?.state];
        });
      await expect.poll(ended, { timeout: 60_000 }).toEqual([
        ['analysed', 'CLOSED'],
        ['analysed', 'CLOSED'],
      ]);
      expect(store.audit.verify()).toMatchObject({ intact: true });
      store.close();
      const uids = (objects: readonly ReceivedObject[]) =>
        new Set(objects.map(({ sopInstanceUid }) => sopInstanceUid));
      expect(uids(received)).toEqual(new Set(before.keys()));
    } finally {
      await node.stop();
      await pacs.close();
    }
  }, 180_000);

  test('a damaged copy is named and never put in place; an absent one is exit code 4', async () => {
    const { configFolder, databasePath, pacs } = await prepareNodeFolder();
    await pacs.close();
    const node = await startNode(configFolder, { logFile: join(configFolder, '../node.log') });
    const { backups } = foldersOf(readConfig(configFolder).config, configFolder);
    await backupNow(configFolder, 'json');
    await node.stop();
    expect(await checkBackup(configFolder, undefined, 'text')).toMatchObject({ exitCode: 0 });
    const copy = join(backups, readdirSync(backups)[0] ?? '');
    truncateSync(join(copy, 'database.sqlite'), 4096 * 3);
    const before = statSync(databasePath);
    expect(await checkBackup(configFolder, undefined, 'text')).toMatchObject({
      exitCode: 1,
      text: expect.stringContaining('cannot be restored: STORE_CORRUPT'),
    });
    await expect(restoreBackup(configFolder, { from: copy, settings: 'keep' })).rejects.toMatchObject({
      code: 'STORE_CORRUPT',
    });
    expect(statSync(databasePath).ino).toBe(before.ino);
    expect(await checkBackup(configFolder, '/nowhere.sqlite', 'text')).toMatchObject({ exitCode: 4 });
  }, 60_000);

  test('a backup brings the node back on a new machine: settings, model, books; what has no file is told', async () => {
    const lost = await prepareNodeFolder();
    let node = await startNode(lost.configFolder, { logFile: join(lost.folder, 'node.log') });
    await send(node, studyOf(30_700_003));
    await expect.poll(() => lost.received.length, { timeout: 60_000 }).toBeGreaterThanOrEqual(2);
    await backupNow(lost.configFolder, 'text');
    await node.stop();
    await lost.pacs.close();
    const siteUuid = readFileSync(join(dirname(lost.databasePath), 'site-uuid'), 'utf8');
    const { backups } = foldersOf(readConfig(lost.configFolder).config, lost.configFolder);
    const kept = join(mkdtempSync(join(tmpdir(), 'lumbar-kept-')), 'backup');
    cpSync(join(backups, readdirSync(backups)[0] ?? ''), kept, { recursive: true });
    rmSync(lost.folder, { recursive: true });

    // A fresh installation at the same place: empty data folder, other settings.
    mkdirSync(dirname(lost.databasePath), { recursive: true });
    mkdirSync(lost.configFolder, { recursive: true });
    writeFileSync(join(lost.configFolder, 'node.yaml'), 'aeTitle: FRESH\n');
    const restored = await restoreBackup(lost.configFolder, { from: kept, settings: 'put-back' });
    expect(restored).toMatchObject({ exitCode: 0 });
    expect(restored.text).toMatch(
      /Settings: \d+ files? put back, what was there before is in .*replaced-\d+\.\n/,
    );
    expect(restored.text).toContain('The model lumbar-nano-sim is here');
    expect(restored.text).toContain('1 image of the copy has no file on this machine');
    expect(readFileSync(join(dirname(lost.databasePath), 'site-uuid'), 'utf8')).toBe(siteUuid);
    node = await startNode(lost.configFolder, { logFile: join(lost.folder, 'node.log') });
    try {
      const store = openReadOnlyStore({ databasePath: lost.databasePath, clock: hostClock });
      expect(store.audit.verify()).toMatchObject({ intact: true });
      expect(store.explainAll('last')).toHaveLength(1);
      store.close();
    } finally {
      await node.stop();
      rmSync(lost.folder, { recursive: true });
      rmSync(dirname(kept), { recursive: true });
    }
  }, 180_000);
});
