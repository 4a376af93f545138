import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { demoTitles } from '../../src/app/demo-config.ts';
import { initialiseCodecs } from '../../src/imaging/native-codec.ts';
import { simulateStudy } from '../../src/simulator/study.ts';
import { hostClock, openReadOnlyStore } from '../../src/store/store.ts';
import { peer } from '../support/peer.ts';
import { makePki } from '../support/pki.ts';
import { freePort } from '../support/ports.ts';
import { prepareNodeFolder } from '../support/running-node.ts';

const run = promisify(execFile);
const storescu = peer('storescu');
const openssl = peer('openssl');

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const endMs = hostClock.monotonicMs() + 60_000;
  while (!(await condition())) {
    if (hostClock.monotonicMs() > endMs) throw new Error(`not reached: ${what}`);
    await delay(100);
  }
}

describe.skipIf(storescu === undefined || openssl === undefined)(
  'certificates renewed while the node runs (T05)',
  () => {
    test('after SIGHUP a good one serves new connections, a broken one changes nothing, and no store fails meanwhile', async () => {
      const pki = makePki(openssl!);
      onTestFinished(() => pki.remove());
      pki.authority('ca');
      for (const name of ['first', 'second', 'third']) pki.issue(name);
      const install = (certificate: string, key: string): void => {
        copyFileSync(pki.path(certificate), pki.path('node.pem'));
        copyFileSync(pki.path(key), pki.path('node.key'));
      };
      install('first.pem', 'first.key');
      const port = await freePort();
      const tls = { certificate: pki.path('node.pem'), key: pki.path('node.key') };
      const { folder, configFolder, databasePath, pacs } = await prepareNodeFolder({
        settings: { listener: { host: '127.0.0.1', port, tls } },
      });
      onTestFinished(async () => {
        await pacs.close();
        rmSync(folder, { recursive: true, force: true });
      });
      await initialiseCodecs();
      const images = join(folder, 'images');
      mkdirSync(images);
      for (const image of simulateStudy(30_960_001, { size: 512, tags: 'orderly', variant: 'tls' }))
        writeFileSync(join(images, `${image.view}.dcm`), image.bytes);

      const main = resolve(import.meta.dirname, '../../src/main.ts');
      const node = spawn(process.execPath, [main, '--config', configFolder, 'start'], { stdio: 'ignore' });
      onTestFinished(async () => {
        const ended = once(node, 'exit');
        node.kill('SIGTERM');
        await ended;
      });
      const send = () =>
        run(storescu!, [
          ...['+tla', '+cf', pki.path('ca.pem'), '+sd', '-aet', demoTitles.modality, '-aec', demoTitles.node],
          ...['127.0.0.1', String(port), images],
        ]);
      const shows = async (name: string): Promise<boolean> => {
        const client = run(openssl!, ['s_client', '-connect', `127.0.0.1:${port}`]);
        client.child.stdin?.end();
        const said = await client.then(
          ({ stdout }) => stdout,
          () => '',
        );
        return new RegExp(`subject=CN ?= ?${name}`).test(said);
      };
      await until('the node serves', () => shows('first'));

      // Somebody stores all the time meanwhile.
      const stores = [send(), send(), send()];
      onTestFinished(() => void Promise.allSettled(stores));
      install('second.pem', 'second.key');
      await until('the second certificate is shown', () => {
        node.kill('SIGHUP');
        return shows('second');
      });
      stores.push(send());

      const store = openReadOnlyStore({ databasePath, clock: hostClock });
      onTestFinished(() => store.close());
      const refusals = () => store.auditQuery.query({ event: 'CONFIG_REFUSED', limit: 100 }).rows.length;
      for (const [certificate, key] of [
        ['third.pem', 'second.key'],
        ['third.key', 'third.key'],
      ] as const) {
        const before = refusals();
        install(certificate, key);
        node.kill('SIGHUP');
        await until('the refusal is audited', () => Promise.resolve(refusals() > before));
        expect(await shows('second')).toBe(true);
      }
      stores.push(send());
      await Promise.all(stores);
    }, 240_000);
  },
);
