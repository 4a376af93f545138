import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort, isOpen } from './ports.ts';

/** DCMTK's `storescp` as an archive that takes some SOP classes only. */
export interface Storescp {
  readonly port: number;
  /** Paths of what it stored so far. */
  files(): readonly string[];
  stop(): Promise<void>;
}

/** Starts it on a free loopback port with an association profile of its own, and waits until it listens. */
export async function startStorescp(options: {
  readonly program: string;
  readonly aeTitle: string;
  readonly sopClassUids: readonly string[];
}): Promise<Storescp> {
  const folder = mkdtempSync(join(tmpdir(), 'lumbar-storescp-'));
  const received = join(folder, 'received');
  mkdirSync(received);
  const profile = join(folder, 'storescp.cfg');
  writeFileSync(
    profile,
    [
      '[[TransferSyntaxes]]',
      '[Plain]',
      'TransferSyntax1 = LittleEndianExplicit',
      'TransferSyntax2 = LittleEndianImplicit',
      '[[PresentationContexts]]',
      '[All]',
      ...options.sopClassUids.map((uid, index) => `PresentationContext${index + 1} = ${uid}\\Plain`),
      '[[Profiles]]',
      '[All]',
      'PresentationContexts = All',
      '',
    ].join('\n'),
  );
  const port = await freePort();
  const child = spawn(
    options.program,
    ['-aet', options.aeTitle, '-xf', profile, 'All', '-od', received, '--fork', String(port)],
    { stdio: 'ignore' },
  );
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  // It says nothing when it is ready.
  while (child.exitCode === null && !(await isOpen(port))) await delay(20);
  if (child.exitCode !== null) throw new Error('storescp did not start');
  return {
    port,
    files: () => readdirSync(received).map((name) => join(received, name)),
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
