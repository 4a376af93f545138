import { statfsSync } from 'node:fs';
import cron from 'node-cron';
import { asNodeError } from '../core/errors.ts';
import { hostClock } from '../store/store.ts';
import { retentionRules } from './retention-rules.ts';
import type { Runtime } from './runtime.ts';

const emergencyMs = 30_000;

/**
 * Retention on the configured schedule, in the process that knows what was delivered: nothing leaves before its
 * delivery, and where commitment is configured not before that. A failed run is an alert and tried again next time.
 */
export function scheduleHousekeeping({ config, store, log, folders }: Runtime): { stop(): Promise<void> } {
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
  // Below the watermark no image comes in: what is delivered goes at once, whatever its age, so that others may.
  const emergency = setInterval(() => {
    const { bavail, bsize } = statfsSync(folders.data);
    if (bavail * bsize < config.storage.watermark) run(0);
  }, emergencyMs);
  return {
    stop: async () => {
      clearInterval(emergency);
      await task.stop();
    },
  };
}
