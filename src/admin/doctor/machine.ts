import { size } from '../text-layout.ts';
import { type Finding, failure, fine, warning } from './finding.ts';

/** What stands in the way of reading or writing a folder, as the system names it; absent when nothing does. */
export interface FolderFacts {
  readonly folder: string;
  readonly exists: boolean;
  readonly fault: string | undefined;
  readonly freeBytes: number;
  readonly watermarkBytes: number;
}

/** Whether images have a place to go. Below twice the watermark it is time to act, below it images are refused. */
export function judgeDataFolder({ folder, exists, fault, freeBytes, watermarkBytes }: FolderFacts): Finding {
  const name = 'data-dir-writable-and-space';
  if (fault !== undefined)
    return failure(
      name,
      `${folder} cannot be written (${fault}).`,
      'Make it a folder of the user that the service runs as, and run doctor as that user; storage.directory in node.yaml names it.',
    );
  const room = `${size(freeBytes)} free, new images are refused below ${size(watermarkBytes)}`;
  const place = exists ? folder : `${folder} (made at the first start)`;
  if (freeBytes < watermarkBytes)
    return failure(
      name,
      `${place}: ${room}.`,
      'Free space there, or lower storage.watermark in node.yaml; lumbar-node retention show tells what would go.',
    );
  if (freeBytes < 2 * watermarkBytes)
    return warning(
      name,
      `${place}: ${room}.`,
      'Plan more space; lumbar-node retention show tells what would go.',
    );
  return fine(name, `${place}: ${room}.`);
}

export interface ZoneFacts {
  readonly configured: string;
  readonly configuredClock: string;
  readonly machine: string;
  readonly machineClock: string;
}

/** The dates in results come from the configured zone; a machine that is set to another one shows other times. */
export function judgeTimeZone({ configured, configuredClock, machine, machineClock }: ZoneFacts): Finding {
  const evidence = `results are dated in ${configured} (now ${configuredClock})`;
  if (configuredClock === machineClock) return fine('time-zone', `${evidence}, as the machine's clock.`);
  return warning(
    'time-zone',
    `${evidence}; the machine is set to ${machine} (now ${machineClock}).`,
    'Set timeZone in node.yaml to the zone of the hospital, such as Europe/Zurich. If it is right, nothing needs to be done.',
  );
}

/** What the kernel says about the clock, and who was asked; `unknown` where nobody here can tell. */
export interface ClockFacts {
  readonly state: 'synchronised' | 'free-running' | 'unknown';
  readonly source: string;
}

/** Results, audit rows and certificates go by this clock; it needs a time server, and only the machine can tell. */
export function judgeClock({ state, source }: ClockFacts): Finding {
  const name = 'clock-sync';
  switch (state) {
    case 'synchronised':
      return fine(name, `the clock follows a time server (${source}).`);
    case 'free-running':
      return warning(
        name,
        `the clock follows no time server (${source}).`,
        'Set up chrony or systemd-timesyncd with the time server of the hospital; results are dated by this clock.',
      );
    case 'unknown':
      return fine(
        name,
        `not known: ${source}. In a container the host keeps the clock; see there that it follows a time server.`,
      );
  }
}

export interface PortFacts {
  readonly host: string;
  readonly port: number;
  readonly nodeRuns: boolean;
  /** What opening the port answered: the system's error code, or undefined when it was free. */
  readonly fault: string | undefined;
}

/** A port is right when it is free before the start and taken after it. */
export function judgePort({ host, port, nodeRuns, fault }: PortFacts): Finding {
  const name = 'port-free-or-ours';
  const place = `${host}:${port}`;
  if (port === 0) return fine(name, 'listener.port is 0: the system chooses a port at each start.');
  if (nodeRuns && fault === undefined)
    return failure(
      name,
      `the node runs, but nothing listens on ${place}.`,
      'listener.host and listener.port count from the next start: systemctl restart lumbar-node. Otherwise read the log of the listener.',
    );
  if (nodeRuns && (fault === 'EADDRINUSE' || fault === 'EACCES')) return fine(name, `the node has ${place}.`);
  if (fault === undefined) return fine(name, `${place} is free.`);
  if (fault === 'EADDRINUSE')
    return failure(
      name,
      `the node does not run, but something else has ${place}.`,
      `ss -ltnp "sport = :${port}" names it. Stop it, or set listener.port in node.yaml; systemd may hold the port for the node (lumbar-node.socket), then start the service.`,
    );
  if (fault === 'EACCES')
    return warning(
      name,
      `this user may not open ${place}.`,
      'The systemd unit grants it to the service (CAP_NET_BIND_SERVICE). Without systemd choose a port above 1023.',
    );
  return failure(
    name,
    `${place} cannot be opened (${fault}).`,
    'listener.host must be an address of this machine, or 0.0.0.0 for all.',
  );
}

/** A file or folder of the node: who owns it and who may read it. */
export interface OwnedPath {
  readonly path: string;
  readonly kind: 'data' | 'private-key';
  readonly ownerUid: number;
  readonly mode: number;
}

/** Everything below the data folder belongs to one user, and nobody else reads images or private keys. */
export function judgePermissions(dataFolder: OwnedPath | undefined, paths: readonly OwnedPath[]): Finding {
  const name = 'service-user-permissions';
  if (dataFolder === undefined) return fine(name, 'there is no data folder yet.');
  const foreign = paths.filter(({ kind, ownerUid }) => kind === 'data' && ownerUid !== dataFolder.ownerUid);
  const [first] = foreign;
  if (first !== undefined)
    return failure(
      name,
      `${first.path} belongs to user ${first.ownerUid}, the data folder to user ${dataFolder.ownerUid}; the service may not be able to write.`,
      `chown -R --reference=${dataFolder.path} ${dataFolder.path}, and run lumbar-node as that user, not as root.`,
    );
  const open = [dataFolder, ...paths.filter(({ kind }) => kind === 'private-key')].find(
    ({ mode, kind }) => (mode & (kind === 'data' ? 0o077 : 0o007)) !== 0,
  );
  if (open !== undefined)
    return warning(
      name,
      `other users may look into ${open.path} (mode ${(open.mode & 0o777).toString(8)}).`,
      `chmod ${open.kind === 'data' ? '700' : '640'} ${open.path}`,
    );
  return fine(name, `data and keys belong to user ${dataFolder.ownerUid} and are closed to others.`);
}
