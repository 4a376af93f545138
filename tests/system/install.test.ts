import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { peer } from '../support/peer.ts';
import { releaseFolder } from '../support/release-folder.ts';

const repository = join(import.meta.dirname, '../..');
let work: string;
let root: string;

beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'lumbar-install-'));
  root = join(work, 'root');
});
afterEach(() => rmSync(work, { recursive: true, force: true }), 120_000);

const inRoot = (path: string): string => join(root, path);
const read = (path: string): string => readFileSync(inRoot(path), 'utf8');
const current = (): string => readlinkSync(inRoot('opt/lumbar-node/current'));
const mode = (path: string): string => (statSync(inRoot(path)).mode & 0o777).toString(8);

function run(program: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: work,
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin', ...environment },
  });
  return { status, stdout, stderr };
}

function install(release: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = run(join(release, 'install.sh'), ['--root', root, ...args]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

/** Every path below the root with what can be told of it: a second run must leave all of it. */
function snapshot(): readonly string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      if (entry.isSymbolicLink()) return `${path} -> ${readlinkSync(path)}`;
      const { mode: bits, mtimeMs, ino } = statSync(path);
      return entry.isFile() ? `${path} ${bits} ${mtimeMs} ${ino}` : `${path} ${bits}`;
    })
    .sort();
}

describe('install.sh', () => {
  test('puts program, settings, data folder, units and command where the units look for them', () => {
    const told = install(releaseFolder(work, '1.0.0', '{}'));
    expect(current()).toBe('1.0.0');
    expect(mode('var/lib/lumbar-node')).toBe('700');
    expect(mode('etc/lumbar-node')).toBe('750');
    expect(mode('etc/lumbar-node/node.yaml')).toBe('640');
    const service = read('usr/local/lib/systemd/system/lumbar-node.service');
    const [, program, settings] = /^ExecStart=(\S+) --config (\S+) start$/m.exec(service)!;
    expect(existsSync(inRoot(program!))).toBe(true);
    expect(existsSync(inRoot(join(settings!, 'node.yaml')))).toBe(true);
    expect(existsSync(inRoot('usr/local/lib/systemd/system/lumbar-node.socket'))).toBe(true);
    expect(read('etc/lumbar-node/node.yaml')).toMatch(
      /^ {2}folder: \/opt\/lumbar-node\/models .*\n {2}# id: /m,
    );
    expect(existsSync(inRoot('opt/lumbar-node/models/lumbar-effnetv2m-sim/manifest.json'))).toBe(true);
    expect(read('usr/local/bin/lumbar-node')).toContain('LUMBAR_CONFIG:-/etc/lumbar-node');
    expect(told.split('Next:\n')[1]!.trim().split('\n')).toEqual([
      'sudo lumbar-node init        # six questions; or edit the files in /etc/lumbar-node',
      '  sudo lumbar-node check',
      '  sudo systemctl enable --now lumbar-node.socket lumbar-node.service',
    ]);
  });

  test('a second run changes nothing', () => {
    const release = releaseFolder(work, '1.0.0', '{}');
    install(release);
    const before = snapshot();
    expect(install(release)).not.toMatch(/ (wrote|put) /);
    expect(snapshot()).toEqual(before);
  });

  test('a program that was damaged on the disk is put there again', () => {
    const release = releaseFolder(work, '1.0.0', '{}');
    install(release);
    writeFileSync(inRoot('opt/lumbar-node/1.0.0/bin/lumbar-node'), 'damaged');
    install(release);
    expect(read('opt/lumbar-node/1.0.0/bin/lumbar-node')).toContain('echo');
  });

  test('an upgrade leaves settings, data and model of the site and keeps the old version beside the new one', () => {
    install(releaseFolder(work, '1.0.0', '{"version":"1"}'));
    appendFileSync(inRoot('etc/lumbar-node/node.yaml'), '# ours\n');
    rmSync(inRoot('etc/lumbar-node/alerts.yaml'));
    writeFileSync(inRoot('var/lib/lumbar-node/image'), 'data');
    const told = install(releaseFolder(work, '1.1.0', '{"version":"2"}'));
    expect(current()).toBe('1.1.0');
    expect(existsSync(inRoot('opt/lumbar-node/1.0.0/bin/lumbar-node'))).toBe(true);
    expect(read('etc/lumbar-node/node.yaml')).toMatch(/# ours\n$/);
    expect(existsSync(inRoot('etc/lumbar-node/alerts.yaml'))).toBe(false);
    expect(read('var/lib/lumbar-node/image')).toBe('data');
    expect(read('opt/lumbar-node/models/lumbar-effnetv2m-sim/manifest.json')).toBe('{"version":"1"}');
    expect(told).toContain('brings another lumbar-effnetv2m-sim; yours stays');
  });

  test('before an upgrade the new version looks at what is here, and the old one makes a backup', () => {
    install(releaseFolder(work, '1.0.0', '{}'));
    const told = install(releaseFolder(work, '1.1.0', '{}'));
    expect(told).toMatch(
      /take over what is here:\n1\.1\.0 .*--config \S+etc\/lumbar-node upgrade check\n.*\n1\.0\.0 .* backup\n/,
    );
  });

  test('an upgrade that would not fit changes nothing, unless it is asked for all the same', () => {
    install(releaseFolder(work, '1.0.0', '{}'));
    const newer = releaseFolder(work, '1.1.0', '{}', 'does not fit');
    const before = snapshot();
    const { status, stderr } = run(join(newer, 'install.sh'), ['--root', root]);
    expect(status).toBe(1);
    expect(stderr).toContain('nothing was changed');
    expect(snapshot()).toEqual(before);
    install(newer, '--anyway');
    expect(current()).toBe('1.1.0');
  });

  test('--rollback goes back to the version before, and again forward', () => {
    install(releaseFolder(work, '1.0.0', '{}'));
    const newer = releaseFolder(work, '1.1.0', '{}');
    install(newer);
    install(newer, '--rollback');
    expect(current()).toBe('1.0.0');
    install(newer, '--rollback');
    expect(current()).toBe('1.1.0');
  });

  test('--rollback without a version before says so and changes nothing', () => {
    const release = releaseFolder(work, '1.0.0', '{}');
    install(release);
    const before = snapshot();
    const { status, stderr } = run(join(release, 'install.sh'), ['--root', root, '--rollback']);
    expect(status).toBe(1);
    expect(stderr).toContain('no other version was installed');
    expect(snapshot()).toEqual(before);
  });

  test('--uninstall removes program, units and command, and says where settings, data and models stay', () => {
    const release = releaseFolder(work, '1.0.0', '{}');
    install(release);
    writeFileSync(inRoot('var/lib/lumbar-node/image'), 'data');
    const told = install(release, '--uninstall');
    expect(readdirSync(inRoot('opt/lumbar-node'))).toEqual(['models']);
    expect(readdirSync(inRoot('usr/local/lib/systemd/system'))).toEqual([]);
    expect(readdirSync(inRoot('usr/local/bin'))).toEqual([]);
    expect(read('var/lib/lumbar-node/image')).toBe('data');
    expect(existsSync(inRoot('etc/lumbar-node/node.yaml'))).toBe(true);
    for (const folder of ['/etc/lumbar-node', '/var/lib/lumbar-node', '/opt/lumbar-node/models'])
      expect(told).toContain(folder);
  });

  test('units of the site in /etc/systemd/system stay and are named', () => {
    mkdirSync(inRoot('etc/systemd/system'), { recursive: true });
    writeFileSync(inRoot('etc/systemd/system/lumbar-node.socket'), 'ours');
    expect(install(releaseFolder(work, '1.0.0', '{}'))).toContain(
      '/etc/systemd/system/lumbar-node.socket is a unit of your own',
    );
    expect(read('etc/systemd/system/lumbar-node.socket')).toBe('ours');
  });

  test('a bundle that was changed after packing is refused before anything is installed', () => {
    const release = releaseFolder(work, '1.0.0', '{}');
    appendFileSync(join(release, 'bin/lumbar-node'), 'echo more\n');
    const { status, stderr } = run(join(release, 'install.sh'), ['--root', root]);
    expect(status).toBe(1);
    expect(stderr).toContain('the bundle is damaged or was changed');
    expect(existsSync(inRoot('opt'))).toBe(false);
  });

  test('an unknown option is wrong usage', () => {
    expect(run(join(repository, 'install.sh'), ['--prefix', '/x']).status).toBe(2);
  });
});

const dpkg = peer('dpkg');
const dpkgDeb = peer('dpkg-deb');

/** dpkg for a root that is only a folder: its scripts run here and are told where the root is. */
function dpkgIn(...args: readonly string[]) {
  const unprivileged = [
    '--force-script-chrootless',
    '--force-not-root',
    '--force-depends',
    '--force-bad-path',
  ];
  mkdirSync(inRoot('var/lib/dpkg/info'), { recursive: true });
  mkdirSync(inRoot('var/lib/dpkg/updates'), { recursive: true });
  appendFileSync(inRoot('var/lib/dpkg/status'), '');
  return run(dpkg!, [`--root=${root}`, ...unprivileged, '--log=/dev/null', ...args]);
}

describe.skipIf(dpkg === undefined || dpkgDeb === undefined)('the Debian package', () => {
  const build = (version: string): string => {
    const { status, stdout, stderr } = run(join(repository, 'bin/deb'), [
      releaseFolder(work, version, '{}'),
      work,
    ]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return stdout.replace(/: .*\n$/s, '');
  };

  test('installs, upgrades and removes as install.sh does; settings, data and models stay', () => {
    const first = build('1.0.0');
    expect(run(dpkgDeb!, ['--field', first, 'Package', 'Version', 'Architecture']).stdout).toBe(
      'Package: lumbar-node\nVersion: 1.0.0\nArchitecture: amd64\n',
    );
    expect(dpkgIn('--install', first)).toMatchObject({ status: 0 });
    expect(current()).toBe('1.0.0');
    expect(mode('etc/lumbar-node')).toBe('750');
    expect(existsSync(inRoot('usr/local/lib/systemd/system/lumbar-node.service'))).toBe(true);
    writeFileSync(inRoot('var/lib/lumbar-node/image'), 'data');
    appendFileSync(inRoot('etc/lumbar-node/node.yaml'), '# ours\n');

    expect(dpkgIn('--install', build('1.1.0'))).toMatchObject({ status: 0 });
    expect(current()).toBe('1.1.0');
    expect(existsSync(inRoot('opt/lumbar-node/1.1.0/bin/lumbar-node'))).toBe(true);
    expect(read('etc/lumbar-node/node.yaml')).toMatch(/# ours\n$/);

    expect(dpkgIn('--remove', 'lumbar-node')).toMatchObject({ status: 0 });
    expect(readdirSync(inRoot('opt/lumbar-node'))).toEqual(['models']);
    expect(read('var/lib/lumbar-node/image')).toBe('data');
    expect(existsSync(inRoot('etc/lumbar-node/node.yaml'))).toBe(true);
  }, 60_000);

  test('a bundle that was changed is not packed', () => {
    const release = releaseFolder(work, '1.0.0', '{}');
    appendFileSync(join(release, 'bin/lumbar-node'), 'echo more\n');
    expect(run(join(repository, 'bin/deb'), [release, work])).toMatchObject({ status: 1 });
  });
});
