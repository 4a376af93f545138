import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Destination } from '../../../src/scu/destination.ts';
import { verify } from '../../../src/scu/queries.ts';
import { peer } from '../../support/peer.ts';
import { type ScriptedPacs, startScriptedPacs } from '../../support/scripted-pacs.ts';

const openssl = peer('openssl');

describe.skipIf(openssl === undefined)('TLS toward the PACS (PS3.15 B.12)', () => {
  const closers: (() => Promise<unknown>)[] = [];
  let key: Buffer;
  let cert: Buffer;

  beforeAll(() => {
    const folder = mkdtempSync(join(tmpdir(), 'lumbar-tls-'));
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const options = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
    const names = ['-addext', 'subjectAltName=DNS:localhost'];
    execFileSync(openssl ?? '', [...options, ...names, '-keyout', keyFile, '-out', certFile], {
      stdio: 'pipe',
    });
    key = readFileSync(keyFile);
    cert = readFileSync(certFile);
    rmSync(folder, { recursive: true });
  });

  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  /** A TLS door before a good PACS. */
  async function tlsPacs(): Promise<{ readonly port: number; readonly pacs: ScriptedPacs }> {
    const pacs = await startScriptedPacs();
    const server = createServer({ key, cert, minVersion: 'TLSv1.2' }, (socket) => {
      const inner = connect(pacs.port, '127.0.0.1');
      socket.pipe(inner).pipe(socket);
      socket.on('error', () => inner.destroy());
      inner.on('error', () => socket.destroy());
    });
    server.on('tlsClientError', (_, socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(
      () => new Promise((resolve) => server.close(resolve)),
      () => pacs.stop(),
    );
    const address = server.address();
    return { port: typeof address === 'object' && address !== null ? address.port : 0, pacs };
  }

  function toward(port: number, tls?: Destination['tls']): Destination {
    return {
      name: 'main',
      host: '127.0.0.1',
      port,
      calledAeTitle: 'PACS',
      callingAeTitle: 'LUMBAR',
      timeouts: { connectMs: 2000, associateMs: 300, responseMs: 2000 },
      ...(tls === undefined ? {} : { tls }),
    };
  }

  test('a trusted certificate: C-ECHO goes through', async () => {
    const { port } = await tlsPacs();
    expect(await verify(toward(port, { ca: [cert], servername: 'localhost' }))).toMatchObject({ ok: true });
  });

  test.each([
    ['an unknown authority', () => ({ servername: 'localhost' })],
    ['another name in the certificate', () => ({ ca: [cert], servername: 'pacs.hospital.example' })],
  ])('%s: refused, and said to be the certificate', async (_, tls) => {
    const { port, pacs } = await tlsPacs();
    expect(await verify(toward(port, tls()))).toEqual({
      ok: false,
      error: { kind: 'unreachable', code: 'TLS_CERTIFICATE' },
    });
    expect(pacs.associations).toHaveLength(0);
  });

  test('an old TLS version is not spoken', async () => {
    const { port } = await tlsPacs();
    const error = await verify(
      toward(port, { ca: [cert], servername: 'localhost', minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }),
    );
    expect(error).toEqual({ ok: false, error: { kind: 'unreachable', code: 'TLS_HANDSHAKE' } });
  });

  test('plain DICOM to a TLS port fails cleanly', async () => {
    const { port, pacs } = await tlsPacs();
    expect((await verify(toward(port))).ok).toBe(false);
    expect(pacs.associations).toHaveLength(0);
  });
});
