import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { NodeMetrics } from '../../../src/admin/metrics.ts';

const root = resolve(import.meta.dirname, '../../..');
const read = (name: string): string => readFileSync(resolve(root, name), 'utf8');

const metrics = new NodeMetrics({
  senders: [],
  destinations: [],
  lookups: { analysis: () => undefined, receivedAtMs: () => undefined },
});
const names = new Set(metrics.names());

/** The metrics that a text speaks of, without what Prometheus adds to the name of a histogram. */
function metricsIn(text: string): string[] {
  const found = [...text.matchAll(/\blumbar_node_[a-z_]+/g)].map(([name]) => name);
  return [...new Set(found)].map((name) =>
    names.has(name) ? name : name.replace(/_(bucket|sum|count)$/, ''),
  );
}

interface Panel {
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly w: number };
  readonly targets: readonly { readonly expr: string }[];
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

describe('monitoring files', () => {
  test.each(['monitoring/grafana-dashboard.json', 'monitoring/prometheus-alerts.yml', 'docs/monitoring.md'])(
    '%s names only metrics that the node has',
    (file) => {
      expect(metricsIn(read(file)).filter((name) => !names.has(name))).toEqual([]);
    },
  );

  test('the dashboard and the documentation leave no metric out', () => {
    expect(
      [...names].filter((name) => !metricsIn(read('monitoring/grafana-dashboard.json')).includes(name)),
    ).toEqual([]);
    expect([...names].filter((name) => !metricsIn(read('docs/monitoring.md')).includes(name))).toEqual([]);
  });

  test('every panel has a title, an expression and its place', () => {
    const { panels } = JSON.parse(read('monitoring/grafana-dashboard.json')) as { panels: Panel[] };
    for (const { title, targets, gridPos } of panels) {
      expect(title).not.toBe('');
      expect(targets.map(({ expr }) => expr)).not.toContain('');
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    }
  });

  test('every rule says how bad it is, what it is and what to do', () => {
    const { groups } = parse(read('monitoring/prometheus-alerts.yml')) as { groups: { rules: Rule[] }[] };
    const rules = groups.flatMap((group) => group.rules);
    expect(rules.length).toBeGreaterThan(10);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { labels, annotations } of rules) {
      expect(['critical', 'warning', 'info']).toContain(labels['severity']);
      expect(annotations['summary']).toBeTruthy();
      expect(annotations['description']).toBeTruthy();
    }
  });

  // Debian's prometheus package is large and starts a service, so its checker is asked only where it is at hand.
  test.skipIf(!existsSync('/usr/bin/promtool'))('promtool accepts rules and exposition', async () => {
    const rules = spawnSync(
      'promtool',
      ['check', 'rules', resolve(root, 'monitoring/prometheus-alerts.yml')],
      { encoding: 'utf8' },
    );
    expect(rules.stdout + rules.stderr).toContain('SUCCESS');
    expect(rules.status).toBe(0);
    const text = await metrics.expose({
      nowMs: 0,
      version: '0.1.0',
      queues: [],
      senders: [],
      disk: { freeBytes: 1, watermarkBytes: 1 },
      configValid: true,
      processes: [],
      activeAlerts: [],
    });
    const exposition = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
    expect([exposition.status, exposition.stdout + exposition.stderr]).toEqual([0, '']);
  });
});
