import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type NodeUnderTest, startNodeUnderTest } from '../support/running-node.ts';

let running: NodeUnderTest;

beforeAll(async () => {
  running = await startNodeUnderTest({
    settings: { console: { enabled: true, port: 0, password: 'fictional-password' } },
  });
  await running.until(
    'the console serves',
    () => running.node.supervisor.portOf('admin') !== undefined,
    30_000,
  );
}, 90_000);

afterAll(async () => {
  await running.stop();
}, 60_000);

const basic = `Basic ${Buffer.from('admin:fictional-password').toString('base64')}`;

function ask(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${running.node.supervisor.portOf('admin') ?? 0}${path}`, { headers });
}

describe('the admin process', () => {
  test('answers for health without a login and for metrics only with one', async () => {
    expect(await (await ask('/healthz')).text()).toBe('ok\n');
    await expect.poll(async () => (await ask('/readyz')).status, { timeout: 20_000 }).toBe(200);
    expect(await (await ask('/readyz')).json()).toMatchObject({ schema: 1, ready: true });
    expect((await ask('/metrics')).status).toBe(401);
    const metrics = await ask('/metrics', { authorization: basic });
    expect(metrics.status).toBe(200);
    expect(await metrics.text()).toContain('lumbar_node_process_up{process="worker"} 1');
  });

  test('neither its death nor a configuration it cannot start from stops the others; it comes back by itself', async () => {
    const { supervisor } = running.node;
    const others = () => {
      const { admin: _admin, ...rest } = supervisor.pids();
      return rest;
    };
    const before = others();
    const broken = join(running.folder, 'config', 'broken.yaml');
    writeFileSync(broken, 'colour: blue\n');
    killAdmin();
    await running.until('its death', () => supervisor.pids().admin === undefined, 10_000);
    await running.until('another start', () => supervisor.pids().admin !== undefined, 10_000);
    await running.until('which fails', () => supervisor.pids().admin === undefined, 20_000);
    expect(supervisor.serving).toBe(true);
    rmSync(broken);
    await running.until('the console serves again', () => supervisor.portOf('admin') !== undefined, 30_000);
    expect((await ask('/healthz')).status).toBe(200);
    expect(others()).toEqual(before);
    expect(supervisor.serving).toBe(true);
  });
});

function killAdmin(): void {
  const { admin } = running.node.supervisor.pids();
  if (admin === undefined) throw new Error('there is no admin process to kill');
  process.kill(admin, 'SIGKILL');
}
