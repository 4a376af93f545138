import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { demoTitles } from '../../src/app/demo-config.ts';
import { peer } from '../support/peer.ts';
import { freePort, startNodeUnderTest } from '../support/running-node.ts';

const echoscu = peer('echoscu');

describe.skipIf(echoscu === undefined)('one I/O error after another (reliability 4.5, C07)', () => {
  test('every association is rejected transiently until the disk answers again, without a person', async () => {
    const port = await freePort();
    const own = await startNodeUnderTest({ port, start: { refuseMs: 2000 } });
    const call = [
      ...['-v', '-to', '5', '-aet', demoTitles.modality, '-aec', demoTitles.node],
      ...['127.0.0.1', String(port)],
    ];
    const echo = () => spawnSync(echoscu!, call, { encoding: 'utf8' });
    const answer = () => {
      const { stdout, stderr } = echo();
      return `${stdout}${stderr}`;
    };
    const database = own.store.db.path;
    try {
      expect(echo().status).toBe(0);
      // What cannot be opened as a file: as after a file system error, whoever starts next meets an I/O error.
      renameSync(database, `${database}.aside`);
      mkdirSync(database);
      process.kill(own.node.supervisor.pids().listener!, 'SIGKILL');
      await own.until('the node refuses', () => answer().includes('Rejected Transient'), 60_000);
      expect(own.node.supervisor.vitals().isRefusing).toBe(true);
      rmdirSync(database);
      renameSync(`${database}.aside`, database);
      await own.until('the node serves again', () => echo().status === 0, 60_000);
      const log = readFileSync(join(own.folder, 'node.log'), 'utf8');
      expect(log).toMatch(/"event":"ALERT_STARTED".*"cause":"disk-not-trusted"/);
      expect(log).toMatch(/"event":"ALERT_RECOVERED".*"cause":"disk-not-trusted"/);
    } finally {
      await own.stop();
    }
  }, 150_000);
});
