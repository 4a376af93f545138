import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Finding } from '../../../src/admin/doctor/finding.ts';
import { probeClock } from '../../../src/app/doctor/machine-probes.ts';
import { examine } from '../../../src/app/doctor/examine.ts';
import { product } from '../../../src/app/product.ts';
import { sopClassUid } from '../../../src/dicom/sop-class.ts';
import { hostClock, openStore } from '../../../src/store/store.ts';
import { peer } from '../../support/peer.ts';
import { makePki } from '../../support/pki.ts';
import { freePort } from '../../support/ports.ts';
import { prepareNodeFolder, startNodeUnderTest } from '../../support/running-node.ts';
import { startStorescp } from '../../support/storescp.ts';

const storescp = peer('storescp');
const openssl = peer('openssl');
const sqlite = peer('sqlite3');

const machineZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const everySrClass = [
  sopClassUid.comprehensive3dSrStorage,
  sopClassUid.comprehensiveSrStorage,
  sopClassUid.enhancedSrStorage,
];
const capture = sopClassUid.secondaryCaptureImageStorage;

/** DCMTK's archive with these classes beside Verification; its port as one destination of pacs.yaml. */
async function archive(...sopClassUids: readonly string[]) {
  const started = await startStorescp({
    program: storescp ?? '',
    aeTitle: 'ARCHIVE',
    sopClassUids: [sopClassUid.verification, ...sopClassUids],
  });
  onTestFinished(() => started.stop());
  return { name: 'main', host: '127.0.0.1', port: started.port, calledAeTitle: 'ARCHIVE' };
}

/** A site that is set up and whose node is down. */
async function site(settings: Readonly<Record<string, unknown>> = {}) {
  const { folder, configFolder, databasePath, pacs } = await prepareNodeFolder({
    port: await freePort(),
    settings: { timeZone: machineZone, ...settings },
  });
  onTestFinished(async () => {
    await pacs.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { folder, configFolder, databasePath };
}

/** The command itself; the test goes on meanwhile, because it is the archive that is asked. */
function doctor(configFolder: string, options: readonly string[]) {
  const main = join(product.root, 'src/main.ts');
  return new Promise<{ stdout: string; stderr: string; status: number | null }>((done) => {
    const child = execFile(
      process.execPath,
      [main, '-c', configFolder, 'doctor', ...options],
      (_, stdout, stderr) => done({ stdout, stderr, status: child.exitCode }),
    );
  });
}

async function named(configFolder: string, name: string): Promise<Finding | undefined> {
  return (await examine(configFolder, hostClock.nowMs())).find((finding) => finding.name === name);
}

/** The nano package, copied so that it can be spoilt. */
function spoiltModel(folder: string, spoil: (packageFolder: string) => void) {
  const models = join(folder, 'models');
  cpSync(resolve(product.root, 'models/lumbar-nano-sim'), join(models, 'lumbar-nano-sim'), {
    recursive: true,
  });
  spoil(join(models, 'lumbar-nano-sim'));
  return { folder: models, id: 'lumbar-nano-sim', providers: ['cpu'] };
}

function configure(configFolder: string, key: string, value: unknown): void {
  const file = join(configFolder, 'node.yaml');
  const others = readFileSync(file, 'utf8').replace(new RegExp(`^${key}:.*\\n([ \\t].*\\n)*`, 'm'), '');
  writeFileSync(file, `${others}${key}: ${JSON.stringify(value)}\n`);
}

describe.skipIf(storescp === undefined)('doctor names what keeps a node from working', () => {
  test('nothing, when a running node and its archive are well; the command says so and ends with 0', async () => {
    const node = await startNodeUnderTest({
      port: await freePort(),
      settings: { timeZone: machineZone, pacs: [await archive(...everySrClass, capture)] },
    });
    onTestFinished(() => node.stop());
    const bundle = join(node.folder, 'bundle.tar.gz');
    const asked = ['--json', '--bundle', bundle, '--log', join(node.folder, 'node.log')];
    const { stdout, stderr, status } = await doctor(join(node.folder, 'config'), asked);
    const answer = JSON.parse(stdout) as { schema: number; findings: Finding[] };
    // Whether the clock of this machine follows a time server is not the node's to say.
    const ours = answer.findings.filter(({ name }) => name !== 'clock-sync');
    expect(ours.filter(({ verdict }) => verdict !== 'ok')).toEqual([]);
    expect(answer.schema).toBe(1);
    expect(answer.findings.map(({ name }) => name)).toEqual([
      'config-valid',
      'data-dir-writable-and-space',
      'service-user-permissions',
      'clock-sync',
      'time-zone',
      'port-free-or-ours',
      'listener-reachable-from-self',
      'model-hash',
      'model-golden',
      'provider',
      'fonts',
      'peer-echo:main',
      'peer-accepts-sr:main',
      'peer-accepts-sc:main',
      'tls-expiry',
      'db-integrity',
      'config-matches-running',
      'queue-age',
      'last-image-per-sender',
      'backup-age',
      'retention-preview',
    ]);
    expect(status).toBe(0);

    const files = execFileSync('tar', ['-tzf', bundle], { encoding: 'utf8' }).trim().split('\n');
    expect(files).toEqual([
      'doctor.txt',
      'doctor.json',
      'configuration.json',
      'status.json',
      'machine.json',
      'log.jsonl',
    ]);
    for (const file of files) expect(stderr).toContain(file);
    expect(statSync(bundle).mode & 0o777).toBe(0o600);
    // A second bundle of the same name is a wrong command line.
    expect(await doctor(join(node.folder, 'config'), asked)).toMatchObject({ status: 2, stdout: '' });
  }, 60_000);

  test('a bundle holds no secret, no path of a web address and no words of a patient', async () => {
    const { folder, configFolder, databasePath } = await site({
      alerts: { webhook: { url: 'https://chat.example/hooks/s3cr3t-path', token: 's3cr3t-token' } },
    });
    mkdirSync(join(folder, 'data'));
    const store = openStore({ databasePath, clock: hostClock });
    store.alerts.start('main:refusing', 'the archive said: Fictional^Patient');
    store.close();
    const log = join(folder, 'node.log');
    writeFileSync(
      log,
      `${JSON.stringify({ event: 'OBJECT_WAITING', sopInstanceUid: '1.2.3', detail: 'Fictional^Patient' })}\nFictional^Patient in foreign words\n`,
    );
    const bundle = join(folder, 'bundle.tar.gz');
    await doctor(configFolder, ['--bundle', bundle, '--log', log]);
    const text = execFileSync('tar', ['-xzOf', bundle], { encoding: 'utf8' });
    expect(text).toContain('OBJECT_WAITING');
    expect(text).toContain('https://chat.example/(left out)');
    expect(text).not.toMatch(/s3cr3t|Fictional|1\.2\.3"/);
  }, 60_000);

  test('1: a configuration with faults, and how many', async () => {
    const { configFolder } = await site();
    configure(configFolder, 'aeTitle', 'MUCH_TOO_LONG_FOR_AN_AE');
    configure(configFolder, 'nonsense', 1);
    expect(await examine(configFolder, hostClock.nowMs())).toMatchObject([
      { name: 'config-valid', verdict: 'fail', evidence: expect.stringContaining('and 1 more') },
    ]);
  });

  test('2: too little room for images', async () => {
    const { configFolder } = await site({ storage: { directory: '../data', watermark: '100TiB' } });
    expect(await named(configFolder, 'data-dir-writable-and-space')).toMatchObject({
      verdict: 'fail',
      evidence: expect.stringContaining('100 TiB'),
    });
  });

  test('3: dates of another zone than the machine', async () => {
    const zone = machineZone === 'Pacific/Kiritimati' ? 'UTC' : 'Pacific/Kiritimati';
    const { configFolder } = await site({ timeZone: zone });
    expect(await named(configFolder, 'time-zone')).toMatchObject({
      verdict: 'warn',
      evidence: expect.stringContaining(zone),
    });
  });

  test('4: another program on the port', async () => {
    const { configFolder } = await site();
    const { port } = await archive(capture);
    configure(configFolder, 'listener', { host: '127.0.0.1', port });
    expect(await named(configFolder, 'port-free-or-ours')).toMatchObject({
      verdict: 'fail',
      evidence: expect.stringContaining('something else'),
    });
  });

  test('5: a model file that was changed', async () => {
    const { folder, configFolder } = await site();
    const model = spoiltModel(folder, (packageFolder) => {
      const file = join(packageFolder, 'model.onnx');
      const bytes = readFileSync(file);
      bytes[bytes.length >> 1]! ^= 1;
      writeFileSync(file, bytes);
    });
    configure(configFolder, 'model', model);
    expect(await named(configFolder, 'model-hash')).toMatchObject({ verdict: 'fail' });
  });

  test('6: a model that does not give its golden answers', async () => {
    const { folder, configFolder } = await site();
    const model = spoiltModel(folder, (packageFolder) => {
      const file = join(packageFolder, 'manifest.json');
      const manifest = JSON.parse(readFileSync(file, 'utf8')) as { golden: { logits: number[] }[] };
      manifest.golden[0]!.logits[0]! += 1;
      writeFileSync(file, JSON.stringify(manifest));
    });
    configure(configFolder, 'model', model);
    expect(await named(configFolder, 'model-golden')).toMatchObject({ verdict: 'fail' });
  });

  test('7: a PACS that is down', async () => {
    const { configFolder } = await site({
      pacs: [{ name: 'main', host: '127.0.0.1', port: await freePort(), calledAeTitle: 'ARCHIVE' }],
    });
    expect(await named(configFolder, 'peer-echo:main')).toMatchObject({
      verdict: 'fail',
      next: expect.stringMatching(/./),
    });
  });

  test('8: a PACS that answers C-ECHO and takes no reports: each refused class is named', async () => {
    const { configFolder } = await site({ pacs: [await archive(capture)] });
    const findings = await examine(configFolder, hostClock.nowMs());
    expect(findings).toContainEqual(expect.objectContaining({ name: 'peer-echo:main', verdict: 'ok' }));
    expect(findings).toContainEqual(
      expect.objectContaining({
        name: 'peer-accepts-sr:main',
        verdict: 'fail',
        evidence:
          'main refuses Comprehensive 3D SR Storage, Comprehensive SR Storage, Enhanced SR Storage (Explicit VR Little Endian).',
      }),
    );
    expect(findings).toContainEqual(expect.objectContaining({ name: 'peer-accepts-sc:main', verdict: 'ok' }));
  });

  test('8b: a PACS that takes an older report class only is a warning', async () => {
    const { configFolder } = await site({ pacs: [await archive(capture, sopClassUid.enhancedSrStorage)] });
    expect(await named(configFolder, 'peer-accepts-sr:main')).toMatchObject({
      verdict: 'warn',
      evidence:
        'main takes Enhanced SR Storage; it refuses Comprehensive 3D SR Storage, Comprehensive SR Storage.',
    });
  });

  test('9: a PACS that takes no secondary captures', async () => {
    const { configFolder } = await site({ pacs: [await archive(...everySrClass)] });
    expect(await named(configFolder, 'peer-accepts-sc:main')).toMatchObject({
      verdict: 'fail',
      evidence: expect.stringContaining('Secondary Capture Image Storage'),
    });
  });

  test('10: storage commitment asked of a PACS that does not offer it', async () => {
    const main = await archive(...everySrClass, capture);
    const { configFolder } = await site({ pacs: [{ ...main, storageCommitment: 'on' }] });
    expect(await named(configFolder, 'commitment-offered:main')).toMatchObject({ verdict: 'fail' });
  });

  test.skipIf(openssl === undefined)(
    '11: a certificate that ends soon, and one that is not there',
    async () => {
      const pki = makePki(openssl ?? '');
      onTestFinished(() => pki.remove());
      pki.authority('ca');
      pki.issue('node', { days: 2 });
      const tls = { certificate: pki.path('node.pem'), key: pki.path('node.key') };
      const { configFolder } = await site({ listener: { host: '127.0.0.1', port: await freePort(), tls } });
      expect(await named(configFolder, 'tls-expiry:listener')).toMatchObject({ verdict: 'warn' });
      rmSync(pki.path('node.pem'));
      expect(await named(configFolder, 'tls-expiry:listener')).toMatchObject({ verdict: 'fail' });
    },
  );

  test('12: a database that is broken', async () => {
    const { folder, configFolder, databasePath } = await site();
    mkdirSync(join(folder, 'data'));
    openStore({ databasePath, clock: hostClock }).close();
    const bytes = readFileSync(databasePath);
    bytes.fill(0xff, 4096, bytes.length);
    writeFileSync(databasePath, bytes);
    expect(await named(configFolder, 'db-integrity')).toMatchObject({ verdict: 'fail' });
  });

  test.skipIf(sqlite === undefined).each([
    [1, 'warn', 'Start the service with this release'],
    [9999, 'fail', 'the release that the database was last used with'],
  ])('12b: a database of schema %i is not called broken', async (version, verdict, next) => {
    const { folder, configFolder, databasePath } = await site();
    mkdirSync(join(folder, 'data'));
    openStore({ databasePath, clock: hostClock }).close();
    execFileSync(sqlite ?? '', [databasePath, `PRAGMA user_version = ${version}`]);
    expect(await named(configFolder, 'db-integrity')).toMatchObject({
      verdict,
      next: expect.stringContaining(next),
    });
  });

  test('13: no backup and silent senders for days, and a data folder that others may look into', async () => {
    const { folder, configFolder, databasePath } = await site();
    mkdirSync(join(folder, 'data'));
    const daysAgo = { ...hostClock, nowMs: () => hostClock.nowMs() - 5 * 86_400_000 };
    const store = openStore({ databasePath, clock: daysAgo });
    store.audit.append('NODE_STOPPED', { bootId: 'fictional' });
    store.close();
    chmodSync(join(folder, 'data'), 0o755);
    const findings = await examine(configFolder, hostClock.nowMs());
    for (const name of ['backup-age', 'last-image-per-sender', 'service-user-permissions'])
      expect(findings).toContainEqual(
        expect.objectContaining({ name, verdict: 'warn', next: expect.stringMatching(/./) }),
      );
  });
});

describe('clock-sync', () => {
  const missing = (): Promise<string> => Promise.reject(new Error('ENOENT'));
  const only =
    (answering: string, says: string) =>
    (program: string): Promise<string> =>
      program === answering ? Promise.resolve(says) : missing();

  test.each([
    ['timedatectl', 'yes\n', 'ok', 'follows a time server (timedatectl)'],
    ['timedatectl', 'no\n', 'warn', 'follows no time server (timedatectl)'],
    ['chronyc', 'Reference ID    : 0A000001\nLeap status     : Normal\n', 'ok', '(chronyc)'],
    ['chronyc', 'Leap status     : Not synchronised\n', 'warn', '(chronyc)'],
    ['nobody', '', 'ok', 'not known: neither timedatectl nor chronyc answers here'],
  ])('%s says %j: %s', async (program, says, verdict, evidence) => {
    expect(await probeClock(only(program, says))).toMatchObject({
      name: 'clock-sync',
      verdict,
      evidence: expect.stringContaining(evidence) as string,
    });
  });
});
