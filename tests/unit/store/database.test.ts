import { fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDatabase, openReadOnlyDatabase } from '../../../src/store/database.ts';
import { migrate, schemaVersion } from '../../../src/store/migrations/migrations.ts';
import { openReadOnlyStore } from '../../../src/store/store.ts';
import { image, openFixture } from './store-fixture.ts';

describe('openDatabase', () => {
  test('every connection runs with WAL and synchronous=FULL, also when the file is opened again', () => {
    const { reopen } = openFixture();
    const again = reopen();
    expect(again.db.sql('PRAGMA synchronous').get()).toEqual({ synchronous: 2 });
    expect(again.db.sql('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    expect(again.db.sql('PRAGMA foreign_keys').get()).toEqual({ foreign_keys: 1 });
  });

  test('refuses a database that a newer release wrote and leaves it as it is', () => {
    const { store, databasePath } = openFixture();
    store.db.sql(`PRAGMA user_version = ${schemaVersion + 1}`).run();
    expect(() => openDatabase(databasePath)).toThrow(expect.objectContaining({ code: 'STORE_NEWER_SCHEMA' }));
    expect(store.db.sql('PRAGMA user_version').get()).toEqual({ user_version: schemaVersion + 1 });
  });

  test('names a damaged file as corrupt', () => {
    const { store, databasePath } = openFixture();
    store.inbox.admit(image(1));
    store.db.checkpoint();
    store.close();
    const file = openSync(databasePath, 'r+');
    writeSync(file, Buffer.alloc(4096 * 12, 0xa5), 0, undefined, 4096 * 2);
    closeSync(file);
    expect(() => openDatabase(databasePath)).toThrow(expect.objectContaining({ code: 'STORE_CORRUPT' }));
  });

  test('a reading connection cannot write and needs an existing file', () => {
    const { databasePath, folder, clock } = openFixture();
    const reader = openReadOnlyStore({ databasePath, clock });
    expect(() => reader.db.sql("INSERT INTO meta VALUES ('a', 'b')").run()).toThrow(
      expect.objectContaining({ code: 'STORE_IO' }),
    );
    reader.close();
    expect(() => openReadOnlyDatabase(join(folder, 'absent.db'))).toThrow(
      expect.objectContaining({ code: 'NOT_FOUND' }),
    );
  });

  test('a transaction that throws leaves nothing behind', () => {
    const { store } = openFixture();
    expect(() =>
      store.db.transaction(() => {
        store.settings.set('a', 'b');
        throw new Error('stop');
      }),
    ).toThrow('stop');
    expect(store.settings.get('a')).toBeUndefined();
  });
});

describe('migrate', () => {
  test('a step that fails leaves the schema and its version as they were', () => {
    const log: string[] = [];
    const connection = {
      exec: (sql: string) => {
        log.push(sql.split(' ').slice(0, 2).join(' '));
        if (sql.includes('CREATE TABLE')) throw new Error('killed here');
      },
      pragma: () => 0,
    };
    expect(() => migrate(connection)).toThrow('killed here');
    expect(log[0]).toBe('BEGIN IMMEDIATE');
    expect(log.at(-1)).toBe('ROLLBACK');
  });
});

describe('a process killed without warning (promise P1)', () => {
  test('everything it had acknowledged is there, nothing is half there', async () => {
    const { store, databasePath } = openFixture();
    const child = fork(join(import.meta.dirname, 'admitting-child.ts'), [databasePath], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const acknowledged: string[] = [];
    const enough = new Promise<void>((resolve) => {
      child.on('message', (instanceId) => {
        acknowledged.push(String(instanceId));
        if (acknowledged.length === 40) resolve();
      });
    });
    await enough;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    store.db.check('full');
    for (const instanceId of acknowledged) expect(store.inbox.instance(instanceId)).toBeDefined();
    const images = store.db.sql<{ n: number }>('SELECT count(*) AS n FROM instance').get()?.n;
    const jobs = store.db.sql<{ n: number }>('SELECT count(*) AS n FROM job').get()?.n;
    const rows = store.db
      .sql<{ n: number }>("SELECT count(*) AS n FROM audit WHERE event = 'INSTANCE_STORED'")
      .get()?.n;
    expect([jobs, rows]).toEqual([images, images]);
    expect(store.audit.verify().intact).toBe(true);
  });
});

describe('Settings', () => {
  test('the site UUID is made once and the boots are counted', () => {
    const { store, reopen } = openFixture();
    const uuid = store.settings.siteUuid();
    expect(uuid).toMatch(/^[0-9a-f-]{36}$/);
    expect(store.settings.countBoot()).toBe(1);
    const again = reopen();
    expect(again.settings.siteUuid()).toBe(uuid);
    expect(again.settings.countBoot()).toBe(2);
  });
});
