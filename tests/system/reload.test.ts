import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  askConfiguration,
  askReload,
  askStatus,
  recycleProcess,
  wakeNode,
} from '../../src/app/control-client.ts';
import type { NodeStatus, ReloadAnswer } from '../../src/app/control-protocol.ts';
import { controlPath } from '../../src/app/control-socket.ts';
import { demoTitles } from '../../src/app/demo-config.ts';
import { examine } from '../../src/app/doctor/examine.ts';
import { statusFromBooks } from '../../src/app/status-verb.ts';
import { foldersOf, readConfig } from '../../src/app/runtime.ts';
import { requestAssociation } from '../../src/upper-layer/association.ts';
import { type NodeUnderTest, startNodeUnderTest } from '../support/running-node.ts';

let running: NodeUnderTest;
let dataFolder: string;
let original: string;

beforeAll(async () => {
  running = await startNodeUnderTest();
  dataFolder = foldersOf(readConfig(running.configFolder).config, running.configFolder).data;
  original = readFileSync(configFile(), 'utf8');
}, 60_000);

afterAll(async () => {
  await running.stop();
}, 60_000);

/** Each test begins with the original configuration in force and every process serving. */
beforeEach(async () => {
  writeFileSync(configFile(), original);
  await reload();
  await running.until('serving', () => running.node.supervisor.serving, 30_000);
});

function configFile(): string {
  return join(running.configFolder, 'node.yaml');
}

function rewrite(from: string, to: string): void {
  const text = readFileSync(configFile(), 'utf8');
  expect(text).toContain(from);
  writeFileSync(configFile(), text.replace(from, to));
}

async function reload(operator = 'tester'): Promise<ReloadAnswer> {
  const answer = await askReload(dataFolder, operator);
  if (!answer.ok) throw new Error(answer.error.text);
  return answer.value;
}

async function status(): Promise<NodeStatus> {
  const answer = await askStatus(dataFolder);
  if (!answer.ok) throw new Error(answer.error.text);
  return answer.value;
}

async function isLetIn(callingAeTitle: string): Promise<boolean> {
  const association = await requestAssociation({
    host: '127.0.0.1',
    port: running.node.port,
    callingAeTitle,
    calledAeTitle: demoTitles.node,
    contexts: [{ abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: ['1.2.840.10008.1.2'] }],
  });
  if (association.ok) await association.value.release();
  return association.ok;
}

function audited(event: 'CONFIG_RELOADED' | 'CONFIG_REFUSED') {
  return running.store.auditQuery.query({ event, limit: 100 }).rows.map(({ fields }) => fields);
}

describe('reload of a running node', () => {
  test('a changed list of senders counts at once, without a new listener, and is audited with operator and difference', async () => {
    const listener = running.node.supervisor.pids().listener;
    expect(await isLetIn('NEW_ROOM')).toBe(false);
    rewrite(`aeTitle: ${demoTitles.modality}`, 'aeTitle: NEW_ROOM');
    const answer = await reload('alice');
    expect(answer).toMatchObject({ result: 'reloaded', waitingForRestart: [] });
    expect(answer.text).toContain('~ senders.0.aeTitle: "DEMO_DX" -> "NEW_ROOM"');
    expect(await isLetIn('NEW_ROOM')).toBe(true);
    expect(await isLetIn(demoTitles.modality)).toBe(false);
    expect(running.node.supervisor.pids().listener).toBe(listener);
    await running.until(
      'audited',
      () => audited('CONFIG_RELOADED').some(({ configSha256 }) => configSha256 === answer.configSha256),
      5000,
    );
    expect(
      audited('CONFIG_RELOADED').find(({ configSha256 }) => configSha256 === answer.configSha256),
    ).toMatchObject({
      operator: 'alice',
      detail: answer.text,
    });
  });

  test('a wrong configuration is refused with its faults, remembered as stale, and survives the death of a worker', async () => {
    const before = await status();
    rewrite('cidr', 'cdir');
    const refused = await reload('bob');
    expect(refused.result).toBe('refused');
    expect(refused.text).toContain('error: unknown setting "senders.0.cdir"');
    expect(refused.text).toContain('^^^^\n       = help: did you mean "cidr"?');
    const after = await status();
    expect(after).toMatchObject({ configSha256: before.configSha256, staleConfig: { text: refused.text } });
    expect(await isLetIn(demoTitles.modality)).toBe(true);

    const killed = running.node.supervisor.pids().worker ?? 0;
    process.kill(killed, 'SIGKILL');
    await running.until(
      'another worker serves by the configuration in force',
      () => running.node.supervisor.serving && running.node.supervisor.pids().worker !== killed,
      30_000,
    );
    await running.until('audited', () => audited('CONFIG_REFUSED').length > 0, 5000);
    expect(audited('CONFIG_REFUSED').at(0)).toMatchObject({ operator: 'bob' });

    // People look most while something is wrong: the reading commands go by what the node works by.
    const { text } = await statusFromBooks(running.configFolder, 'text');
    expect(text).toContain('are refused: lumbar-node check');
    const findings = await examine(running.configFolder, Date.now());
    expect(findings[0]).toMatchObject({ name: 'config-valid', verdict: 'fail' });
    expect(findings.map(({ name }) => name)).toContain('db-integrity');

    writeFileSync(configFile(), original);
    expect(await reload()).toMatchObject({ result: 'unchanged' });
    expect((await status()).staleConfig).toBeNull();
  });

  test('a setting that needs a restart keeps its running value everywhere and is named', async () => {
    rewrite('aeTitle: LUMBAR_NODE', 'aeTitle: OTHER_NODE');
    const answer = await reload();
    expect(answer).toMatchObject({ waitingForRestart: ['aeTitle', 'pacs.0.callingAeTitle'] });
    expect(answer.text).toContain('Waiting for a restart:\n  ~ aeTitle: "LUMBAR_NODE" -> "OTHER_NODE"');
    expect((await status()).waitingForRestart).toEqual(answer.waitingForRestart);
    expect(await isLetIn(demoTitles.modality)).toBe(true);
  });

  test('a certificate file that cannot be read is refused before anything changes', async () => {
    rewrite('rate: 100', 'rate: 100, tls: { ca: /nowhere/ca.pem }');
    const answer = await reload();
    expect(answer.result).toBe('refused');
    expect(answer.text).toContain('the file /nowhere/ca.pem cannot be read (ENOENT)');
  });

  test('two reloads at once and a storm of signals end with the last configuration and an intact audit trail', async () => {
    const rounds = Array.from({ length: 12 }, (_, round) => {
      writeFileSync(configFile(), original.replace('aeTitle: DEMO_DX', `aeTitle: ROOM${round}`));
      for (let signal = 0; signal < 20; signal++) running.node.config.reloadSoon('SIGHUP');
      return Promise.all([reload('alice'), reload('bob')]);
    });
    const answers = (await Promise.all(rounds)).flat();
    expect(new Set(answers.map(({ result }) => result))).not.toContain('refused');
    expect(await reload()).toMatchObject({ result: 'unchanged' });
    expect(await isLetIn('ROOM11')).toBe(true);
    await running.until('serving', () => running.node.supervisor.serving, 30_000);
    expect(running.store.audit.verify()).toMatchObject({ intact: true });
  });
});

describe('the control socket', () => {
  test('is for the service user alone and tells version, processes, port and configuration', async () => {
    expect(statSync(controlPath(dataFolder)).mode & 0o777).toBe(0o600);
    expect(await status()).toMatchObject({
      schema: 1,
      pid: process.pid,
      configFolder: running.configFolder,
      serving: true,
      staleConfig: null,
      processes: { listener: { pid: running.node.supervisor.pids().listener, port: running.node.port } },
    });
  });

  test('tells the configuration in force with every secret masked', async () => {
    rewrite('console: { enabled: false }', 'console: { enabled: false, password: fictional-secret }');
    expect(await reload()).toMatchObject({ result: 'reloaded' });
    const answer = await askConfiguration(dataFolder);
    expect(JSON.stringify(answer)).not.toContain('fictional-secret');
    expect(answer).toMatchObject({
      ok: true,
      value: { loaded: { config: { console: { password: '********' } } } },
    });
  });

  test('answers nonsense with a refusal and goes on serving', async () => {
    const say = (text: string): Promise<string> =>
      new Promise((resolve, reject) => {
        let answer = '';
        const socket = createConnection(controlPath(dataFolder), () => socket.write(text));
        socket.on('data', (chunk) => {
          answer += String(chunk);
          if (answer.includes('\n')) socket.destroy();
        });
        socket.on('close', () => resolve(answer));
        socket.on('error', reject);
      });
    expect(JSON.parse(await say('not json\n'))).toMatchObject({ ok: false });
    expect(JSON.parse(await say('{"verb":"rm -rf"}\n'))).toEqual({
      ok: false,
      refused: 'this node does not know that request',
    });
    expect(JSON.parse(await say('x'.repeat(100_000)))).toEqual({
      ok: false,
      refused: 'the request is too long',
    });
    expect(await wakeNode(dataFolder, 'tester')).toBe(true);
  });

  test('replaces one process on request', async () => {
    const before = running.node.supervisor.pids().sender;
    expect((await recycleProcess(dataFolder, 'sender', 'tester')).ok).toBe(true);
    await running.until(
      'another sender',
      () => running.node.supervisor.serving && running.node.supervisor.pids().sender !== before,
      30_000,
    );
    expect(await recycleProcess(dataFolder, 'kernel', 'tester')).toEqual({
      ok: false,
      error: { kind: 'refused', text: 'there is no process "kernel"' },
    });
  });

  test('is not there without a node', async () => {
    expect(await askStatus(join(running.folder, 'pacs'))).toEqual({
      ok: false,
      error: { kind: 'absent', text: `no node is running on ${join(running.folder, 'pacs')}` },
    });
    expect(await wakeNode(running.folder, 'tester')).toBe(false);
  });
});
