import { existsSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { backupNow, checkCopy, restoreCopy } from '../../src/app/backup-verb.ts';
import { demoTitles } from '../../src/app/demo-config.ts';
import { foldersOf, readConfig } from '../../src/app/runtime.ts';
import { type RunningNode, startNode } from '../../src/app/start.ts';
import type { ReceivedObject } from '../../src/simulator/mini-pacs.ts';
import { sendAsModality } from '../../src/simulator/modality.ts';
import { simulateStudy } from '../../src/simulator/study.ts';
import { hostClock, openReadOnlyStore } from '../../src/store/store.ts';
import { prepareNodeFolder } from '../support/running-node.ts';

function studyOf(seed: number) {
  return simulateStudy(seed, { views: ['neutral'], size: 512, tags: 'orderly', variant: 'restore' });
}

async function send(node: RunningNode, images: ReturnType<typeof studyOf>): Promise<void> {
  const sent = await sendAsModality(
    images.map(({ bytes }) => bytes),
    {
      host: '127.0.0.1',
      port: node.port,
      callingAeTitle: demoTitles.modality,
      calledAeTitle: demoTitles.node,
    },
    () => 0,
    () => undefined,
  );
  if (!sent.ok) throw sent.error;
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
      text: expect.stringMatching(/1 image, 0 not analysed.*its audit trail is whole\.\n$/),
    });
    const copy = join(backups, readdirSync(backups)[0] ?? '');
    await send(node, second);
    await everythingAt(4);
    const before = new Map(
      received.map(({ sopInstanceUid, dataSetSha256 }) => [sopInstanceUid, dataSetSha256]),
    );

    await expect(restoreCopy(configFolder, copy)).rejects.toMatchObject({ code: 'STORE_LOCKED' });
    await node.stop();
    for (const suffix of ['', '-wal', '-shm'])
      if (existsSync(`${databasePath}${suffix}`)) writeFileSync(`${databasePath}${suffix}`, 'lost');

    const restored = await restoreCopy(configFolder, copy);
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
    expect(await checkCopy(configFolder, undefined, 'text')).toMatchObject({ exitCode: 0 });
    const copy = join(backups, readdirSync(backups)[0] ?? '');
    truncateSync(copy, 4096 * 3);
    const before = statSync(databasePath);
    expect(await checkCopy(configFolder, undefined, 'text')).toMatchObject({
      exitCode: 1,
      text: expect.stringContaining('cannot be restored: STORE_CORRUPT'),
    });
    await expect(restoreCopy(configFolder, copy)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    expect(statSync(databasePath).ino).toBe(before.ino);
    expect(await checkCopy(configFolder, '/nowhere.sqlite', 'text')).toMatchObject({ exitCode: 4 });
  }, 60_000);
});
