import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Runtime } from '../../../src/app/runtime.ts';
import { makeBackup } from '../../../src/app/scheduled-backup.ts';
import { openFixture } from '../store/store-fixture.ts';

function runtimeOf(backups: string, keep: number) {
  const { store, folder } = openFixture();
  const events: string[] = [];
  const runtime = {
    config: { backup: { keep } },
    store,
    log: { event: (name: string) => void events.push(name) },
    folders: { backups: join(folder, backups) },
  } as unknown as Runtime;
  return { runtime, store, events, folder };
}

const hourMs = 3_600_000;
const startMs = Date.UTC(2026, 0, 5, 2, 47);

describe('makeBackup', () => {
  test('writes a checked copy, audits it and keeps as many as configured', async () => {
    const { runtime, store, events } = runtimeOf('backup', 2);
    for (const hour of [0, 1, 2]) await makeBackup(runtime, startMs + hour * hourMs);
    expect(readdirSync(runtime.folders.backups).sort()).toEqual([
      'lumbar-node-20260105T034700Z.sqlite',
      'lumbar-node-20260105T044700Z.sqlite',
    ]);
    expect(store.auditQuery.query({ limit: 10 }).rows.map(({ event }) => event)).toEqual(
      Array(3).fill('BACKUP_MADE'),
    );
    expect(events).toEqual([]);
  });

  test('a folder that cannot be made is one alert, and the next success lifts it', async () => {
    const { runtime, events } = runtimeOf('node.db/backup', 2);
    await makeBackup(runtime, startMs);
    await makeBackup(runtime, startMs + hourMs);
    expect(events).toEqual(['ALERT_STARTED']);
    const healthy = {
      ...runtime,
      folders: { ...runtime.folders, backups: join(runtime.folders.backups, '../../backup') },
    };
    await makeBackup(healthy, startMs + 2 * hourMs);
    expect(events).toEqual(['ALERT_STARTED', 'ALERT_RECOVERED']);
  });
});
