import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import dimse from 'dcmjs-dimse';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readPart10 } from '../../src/dicom/part10-reader.ts';
import { writePart10 } from '../../src/dicom/part10-writer.ts';
import { acceptedImageSopClasses } from '../../src/dicom/sop-class.ts';
import { parseUid } from '../../src/dicom/uid.ts';
import { BytePeer, crUid } from '../support/byte-peer.ts';
import { peer } from '../support/peer.ts';
import { answersEcho, openDoor, testPolicy } from '../support/scp-harness.ts';
import { sharedDataManifest, sharedDataPath, sharedDataPresent } from '../support/shared-data.ts';

const run = promisify(execFile);
const echoscu = peer('echoscu');
const storescu = peer('storescu');
const openssl = peer('openssl');

const image = (index: number, rows = 64) =>
  writePart10({
    dataSet: {
      SOPClassUID: crUid,
      SOPInstanceUID: `1.2.826.0.1.3680043.9.9999.5.${index}`,
      StudyInstanceUID: '1.2.826.0.1.3680043.9.9999.2',
      SeriesInstanceUID: '1.2.826.0.1.3680043.9.9999.3',
      PatientName: 'Fictional^Peer',
      PatientID: 'F-1',
      Modality: 'CR',
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      Rows: rows,
      Columns: 1000,
      BitsAllocated: 16,
      BitsStored: 12,
      HighBit: 11,
      PixelRepresentation: 0,
      PixelData: Buffer.alloc(rows * 2000, index),
    },
  });

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'lumbar-peer-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function images(count: number, rows?: number): string[] {
  const dir = folder();
  return Array.from({ length: count }, (_, index) => {
    const path = join(dir, `${index}.dcm`);
    writeFileSync(path, image(index, rows));
    return path;
  });
}

describe.skipIf(storescu === undefined || echoscu === undefined)('DCMTK as the peer', () => {
  test('echoscu gets its echo; a wrong called AE title is rejected', async () => {
    const { port } = await openDoor();
    await run(echoscu!, ['-aec', 'LUMBAR', '127.0.0.1', String(port)]);
    await expect(run(echoscu!, ['-aec', 'OTHER', '127.0.0.1', String(port)])).rejects.toThrow(
      /Called AE Title Not Recognized/,
    );
  });

  test.each([['16384'], ['4096'], ['131072']])(
    'storescu with PDUs of %s bytes: every data set arrives byte for byte',
    async (pdu) => {
      const door = await openDoor();
      const files = images(6, 300);
      await run(storescu!, [
        '-aec',
        'LUMBAR',
        '--max-send-pdu',
        pdu,
        '127.0.0.1',
        String(door.port),
        ...files,
      ]);
      expect(door.admitted).toHaveLength(6);
      for (const [index, instance] of door.admitted.entries()) {
        const sent = readPart10(readFileSync(files[index]!));
        const stored = readPart10(door.bytesOf(instance));
        if (!sent.ok || !stored.ok) throw new Error('unreadable');
        const body = (file: typeof sent.value) => Buffer.from(file.source.subarray(file.dataSetOffset));
        expect(body(stored.value).equals(body(sent.value))).toBe(true);
      }
      await door.listener.close(2_000);
      expect(door.endings).toEqual(['released']);
    },
  );

  test.each(['-xe', '-xb', '-xi'])('transfer syntax %s is taken as proposed', async (option) => {
    const door = await openDoor();
    await run(storescu!, ['-aec', 'LUMBAR', option, '127.0.0.1', String(door.port), ...images(1)]);
    const stored = readPart10(door.bytesOf(door.admitted[0]!));
    expect(stored.ok && stored.value.dataSet.string('PatientName')).toBe('Fictional^Peer');
  });

  test('eight storescu at once: all stored, none mixed', async () => {
    const door = await openDoor();
    const files = images(5, 500);
    await Promise.all(
      Array.from({ length: 8 }, () =>
        run(storescu!, ['-aec', 'LUMBAR', '127.0.0.1', String(door.port), ...files]),
      ),
    );
    expect(door.admitted).toHaveLength(40);
    expect(new Set(door.admitted.map((instance) => instance.sha256)).size).toBe(5);
  });

  const proposals: Readonly<Record<string, string>> = {
    '1.2.840.10008.1.2': '-xi',
    '1.2.840.10008.1.2.1': '-xe',
    '1.2.840.10008.1.2.2': '-xb',
    '1.2.840.10008.1.2.1.99': '-xd',
    '1.2.840.10008.1.2.4.50': '-xy',
    '1.2.840.10008.1.2.4.51': '-xx',
    '1.2.840.10008.1.2.4.70': '-xs',
    '1.2.840.10008.1.2.4.80': '-xt',
    '1.2.840.10008.1.2.4.81': '-xu',
    '1.2.840.10008.1.2.4.90': '-xv',
    '1.2.840.10008.1.2.4.91': '-xw',
    '1.2.840.10008.1.2.5': '-xr',
  };

  test.skipIf(!sharedDataPresent)(
    'real radiographs are stored in the encoding they have, pixel data untouched',
    async () => {
      const door = await openDoor();
      const rows = sharedDataManifest().filter(
        (row) =>
          row['category'] === 'radiograph' &&
          row['dcmdump_exit'] === '0' &&
          acceptedImageSopClasses.includes(row['sop_class_uid'] ?? '') &&
          (row['transfer_syntax_uid'] ?? '') in proposals &&
          parseUid(identifiersOf(row['file'] ?? '').sopInstanceUid).ok,
      );
      expect(rows.length).toBeGreaterThan(5);
      for (const row of rows) {
        const path = sharedDataPath(row['file'] ?? '');
        const option = proposals[row['transfer_syntax_uid'] ?? ''] ?? '';
        await run(storescu!, ['-aec', 'LUMBAR', option, '127.0.0.1', String(door.port), path]);
        const instance = door.admitted.at(-1)!;
        expect(instance.sopInstanceUid).toBe(identifiersOf(row['file'] ?? '').sopInstanceUid);
        expect(instance.transferSyntaxUid).toBe(row['transfer_syntax_uid']);
      }
      expect(door.admitted).toHaveLength(rows.length);
    },
  );
});

function identifiersOf(file: string): { readonly sopInstanceUid: string } {
  const read = readPart10(readFileSync(sharedDataPath(file)));
  return { sopInstanceUid: read.ok ? (read.value.dataSet.string('SOPInstanceUID') ?? '') : '' };
}

describe.skipIf(echoscu === undefined || storescu === undefined || openssl === undefined)(
  'TLS (PS3.15 B.12; T01 to T05)',
  () => {
    test('DCMTK with the BCP 195 profile stores; plain DICOM, old TLS and strangers are refused', async () => {
      const pki = makePki();
      const tls = {
        certificate: pki.read('node.pem'),
        key: pki.read('node.key'),
        ca: pki.read('ca.pem'),
        clientCertificates: 'required' as const,
      };
      const senders = [
        {
          aeTitle: 'STORESCU',
          cidr: ['127.0.0.1'],
          certificateSha256: pki.fingerprint('client'),
          maxAssociations: 4,
        },
      ];
      const door = await openDoor({ tls, policy: { ...testPolicy, senders } });
      const target = ['-aec', 'LUMBAR', '127.0.0.1', String(door.port)];
      const as = (name: string) => [
        '+tls',
        pki.path(`${name}.key`),
        pki.path(`${name}.pem`),
        '+cf',
        pki.path('ca.pem'),
      ];
      await run(storescu!, [...as('client'), ...target, ...images(2)]);
      expect(door.admitted).toHaveLength(2);
      // The certificate of another device does not open the door to this AE title.
      await expect(run(storescu!, [...as('other'), ...target, ...images(1)])).rejects.toThrow(
        /Calling AE Title Not Recognized/,
      );
      await expect(run(storescu!, [...as('stranger'), ...target, ...images(1)])).rejects.toThrow();
      await expect(run(storescu!, [...target, ...images(1)])).rejects.toThrow();
      for (const version of ['-tls1', '-tls1_1']) {
        const oldClient = run(openssl!, [
          's_client',
          version,
          '-cipher',
          'ALL:@SECLEVEL=0',
          '-connect',
          `127.0.0.1:${door.port}`,
        ]);
        oldClient.child.stdin?.end();
        await expect(oldClient).rejects.toThrow();
      }
      expect(door.admitted).toHaveLength(2);
      expect(door.events.map((event) => event.name)).toContain('TLS_REFUSED');
      await run(storescu!, [...as('client'), ...target, ...images(1)]);
      expect(door.admitted).toHaveLength(3);
    });

    test('a new certificate serves new connections; a broken one changes nothing (T05)', async () => {
      const pki = makePki();
      const tls = {
        certificate: pki.read('node.pem'),
        key: pki.read('node.key'),
        clientCertificates: 'none' as const,
      };
      const door = await openDoor({ tls });
      const shown = async () => {
        const client = run(openssl!, ['s_client', '-connect', `127.0.0.1:${door.port}`]);
        client.child.stdin?.end();
        return (await client).stdout.includes('CN = other') || (await client).stdout.includes('CN=other');
      };
      expect(await shown()).toBe(false);
      expect(door.listener.reload({ tls: { ...tls, key: pki.read('other.key') } }).ok).toBe(false);
      expect(door.listener.reload({ tls: { ...tls, certificate: 'no certificate' } }).ok).toBe(false);
      expect(await shown()).toBe(false);
      expect(
        door.listener.reload({
          tls: { ...tls, certificate: pki.read('other.pem'), key: pki.read('other.key') },
        }).ok,
      ).toBe(true);
      expect(await shown()).toBe(true);
    });

    test('a handshake that stalls is cut off (T04)', async () => {
      const pki = makePki();
      const tls = {
        certificate: pki.read('node.pem'),
        key: pki.read('node.key'),
        clientCertificates: 'none' as const,
      };
      const door = await openDoor({ tls, handshakeTimeoutMs: 50 });
      const silent = await BytePeer.connect(door.port);
      await silent.closed;
      expect(door.events).toMatchObject([
        { name: 'TLS_REFUSED', fields: { detail: 'ERR_TLS_HANDSHAKE_TIMEOUT' } },
      ]);
    });
  },
);

describe('dcmjs-dimse as the peer', () => {
  test('its client echoes and stores', async () => {
    dimse.log.setLevel('silent', false);
    const door = await openDoor();
    const statuses: number[] = [];
    const client = new dimse.Client();
    const echo = new dimse.requests.CEchoRequest();
    const [path] = images(1);
    const store = new dimse.requests.CStoreRequest(path!);
    for (const request of [echo, store]) {
      request.on('response', (response: { getStatus(): number }) => void statuses.push(response.getStatus()));
      client.addRequest(request);
    }
    await new Promise<void>((resolve, reject) => {
      client.on('closed', () => resolve());
      client.on('networkError', reject);
      client.send('127.0.0.1', door.port, 'XRAY1', 'LUMBAR');
    });
    expect(statuses).toEqual([0, 0]);
    expect(door.admitted).toMatchObject([
      { sopInstanceUid: '1.2.826.0.1.3680043.9.9999.5.0', callingAeTitle: 'XRAY1' },
    ]);
  });
});

describe.skipIf(!sharedDataPresent)('hostile and recorded byte streams made by others', () => {
  const names = sharedDataPresent ? readdirSync(sharedDataPath('net')) : [];

  test.each(names)('%s: the node survives and answers an echo', async (name) => {
    const door = await openDoor({
      timeouts: { artimTimeoutMs: 200, pduTimeoutMs: 200, idleTimeoutMs: 200, closeTimeoutMs: 100 },
    });
    const bytes = readFileSync(sharedDataPath(`net/${name}`));
    const attacker = await BytePeer.connect(door.port);
    attacker.send(bytes);
    await attacker.closed;
    expect(await answersEcho(door.port)).toBe(true);
    expect(door.admitted).toEqual([]);
    expect(door.failStops).toEqual([]);
    await door.listener.close(0);
    expect(door.partFiles()).toEqual([]);
  });
});

/** A certificate authority with a node, a client, another device, and a stranger signed by nobody known. */
function makePki() {
  const dir = folder();
  const path = (name: string) => join(dir, name);
  const call = (...args: string[]) => execFileSync(openssl!, args, { stdio: 'pipe' });
  const selfSigned = (name: string) =>
    call(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      path(`${name}.key`),
      '-out',
      path(`${name}.pem`),
    );
  selfSigned('ca');
  selfSigned('stranger');
  for (const name of ['node', 'client', 'other']) {
    call(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      path(`${name}.key`),
      '-out',
      path(`${name}.csr`),
    );
    call(
      'x509',
      '-req',
      '-days',
      '2',
      '-in',
      path(`${name}.csr`),
      '-CA',
      path('ca.pem'),
      '-CAkey',
      path('ca.key'),
      '-CAcreateserial',
      '-out',
      path(`${name}.pem`),
    );
  }
  return {
    path,
    read: (name: string) => readFileSync(path(name)),
    fingerprint: (name: string) =>
      call('x509', '-in', path(`${name}.pem`), '-noout', '-fingerprint', '-sha256')
        .toString()
        .split('=')[1]!
        .trim()
        .replaceAll(':', '')
        .toLowerCase(),
  };
}
