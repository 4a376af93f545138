import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  diffConfig,
  type Environment,
  formatChanges,
  formatFaults,
  type LoadedConfig,
  loadConfig,
} from '../../../src/core/config/index.ts';

const senders = 'senders:\n  - aeTitle: DX_ROOM1\n    cidr: [10.0.0.31, 10.0.1.0/24]\n';
const pacs = 'pacs:\n  - name: main\n    host: pacs.hospital.example\n    calledAeTitle: ARCHIVE\n';
const minimal = `aeTitle: LUMBAR_NODE\n${senders}${pacs}`;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}
function load(environment: Environment = {}): LoadedConfig {
  const result = loadConfig(folder, environment);
  if (!result.ok) throw new Error(formatFaults(result.error));
  return result.value;
}
function faults(environment: Environment = {}): string {
  const result = loadConfig(folder, environment);
  return result.ok ? '' : formatFaults(result.error).replaceAll(folder, 'config');
}

describe('a configuration folder', () => {
  test('with an AE title, one sender and one destination is complete', () => {
    write({ 'node.yaml': minimal });
    const { config } = load();
    expect(config.pacs[0]).toMatchObject({
      callingAeTitle: 'LUMBAR_NODE',
      port: 104,
      deliver: 'on',
      objects: ['SR', 'SC'],
    });
    expect(config.senders[0]).toMatchObject({
      name: 'DX_ROOM1',
      cidr: ['10.0.0.31/32', '10.0.1.0/24'],
      maxAssociations: 8,
    });
    expect(config.listener).toMatchObject({ artimTimeout: 10_000, maxPduLength: 131_072 });
    expect(config.backup.directory).toBe('/var/lib/lumbar-node/backup');
  });
  test('may be split over its files, JSON among them', () => {
    write({
      'node.yaml': 'aeTitle: LUMBAR_NODE\n',
      'senders.yml': senders,
      'pacs.json': '{"pacs": [{"name": "main", "host": "10.0.0.5", "calledAeTitle": "ARCHIVE"}]}',
    });
    expect(load().config.pacs[0]?.host).toBe('10.0.0.5');
  });
  test('is frozen all the way down', () => {
    write({ 'node.yaml': minimal });
    const { config } = load();
    expect(
      [config, config.listener, config.pacs[0], config.senders[0]?.cidr].every((value) =>
        Object.isFrozen(value),
      ),
    ).toBe(true);
  });
  test('names both places of a key that is set twice', () => {
    write({ 'node.yaml': minimal, 'pacs.yaml': pacs });
    expect(faults()).toContain('config/pacs.yaml:1:1: error: "pacs" is already set at config/node.yaml:5');
  });
  test('does not overlook a misspelled file name', () => {
    write({ 'node.yaml': minimal, 'sender.yaml': senders });
    expect(faults()).toContain(
      'config/sender.yaml: error: "sender.yaml" is not a configuration file\n       = help: did you mean "senders.yaml"?',
    );
  });
  test('says so when it does not exist', () => {
    const result = loadConfig(join(folder, 'none'), {});
    expect(result.ok ? '' : result.error[0]?.message).toBe('the configuration folder does not exist');
  });
  test('refuses a file that is not UTF-8', () => {
    write({ 'node.yaml': Uint8Array.of(0x61, 0x3a, 0x20, 0xfc) });
    expect(faults()).toContain('config/node.yaml: error: the file is not UTF-8 text');
  });
  test('reports every fault of every file at once, in order', () => {
    write({
      'node.yaml': 'aeTitle: X\nlistener: {prot: 1}\n',
      'senders.yaml': 'senders: []\n',
      'pacs.yaml': pacs.replace('name: main', 'name: a b'),
    });
    expect(
      faults()
        .split('\n')
        .filter((line) => line.includes(': error: '))
        .map((line) => line.split(': error')[0]),
    ).toEqual(['config/node.yaml:2:12', 'config/senders.yaml:1:10', 'config/pacs.yaml:2:11']);
  });
  test('never throws, whatever stands in a file', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'grapheme' }), fc.json()), (text) => {
        write({ 'node.yaml': text });
        expect(faults()).not.toBe('');
      }),
      { numRuns: 60 },
    );
  });
});

describe('environment variables', () => {
  test('replace a value, with case and single underscores left free, and are its origin', () => {
    write({ 'node.yaml': minimal });
    const { config, entries } = load({
      LUMBAR__LISTENER__PORT: '104',
      LUMBAR__LISTENER__MAX_PDU_LENGTH: '64KiB',
      LUMBAR__PACS__0__HOST: '10.0.0.9',
      LUMBAR__MODEL__PROVIDERS: '[cpu]',
      OTHER__X: '1',
    });
    expect([
      config.listener.port,
      config.listener.maxPduLength,
      config.pacs[0]?.host,
      config.model.providers,
    ]).toEqual([104, 65_536, '10.0.0.9', ['cpu']]);
    expect(entries.find((entry) => entry.path === 'listener.port')?.origin).toEqual({
      kind: 'environment',
      variable: 'LUMBAR__LISTENER__PORT',
    });
  });
  test('that name no setting are faults', () => {
    write({ 'node.yaml': minimal });
    expect(faults({ LUMBAR__LISENER__PORT: '1' })).toContain(
      'environment variable LUMBAR__LISENER__PORT: error: this variable names no setting\n       = help: did you mean LUMBAR__LISTENER__PORT?',
    );
  });
  test('with a wrong value are named, not the file', () => {
    write({ 'node.yaml': minimal });
    expect(faults({ LUMBAR__LISTENER__PORT: 'many' })).toContain(
      'environment variable LUMBAR__LISTENER__PORT: error: "listener.port" must be a TCP port',
    );
  });
  test('keep text that looks like a number', () => {
    write({ 'node.yaml': minimal });
    expect(load({ LUMBAR__AE_TITLE: '0123' }).config.aeTitle).toBe('0123');
  });
});

describe('secrets', () => {
  test('are read from a file or a variable, masked, and no part of the hash', () => {
    write({
      'node.yaml': `${minimal}console:\n  password: \${file:secret}\nalerts:\n  webhook:\n    url: \${env:HOOK}\n`,
      secret: 'first\n',
    });
    const first = load({ HOOK: 'https://alerts.hospital.example/a' });
    expect([first.config.console.password, first.config.alerts.webhook?.url]).toEqual([
      'first',
      'https://alerts.hospital.example/a',
    ]);
    expect(JSON.stringify(first.entries)).not.toMatch(/first|hospital\.example\/a/);
    write({ secret: 'second' });
    const second = load({ HOOK: 'https://alerts.hospital.example/a' });
    expect(second.sha256).toBe(first.sha256);
    expect(formatChanges(diffConfig(first, second))).toBe('~ console.password: "********" -> "********"\n');
  });
});

describe('origins, hash and difference', () => {
  test('each value knows its file and line, or that it is a default', () => {
    write({ 'node.yaml': minimal });
    const { entries } = load();
    const origin = (path: string): unknown => entries.find((entry) => entry.path === path)?.origin;
    expect(origin('pacs.0.host')).toEqual({ kind: 'file', file: join(folder, 'node.yaml'), line: 7 });
    expect(origin('pacs.0.port')).toEqual({ kind: 'default' });
  });
  test('comments and order do not change the hash, values do', () => {
    write({ 'node.yaml': minimal });
    const before = load();
    write({ 'node.yaml': `# comment\n${pacs}${senders}aeTitle: LUMBAR_NODE\n` });
    expect(load().sha256).toBe(before.sha256);
    expect(load({ LUMBAR__LOG__LEVEL: 'debug' }).sha256).not.toBe(before.sha256);
  });
  test('the difference says what needs a restart', () => {
    write({ 'node.yaml': minimal });
    const before = load();
    write({ 'node.yaml': `${minimal}    deliver: shadow\nlistener: {port: 104}\ncharsetDefault: GB18030\n` });
    expect(formatChanges(diffConfig(before, load()))).toBe(
      '+ charsetDefault: "GB18030"\n~ listener.port: 11112 -> 104 (needs a restart)\n~ pacs.0.deliver: "on" -> "shadow"\n',
    );
    expect(formatChanges(diffConfig(before, before))).toBe('Nothing changed.\n');
  });
});
