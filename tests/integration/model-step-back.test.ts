import { generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { writeDemoConfig } from '../../src/app/demo-config.ts';
import { modelActivateVerb, modelRollbackVerb } from '../../src/app/model/model-verbs.ts';
import { activeModelSetting } from '../../src/app/model-selection.ts';
import { newestVersionSetting } from '../../src/app/model-version.ts';
import { modelHistorySetting } from '../../src/app/model/model-choice.ts';
import { foldersOf, readConfig } from '../../src/app/runtime.ts';
import { hostClock, openStore } from '../../src/store/store.ts';

const modelId = 'lumbar-nano-sim';

/** A site whose model of version 2.0.0 is active and whose 1.0.0 was active before; the node is not running. */
function site(settings = '') {
  const folder = mkdtempSync(join(tmpdir(), 'lumbar-back-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const models = join(folder, 'models');
  for (const [name, version] of [
    ['old', '1.0.0'],
    ['new', '2.0.0'],
  ] as const) {
    cpSync(resolve(import.meta.dirname, '../../models', modelId), join(models, name), { recursive: true });
    const path = join(models, name, 'manifest.json');
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    writeFileSync(path, JSON.stringify({ ...manifest, version }));
  }
  const configFolder = join(folder, 'config');
  writeDemoConfig(configFolder, { pacs: 11_113 }, { folder: models, id: 'new' });
  const file = join(configFolder, 'node.yaml');
  const model = `model: { folder: ${JSON.stringify(models)}, providers: [cpu]${settings} }`;
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^model:.*$/m, model));
  const { data, database } = foldersOf(readConfig(configFolder).config, configFolder);
  mkdirSync(data, { recursive: true });
  const open = () => openStore({ databasePath: database, clock: hostClock });
  const store = open();
  store.settings.set(activeModelSetting, 'new');
  store.settings.set(modelHistorySetting, JSON.stringify(['old']));
  store.settings.set(newestVersionSetting(modelId), '2.0.0');
  store.close();
  return {
    configFolder,
    setting: (key: string) => {
      const books = open();
      const value = books.settings.get(key);
      books.close();
      return value;
    },
  };
}

describe('going back to an older model (M03)', () => {
  test('an operator who does it by name may: from then on the older version counts', async () => {
    const { configFolder, setting } = site();
    expect(await modelRollbackVerb(configFolder, 'the new one calls too much')).toBe(0);
    expect(setting(activeModelSetting)).toBe('old');
    expect(setting(newestVersionSetting(modelId))).toBe('1.0.0');
  }, 60_000);

  test('a package without the signature that the site requires can be neither activated nor gone back to', async () => {
    const keys = mkdtempSync(join(tmpdir(), 'lumbar-key-'));
    onTestFinished(() => rmSync(keys, { recursive: true }));
    const { publicKey } = generateKeyPairSync('ed25519');
    const path = join(keys, 'site.pub');
    writeFileSync(path, publicKey.export({ type: 'spki', format: 'pem' }));
    const { configFolder, setting } = site(`, signature: required, publicKey: ${JSON.stringify(path)}`);
    expect(await modelRollbackVerb(configFolder, undefined)).toBe(5);
    expect(await modelActivateVerb(configFolder, 'old', { force: true, reason: 'test' })).toBe(5);
    expect(setting(activeModelSetting)).toBe('new');
  }, 60_000);
});
