import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { demoTitles } from '../../src/app/demo-config.ts';
import { hostClock } from '../../src/store/store.ts';
import { peer } from '../support/peer.ts';
import { freePort } from '../support/ports.ts';
import { startNodeUnderTest } from '../support/running-node.ts';

const run = promisify(execFile);
const echoscu = peer('echoscu');

describe.skipIf(echoscu === undefined)('one I/O error after another (reliability 4.5, C07)', () => {
  test('every association is rejected transiently until the disk answers again, without a person', async () => {
    const port = await freePort();
    const own = await startNodeUnderTest({ port, start: { refuseMs: 5000 } });
    const call = [
      ...['-v', '-to', '5', '-aet', demoTitles.modality, '-aec', demoTitles.node],
      ...['127.0.0.1', String(port)],
    ];
    // Not `spawnSync`: the supervisor lives in this process and must go on meanwhile.
    const echo = () =>
      run(echoscu!, call).then(
        () => 'answered',
        (error: unknown) => {
          const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
          return `${stdout}${stderr}`;
        },
      );
    const untilEcho = async (wanted: string) => {
      const endMs = hostClock.monotonicMs() + 90_000;
      for (let answer = await echo(); !answer.includes(wanted); answer = await echo())
        if (hostClock.monotonicMs() > endMs) throw new Error(`no echo said "${wanted}", the last: ${answer}`);
    };
    const database = own.store.db.path;
    try {
      expect(await echo()).toBe('answered');
      // What cannot be opened as a file: as after a file system error, whoever starts next meets an I/O error.
      renameSync(database, `${database}.aside`);
      mkdirSync(database);
      process.kill(own.node.supervisor.pids().listener!, 'SIGKILL');
      await untilEcho('Rejected Transient');
      expect(own.node.supervisor.vitals().isRefusing).toBe(true);
      rmdirSync(database);
      renameSync(`${database}.aside`, database);
      await untilEcho('answered');
      const log = readFileSync(join(own.folder, 'node.log'), 'utf8');
      expect(log).toMatch(/"event":"ALERT_STARTED".*"cause":"disk-not-trusted"/);
      expect(log).toMatch(/"event":"ALERT_RECOVERED".*"cause":"disk-not-trusted"/);
    } finally {
      await own.stop();
    }
  }, 240_000);
});
