import { statfsSync } from 'node:fs';
import cron from 'node-cron';
import { asNodeError } from '../core/errors.ts';
import { hostClock } from '../store/store.ts';
import type { DatabaseWork } from './backup/database-work.ts';
import { scheduledBackup } from './backup/scheduled-backup.ts';
import { retentionRules } from './retention-rules.ts';
import type { Runtime } from './runtime.ts';

const emergencyMs = 30_000;

/**
 * Retention and backup on their configured schedules, in the process that knows what was delivered: nothing leaves before its
 * delivery, and where commitment is configured not before that. A failed run is an alert and tried again next time;
 * `damaged` is called when a backup shows that the database itself is.
 */
export function scheduleHousekeeping(
  runtime: Runtime,
  work: DatabaseWork,
  damaged: (error: unknown) => void,
): { stop(): Promise<void> } {
  const { config, store, log, folders } = runtime;
  const { images, schedule } = config.retention;
  const rules = retentionRules(config);
  const run = (spoolAfterMs: number): void => {
    try {
      store.retention.run({ ...rules, spoolAfterMs }, hostClock.nowMs());
      if (store.alerts.recover('retention')) log.event('ALERT_RECOVERED', { cause: 'retention' });
    } catch (error) {
      const detail = asNodeError(error).message;
      if (store.alerts.start('retention', detail)) log.event('ALERT_STARTED', { cause: 'retention', detail });
    }
  };
  const task = cron.schedule(schedule, () => run(images), { timezone: config.timeZone, noOverlap: true });
  const backup = cron.schedule(config.backup.schedule, () => scheduledBackup(runtime, work).catch(damaged), {
    timezone: config.timeZone,
    noOverlap: true,
  });
  // Below the watermark no image comes in: what is delivered goes at once, whatever its age, so that others may.
  const emergency = setInterval(() => {
    const { bavail, bsize } = statfsSync(folders.data);
    if (bavail * bsize < config.storage.watermark) run(0);
  }, emergencyMs);
  return {
    stop: async () => {
      clearInterval(emergency);
      await task.stop();
      await backup.stop();
    },
  };
}
