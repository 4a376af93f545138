import { describe, expect, test } from 'vitest';
import { readThroughOnce } from '../../../../src/app/backup/read-through.ts';
import { scheduledBackup } from '../../../../src/app/backup/scheduled-backup.ts';
import type { Runtime } from '../../../../src/app/runtime.ts';
import { type ErrorCode, NodeError } from '../../../../src/core/errors.ts';
import { openFixture } from '../../store/store-fixture.ts';

function runtimeOf() {
  const { store } = openFixture();
  const events: string[] = [];
  const log = { event: (name: string) => void events.push(name) } as unknown as Runtime['log'];
  return { store, log, events };
}

/** What the process answers; `failing` turns a code into the error of a task. */
function workOf(faults: { readonly backup?: ErrorCode; readonly check?: ErrorCode }) {
  const done: string[] = [];
  const task = (name: 'backup' | 'check') => (): Promise<void> => {
    done.push(name);
    const code = faults[name];
    return code === undefined ? Promise.resolve() : Promise.reject(new NodeError(code, 'fictional'));
  };
  return { done, backup: task('backup'), check: task('check') };
}

describe('scheduledBackup', () => {
  test('a failure is one alert, and the next success lifts it', async () => {
    const { store, log, events } = runtimeOf();
    const failing = workOf({ backup: 'STORE_FULL' });
    await scheduledBackup({ store, log }, failing);
    await scheduledBackup({ store, log }, failing);
    expect(events).toEqual(['ALERT_STARTED']);
    expect(failing.done).toEqual(['backup', 'backup']);
    await scheduledBackup({ store, log }, workOf({}));
    expect(events).toEqual(['ALERT_STARTED', 'ALERT_RECOVERED']);
    expect(store.alerts.active()).toEqual([]);
  });

  test('a copy that is not whole has the database itself read: damage is thrown, a whole one is not', async () => {
    const { store, log } = runtimeOf();
    const damaged = workOf({ backup: 'STORE_CORRUPT', check: 'STORE_CORRUPT' });
    await expect(scheduledBackup({ store, log }, damaged)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    const badTarget = workOf({ backup: 'STORE_CORRUPT' });
    await scheduledBackup({ store, log }, badTarget);
    expect(badTarget.done).toEqual(['backup', 'check']);
  });
});

describe('readThroughOnce', () => {
  test('reads once for each run of the service, and again when it could not be read', async () => {
    const { store } = runtimeOf();
    const busy = workOf({ check: 'STORE_BUSY' });
    await readThroughOnce({ store }, 'boot1', busy);
    const whole = workOf({});
    for (const bootId of ['boot1', 'boot1', 'boot2']) await readThroughOnce({ store }, bootId, whole);
    expect(whole.done).toEqual(['check', 'check']);
  });

  test('throws what a damaged database is', async () => {
    const { store } = runtimeOf();
    await expect(
      readThroughOnce({ store }, 'boot1', workOf({ check: 'STORE_CORRUPT' })),
    ).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  });
});
