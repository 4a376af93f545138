import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { NodeError } from '../../../src/core/errors.ts';
import { err, ok } from '../../../src/core/result.ts';
import { checkCopy, copyDatabase, restoreDatabase } from '../../../src/store/backup.ts';
import { rebuildFromSpool } from '../../../src/store/rebuild.ts';
import { openStore, schemaVersion } from '../../../src/store/store.ts';
import {
  analysed,
  boot,
  claim,
  type Fixture,
  image,
  model,
  openFixture,
  writeSpoolFile,
} from './store-fixture.ts';

const dayMs = 86_400_000;
const rules = {
  spoolAfterMs: dayMs,
  resultsAfterMs: 30 * dayMs,
  auditAfterMs: 60 * dayMs,
  committedDestinations: [] as string[],
};

/** One analysed image whose study is closed, with its capture still waiting for `main`. */
function undelivered(): Fixture & { path: string } {
  const fixture = openFixture();
  const { store, clock, folder } = fixture;
  const record = image(1, { folder, atMs: clock.nowMs() });
  writeSpoolFile(record);
  store.inbox.admit(record);
  store.results.commitImageResult(analysed(claim(store)));
  store.studies.viewsComplete(record.studyInstanceUid);
  const due = store.studies.claimDue({
    quietMs: 1,
    hardMaxMs: 1e9,
    nowMs: clock.nowMs(),
    modelSha256: model,
    bootId: boot,
  })!;
  store.studies.closeWithoutReport(due, 'test');
  return { ...fixture, path: record.path };
}

/** As another program would change a file: past every rule of the store. */
function withShell(path: string, sql: string): void {
  const shell = new BetterSqlite3(path);
  shell.exec(sql);
  shell.close();
}

function deliver({ store, clock }: Fixture): void {
  const delivery = store.outbox.claimDue({
    destination: 'main',
    limit: 1,
    nowMs: clock.nowMs(),
    bootId: boot,
  })[0]!;
  store.outbox.markStored(delivery, { status: 0 });
}

describe('Retention', () => {
  test('never removes an image before its results are delivered, however old', () => {
    const fixture = undelivered();
    fixture.clock.advance(365 * dayMs);
    expect(fixture.store.retention.run(rules, fixture.clock.nowMs())).toMatchObject({
      spool: { images: 0 },
      results: { images: 0 },
    });
    expect(existsSync(fixture.path)).toBe(true);
    deliver(fixture);
    expect(fixture.store.retention.plan(rules, fixture.clock.nowMs())).toMatchObject({
      spool: { images: 1, sizeBytes: 1000 },
    });
    expect(fixture.store.retention.run(rules, fixture.clock.nowMs())).toMatchObject({
      spool: { images: 1, sizeBytes: 1000 },
    });
    expect(existsSync(fixture.path)).toBe(false);
  });

  test('waits for the commitment where a destination promises one', () => {
    const fixture = undelivered();
    const { store, clock } = fixture;
    deliver(fixture);
    clock.advance(2 * dayMs);
    const strict = { ...rules, committedDestinations: ['main'] };
    expect(store.retention.plan(strict, clock.nowMs()).spool.images).toBe(0);
    const object = store.commitments.storedWithoutCommitment('main', 1)[0]!;
    store.commitments.open({
      transactionUid: '2.25.7',
      destination: 'main',
      outboxIds: [object.outboxId],
      deadlineMs: 1,
    });
    store.commitments.report({ transactionUid: '2.25.7', committed: [object.sopInstanceUid], failed: [] });
    expect(store.retention.plan(strict, clock.nowMs()).spool.images).toBe(1);
  });

  test('removes results by their own rule and keeps the audit trail, which still verifies', () => {
    const fixture = undelivered();
    const { store, clock } = fixture;
    deliver(fixture);
    clock.advance(31 * dayMs);
    store.retention.run(rules, clock.nowMs());
    expect(store.images({ limit: 1, offset: 0 }).total).toBe(0);
    expect(store.outbox.list({ limit: 1, offset: 0 })).toEqual([]);
    expect(store.auditQuery.query({ accessionNumber: 'ACC0001', limit: 50 }).rows.length).toBeGreaterThan(2);
    expect(store.audit.verify().intact).toBe(true);
  });

  test('removes old audit rows from the front; the rest of the chain verifies and says what went', () => {
    const fixture = undelivered();
    const { store, clock } = fixture;
    const before = store.audit.head().seq;
    clock.advance(61 * dayMs);
    store.audit.append('DESTINATION_UP', { destination: 'main' });
    expect(store.retention.run(rules, clock.nowMs()).audit.rows).toBe(before);
    expect(store.audit.verify().intact).toBe(true);
    expect(store.auditQuery.query({ event: 'AUDIT_PURGED', limit: 1 }).rows[0]?.fields).toMatchObject({
      seq: before,
      count: before,
    });
    expect(store.audit.row(before)).toBeUndefined();
  });

  test('never touches held or quarantined images', () => {
    const fixture = openFixture();
    const { store, clock, folder } = fixture;
    const record = image(1, { folder });
    writeSpoolFile(record);
    store.inbox.admit(record);
    store.jobs.quarantine(claim(store), {
      errorCode: 'X',
      detail: 'x',
      reason: { code: 'T01', detail: 'x' },
    });
    clock.advance(365 * dayMs);
    store.retention.run(rules, clock.nowMs());
    expect(existsSync(record.path)).toBe(true);
  });
});

describe('backup and restore (R10)', () => {
  test('a copy of the live database is one checked file, and restoring it gives everything back', async () => {
    const { store, folder, databasePath, clock } = undelivered();
    const target = join(folder, 'backup.db');
    const report = await copyDatabase(store.db, target);
    expect(report).toMatchObject({
      path: target,
      images: 1,
      unfinishedJobs: 0,
      undelivered: 1,
      audit: { intact: true },
    });
    expect(readdirSync(folder).filter((name) => name.startsWith('backup'))).toEqual(['backup.db']);
    store.inbox.admit(image(2));
    store.close();
    await restoreDatabase(target, databasePath, clock.nowMs());
    const restored = openStore({ databasePath, clock });
    expect(restored.images({ limit: 5, offset: 0 }).total).toBe(1);
    restored.close();
    expect(readdirSync(folder).some((name) => name.startsWith('node.db.replaced-'))).toBe(true);
  });

  test('a damaged backup is told as such and never put in place', async () => {
    const { store, folder, databasePath, clock } = undelivered();
    const target = join(folder, 'backup.db');
    await copyDatabase(store.db, target);
    const broken = join(folder, 'broken.db');
    copyFileSync(target, broken);
    truncateSync(broken, 4096 * 5);
    await expect(checkCopy(broken)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    await expect(restoreDatabase(broken, databasePath, clock.nowMs())).rejects.toMatchObject({
      code: 'STORE_CORRUPT',
    });
    expect(store.images({ limit: 5, offset: 0 }).total).toBe(1);
  });

  test('a copy that a newer release made is refused, and the text says what to install', async () => {
    const { store, folder, databasePath, clock } = undelivered();
    const target = join(folder, 'backup.db');
    await copyDatabase(store.db, target);
    withShell(target, `PRAGMA user_version = ${schemaVersion + 3}`);
    const refusal = {
      code: 'STORE_NEWER_SCHEMA',
      message: expect.stringMatching(
        new RegExp(`made by a newer release \\(schema ${schemaVersion + 3}.*install that release`),
      ) as string,
    };
    await expect(checkCopy(target)).rejects.toMatchObject(refusal);
    await expect(restoreDatabase(target, databasePath, clock.nowMs())).rejects.toMatchObject(refusal);
  });

  test('a copy of an older release is read as it is, and brought up to date where it is put', async () => {
    const { store, folder, databasePath, clock } = undelivered();
    const target = join(folder, 'backup.db');
    await copyDatabase(store.db, target);
    store.close();
    withShell(target, 'DROP TABLE alertNotice; PRAGMA user_version = 5');
    expect(await checkCopy(target)).toMatchObject({ schemaVersion: 5, images: 1, audit: { intact: true } });
    await restoreDatabase(target, databasePath, clock.nowMs());
    const restored = openStore({ databasePath, clock });
    expect(restored.alertNotices).toBeDefined();
    expect((await checkCopy(databasePath)).schemaVersion).toBe(schemaVersion);
    restored.close();
  });
});

describe('rebuildFromSpool (R10)', () => {
  test('takes up every readable image when the database is lost, and again changes nothing', async () => {
    const { store, folder } = openFixture();
    const spool = join(folder, 'spool');
    mkdirSync(spool);
    const records = [1, 2, 3].map((n) => image(n, { folder: spool }));
    for (const record of records) writeSpoolFile(record);
    const read = (path: string) => {
      const record = records.find((candidate) => candidate.path === path);
      if (record === undefined || record.sopInstanceUid.endsWith('.3'))
        return Promise.resolve(err(new NodeError('DATASET_TRUNCATED', 'ends early')));
      const { instanceId: _id, path: _path, ...header } = record;
      return Promise.resolve(ok(header));
    };
    expect(await rebuildFromSpool(store, spool, read)).toEqual({
      restored: 2,
      known: 0,
      failed: [{ path: records[2]!.path, why: 'ends early' }],
    });
    expect(store.jobs.depth().queued).toBe(2);
    rmSync(records[2]!.path);
    expect(await rebuildFromSpool(store, spool, read)).toEqual({ restored: 0, known: 2, failed: [] });
    expect(store.jobs.depth().queued).toBe(2);
  });
});
