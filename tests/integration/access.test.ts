import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ListenerTls } from '../../src/scp/tls-profile.ts';
import { peer } from '../support/peer.ts';
import { makePki, type Pki } from '../support/pki.ts';
import { openDoor, testPolicy } from '../support/scp-harness.ts';

const run = promisify(execFile);
const echoscu = peer('echoscu');
const openssl = peer('openssl');
let pki: Pki | undefined;

beforeAll(() => {
  if (openssl === undefined) return;
  const made = makePki(openssl);
  pki = made;
  for (const name of ['ca', 'foreign-ca']) made.authority(name);
  for (const name of ['node', 'modality', 'other-modality', 'stolen']) made.issue(name);
  made.issue('expired', { days: -1 });
  made.issue('foreigner', { authority: 'foreign-ca' });
  made.revoke('ca', 'stolen');
});
afterAll(() => pki?.remove());

function nodeTls(changes: Partial<ListenerTls> = {}): ListenerTls {
  return {
    certificate: pki!.read('node.pem'),
    key: pki!.read('node.key'),
    ca: pki!.read('ca.pem'),
    clientCertificates: 'required',
    ...changes,
  };
}

/** C-ECHO of DCMTK with this certificate. */
async function echo(port: number, certificate: string): Promise<string> {
  const own = [pki!.path(`${certificate}.key`), pki!.path(`${certificate}.pem`)];
  const options = ['+tls', ...own, '+cf', pki!.path('ca.pem'), '-to', '5', '-aet', 'XRAY1', '-aec', 'LUMBAR'];
  try {
    await run(echoscu!, [...options, '127.0.0.1', String(port)]);
    return 'answered';
  } catch (error) {
    return /Calling AE Title Not Recognized/.test(String((error as { stderr: unknown }).stderr))
      ? 'rejected'
      : 'no TLS';
  }
}

describe.skipIf(echoscu === undefined || openssl === undefined)('client certificates (T02)', () => {
  const bound = () => ({
    ...testPolicy,
    senders: [
      {
        aeTitle: 'XRAY1',
        cidr: ['127.0.0.1'],
        maxAssociations: 4,
        certificateSha256: pki!.fingerprint('modality'),
      },
    ],
  });

  test.each([
    ['the certificate bound to the AE title', 'modality', 'answered'],
    ['the certificate of another device', 'other-modality', 'rejected'],
    ['an expired certificate', 'expired', 'no TLS'],
    ['a certificate of another authority', 'foreigner', 'no TLS'],
    ['a revoked certificate', 'stolen', 'no TLS'],
  ])('%s', async (_name, certificate, outcome) => {
    const door = await openDoor({ tls: nodeTls({ crl: pki!.read('ca.crl') }), policy: bound() });
    expect(await echo(door.port, certificate)).toBe(outcome);
    const refusals = door.events.map(({ name }) => name);
    expect(refusals).toEqual(
      outcome === 'answered' ? [] : [outcome === 'rejected' ? 'ASSOCIATION_REJECTED' : 'TLS_REFUSED'],
    );
    // Whoever was refused, the right one is served.
    expect(await echo(door.port, 'modality')).toBe('answered');
  });

  test('optional certificates: none is let in where none is bound, a wrong one never', async () => {
    const door = await openDoor({ tls: nodeTls({ clientCertificates: 'optional' }) });
    const plain = ['+tla', '+cf', pki!.path('ca.pem'), '-to', '5', '-aet', 'XRAY1', '-aec', 'LUMBAR'];
    await run(echoscu!, [...plain, '127.0.0.1', String(door.port)]);
    expect(await echo(door.port, 'foreigner')).toBe('no TLS');
    expect(door.events.map(({ name }) => name)).toEqual(['TLS_REFUSED']);
  });
});

describe.skipIf(openssl === undefined)('the TLS profile (PS3.15 B.12, BCP 195; T01)', () => {
  const connect = async (port: number, ...options: readonly string[]): Promise<string> => {
    const client = run(openssl!, ['s_client', '-connect', `127.0.0.1:${port}`, ...options]);
    client.child.stdin?.end();
    return await client.then(
      ({ stdout }) => /Cipher is (\S+)/.exec(stdout)?.[1] ?? 'none',
      () => 'refused',
    );
  };

  test.each([
    ['TLS 1.3', ['-tls1_3'], 'TLS_AES_256_GCM_SHA384'],
    ['TLS 1.2 with ECDHE and GCM', ['-tls1_2'], 'ECDHE-ECDSA-AES256-GCM-SHA384'],
    ['TLS 1.1', ['-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'], 'refused'],
    ['TLS 1.0', ['-tls1', '-cipher', 'ALL:@SECLEVEL=0'], 'refused'],
    ['CBC', ['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES256-SHA384:@SECLEVEL=0'], 'refused'],
    ['no forward secrecy', ['-tls1_2', '-cipher', 'AES256-GCM-SHA384:@SECLEVEL=0'], 'refused'],
    ['no encryption', ['-tls1_2', '-cipher', 'NULL-SHA256:@SECLEVEL=0'], 'refused'],
    ['no authentication', ['-tls1_2', '-cipher', 'aNULL:@SECLEVEL=0'], 'refused'],
  ])('%s is %s', async (_name, options, outcome) => {
    const door = await openDoor({ tls: nodeTls({ clientCertificates: 'none' }) });
    expect(await connect(door.port, ...options)).toBe(outcome);
  });
});
