import { describe, expect, test } from 'vitest';
import { NodeMetrics } from '../../../src/admin/metrics.ts';
import type { Readings } from '../../../src/admin/readings.ts';

const nowMs = Date.UTC(2026, 10, 23, 14, 0, 0);

const readings: Readings = {
  nowMs,
  version: '0.1.0',
  queues: [{ queue: 'delivery:main', depth: 3, oldestAtMs: nowMs - 90_000 }],
  senders: [
    { sender: 'DX_ROOM1', lastImageAtMs: nowMs - 1000 },
    { sender: 'FORMER_ROOM', lastImageAtMs: nowMs - 1000 },
  ],
  disk: { freeBytes: 10, watermarkBytes: 5 },
  configValid: true,
  model: { id: 'lumbar-nano-sim', sha256: 'a'.repeat(64), provider: 'cpu' },
  processes: [{ name: 'worker', state: 'serving', deaths: 2, rssBytes: 1000, loopLagMs: 12 }],
  activeAlerts: [{ cause: 'main:refusing' }, { cause: 'second:refusing' }],
};

function openMetrics(): NodeMetrics {
  return new NodeMetrics({
    senders: ['DX_ROOM1'],
    destinations: ['main'],
    lookups: {
      analysis: () => ({ probabilities: { dls: 0.82 }, timings: { inference: 1200 } }),
      receivedAtMs: () => nowMs - 4000,
    },
  });
}

describe('NodeMetrics', () => {
  test('counts what the audit trail tells, by sender, outcome, reason and destination', async () => {
    const metrics = openMetrics();
    const identity = { sopInstanceUid: '1.2.3.4.5', studyInstanceUid: '1.2.3', accessionNumber: 'ACC0001' };
    const fields = { ...identity, callingAeTitle: 'DX_ROOM1', destination: 'main', objectKind: 'SR' };
    metrics.count({ event: 'INSTANCE_STORED', atMs: nowMs, fields });
    metrics.count({
      event: 'IMAGE_ANALYSED',
      atMs: nowMs,
      fields: { ...fields, outcome: 'SUSPECTED', instanceId: 'i' },
    });
    metrics.count({ event: 'IMAGE_SKIPPED', atMs: nowMs, fields: { ...fields, reason: 'S02' } });
    metrics.count({ event: 'OBJECT_STORED', atMs: nowMs, fields: { ...fields, objectId: 'o' } });
    metrics.count({
      event: 'COMMITMENT_REPORTED',
      atMs: nowMs,
      fields: { ...fields, count: 2, failedCount: 1 },
    });
    const text = await metrics.expose(readings);
    expect(text).toContain('lumbar_node_instances_received_total{sender="DX_ROOM1"} 1');
    expect(text).toContain('lumbar_node_instances_total{outcome="SUSPECTED",reason=""} 1');
    expect(text).toContain('lumbar_node_instances_total{outcome="SKIPPED",reason="S02"} 1');
    expect(text).toContain('lumbar_node_delivery_total{peer="main",object="SR",result="stored"} 1');
    expect(text).toContain('lumbar_node_commitment_total{peer="main",result="failed"} 1');
    expect(text).toContain('lumbar_node_receive_to_stored_seconds_sum{peer="main",object="SR"} 4');
    expect(text).toContain('lumbar_node_inference_seconds_sum 1.2');
    expect(text).toContain('lumbar_node_score_bucket{le="0.9",class="dls"} 1');
    expect(text).toContain('lumbar_node_oldest_item_age_seconds{queue="delivery:main"} 90');
    expect(text).toContain('lumbar_node_alerts_active{cause="refusing"} 2');
  });

  test('never shows a UID or an accession number, and a stranger cannot make a label', async () => {
    const metrics = openMetrics();
    for (let i = 0; i < 50; i++) {
      metrics.count({
        event: 'INSTANCE_STORED',
        atMs: nowMs,
        fields: {
          callingAeTitle: `STRANGER${i}`,
          sopInstanceUid: '1.2.3.4.5',
          accessionNumber: 'ACC0001',
          studyInstanceUid: '1.2.3',
        },
      });
    }
    const text = await metrics.expose(readings);
    expect(text).not.toMatch(/STRANGER|FORMER_ROOM|ACC0001|1\.2\.3/);
    expect(text).toContain('lumbar_node_instances_received_total{sender="other"} 50');
  });

  test('a gauge that is gone leaves no old value behind', async () => {
    const metrics = openMetrics();
    await metrics.expose(readings);
    const { model: _model, ...without } = readings;
    const text = await metrics.expose({ ...without, activeAlerts: [], queues: [] });
    expect(text).not.toMatch(/lumbar_node_model_info\{|alerts_active\{|queue_depth\{/);
  });
});
