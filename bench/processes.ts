import { type ChildProcess, fork, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { requireConfig } from '../src/app/checked-config.ts';
import { isChildMessage, type SupervisorMessage } from '../src/app/process-messages.ts';
import { runtimeEnvironment, runtimeFlags } from '../src/app/runtime-flags.ts';
import { startOrder } from '../src/app/start-order.ts';
import { peer } from '../tests/support/peer.ts';
import { isOpen } from '../tests/support/ports.ts';

const readyMs = 60_000;

/** A server under measurement. */
export interface RunningServer {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a program that will listen on `port` and waits until it takes connections. Throws with its output if it never does. */
export async function startServer(
  program: string,
  args: readonly string[],
  port: number,
  environment: Readonly<Record<string, string>> = {},
): Promise<RunningServer> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...environment },
  });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-2000);
  });
  for (let tries = 0; !(await isOpen(port)); tries++) {
    if (child.exitCode !== null || tries > 400) throw new Error(`${program} does not listen:\n${output}`);
    await delay(25);
  }
  return { port, pid: child.pid ?? 0, stop: () => ended(child, 'SIGTERM') };
}

/** Starts one of the node's own processes as the supervisor does, without its siblings. */
export async function startNodeProcess(
  name: 'listener' | 'worker' | 'sender',
  configFolder: string,
): Promise<RunningServer> {
  const module = join(import.meta.dirname, '../src/app/processes', `${name}.ts`);
  const order = startOrder(configFolder, requireConfig(configFolder));
  const child = fork(module, [], {
    serialization: 'json',
    execArgv: [...runtimeFlags(name)],
    env: runtimeEnvironment(name, order),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  child.send({ kind: 'start', order } satisfies SupervisorMessage);
  const port = await new Promise<number>((resolve, reject) => {
    const tooLate = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the ${name} does not serve after ${readyMs / 1000} s`));
    }, readyMs);
    child.once('exit', (code) => {
      clearTimeout(tooLate);
      reject(new Error(`the ${name} ended with ${code ?? 'a signal'}`));
    });
    child.on('message', (message) => {
      if (!isChildMessage(message) || message.kind !== 'ready') return;
      clearTimeout(tooLate);
      resolve(message.port ?? 0);
    });
  });
  return {
    port,
    pid: child.pid ?? 0,
    stop: async () => {
      child.send({ kind: 'drain', why: 'shutdown' } satisfies SupervisorMessage);
      await ended(child);
    },
  };
}

/** Runs a program to its end; throws with its output when it fails. */
export async function run(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-2000);
    });
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`${program} ended with ${code ?? 'a signal'}:\n${output}`);
}

/** Resident memory of a process now and at its highest, MB (VmRSS and VmHWM of /proc). */
export function memoryOf(pid: number): { readonly nowMb: number; readonly peakMb: number } {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mb = (key: string): number => Number(new RegExp(`${key}:\\s+(\\d+)`).exec(text)?.[1] ?? 0) / 1024;
  return { nowMb: mb('VmRSS'), peakMb: mb('VmHWM') };
}

async function ended(child: ChildProcess, signal?: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  if (signal !== undefined) child.kill(signal);
  await exit;
}

/** Path of a peer's program. Benches need their peers: without them there is nothing to compare with. */
export function requiredPeer(program: string): string {
  const path = peer(program);
  if (path === undefined) throw new Error(`${program} is not installed; .ci/run names the Debian packages`);
  return path;
}
