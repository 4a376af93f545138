import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { peer } from '../support/peer.ts';

const strace = peer('strace');
const main = resolve(import.meta.dirname, '../../src/main.ts');
const model = resolve(import.meta.dirname, '../../models/lumbar-nano-sim');

/** Variables by which ONNX Runtime keeps still by itself: with them this test would show nothing. */
const quietening = ['CI', 'ORT_DISABLE_TELEMETRY', 'ORT_RUNNING_UNIT_TESTS'];

/** Runs a command of the program as a person with a fresh home would; a model is opened and run in it. */
function asPerson(home: string, trace: string): { readonly status: number | null; readonly output: string } {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !quietening.includes(name) && !name.endsWith('_CI')),
  );
  const { status, stdout, stderr } = spawnSync(
    strace ?? '',
    [
      ...['-f', '-qq', '-o', trace, '-e', 'trace=connect,sendto,sendmsg'],
      ...[process.execPath, main, 'model', 'verify', model],
    ],
    { encoding: 'utf8', env: { ...env, HOME: home }, timeout: 110_000 },
  );
  return { status, output: `${stdout}${stderr}` };
}

describe.skipIf(strace === undefined)('no internet, no telemetry', () => {
  test('a command that runs a model calls nobody and leaves no identifier of this machine behind', () => {
    const folder = mkdtempSync(join(tmpdir(), 'lumbar-quiet-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const home = join(folder, 'home');
    mkdirSync(home);
    const trace = join(folder, 'trace.txt');
    const { status, output } = asPerson(home, trace);
    expect(output).not.toMatch(/telemetry/i);
    expect(status).toBe(0);
    expect(existsSync(trace)).toBe(true);
    const calls = readFileSync(trace, 'utf8').split('\n');
    expect(calls.filter((call) => /AF_INET6?\b/.test(call))).toEqual([]);
    // The runtime's device identifier and its queue of reports lie in ~/.cache/Microsoft.
    expect(readdirSync(home, { recursive: true })).toEqual([]);
  }, 120_000);
});
