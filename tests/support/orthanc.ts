import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports.ts';

/** An AE that Orthanc knows: whom it accepts and to whom it reports storage commitment. */
export interface OrthancModality {
  readonly aeTitle: string;
  readonly host: string;
  readonly port: number;
}

export interface OrthancOptions {
  /** Orthanc's executable, from `peer('Orthanc')`. */
  readonly program: string;
  readonly aeTitle?: string;
  readonly modalities?: Readonly<Record<string, OrthancModality>>;
  /** Further settings of Orthanc's JSON configuration. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** A running Orthanc on free loopback ports with an empty store in a temporary folder. */
export interface Orthanc {
  readonly aeTitle: string;
  readonly dicomPort: number;
  readonly httpPort: number;
  /** GET of a REST path, as JSON. */
  get(path: string): Promise<unknown>;
  /** POST of a REST path with a JSON or binary body, answer as JSON. */
  post(path: string, body: unknown): Promise<unknown>;
  /** The simplified tags of every stored instance, keyed by SOP Instance UID. */
  instances(): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>>;
  /** The Part 10 file of an instance as Orthanc stored it. */
  file(sopInstanceUid: string): Promise<Buffer>;
  /** What Orthanc wrote to its log so far. */
  log(): string;
  stop(): Promise<void>;
}

/**
 * Starts Orthanc as the PACS of a test and waits until it answers. No plugins, no authentication, loopback only;
 * it accepts C-ECHO, C-FIND and C-STORE from anybody unless `settings` says otherwise.
 */
export async function startOrthanc(options: OrthancOptions): Promise<Orthanc> {
  const folder = mkdtempSync(join(tmpdir(), 'lumbar-orthanc-'));
  const [dicomPort, httpPort] = await Promise.all([freePort(), freePort()]);
  const aeTitle = options.aeTitle ?? 'ORTHANC';
  const configuration = {
    Name: 'test',
    StorageDirectory: join(folder, 'store'),
    IndexDirectory: join(folder, 'store'),
    Plugins: [],
    DicomAet: aeTitle,
    DicomPort: dicomPort,
    HttpPort: httpPort,
    RemoteAccessAllowed: false,
    AuthenticationEnabled: false,
    DicomAlwaysAllowEcho: true,
    DicomAlwaysAllowStore: true,
    DicomAlwaysAllowFind: true,
    DicomModalities: Object.fromEntries(
      Object.entries(options.modalities ?? {}).map(([name, modality]) => [
        name,
        { AET: modality.aeTitle, Host: modality.host, Port: modality.port, AllowStorageCommitment: true },
      ]),
    ),
    ...options.settings,
  };
  const file = join(folder, 'orthanc.json');
  writeFileSync(file, JSON.stringify(configuration));
  const child = spawn(options.program, ['--verbose', file], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  child.stdout.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const base = `http://127.0.0.1:${httpPort}`;
  const stop = async () => {
    await end(child, exited);
    rmSync(folder, { recursive: true, force: true });
  };
  if (!(await answers(`${base}/system`, child))) {
    await stop();
    throw new Error(`Orthanc did not start:\n${log}`);
  }
  const get = async (path: string) => await (await checked(fetch(`${base}${path}`), path)).json();
  const instances = async () => {
    const expanded = (await get('/instances?expand')) as readonly { ID: string }[];
    const tags = await Promise.all(expanded.map(({ ID }) => get(`/instances/${ID}/simplified-tags`)));
    return new Map((tags as Record<string, unknown>[]).map((one) => [String(one['SOPInstanceUID']), one]));
  };
  return {
    aeTitle,
    dicomPort,
    httpPort,
    get,
    post: async (path, body) => {
      const request =
        body instanceof Uint8Array
          ? { method: 'POST', body: new Blob([new Uint8Array(body)]) }
          : { method: 'POST', body: JSON.stringify(body) };
      return await (await checked(fetch(`${base}${path}`, request), path)).json();
    },
    instances,
    file: async (sopInstanceUid) => {
      const found = (await (
        await checked(
          fetch(`${base}/tools/lookup`, { method: 'POST', body: sopInstanceUid }),
          '/tools/lookup',
        )
      ).json()) as readonly { ID: string; Type: string }[];
      const id = found.find((one) => one.Type === 'Instance')?.ID;
      if (id === undefined) throw new Error(`Orthanc does not have ${sopInstanceUid}`);
      const path = `/instances/${id}/file`;
      return Buffer.from(await (await checked(fetch(`${base}${path}`), path)).arrayBuffer());
    },
    log: () => log,
    stop,
  };
}

async function checked(response: Promise<Response>, path: string): Promise<Response> {
  const answer = await response;
  if (!answer.ok) throw new Error(`Orthanc answered ${answer.status} to ${path}`);
  return answer;
}

/** Polls because Orthanc has no other sign of readiness; ends at once when the program has ended. */
async function answers(url: string, child: ChildProcess): Promise<boolean> {
  for (let tries = 0; tries < 300 && child.exitCode === null; tries++) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok === true) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

async function end(child: ChildProcess, exited: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const giveUp = setTimeout(() => child.kill('SIGKILL'), 5000);
  await exited;
  clearTimeout(giveUp);
}
