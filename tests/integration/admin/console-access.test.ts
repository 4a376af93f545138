import { spawnSync } from 'node:child_process';
import { request } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { hostClock } from '../../../src/store/store.ts';
import { fillDay, type MadeDay } from '../../support/console-day.ts';
import { type ConsoleSite, type ConsoleSiteOptions, openConsoleSite } from '../../support/console-site.ts';
import { peer } from '../../support/peer.ts';

const openssl = peer('openssl');

async function open(options: ConsoleSiteOptions = {}): Promise<{ site: ConsoleSite; day: MadeDay }> {
  let day: MadeDay = { analysed: [], skipped: [], held: [] };
  const site = await openConsoleSite({
    ...options,
    before: ({ store }) => {
      day = fillDay(store, {
        shape: { analysed: 1, skipped: 1, held: 2, refused: 0 },
        senders: ['DX_ROOM1'],
        nowMs: hostClock.nowMs(),
        destinations: [],
      });
    },
  });
  onTestFinished(() => site.close());
  return { site, day };
}

function basic(password: string, user = 'admin'): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}

/** The answer to a request whose Host header is the caller's choice, which fetch does not allow. */
function askAs(site: ConsoleSite, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request(`${site.origin}/images`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

describe('who may see the console', () => {
  test('every page carries the headers that keep scripts, frames, caches and other origins away', async () => {
    const { site } = await open();
    for (const path of ['/', '/images', '/healthz', '/metrics', '/style.css', '/nowhere']) {
      const { headers } = await fetch(`${site.origin}${path}`);
      expect(headers.get('content-security-policy')).toBe(
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      );
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
      if (path !== '/style.css') expect(headers.get('cache-control')).toBe('no-store');
    }
  });

  test('without a password only somebody who asks for localhost is answered (DNS rebinding)', async () => {
    const { site } = await open();
    expect(await askAs(site, 'localhost')).toBe(200);
    expect(await askAs(site, '127.0.0.1:8080')).toBe(200);
    expect(await askAs(site, 'evil.example')).toBe(421);
    expect(await askAs(site, 'localhost.evil.example')).toBe(421);
  });

  test('with a password nothing but health is told without it, and a refused login is audited', async () => {
    const { site } = await open({ console: '{ port: 0, password: fictional-password }' });
    for (const path of ['/', '/images', '/audit', '/metrics', '/style.css', '/held'])
      expect((await fetch(`${site.origin}${path}`)).status).toBe(401);
    expect((await fetch(`${site.origin}/healthz`)).status).toBe(200);
    expect((await fetch(`${site.origin}/readyz`)).status).not.toBe(401);
    expect((await fetch(`${site.origin}/`, { headers: basic('guess') })).status).toBe(401);
    expect((await fetch(`${site.origin}/`, { headers: basic('fictional-password') })).status).toBe(200);
    const [refused] = site.store.auditQuery.query({ event: 'LOGIN_REFUSED', limit: 5 }).rows;
    expect(refused?.fields).toEqual({ detail: 'wrong user name or password', peerIp: '127.0.0.1' });
    expect(site.log.join('')).toContain('"event":"LOGIN_REFUSED"');
    expect(site.log.join('')).not.toContain('guess');
  });

  test('the sixth guess within a minute is not looked at, and no row is written for it', async () => {
    const { site } = await open({ console: '{ port: 0, password: fictional-password }' });
    const answers: number[] = [];
    for (let i = 0; i < 8; i++)
      answers.push((await fetch(`${site.origin}/`, { headers: basic(`guess ${i}`) })).status);
    expect(answers).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
    expect(site.store.auditQuery.query({ event: 'LOGIN_REFUSED', limit: 20 }).rows).toHaveLength(5);
  });

  test.skipIf(openssl === undefined)(
    'speaks TLS with the configured certificate and asks browsers to stay there',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'lumbar-tls-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
      const made = spawnSync(openssl ?? '', [
        ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-days', '2'],
        ...['-keyout', key, '-out', certificate],
      ]);
      expect(made.status).toBe(0);
      const { site } = await open({
        console: `{ port: 0, password: fictional-password, tls: { certificate: ${certificate}, key: ${key} } }`,
      });
      const answer = await new Promise<{ status: number; hsts: string | undefined }>((resolve, reject) => {
        tlsRequest(`${site.origin}/healthz`, { rejectUnauthorized: false }, (response) => {
          response.resume();
          resolve({ status: response.statusCode ?? 0, hsts: response.headers['strict-transport-security'] });
        })
          .on('error', reject)
          .end();
      });
      expect(answer).toEqual({ status: 200, hsts: 'max-age=31536000' });
    },
  );
});

describe('forms', () => {
  async function tokenOf(site: ConsoleSite): Promise<string> {
    const html = await (await fetch(`${site.origin}/held`)).text();
    return /name="token" value="([^"]+)"/.exec(html)?.[1] ?? '';
  }

  function send(site: ConsoleSite, fields: Record<string, string>, origin: string, path = '/held/dismiss') {
    return fetch(`${site.origin}${path}`, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams(fields),
      headers: origin === '' ? {} : { origin },
    });
  }

  const said = { why: 'test-image', operator: 'Ada Fictional', back: 'held' };

  test('a form from another site, without token, with a wrong one or of another purpose changes nothing', async () => {
    const { site, day } = await open();
    const [id = ''] = day.held;
    const token = await tokenOf(site);
    const attempts: readonly (readonly [Record<string, string>, string])[] = [
      [{ id, token, ...said }, 'https://evil.example'],
      [{ id, token, ...said }, ''],
      [{ id, ...said }, site.origin],
      [{ id, token: `${token.slice(0, -2)}AA`, ...said }, site.origin],
    ];
    for (const [fields, origin] of attempts) expect((await send(site, fields, origin)).status).toBe(403);
    const feedback = { token, judgement: 'agree', operator: 'Ada Fictional' };
    expect((await send(site, feedback, site.origin, `/images/${id}/feedback`)).status).toBe(403);
    expect(site.store.inbox.instance(id)?.disposition).toBe('held');
    expect((await send(site, { id, token, ...said }, site.origin)).status).toBe(303);
    expect(site.store.inbox.instance(id)?.disposition).toBe('skipped');
  });

  test.each([
    ['no image', { ...said }],
    ['no reason', { id: 'x', ...said, why: '' }],
    ['a reason of the caller', { id: 'x', ...said, why: 'because Doe^John' }],
    ['no name', { id: 'x', ...said, operator: ' ' }],
    ['a name with markup', { id: 'x', ...said, operator: '<b>Ada</b>' }],
  ])('%s is refused with a sentence', async (_what, fields) => {
    const { site } = await open();
    const answer = await send(site, { ...fields, token: await tokenOf(site) }, site.origin);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('Nothing was changed');
  });

  test('an image that was decided meanwhile is left alone and that is said', async () => {
    const { site, day } = await open();
    const [id = ''] = day.held;
    const token = await tokenOf(site);
    site.store.holds.dismiss(id, 'somebody else');
    const answer = await send(site, { id, token, ...said }, site.origin);
    expect(answer.headers.get('location')).toBe('/held?said=changed');
  });

  test('a body that is too large is not read', async () => {
    const { site } = await open();
    expect((await send(site, { id: 'x'.repeat(70_000) }, site.origin)).status).toBe(413);
  });
});
