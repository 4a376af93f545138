import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { NotInjectable } from '../case.ts';
import { reached } from './waiting.ts';

/** A running strace on a process: injects faults into its system calls, or writes them down. */
export interface Tracer {
  /** What it wrote so far. */
  text(): string;
  /** Detaches; the process goes on without faults. */
  stop(): Promise<void>;
}

/**
 * Attaches to a process and all its threads. `expressions` are strace's own, such as
 * `inject=fdatasync:error=EIO:when=3`. Resolves when it is attached.
 */
export async function traceProcess(
  pid: number,
  expressions: readonly string[],
  outputPath: string,
): Promise<Tracer> {
  writeFileSync(outputPath, '');
  const child = spawn(
    'strace',
    ['-f', '-o', outputPath, ...expressions.flatMap((one) => ['-e', one]), '-p', String(pid)],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let notes = '';
  child.stderr.on('data', (chunk: Buffer) => {
    notes += chunk.toString('latin1');
  });
  child.once('error', (error) => {
    notes += error.message;
  });
  await reached(
    () => child.pid === undefined || child.exitCode !== null || /attached/.test(notes),
    10_000,
    10,
  );
  if (child.pid === undefined || child.exitCode !== null)
    throw new NotInjectable(`strace cannot attach: ${notes.trim()}`);
  return {
    text: () => readFileSync(outputPath, 'latin1'),
    stop: () => detach(child),
  };
}

/**
 * strace can miss the end of a thread of a process that it has killed, and then waits for good, the dead process with
 * it. Killed itself, it lets go.
 */
function detach(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const stuck = setTimeout(() => child.kill('SIGKILL'), 3000);
    child.once('exit', () => {
      clearTimeout(stuck);
      resolve();
    });
    child.kill('SIGINT');
  });
}
