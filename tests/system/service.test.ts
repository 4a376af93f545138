import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { demoTitles } from '../../src/app/demo-config.ts';
import { sendAsModality } from '../../src/simulator/modality.ts';
import { simulateStudy } from '../../src/simulator/study.ts';
import { hostClock, openReadOnlyStore } from '../../src/store/store.ts';
import { peer } from '../support/peer.ts';
import { freePort } from '../support/ports.ts';
import { prepareNodeFolder } from '../support/running-node.ts';

const root = resolve(import.meta.dirname, '../..');
const socketActivate = peer('systemd-socket-activate');
const analyze = peer('systemd-analyze');
const echoscu = peer('echoscu');
const python = peer('python3');

const cleanUp: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

/** Lines a child prints, and a way to wait for one of them. */
function linesOf(child: ChildProcess): {
  seen(line: string): number;
  until(line: string, times: number): Promise<void>;
} {
  const lines: string[] = [];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => lines.push(...text.split('\n')));
  const seen = (line: string) => lines.filter((one) => one === line).length;
  return {
    seen,
    until: async (line, times) => {
      const endMs = hostClock.monotonicMs() + 60_000;
      while (seen(line) < times) {
        if (hostClock.monotonicMs() > endMs)
          throw new Error(`"${line}" was not seen ${times} times: ${lines.join(' | ')}`);
        await delay(50);
      }
    },
  };
}

function childrenOf(pid: number, module: string): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return children
    .map(Number)
    .filter((child) => child > 0 && readFileSync(`/proc/${child}/cmdline`, 'utf8').includes(module));
}

describe.skipIf(socketActivate === undefined || echoscu === undefined || python === undefined)(
  'under a service manager',
  () => {
    test('connections wait while the listener is replaced, the manager hears READY, WATCHDOG and STOPPING, and SIGTERM under load loses nothing (C13)', async () => {
      const { folder, configFolder, databasePath, pacs } = await prepareNodeFolder();
      cleanUp.push(
        () => rmSync(folder, { recursive: true, force: true }),
        () => pacs.close(),
      );
      const notifyPath = join(folder, 'notify');
      const manager = spawn(python!, [join(root, 'tests/support/notify-socket.py'), notifyPath], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      cleanUp.push(() => void manager.kill());
      const told = linesOf(manager);
      await told.until('listening', 1);

      const port = await freePort();
      const environment = {
        NOTIFY_SOCKET: notifyPath,
        WATCHDOG_USEC: '3000000',
        PATH: process.env['PATH'] ?? '',
      };
      const service = spawn(
        socketActivate!,
        [
          ...['-l', `127.0.0.1:${port}`, '--fdname=dicom'],
          ...Object.entries(environment).flatMap(([name, value]) => ['-E', `${name}=${value}`]),
          ...[join(root, 'bin/lumbar-node'), '--config', configFolder, 'start'],
        ],
        { stdio: ['ignore', 'ignore', 'ignore'] },
      );
      cleanUp.push(() => void service.kill('SIGKILL'));
      const exited = once(service, 'exit');
      const echo = () =>
        execFileSync(echoscu!, [
          '-to',
          '60',
          '-ta',
          '60',
          '-aet',
          demoTitles.modality,
          '-aec',
          demoTitles.node,
          '127.0.0.1',
          String(port),
        ]);
      // The first caller starts the service and waits for it in the socket's queue.
      for (let tries = 0; ; tries++) {
        try {
          echo();
          break;
        } catch (error) {
          if (tries > 50) throw error;
          await delay(100);
        }
      }
      await told.until('READY=1', 1);
      await told.until('WATCHDOG=1', 2);

      const [listener = 0] = childrenOf(service.pid!, 'processes/listener');
      process.kill(listener, 'SIGKILL');
      // Nobody accepts at this moment; the connection is not refused.
      echo();

      const images = simulateStudy(30_600_001, { size: 512, tags: 'orderly', variant: 'drain' });
      const acknowledged: string[] = [];
      await sendAsModality(
        images.map(({ bytes }) => bytes),
        { host: '127.0.0.1', port, callingAeTitle: demoTitles.modality, calledAeTitle: demoTitles.node },
        () => 0,
        ({ sopInstanceUid, status }) => {
          if (status === 0) acknowledged.push(sopInstanceUid);
          if (acknowledged.length === 1) service.kill('SIGTERM');
        },
      );
      expect(await exited).toEqual([0, null]);
      expect(told.seen('STOPPING=1')).toBe(1);
      expect(acknowledged.length).toBeGreaterThan(0);
      const store = openReadOnlyStore({ databasePath, clock: hostClock });
      cleanUp.push(() => store.close());
      for (const sopInstanceUid of acknowledged) expect(store.explain({ sopInstanceUid })).toBeDefined();
    }, 120_000);
  },
);

describe.skipIf(analyze === undefined)('the systemd units', () => {
  test('the exposure score is 1.5 or better', () => {
    const report = execFileSync(
      analyze!,
      [
        'security',
        '--offline=true',
        '--no-pager',
        '--threshold=15',
        join(root, 'systemd/lumbar-node.service'),
      ],
      { encoding: 'utf8' },
    );
    expect(report).toMatch(/Overall exposure level for lumbar-node\.service: 1\.[0-5] OK/);
  });

  test('every setting of the units stands below a line that says why', () => {
    for (const unit of ['lumbar-node.service', 'lumbar-node.socket', 'gpu.conf']) {
      const blocks = readFileSync(join(root, 'systemd', unit), 'utf8').split(/\n\s*\n|\n(?=#)/);
      const bare = blocks.filter(
        (block) => /^[A-Z]\w+=/m.test(block) && !/^#/m.test(block) && !/^\[/.test(block),
      );
      expect(bare.filter((block) => !/^(Description|Documentation|WantedBy)=/.test(block))).toEqual([]);
    }
  });
});
