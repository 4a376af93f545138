import type { Readings } from './readings.ts';

/** One condition for taking images; `detail` names no peer and no patient, because `/readyz` needs no login. */
export interface ReadinessCheck {
  readonly name: 'processes' | 'model' | 'disk' | 'config';
  readonly ok: boolean;
  readonly detail: string;
}

/** Whether the node takes and analyses images now: every process serves, model verified, disk and files in order. */
export function readiness(readings: Readings): {
  readonly ready: boolean;
  readonly checks: readonly ReadinessCheck[];
} {
  const idle = readings.processes.filter(({ state }) => state !== 'serving').map(({ name }) => name);
  const worker = readings.processes.find(({ name }) => name === 'worker');
  // The worker also serves while it waits for a model that may run; then its alert is active.
  const modelVerified =
    worker?.state === 'serving' &&
    readings.model !== undefined &&
    !readings.activeAlerts.some(({ cause }) => cause === 'model-refused');
  const { freeBytes, watermarkBytes } = readings.disk;
  const checks: ReadinessCheck[] = [
    {
      name: 'processes',
      ok: idle.length === 0 && readings.processes.length > 0,
      detail: idle.length === 0 ? 'all processes serve' : `not serving: ${idle.join(', ')}`,
    },
    {
      name: 'model',
      ok: modelVerified,
      detail: modelVerified ? 'verified and self-tested' : 'no verified model is loaded',
    },
    {
      name: 'disk',
      ok: freeBytes >= watermarkBytes,
      detail:
        freeBytes >= watermarkBytes
          ? 'free space is above the watermark'
          : 'free space is below the watermark; new images are refused',
    },
    {
      name: 'config',
      ok: readings.configValid,
      detail: readings.configValid
        ? 'the files are valid'
        : 'the files on disk have faults; the old configuration stays in force',
    },
  ];
  return { ready: checks.every(({ ok }) => ok), checks };
}
