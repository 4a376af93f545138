import { createServer, type IncomingMessage, type Server } from 'node:http';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AlertChannel, AlertMessage } from '../../../src/admin/alerts/message.ts';
import { webhookChannel } from '../../../src/admin/alerts/webhook.ts';
import { AlertDelivery } from '../../../src/app/alert-delivery.ts';
import { AlertWatch } from '../../../src/app/alert-watch.ts';
import { createLog } from '../../../src/core/log.ts';
import { type Duplex, Writable } from 'node:stream';
import type { AlertReadings } from '../../../src/admin/alerts/conditions.ts';
import { type Fixture, openFixture } from '../store/store-fixture.ts';

const signal = new AbortController().signal;

function tell(fixture: Fixture, options: { readonly away?: () => boolean } = {}) {
  const told: AlertMessage[] = [];
  const channel: AlertChannel = {
    name: 'webhook',
    send: (message) => {
      if (options.away?.() === true) return Promise.reject(new Error('no answer'));
      told.push(message);
      return Promise.resolve();
    },
  };
  const { store, clock } = fixture;
  const open = (from = store): AlertDelivery =>
    new AlertDelivery({
      notices: from.alertNotices,
      channels: [channel],
      clock,
      timeoutMs: 1000,
      onFailure: () => undefined,
    });
  return { told, delivery: open(), open };
}

describe('who is told what about an alert', () => {
  test('one message at the start and one at the recovery, each with its own id', async () => {
    const fixture = openFixture();
    const { store, clock } = fixture;
    const { told, delivery } = tell(fixture);
    store.alerts.start('main:refusing', 'main has taken no result for 12 min.');
    for (let i = 0; i < 3; i++) await delivery.round(signal);
    clock.advance(60_000);
    store.alerts.recover('main:refusing');
    for (let i = 0; i < 3; i++) await delivery.round(signal);
    expect(told.map(({ kind, cause }) => [kind, cause])).toEqual([
      ['started', 'main:refusing'],
      ['recovered', 'main:refusing'],
    ]);
    expect(new Set(told.map(({ id }) => id)).size).toBe(2);
    expect(told[0]?.advice).not.toBe('');
  });

  test('a restart tells nobody twice', async () => {
    const fixture = openFixture();
    const { told, delivery, open } = tell(fixture);
    fixture.store.alerts.start('main:refusing', 'x');
    await delivery.round(signal);
    await open(fixture.reopen()).round(signal);
    expect(told).toHaveLength(1);
  });

  test('while the receiver is away it is asked again, later each time, and the order is kept', async () => {
    const fixture = openFixture();
    const { store, clock } = fixture;
    let away = true;
    let tries = 0;
    const { told, delivery } = tell(fixture, {
      away: () => {
        tries += 1;
        return away;
      },
    });
    store.alerts.start('main:refusing', 'x');
    for (let second = 0; second < 3600; second += 15) {
      await delivery.round(signal);
      clock.advance(15_000);
      if (second === 1800) store.alerts.recover('main:refusing');
    }
    expect(tries).toBeGreaterThan(3);
    expect(tries).toBeLessThan(12);
    expect(told).toEqual([]);
    away = false;
    clock.advance(3_600_000);
    await delivery.round(signal);
    await delivery.round(signal);
    expect(told.map(({ kind }) => kind)).toEqual(['started', 'recovered']);
  });

  test('after a day nobody waits any more, and a recovery that nobody would understand is not sent', async () => {
    const fixture = openFixture();
    const { store, clock } = fixture;
    let away = true;
    const { told, delivery } = tell(fixture, { away: () => away });
    store.alerts.start('main:refusing', 'x');
    await delivery.round(signal);
    clock.advance(25 * 3_600_000);
    await delivery.round(signal);
    store.alerts.recover('main:refusing');
    away = false;
    clock.advance(3_600_000);
    await delivery.round(signal);
    expect(told).toEqual([]);
  });

  test('a channel that is new hears what is active and what is recent, not what is long over', async () => {
    const fixture = openFixture();
    const { store, clock } = fixture;
    store.alerts.start('old', 'x');
    store.alerts.recover('old');
    store.alerts.start('main:refusing', 'still');
    clock.advance(3 * 86_400_000);
    const { told, delivery } = tell(fixture);
    await delivery.round(signal);
    expect(told.map(({ cause }) => cause)).toEqual(['main:refusing']);
  });
});

describe('AlertWatch', () => {
  const log = createLog({
    level: 'error',
    stream: new Writable({ write: (_chunk, _encoding, done) => done() }),
    clock: { nowMs: () => 0, monotonicMs: () => 0 },
    timeZone: 'UTC',
    processName: 'admin',
  });

  function readings(changes: Partial<AlertReadings>): AlertReadings {
    return {
      nowMs: 0,
      after: { pacsRefusing: 1, oldestItem: 1, senderSilent: 1, certificateExpiry: 1, backupAge: 1 },
      destinations: [],
      analysisOldestAtMs: null,
      reportOldestAtMs: null,
      senders: [],
      drift: [],
      auditFinding: undefined,
      certificates: [],
      backupAtMs: undefined,
      processesDown: [],
      ...changes,
    };
  }

  test('starts once, survives one quiet look, recovers after two, and leaves the alerts of others alone', () => {
    const { store } = openFixture();
    let now = readings({ auditFinding: 'row 7 was changed' });
    const watch = new AlertWatch({ alerts: store.alerts, log, read: () => now });
    store.alerts.start('retention', 'somebody else watches this');
    watch.look();
    watch.look();
    now = readings({});
    watch.look();
    expect(store.alerts.active().map(({ cause }) => cause)).toContain('audit-broken');
    now = readings({ auditFinding: 'row 7 was changed' });
    watch.look();
    now = readings({});
    watch.look();
    watch.look();
    expect(store.alerts.active().map(({ cause }) => cause)).toEqual(['retention']);
    expect(store.alerts.history(10).filter(({ cause }) => cause === 'audit-broken')).toHaveLength(1);
  });
});

describe('webhook', () => {
  function portOf(server: Server): number {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async function receiver(status: number) {
    const bodies: { headers: IncomingMessage['headers']; text: string }[] = [];
    const server = createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8');
      request.on('data', (chunk: string) => {
        text += chunk;
      });
      request.on('end', () => {
        bodies.push({ headers: request.headers, text });
        response.writeHead(status, status === 302 ? { location: 'http://127.0.0.1:9/' } : {}).end();
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    return { bodies, url: `http://127.0.0.1:${portOf(server)}/hook` };
  }

  const source = { aeTitle: 'LUMBAR', stationName: '', version: '0.1.0', timeZone: 'UTC' };
  const message: AlertMessage = {
    id: '01JALERT.started',
    kind: 'started',
    cause: 'main:refusing',
    summary: 'main has taken no result for 12 min.',
    advice: 'Check that the PACS is up.',
    startedAtMs: Date.UTC(2026, 10, 23, 14, 0, 0),
  };

  test('is JSON with stable names, the token and an id against repetition', async () => {
    const { bodies, url } = await receiver(204);
    await webhookChannel({ url, token: 'fictional-token' }, source).send(message, AbortSignal.timeout(5000));
    expect(bodies[0]?.headers).toMatchObject({
      authorization: 'Bearer fictional-token',
      'idempotency-key': '01JALERT.started',
      'content-type': 'application/json',
    });
    expect(JSON.parse(bodies[0]?.text ?? '')).toMatchObject({
      schema: 1,
      kind: 'started',
      cause: 'main:refusing',
      startedAt: '2026-11-23T14:00:00.000Z',
      text: '[LUMBAR] ALERT: main has taken no result for 12 min. Check that the PACS is up.',
    });
  });

  test.each([500, 404, 302])('answer %d is a failure, and no redirect is followed', async (status) => {
    const { url } = await receiver(status);
    await expect(webhookChannel({ url }, source).send(message, AbortSignal.timeout(5000))).rejects.toThrow();
  });

  test('goes through the web proxy that the environment names (docs/monitoring.md)', async () => {
    const { bodies, url } = await receiver(204);
    const asked: string[] = [];
    const proxy = createServer().on('connect', (request: IncomingMessage, socket: Duplex) => {
      asked.push(request.url ?? '');
      const onward = connect(Number(new URL(url).port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        onward.pipe(socket).pipe(onward);
      });
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    onTestFinished(() => void proxy.close());
    const script = `
      const { webhookChannel } = await import(${JSON.stringify(import.meta.resolve('../../../src/admin/alerts/webhook.ts'))});
      const channel = webhookChannel({ url: 'http://alerts.hospital.invalid/hook' }, ${JSON.stringify(source)});
      await channel.send(${JSON.stringify(message)}, AbortSignal.timeout(5000));`;
    await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      env: { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: `http://127.0.0.1:${portOf(proxy)}` },
    });
    expect(asked).toEqual(['alerts.hospital.invalid:80']);
    expect(bodies).toHaveLength(1);
  });
});
