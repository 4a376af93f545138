import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hostClock, openStore } from '../../src/store/store.ts';
import { type NodeUnderTest, startNodeUnderTest } from '../support/running-node.ts';

let running: NodeUnderTest;
const told: { readonly kind: string; readonly cause: string }[] = [];
const receiver = createServer((request, response) => {
  let text = '';
  request.setEncoding('utf8');
  request.on('data', (chunk: string) => {
    text += chunk;
  });
  request.on('end', () => {
    told.push(JSON.parse(text) as (typeof told)[number]);
    response.writeHead(204).end();
  });
});

async function listenForAlerts(): Promise<number> {
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const address = receiver.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

beforeAll(async () => {
  running = await startNodeUnderTest({
    settings: {
      console: { enabled: true, port: 0, password: 'fictional-password' },
      alerts: { webhook: { url: `http://127.0.0.1:${await listenForAlerts()}/hook` } },
    },
  });
  await running.until(
    'the console serves',
    () => running.node.supervisor.portOf('admin') !== undefined,
    30_000,
  );
}, 90_000);

afterAll(async () => {
  await running.stop();
  receiver.close();
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

  test('its death stops nobody else, and it comes back even while the files on disk are broken', async () => {
    const { supervisor } = running.node;
    const others = () => {
      const { admin: _admin, ...rest } = supervisor.pids();
      return rest;
    };
    const before = others();
    const broken = join(running.folder, 'config', 'broken.yaml');
    writeFileSync(broken, 'colour: blue\n');
    try {
      killAdmin();
      await running.until('its death', () => supervisor.portOf('admin') === undefined, 10_000);
      await running.until(
        'the console serves again, by the configuration in force',
        () => supervisor.portOf('admin') !== undefined,
        30_000,
      );
    } finally {
      rmSync(broken);
    }
    expect((await ask('/healthz')).status).toBe(200);
    expect(others()).toEqual(before);
    expect(supervisor.serving).toBe(true);
  });
});

const noted = `SELECT 1 FROM alertNotice n JOIN alert a ON a.alertId = n.alertId
  WHERE a.cause = 'fictional' AND n.phase = 'started' AND n.state = 'SENT'`;

describe('alerts of the running node', () => {
  test('any process may raise one; people hear of its start once, through the death of the admin process too, and of its end', async () => {
    const store = openStore({ databasePath: running.store.db.path, clock: hostClock });
    const heard = () => told.filter(({ cause }) => cause === 'fictional').map(({ kind }) => kind);
    try {
      store.alerts.start('fictional', 'A fictional condition.');
      await running.until('the start is told', () => heard().includes('started'), 40_000);
      // Between the receiver's answer and this note a death sends the same id once more.
      await running.until('that is noted', () => store.db.sql(noted).get() !== undefined, 10_000);
      const { supervisor } = running.node;
      const before = supervisor.pids().admin;
      killAdmin();
      await running.until(
        'another admin process serves',
        () => supervisor.portOf('admin') !== undefined && supervisor.pids().admin !== before,
        30_000,
      );
      store.alerts.recover('fictional');
      await running.until('the end is told', () => heard().includes('recovered'), 40_000);
      expect(heard()).toEqual(['started', 'recovered']);
    } finally {
      store.close();
    }
  }, 120_000);
});

function killAdmin(): void {
  const { admin } = running.node.supervisor.pids();
  if (admin === undefined) throw new Error('there is no admin process to kill');
  process.kill(admin, 'SIGKILL');
}
