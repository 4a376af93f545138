import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { databaseWork } from '../../src/app/backup/database-work.ts';
import { readConfig } from '../../src/app/runtime.ts';
import { startOrder } from '../../src/app/start-order.ts';
import { hostClock, openStore } from '../../src/store/store.ts';
import { prepareNodeFolder } from '../support/running-node.ts';

async function site() {
  const { folder, configFolder, databasePath, pacs } = await prepareNodeFolder();
  await pacs.close();
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const order = startOrder(configFolder, readConfig(configFolder));
  const store = openStore({ databasePath, clock: hostClock });
  store.settings.siteUuid();
  for (let row = 0; row < 2000; row++) store.audit.append('DESTINATION_UP', { destination: 'main' });
  return { order, store, databasePath };
}

describe('work on the whole database in a process of its own', () => {
  test('a backup is made while this process goes on', async () => {
    const { order, store } = await site();
    let beats = 0;
    const timer = setInterval(() => {
      beats++;
      store.settings.set('listener.heartbeat', String(beats));
    }, 1);
    await databaseWork(order).backup();
    clearInterval(timer);
    expect(beats).toBeGreaterThan(0);
    expect(readdirSync(order.folders.backups)).toHaveLength(1);
    expect(store.auditQuery.query({ event: 'BACKUP_MADE', limit: 2 }).rows).toHaveLength(1);
    await databaseWork(order).check();
    store.close();
  }, 30_000);

  test('damage is found by the check, and by the copy of a backup', async () => {
    const { order, store, databasePath } = await site();
    store.db.checkpoint();
    store.close();
    const file = openSync(databasePath, 'r+');
    for (const page of [9, 22, 30, 41]) writeSync(file, Buffer.alloc(4096, 0xa5), 0, 4096, page * 4096);
    closeSync(file);
    await expect(databaseWork(order).check()).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    await expect(databaseWork(order).backup()).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    expect(readdirSync(order.folders.backups)).toEqual([]);
  }, 30_000);

  test('a process that dies is told, and what it had begun is no backup', async () => {
    const { order, store } = await site();
    const backup = databaseWork(order).backup();
    const [child = ''] = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .slice(-1);
    process.kill(Number(child), 'SIGKILL');
    await expect(backup).rejects.toMatchObject({
      code: 'WORKER_LOST',
      message: expect.stringContaining('SIGKILL'),
    });
    await databaseWork(order).backup();
    store.close();
  }, 30_000);
});
