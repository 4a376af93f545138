import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { initQuestions } from '../../src/app/init-answers.ts';
import { readPart10 } from '../../src/dicom/part10-reader.ts';
import { hostClock } from '../../src/store/store.ts';
import { peer } from '../support/peer.ts';
import { freePort } from '../support/ports.ts';
import { startStorescp, type Storescp } from '../support/storescp.ts';

const repository = resolve(import.meta.dirname, '../..');
const withBundle = process.env['CI'] === 'true' || process.env['LUMBAR_TEST_BUNDLE'] === '1';
const storescp = peer('storescp');
const storescu = peer('storescu');
vi.setConfig({ hookTimeout: 600_000 });

const comprehensive3dSr = '1.2.840.10008.5.1.4.1.1.88.34';
const secondaryCapture = '1.2.840.10008.5.1.4.1.1.7';

/** The command lines of the section of the README, in their order, without comments. */
function readmeCommands(): readonly string[] {
  const text = readFileSync(join(repository, 'README.md'), 'utf8');
  const section = /^## Installing it\n([\s\S]*?)^## /m.exec(text)?.[1] ?? '';
  return [...section.matchAll(/^```\n([\s\S]*?)^```/gm)]
    .flatMap(([, block = '']) => block.trim().split('\n'))
    .map((line) => line.replace(/ +# .*$/, ''));
}

interface Step {
  readonly command: string;
  readonly status: number | null;
  readonly output: string;
}

/**
 * What the machine of a test lacks stands before the commands on PATH, under their names: root without a password, a
 * service manager that does what the installed unit says, and the launcher with the folders of the scratch root.
 */
function standIns(folder: string, root: string, consolePort: number): void {
  mkdirSync(folder);
  const script = (name: string, text: string): void =>
    writeFileSync(join(folder, name), `#!/bin/bash\nset -e\n${text}\n`, { mode: 0o755 });
  script('sudo', 'exec "$@"');
  script(
    'lumbar-node',
    `grep -q 'exec /opt/lumbar-node/current/bin/lumbar-node "$@"' '${root}/usr/local/bin/lumbar-node'
export LUMBAR_CONFIG='${root}/etc/lumbar-node' LUMBAR__STORAGE__DIRECTORY='${root}/var/lib/lumbar-node'
export LUMBAR__MODEL__FOLDER='${root}/opt/lumbar-node/models' LUMBAR__STORAGE__WATERMARK=64MiB
export LUMBAR__CONSOLE__PORT=${consolePort}
exec '${root}/opt/lumbar-node/current/bin/lumbar-node' "$@"`,
  );
  script(
    'systemctl',
    `[ "$*" = 'enable --now lumbar-node.socket lumbar-node.service' ]
units='${root}/usr/local/lib/systemd/system'
[ -f "$units/lumbar-node.socket" ]
grep -qx 'ExecStart=/opt/lumbar-node/current/bin/lumbar-node --config /etc/lumbar-node start' "$units/lumbar-node.service"
setsid lumbar-node start >'${root}/node.log' 2>&1 </dev/null &
echo $! >'${root}/node.pid'`,
  );
}

/** Answers questions on a terminal as a person does: each when it has been asked. */
const typist = `
import os, pty, re, sys
answers = sys.argv[1].split('|')
pid, terminal = pty.fork()
if pid == 0:
    os.execvp('bash', ['bash', '-c', sys.argv[2]])
seen = ''
while True:
    try:
        piece = os.read(terminal, 4096).decode()
    except OSError:
        break
    if not piece:
        break
    seen += piece
    sys.stdout.write(piece)
    # The terminal is told where the cursor stands behind the question.
    if answers and re.sub(r'\\x1b\\[[0-9;?]*[A-Za-z]', '', seen).endswith(': '):
        os.write(terminal, (answers.pop(0) + '\\n').encode())
        seen = ''
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

/** Native code for this platform must not have been pruned away: a package that lacks it fails when it is loaded. */
const loadEveryPackage = `
  import { createRequire } from 'node:module';
  const require = createRequire(process.argv[2] + '/package.json');
  for (const name of Object.keys(require('./package.json').dependencies))
    if (name !== 'node') await import(require.resolve(name));
  const Database = require('better-sqlite3');
  new Database(':memory:').close();
  process.stdout.write('all loaded');
  process.exit();
`;

// Skipped otherwise because packing takes half a minute; LUMBAR_TEST_BUNDLE=1 asks for it.
describe.skipIf(!withBundle || storescp === undefined || storescu === undefined)(
  'the way in, by the commands of the README alone',
  () => {
    let work: string;
    let root: string;
    let archive: Storescp;
    let port: number;
    const steps: Step[] = [];
    const startMs = hostClock.monotonicMs();
    let seconds = 0;

    function run(line: string): Step {
      const { status, stdout, stderr } = spawnSync('bash', ['-c', line], {
        cwd: work,
        encoding: 'utf8',
        timeout: 180_000,
        env: {
          PATH: `${join(work, 'bin')}:${process.env['PATH'] ?? '/usr/bin:/bin'}`,
          HOME: work,
          LUMBAR_BUNDLE_LEVEL: '1',
          TCP_NODELAY: '1',
        },
      });
      return { command: line, status, output: `${stdout}${stderr}` };
    }

    /** One line of the README for this machine: which version, which root, which ports, who answers the questions. */
    function adapted(line: string, version: string): string {
      const [first = ''] = line.split(' ');
      if (line === 'npm run bundle') return `cd '${repository}' && npm run --silent bundle -- '${work}'`;
      if (line === 'sudo lumbar-node init') {
        const answers = [
          '',
          String(port),
          '',
          'DX_ROOM1@127.0.0.1',
          `ARCHIVE@127.0.0.1:${archive.port}`,
          'on',
        ];
        return `/usr/bin/python3 '${join(work, 'typist.py')}' '${answers.join('|')}' '${line}'`;
      }
      const ours = line.replaceAll('<version>', version).replaceAll(' 11112 ', ` ${port} `);
      if (ours.endsWith('/install.sh')) return `${ours} --root '${root}'`;
      return first === 'storescu' ? ours.replace('storescu', storescu!) : ours;
    }

    async function until(condition: () => boolean, deadlineMs: number): Promise<void> {
      const endMs = hostClock.monotonicMs() + deadlineMs;
      while (!condition()) {
        if (hostClock.monotonicMs() > endMs) throw new Error(`not reached in ${deadlineMs} ms`);
        await delay(100);
      }
    }

    const sopClasses = (): readonly (string | undefined)[] =>
      archive.files().map((path) => {
        const file = readPart10(readFileSync(path));
        return file.ok ? file.value.dataSet.string('SOPClassUID') : undefined;
      });

    beforeAll(async () => {
      work = mkdtempSync(join(tmpdir(), 'lumbar-way-in-'));
      root = join(work, 'root');
      port = await freePort();
      standIns(join(work, 'bin'), root, await freePort());
      writeFileSync(join(work, 'typist.py'), typist);
      archive = await startStorescp({
        program: storescp!,
        aeTitle: 'ARCHIVE',
        sopClassUids: ['1.2.840.10008.1.1', comprehensive3dSr, secondaryCapture],
      });
      const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
        version: string;
      };
      for (const line of readmeCommands()) {
        // A person waits until the node serves before looking, and until the image was answered before asking.
        if (line.endsWith('lumbar-node status'))
          await until(
            () => /"event":"NODE_STARTED"/.test(readFileSync(join(root, 'node.log'), 'utf8')),
            60_000,
          );
        if (line.endsWith('explain last'))
          await until(() => sopClasses().includes(comprehensive3dSr), 90_000);
        const step = run(adapted(line, version));
        steps.push(step);
        if (step.status !== 0) break;
      }
      seconds = (hostClock.monotonicMs() - startMs) / 1000;
      process.stderr.write(
        `way in: ${seconds.toFixed(0)} s from packing the bundle to the report at the archive\n`,
      );
    });

    afterAll(async () => {
      const pidFile = join(root, 'node.pid');
      if (existsSync(pidFile)) {
        const pid = Number(readFileSync(pidFile, 'utf8'));
        if (isAlive(pid)) process.kill(pid, 'SIGTERM');
        await until(() => !isAlive(pid), 60_000);
      }
      await archive.stop();
      rmSync(work, { recursive: true, force: true });
    }, 120_000);

    const stepOf = (words: string): Step | undefined => steps.find(({ command }) => command.includes(words));

    test('every command of the section was run and succeeded', () => {
      const failed = steps.filter(({ status }) => status !== 0);
      expect(failed.map(({ command, output }) => `${command}\n${output}`)).toEqual([]);
      expect(steps).toHaveLength(readmeCommands().length);
      expect(steps.length).toBeGreaterThanOrEqual(10);
    });

    test('init asks its six questions on a terminal, and would not overwrite the answers', () => {
      for (const { text } of initQuestions) expect(stepOf('lumbar-node init')?.output).toContain(text);
      expect(readFileSync(join(root, 'etc/lumbar-node/node.yaml'), 'utf8')).toContain(`port: ${port}`);
      expect(run('lumbar-node init').status).toBe(5);
    });

    test('doctor has asked the archive for its real contexts and found nothing that fails', () => {
      expect(stepOf('lumbar-node doctor')?.output).toMatch(/ok +peer-accepts-sr:main/);
      expect(stepOf('lumbar-node doctor')?.output).toMatch(/ok +peer-accepts-sc:main/);
      expect(stepOf('lumbar-node doctor')?.output).toMatch(/ 0 failed\.$/m);
    });

    test('the first picture and the first report are at the archive, and explain says so', () => {
      expect(new Set(sopClasses())).toEqual(new Set([secondaryCapture, comprehensive3dSr]));
      expect(stepOf('explain last')?.output).toMatch(/main +SC stored/);
    });

    test('what was installed has every package it needs, for this platform', () => {
      const current = join(root, 'opt/lumbar-node/current');
      writeFileSync(join(work, 'load.mjs'), loadEveryPackage);
      const loaded = spawnSync(join(current, 'node_modules/.bin/node'), [join(work, 'load.mjs'), current], {
        cwd: work,
        encoding: 'utf8',
        env: { PATH: '/usr/bin:/bin' },
      });
      expect(loaded).toMatchObject({ status: 0, stdout: 'all loaded', stderr: '' });
    });
  },
);

/** A process that has ended and that nobody has asked about yet counts as gone. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
