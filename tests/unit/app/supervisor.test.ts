import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StartOrder } from '../../../src/app/process-messages.ts';
import { exitCodes } from '../../../src/app/restart-policy.ts';
import { Supervisor } from '../../../src/app/supervisor.ts';
import { hostClock } from '../../../src/store/store.ts';

/**
 * A process that serves until the file `fault` holds an exit code, and then dies with it, also at its start. Each start
 * is a line of `starts`; one that is `stubborn` does not hear that it shall leave.
 */
const child = (name: string, folder: string): string => `
  import { appendFileSync, existsSync, readFileSync } from 'node:fs';
  const at = (file) => ${JSON.stringify(folder)} + '/' + file;
  appendFileSync(at('starts'), ${JSON.stringify(name)} + '\\n');
  const look = () => {
    if (${JSON.stringify(name)} !== 'refuser' && existsSync(at('fault'))) process.exit(Number(readFileSync(at('fault'), 'utf8')));
  };
  process.on('message', ({ kind }) => {
    if (kind === 'start') process.send({ kind: 'ready', port: 1 });
    if (kind === 'drain' && !existsSync(at('stubborn-' + ${JSON.stringify(name)}))) process.exit(0);
  });
  process.on('disconnect', () => process.exit(0));
  look();
  setInterval(look, 5);
  setInterval(() => process.send({ kind: 'alive', loopLagMs: 0, rssBytes: 0 }), 100);
`;

let folder: string;
let supervisor: Supervisor | undefined;
let told: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lumbar-supervisor-'));
  told = [];
});
afterEach(async () => {
  rmSync(join(folder, 'fault'), { force: true });
  supervisor?.kill();
  await supervisor?.drain();
  rmSync(folder, { recursive: true, force: true });
});

function start(): Supervisor {
  const module = (name: string): string => {
    const path = join(folder, `${name}.mjs`);
    writeFileSync(path, child(name, folder));
    return path;
  };
  supervisor = new Supervisor({
    modules: {
      listener: module('listener'),
      worker: module('worker'),
      sender: module('sender'),
      refuser: module('refuser'),
    },
    order: { bootId: 'test', folders: { data: folder } } as unknown as StartOrder,
    clock: hostClock,
    drainMs: 500,
    silenceMs: 20_000,
    refuseMs: 1500,
    events: {
      died: () => undefined,
      killed: () => undefined,
      gaveUp: (name) => void told.push(`gave up ${name}`),
      refusing: (_name, why) => void told.push(`refusing: ${why}`),
      tryingAgain: () => void told.push('trying again'),
      serving: () => void told.push('serving'),
    },
  });
  return supervisor;
}

const fault = (code: number): void => writeFileSync(join(folder, 'fault'), String(code));
const mend = (): void => rmSync(join(folder, 'fault'));
const startsOf = (name: string): number =>
  readFileSync(join(folder, 'starts'), 'utf8').split(`${name}\n`).length - 1;
const toldTimes = (what: string): number => told.filter((one) => one.startsWith(what)).length;
const until = (what: string, count: number) =>
  expect.poll(() => toldTimes(what), { timeout: 15_000, interval: 10 }).toBe(count);

describe('a node that cannot trust its disk (reliability 4.5)', () => {
  test('three processes that fail together are one refusal with one stand-in, tried again until the disk answers', async () => {
    await start().ready();
    fault(exitCodes.ioError);
    await until('refusing: io-errors', 1);
    await until('trying again', 1);
    // The disk still fails: another round, and again exactly one stand-in for it.
    await until('refusing: io-errors', 2);
    mend();
    await until('trying again', 2);
    await until('serving', 2);
    expect(startsOf('refuser')).toBe(2);
    expect(toldTimes('gave up')).toBe(0);
    // Nothing of the rounds before is left that could disturb the node that serves now.
    const pids = supervisor!.pids();
    const endMs = hostClock.monotonicMs() + 2000;
    await expect.poll(() => hostClock.monotonicMs(), { timeout: 10_000 }).toBeGreaterThan(endMs);
    expect(supervisor!.pids()).toEqual(pids);
    expect(supervisor!.vitals().isRefusing).toBe(false);
  }, 60_000);

  test('a damaged database is refused at the first death: starting again does not mend it', async () => {
    await start().ready();
    const before = startsOf('listener');
    fault(exitCodes.dataError);
    await until('refusing: damaged-database', 1);
    expect(startsOf('listener')).toBe(before);
    mend();
    await until('serving', 2);
  }, 30_000);

  test('a stand-in that does not leave is ended, and the node serves again', async () => {
    await start().ready();
    writeFileSync(join(folder, 'stubborn-refuser'), '');
    fault(exitCodes.dataError);
    await until('refusing', 1);
    mend();
    await until('serving', 2);
    expect(existsSync(join(folder, 'stubborn-refuser'))).toBe(true);
  }, 30_000);

  test('a node that never served gives up instead', async () => {
    fault(exitCodes.dataError);
    await expect(start().ready()).rejects.toThrow(/cannot run/);
    expect(told).toEqual([expect.stringMatching(/^gave up /)]);
  }, 30_000);
});
