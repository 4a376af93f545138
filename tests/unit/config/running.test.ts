import { describe, expect, test } from 'vitest';
import {
  diffConfig,
  keepUntilRestart,
  type LoadedConfig,
  parseConfig,
} from '../../../src/core/config/index.ts';

const base = `aeTitle: LUMBAR_NODE
senders: [{ aeTitle: DX_ROOM1, cidr: [10.0.0.31] }]
pacs: [{ name: main, host: pacs.hospital.example, calledAeTitle: ARCHIVE }]
`;

function load(text: string): LoadedConfig {
  const loaded = parseConfig({
    files: [{ name: 'node.yaml', text }],
    environment: {},
    readSecretFile: () => 'secret',
    folder: 'config',
  });
  if (!loaded.ok) throw new Error(loaded.error.map(({ message }) => message).join());
  return loaded.value;
}

describe('what a running node takes over of a new configuration', () => {
  test('is all of it when nothing needs a restart', () => {
    const wanted = load(`${base}log: { level: debug }\n`);
    expect(keepUntilRestart(load(base), wanted)).toEqual({ ok: true, value: wanted });
  });

  test('is the rest while a setting waits for its restart', () => {
    const running = load(base);
    const wanted = load(`${base}log: { level: debug }\nstorage: { directory: /srv/new, watermark: 1GiB }\n`);
    const kept = keepUntilRestart(running, wanted);
    if (!kept.ok) throw new Error(kept.error.join());
    expect(kept.value.config.storage).toEqual({
      ...wanted.config.storage,
      directory: '/var/lib/lumbar-node',
    });
    expect(kept.value.config.log.level).toBe('debug');
    // What defaults to a waiting setting waits with it.
    expect(kept.value.config.backup.directory).toBe('/var/lib/lumbar-node/backup');
    expect(diffConfig(kept.value, wanted).map(({ path }) => path)).toEqual([
      'storage.directory',
      'backup.directory',
    ]);
    expect(kept.value.sha256).not.toBe(running.sha256);
    expect(kept.value.sha256).not.toBe(wanted.sha256);
  });

  test('is nothing when a waiting setting and its neighbour do not go together', () => {
    const running = load(
      `${base}console: { host: 0.0.0.0, behindProxy: true, password: "\${file:/secret}" }\n`,
    );
    const kept = keepUntilRestart(running, load(`${base}console: { host: 127.0.0.1 }\n`));
    expect(kept.ok ? [] : kept.error).toContain(
      'console.host: the console listens beyond loopback but has no password',
    );
  });

  test('never shows a secret in its entries', () => {
    const running = load(`${base}console: { password: first-word }\n`);
    const kept = keepUntilRestart(running, load(`${base}console: { password: second-word, port: 9090 }\n`));
    expect(kept.ok && JSON.stringify(kept.value.entries)).not.toMatch(/first-word|second-word/);
  });
});
