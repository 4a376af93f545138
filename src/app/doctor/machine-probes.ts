import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync, readdirSync, statfsSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Finding } from '../../admin/doctor/finding.ts';
import {
  judgeClock,
  judgeDataFolder,
  judgePermissions,
  judgePort,
  judgeTimeZone,
  type OwnedPath,
} from '../../admin/doctor/machine.ts';
import { siteTime } from '../../admin/site-time.ts';
import type { NodeConfig } from '../../core/config/index.ts';

/** Whether images have a place to go; asks the system, writes nothing. */
export function probeDataFolder(config: NodeConfig, folder: string): Finding {
  const exists = existsSync(folder);
  const nearest = nearestExisting(folder);
  const { bavail, bsize } = statfsSync(nearest);
  return judgeDataFolder({
    folder,
    exists,
    fault: accessFault(nearest),
    freeBytes: bavail * bsize,
    watermarkBytes: config.storage.watermark,
  });
}

function nearestExisting(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path));
}

function accessFault(folder: string): string | undefined {
  if (!statSync(folder).isDirectory()) return 'ENOTDIR';
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}

export function probeTimeZone({ timeZone }: NodeConfig, nowMs: number): Finding {
  const machine = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return judgeTimeZone({
    configured: timeZone,
    configuredClock: siteTime(timeZone).moment(nowMs).slice(0, 16),
    machine,
    machineClock: siteTime(machine).moment(nowMs).slice(0, 16),
  });
}

/** Runs a program of the machine and gives what it prints; rejects when it is missing or fails. */
export type AskMachine = (program: string, args: readonly string[]) => Promise<string>;

const askMs = 3000;
const askMachine: AskMachine = async (program, args) =>
  (await promisify(execFile)(program, args, { timeout: askMs })).stdout;

/**
 * Whether the clock follows a time server, as systemd or chrony knows it from the kernel. Neither goes to the network
 * for that. Where both are missing it is not known, which is no fault of the machine.
 */
export async function probeClock(ask: AskMachine = askMachine): Promise<Finding> {
  const asked = [
    {
      program: 'timedatectl',
      args: ['show', '--property=NTPSynchronized', '--value'],
      yes: /^yes$/m,
      no: /^no$/m,
    },
    {
      program: 'chronyc',
      args: ['-n', 'tracking'],
      yes: /^Leap status +: Normal/m,
      no: /^Leap status +: Not/m,
    },
  ];
  for (const { program, args, yes, no } of asked) {
    const said = await ask(program, args).catch(() => '');
    if (yes.test(said)) return judgeClock({ state: 'synchronised', source: program });
    if (no.test(said)) return judgeClock({ state: 'free-running', source: program });
  }
  return judgeClock({ state: 'unknown', source: 'neither timedatectl nor chronyc answers here' });
}

/** Opens the port for a moment and closes it again; nobody is answered meanwhile. */
export async function probePort(
  { listener: { host, port } }: NodeConfig,
  nodeRuns: boolean,
): Promise<Finding> {
  return judgePort({ host, port, nodeRuns, fault: port === 0 ? undefined : await listenFault(host, port) });
}

async function listenFault(host: string, port: number): Promise<string | undefined> {
  const server = createServer((socket) => socket.destroy());
  server.listen(port, host);
  try {
    await once(server, 'listening');
    return undefined;
  } catch (error) {
    return codeOf(error);
  } finally {
    server.close();
  }
}

/** Who owns what the service writes, and who may read images and private keys. */
export function probePermissions(
  { listener, console: { tls }, pacs, audit }: NodeConfig,
  folder: string,
): Finding {
  const data = owned(folder, 'data');
  if (data === undefined) return judgePermissions(undefined, []);
  const keys = [listener.tls?.key, tls?.key, ...pacs.map((one) => one.tls?.key), audit.syslog?.key];
  return judgePermissions(data, [
    ...readable(folder).flatMap((name) => owned(join(folder, name), 'data') ?? []),
    ...keys.flatMap((path) => (path === undefined ? [] : (owned(path, 'private-key') ?? []))),
  ]);
}

/** The names of a folder; none when this user may not look into it, which data-dir-writable-and-space tells. */
function readable(folder: string): readonly string[] {
  return accessFault(folder) === undefined ? readdirSync(folder) : [];
}

function owned(path: string, kind: OwnedPath['kind']): OwnedPath | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? undefined : { path, kind, ownerUid: found.uid, mode: found.mode };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
