import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type BackupManifest, setName } from '../../../../src/app/backup/backup-set.ts';
import { forgetOldBackups, makeBackup } from '../../../../src/app/backup/make-backup.ts';
import { putSettingsBack } from '../../../../src/app/backup/settings-copy.ts';
import { foldersOf, readConfig } from '../../../../src/app/runtime.ts';
import { checkCopy } from '../../../../src/store/backup.ts';
import { openSiteBooks } from '../../../support/site-books.ts';

const hourMs = 3_600_000;
const startMs = Date.UTC(2026, 0, 5, 2, 17);

function site() {
  const { configFolder, dataFolder, store } = openSiteBooks();
  const write = (path: string, text: string): void => {
    mkdirSync(join(configFolder, path, '..'), { recursive: true });
    writeFileSync(join(configFolder, path), text, { mode: 0o640 });
  };
  const source = () => {
    const loaded = readConfig(configFolder);
    return { store, loaded, configFolder, folders: foldersOf(loaded.config, configFolder) };
  };
  return { configFolder, dataFolder, store, write, source };
}

const manifestOf = (folder: string): BackupManifest =>
  JSON.parse(readFileSync(join(folder, 'backup.json'), 'utf8')) as BackupManifest;

describe('makeBackup', () => {
  test('holds the database, every settings file and the name of the model, closed to all but its owner', async () => {
    const { configFolder, store, write, source } = site();
    write('tls/node.key', 'fictional key');
    write('wording/en.yaml', 'fictional wording');
    write('schema/lumbar-node.json', '{}');
    const made = await makeBackup(source(), startMs);
    expect(made.folder).toBe(join(source().folders.backups, 'lumbar-node-20260105T021700Z'));
    expect((await checkCopy(join(made.folder, 'database.sqlite'))).audit.intact).toBe(true);
    const { settings, model } = manifestOf(made.folder);
    expect(settings.files.map(({ path }) => path)).toEqual(['node.yaml', 'tls/node.key', 'wording/en.yaml']);
    expect(settings).toMatchObject({ folder: configFolder, leftOut: [], variables: [], outside: [] });
    // Two packages are shipped and none was activated: a node would not choose either.
    expect(model).toBeNull();
    for (const name of readdirSync(made.folder, { recursive: true }).map(String)) {
      const found = statSync(join(made.folder, name));
      expect([name, (found.mode & 0o077).toString(8)]).toEqual([name, '0']);
    }
    expect(store.auditQuery.query({ event: 'BACKUP_MADE', limit: 1 }).rows[0]?.fields).toMatchObject({
      path: made.folder,
    });
  });

  test('names the active model with the SHA-256 of its file', async () => {
    const { store, source } = site();
    store.settings.set('model.active', 'lumbar-nano-sim');
    const { manifest } = await makeBackup(source(), startMs);
    expect(manifest.model).toMatchObject({
      name: 'lumbar-nano-sim',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
  });

  test('names what a new machine needs besides: secrets outside, and what could not be read', async () => {
    const { configFolder, dataFolder, write, source } = site();
    const secret = join(dataFolder, 'console-password');
    writeFileSync(secret, 'fictional');
    write('alerts.yaml', `console: { password: "\${file:${secret}}" }\n`);
    symlinkSync('/nowhere', join(configFolder, 'dangling.pem'));
    const { manifest, folder } = await makeBackup(source(), startMs);
    expect(manifest.settings.outside).toEqual([secret]);
    expect(manifest.settings.leftOut).toEqual([{ path: 'dangling.pem', why: 'not a file' }]);
    // The reference is in the backup, what it leads to is not.
    expect(readFileSync(join(folder, 'backup.json'), 'utf8')).not.toContain('fictional');
  });

  test('a failure leaves no half backup, keeps the earlier ones and is audited', async () => {
    const { store, source } = site();
    const made = await makeBackup(source(), startMs);
    const { folders, ...rest } = source();
    const missing = { ...folders, database: join(folders.data, 'absent.sqlite') };
    await expect(makeBackup({ ...rest, folders: missing }, startMs + hourMs)).rejects.toBeInstanceOf(Error);
    expect(readdirSync(folders.backups)).toEqual([setName(startMs)]);
    expect(existsSync(made.folder)).toBe(true);
    expect(store.auditQuery.query({ event: 'BACKUP_FAILED', limit: 5 }).rows).toHaveLength(1);
  });

  test('makes room by the oldest, never by the newest, and fails when that is not enough', async () => {
    const { source } = site();
    for (const hour of [0, 1, 2]) await makeBackup(source(), startMs + hour * hourMs);
    const { loaded, ...rest } = source();
    const { config } = loaded;
    const watermark = Number.MAX_SAFE_INTEGER;
    const crowded = { ...loaded, config: { ...config, storage: { ...config.storage, watermark } } };
    await expect(makeBackup({ ...rest, loaded: crowded }, startMs + 3 * hourMs)).rejects.toMatchObject({
      code: 'STORE_FULL',
    });
    expect(readdirSync(rest.folders.backups)).toEqual([setName(startMs + 2 * hourMs)]);
  });

  test('a part that a killed process left is cleared away, one that is being made is not', async () => {
    const { source } = site();
    const { backups } = source().folders;
    const [old, young] = [`${setName(startMs)}.part`, `${setName(startMs + hourMs)}.part`];
    for (const name of [old, young]) mkdirSync(join(backups, name), { recursive: true });
    const nowMs = startMs + 24 * hourMs;
    utimesSync(join(backups, old), startMs / 1000, startMs / 1000);
    utimesSync(join(backups, young), nowMs / 1000, nowMs / 1000);
    await makeBackup(source(), nowMs);
    expect(readdirSync(backups).toSorted()).toEqual([young, setName(nowMs)].toSorted());
  });

  test('what is not kept is deleted', async () => {
    const { write, source } = site();
    write('alerts.yaml', 'backup: { keep: 2, keepDaily: 0 }\n');
    for (const hour of [0, 1, 2]) await makeBackup(source(), startMs + hour * hourMs);
    forgetOldBackups(source());
    expect(readdirSync(source().folders.backups)).toEqual(
      [1, 2].map((hour) => setName(startMs + hour * hourMs)),
    );
  });
});

describe('putting settings back', () => {
  test('writes what differs, keeps aside what was there, and leaves all other files', async () => {
    const { configFolder, write, source } = site();
    write('tls/node.key', 'fictional key');
    const { folder, manifest } = await makeBackup(source(), startMs);
    write('tls/node.key', 'another key');
    write('tls/new.pem', 'new');
    rmSync(join(configFolder, 'tls/node.key.old'), { force: true });
    const back = putSettingsBack(join(folder, 'config'), manifest.settings.files, configFolder, startMs);
    expect(back).toEqual({
      written: ['tls/node.key'],
      asideFolder: join(configFolder, `replaced-${startMs}`),
    });
    expect(readFileSync(join(configFolder, 'tls/node.key'), 'utf8')).toBe('fictional key');
    expect(statSync(join(configFolder, 'tls/node.key')).mode & 0o777).toBe(0o640);
    expect(readFileSync(join(back.asideFolder!, 'tls/node.key'), 'utf8')).toBe('another key');
    expect(readFileSync(join(configFolder, 'tls/new.pem'), 'utf8')).toBe('new');
    expect(readConfig(configFolder).config.aeTitle).toBe('LUMBAR');
  });

  test('a file that was changed in the backup is refused before anything is written', async () => {
    const { configFolder, write, source } = site();
    const { folder, manifest } = await makeBackup(source(), startMs);
    writeFileSync(join(folder, 'config/node.yaml'), 'aeTitle: FOREIGN\n');
    write('node.yaml.note', 'x');
    expect(() =>
      putSettingsBack(join(folder, 'config'), manifest.settings.files, configFolder, startMs),
    ).toThrow(/not what was copied/);
    expect(readFileSync(join(configFolder, 'node.yaml'), 'utf8')).toContain('LUMBAR');
  });
});
