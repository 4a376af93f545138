import { describe, expect, test } from 'vitest';
import { readiness } from '../../../src/admin/readiness.ts';
import type { ProcessReading, Readings } from '../../../src/admin/readings.ts';

const serving = (name: string): ProcessReading => ({
  name,
  state: 'serving',
  deaths: 0,
  rssBytes: 1,
  loopLagMs: 1,
});

const healthy: Readings = {
  nowMs: 0,
  version: '0.1.0',
  queues: [],
  senders: [],
  disk: { freeBytes: 10, watermarkBytes: 5 },
  configValid: true,
  model: { id: 'm', sha256: 'a', provider: 'cpu' },
  processes: ['listener', 'worker', 'sender', 'admin'].map(serving),
  activeAlerts: [],
};

function failing(readings: Readings): string[] {
  return readiness(readings).checks.flatMap(({ ok, name }) => (ok ? [] : [name]));
}

describe('readiness', () => {
  test('a node whose processes all serve, with a verified model, space and valid files is ready', () => {
    expect(readiness(healthy).ready).toBe(true);
  });

  test('a dead worker means that neither the processes nor the model are ready', () => {
    const processes = healthy.processes.map((one) =>
      one.name === 'worker' ? { ...one, state: 'down' as const } : one,
    );
    expect(failing({ ...healthy, processes })).toEqual(['processes', 'model']);
  });

  test('a node that was told nothing yet is not ready', () => {
    expect(failing({ ...healthy, processes: [] })).toEqual(['processes', 'model']);
  });

  test('a full disk and a broken file are named', () => {
    expect(failing({ ...healthy, configValid: false, disk: { freeBytes: 4, watermarkBytes: 5 } })).toEqual([
      'disk',
      'config',
    ]);
  });
});
