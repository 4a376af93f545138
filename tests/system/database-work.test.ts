import { fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isSetName } from '../../src/app/backup/backup-set.ts';
import { databaseWork } from '../../src/app/backup/database-work.ts';
import { exitCodes } from '../../src/app/restart-policy.ts';
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

  test('a process that dies is told, and leaves no backup behind', async () => {
    const { order, store } = await site();
    const backup = databaseWork(order).backup();
    process.kill(databaseProcess(), 'SIGKILL');
    await expect(backup).rejects.toMatchObject({
      code: 'WORKER_LOST',
      message: expect.stringContaining('SIGKILL'),
    });
    expect(backupsIn(order)).toEqual([]);
    await databaseWork(order).backup();
    expect(backupsIn(order)).toHaveLength(1);
    store.close();
  }, 30_000);

  test('a stop ends what runs, and calls it no failure', async () => {
    const { order, store } = await site();
    const work = databaseWork(order);
    let isSettled = false;
    const settle = (): void => void (isSettled = true);
    work.backup().then(settle, settle);
    const pid = databaseProcess();
    await work.stop();
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    await new Promise(setImmediate);
    expect([isSettled, backupsIn(order)]).toEqual([false, []]);
    store.close();
  }, 30_000);

  test('a process whose order-giver is gone ends without an order', async () => {
    const orphan = fork(new URL('../../src/app/backup/database-process.ts', import.meta.url));
    const gone = once(orphan, 'exit');
    orphan.disconnect();
    expect(await gone).toEqual([exitCodes.failed, null]);
  }, 30_000);
});

/** Number of the one process at the database that this one has started. */
function databaseProcess(): number {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ');
  const pid = children.map(Number).find((child) => {
    // Right after its start a process still has the command line of its parent.
    return child > 1 && readFileSync(`/proc/${child}/cmdline`, 'utf8') !== '';
  });
  if (pid === undefined) throw new Error('no process at the database');
  return pid;
}

function backupsIn({ folders }: { readonly folders: { readonly backups: string } }): string[] {
  return existsSync(folders.backups) ? readdirSync(folders.backups).filter(isSetName) : [];
}
